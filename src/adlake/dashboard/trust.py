"""Trust: what was proven last, what was counted, and which faults the lake was put through."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import streamlit as st

from adlake.dashboard import formats
from adlake.dashboard.frame import answered, head, section
from adlake.dashboard.lake import Record, Sources
from adlake.dashboard.operations import (
    pipeline_rows,
    show_batch_counts,
    show_rejected,
    show_reuse,
)
from adlake.folders import ADLAKE
from adlake.proof.recorded import RecordedProof, read_proof

REFRESH_SECONDS: Final = 30
MOST_FAULTS: Final = 200


@dataclass(frozen=True)
class Reports:
    """Where what was found before is written."""

    proof: Path
    chaos: Path


def show(sources: Sources, reports: Reports) -> None:
    """Draw the frame at once; its parts fill by themselves."""
    head(sources, "Trust")
    section("Proof", lambda: read_proof(reports.proof), draw_proof, seconds=REFRESH_SECONDS)
    section("Counts", lambda: ask_counts(sources), draw_counts, seconds=REFRESH_SECONDS)
    section("Faults", lambda: read_chaos(reports.chaos), draw_chaos)


def draw_proof(proof: RecordedProof | None) -> None:
    """The newest `adlake verify` of this lake, whoever ran it."""
    st.subheader("Last proof", anchor=False)
    if proof is None:
        st.info(
            "This lake was not proven yet: `make verify` recomputes Gold from Bronze by an "
            "independent form of the law and compares every row and every cent.",
            icon=":material/fact_check:",
        )
        return
    if proof.is_good:
        st.success(f"Proven at {formats.clock(proof.at)}.", icon=":material/verified:")
    else:
        st.error(f"Not proven at {formats.clock(proof.at)}.", icon=":material/error:")
    st.code("\n".join(proof.lines), language=None)
    st.caption(
        f"By `{ADLAKE} verify`, about the snapshots that it names. What came later is not in it."
    )


@dataclass(frozen=True)
class Counts:
    """What is counted all the time, without a proof."""

    mismatches: list[Record] | None
    reuse: Record | None
    pipelines: list[Record]
    rejected: list[Record]


def ask_counts(sources: Sources) -> Counts:
    """Batch counts by topic, reuse of ids, and what was refused."""
    lags: dict[str, dict[int, int] | None] = dict.fromkeys(sources.topics)
    rows = pipeline_rows(sources.topics, lags, sources.read_so_far())
    return Counts(
        sources.count_mismatches(),
        sources.recent_reuse(),
        [{name: row[name] for name in row if name != "Lag"} for row in rows],
        answered(sources, "rejected_by_reason", {}),
    )


def draw_counts(found: Counts) -> None:
    """Each with its verdict in a sentence."""
    st.subheader("Counts", anchor=False)
    show_batch_counts(found.mismatches)
    show_reuse(found.reuse)
    st.dataframe(found.pipelines, hide_index=True)
    st.caption("By the batch counts, which are recorded some batches later.")
    with st.container(border=True):
        show_rejected(found.rejected)


def draw_chaos(found: dict[str, Any] | None) -> None:
    """The committed report of `make chaos`."""
    st.subheader("Faults", anchor=False)
    if found is None:
        st.caption("No report of `make chaos` lies beside this program.")
        return
    faults = faults_of(found)
    totals = found.get("totals", {})
    failed = found.get("failed", [])
    if failed:
        st.error(f"{len(failed)} drills of the report failed.", icon=":material/error:")
    else:
        st.success(
            f"{len(faults)} drills put faults into a real stack, and every one of them passed.",
            icon=":material/verified:",
        )
    columns = st.columns(4)
    names = ("kills", "gold_heads_compared", "reader_polls", "recovery_seconds_p50")
    labels = ("Kills", "States of Gold compared", "Polls by a reader", "Median recovery, s")
    for column, name, label in zip(columns, names, labels, strict=True):
        column.metric(label, formats.count(totals.get(name)), border=True)
    st.dataframe(faults[:MOST_FAULTS], hide_index=True, height=460)
    if len(faults) > MOST_FAULTS:
        st.caption(f"The first {MOST_FAULTS} of {len(faults)}.")
    commit = found.get("machine", {}).get("commit", formats.UNKNOWN)
    st.caption(f"Not of this lake: `benchmarks/reports/chaos.json`, made at commit {commit}.")


def faults_of(report: dict[str, Any]) -> list[dict[str, str]]:
    """One line a drill: the fault, what was done, and the test that does it."""
    return [
        {"Fault": str(one.get("fault", "")), "What": str(one.get("what", "")),
         "Test": str(one.get("test", "")).rpartition("::")[2]}
        for one in report.get("faults", [])
    ]  # fmt: skip


def read_chaos(report: Path) -> dict[str, Any] | None:
    """The report; None when there is none, or none that can be read."""
    try:
        found = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
