"""The usual design: one MERGE of each batch into Iceberg v2 by impression_id (`plain_merge.py`).

Not the law, on purpose: it shows what the law's state costs. It knows no event ids, so what is
sent again counts again. Its rows are compared in the columns that it has. Tuned as Iceberg's pages
advise for frequent small changes: merge-on-read, a partition by day.
"""

from __future__ import annotations

from pathlib import Path

from adlake.contracts.tables import CATALOG, GOLD_STATE
from benchmarks.peers.ours import Adlake, read, roas_of, write_rows
from benchmarks.peers.plain_columns import LACKS
from benchmarks.plain_merge import TABLE, PlainMerge

_LACKING = dict.fromkeys(LACKS, "NULL")


class Plain(Adlake):
    """The same session and catalog, with the tables of the plain design."""

    def preload(self, days: list[Path]) -> None:
        super().preload(days)
        PlainMerge(self.session).make()
        # What it was copied from is not its own.
        self.session.sql(f"TRUNCATE TABLE {CATALOG}.{GOLD_STATE}")

    def open(self) -> None:
        self._plain = PlainMerge(self.session)

    def process(self, records: Path, number: int) -> None:
        self._plain.process(read(self.session, records).drop("ingest_ms"))

    def roas(self) -> tuple[str, str]:
        return roas_of(self.session, TABLE)

    def write_rows(self, target: Path) -> None:
        write_rows(self.session.table(TABLE), target, _LACKING)
