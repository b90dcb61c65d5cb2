"""An explanation by the law that Gold follows."""

from __future__ import annotations

from adlake.contracts.law import LawConstants
from adlake.contracts.tables import GOLD_STATE
from adlake.io.postgres.law_store import law_version_of, read_law
from adlake.io.trino.client import connect
from adlake.proof.explain import Explanation, explain
from adlake.settings import Settings
from adlake.wiring.lake import lake_reader, lease_connect


def explanation_of(settings: Settings, impression_id: str) -> Explanation:
    """What became of every delivery of an impression, and why.

    Raises:
        AdlakeError: nobody knows the impression, or a server does not answer.
    """
    law = law_of_gold(settings)
    with connect(settings.ports.trino_port, settings.ports.trino_host) as client:
        return explain(client, impression_id, law)


def law_of_gold(settings: Settings) -> LawConstants:
    """The law that Gold's newest commit was made with."""
    version = law_version_of(lake_reader(settings).newest_stamp(GOLD_STATE))
    return read_law(lease_connect(settings), version)
