"""The benchmark of `adlake verify` reads what a proof prints."""

from __future__ import annotations

from adlake.proof.verdict import LakeFacts, OffsetCoverage, Pin, Proof, Totals
from benchmarks.verify import proof_facts

FACTS = LakeFacts(
    Pin(1, 2, "ad_events", "id", {0: 1_200}),
    [OffsetCoverage("ad_events", 0, 0, 1_200, 1_200, 1_200)],
    1_199, {"BAD_ID": 1}, Totals(gold_rows=7, expected_rows=7, deliveries=1_199),
)  # fmt: skip


def test_a_proof_is_read_as_numbers() -> None:
    proof = Proof(
        FACTS, 18, 3, "none", seconds=2.04, scope="everything was compared: no proof, kept",
        seconds_by_part={"other records": 0.31, "slices": 1.5},
    )  # fmt: skip
    found = proof_facts(proof.lines())
    assert found.pop("said")["gold"].startswith("7 rows, 18 columns each")
    assert found == {
        "proven": True, "scope": "everything was compared: no proof, kept", "deliveries": 1_200,
        "seconds": 2.0, "slices": 3, "deliveries_per_second": 600,
        "seconds_by_part": {"other records": 0.3, "slices": 1.5},
    }  # fmt: skip
