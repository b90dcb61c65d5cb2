"""The product's Trino, with a catalog of scratch tables that one user of the tests may write to."""

from __future__ import annotations

import json

from adlake.devstack.trino import Trino

CATALOG = "memory"
WRITER = "metrics_test"


class ScratchTrino(Trino):
    """Everything else, and everybody else, is under the product's own rules."""

    def prepare(self) -> None:
        """The product's configuration, the catalog and its rule."""
        super().prepare()
        catalog = self._etc / "catalog" / f"{CATALOG}.properties"
        catalog.write_text("connector.name=memory\nmemory.max-data-per-node=32MB\n")
        file = self._etc / "access-rules.json"
        rules = json.loads(file.read_text())
        rules["catalogs"].append({"catalog": CATALOG, "user": WRITER, "allow": "all"})
        file.write_text(json.dumps(rules))
