"""The right answer about a run's business events, beside that about its ad events.

`business.json` in the run's directory of truth is replaced atomically at every checkpoint, complete
for all deliveries that the broker had acknowledged by then. `distinct` and `micros` are functions
of the SET of events: they hold when deliveries reached the topic twice. `deliveries`, `admitted`,
`rejected`, `remarks` and `faults` count deliveries, and are exact while `is_exact`: a run that was
killed sends some a second time.

`spend` says by advertiser (clicks, their gross micros, micros credited of them), `customers` by
user (orders, their micros, messages delivered, messages failed) what gold.spend_ledger and
gold.customer_360 must have; functions of the set of events, too. Who has a profile alone is there
with zeros. They are null in a run that began before they were counted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from adlake.business.contract import BusinessType
from adlake.generator.account_totals import Sums
from adlake.generator.truth import read_runs, replace_json
from adlake.io.kafka.acks import PartitionAcks

FORMAT_VERSION: Final = 1
FILE_NAME: Final = "business.json"


@dataclass
class TypeCounts:
    """Of one event type."""

    deliveries: int = 0
    admitted: int = 0
    distinct: int = 0
    """Events of which a delivery was admitted, by what they count once per."""
    micros: int = 0
    """Sum of the type's money over them, the smallest content of each."""


@dataclass
class BusinessCounts:
    """Running counts of one run."""

    by_type: dict[str, TypeCounts] = field(
        default_factory=lambda: {str(one): TypeCounts() for one in BusinessType}
    )
    rejected: dict[str, int] = field(default_factory=dict)
    """Deliveries by reject reason."""
    remarks: dict[str, int] = field(default_factory=dict)
    """Admitted deliveries by the detail they carry all the same."""
    faults: dict[str, int] = field(default_factory=dict)
    """Deliveries that a fault profile made or changed."""

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> BusinessCounts:
        """The counts of which `asdict` made `state`."""
        by_type = {name: TypeCounts(**counts) for name, counts in state["by_type"].items()}
        return cls(by_type, state["rejected"], state["remarks"], state["faults"])


@dataclass
class BusinessTruth:
    """What the lake must say about the business events of one run."""

    run_id: str
    topic: str
    counts: BusinessCounts
    topic_id: str = ""
    acks: dict[int, PartitionAcks] = field(default_factory=dict)
    is_exact: bool = True
    is_finished: bool = False
    format_version: int = FORMAT_VERSION
    spend: Sums | None = None
    customers: Sums | None = None

    @property
    def deliveries(self) -> int:
        """Records sent."""
        return sum(one.deliveries for one in self.counts.by_type.values())

    @property
    def resent_at_most(self) -> int:
        """So many of them may have reached the topic a second time."""
        return 0 if self.is_exact else self.deliveries

    @property
    def rejected(self) -> dict[str, int]:
        """Records by the reason they must be rejected for."""
        return self.counts.rejected

    @property
    def admitted_by(self) -> dict[str, dict[str, int]]:
        """Admitted records by the header columns of bronze.business_events."""
        by_type = {name: one.admitted for name, one in self.counts.by_type.items()}
        return {"event_type": by_type, "reject_detail": self.counts.remarks}


def write_business_truth(truth: BusinessTruth, directory: Path) -> None:
    """Replace `business.json` in `directory` atomically."""
    accounts = {"spend": truth.spend, "customers": truth.customers}
    without = replace(truth, spend=None, customers=None)
    replace_json(asdict(without) | accounts, directory / FILE_NAME)


def load_business_truth(truth_dir: Path) -> list[BusinessTruth]:
    """Every run's business truth below `truth_dir`, by run id; raises TruthError."""
    return read_runs(truth_dir, FILE_NAME, FORMAT_VERSION, _truth_of)


def _truth_of(raw: dict[str, Any]) -> BusinessTruth:
    raw["counts"] = BusinessCounts.from_state(raw["counts"])
    raw["acks"] = {int(key): PartitionAcks(**acks) for key, acks in raw["acks"].items()}
    return BusinessTruth(**raw)
