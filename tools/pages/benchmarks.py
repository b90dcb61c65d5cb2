"""docs/benchmarks.md: the committed reports of benchmarks/reports as tables.

Nothing is computed here but shares and units; a report that is not there has no table, and stands
in the list of what was not measured.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from adlake.settings import REPO_ROOT
from tools.pages import peers
from tools.pages.markdown import as_table, begun

REPORTS: Final = REPO_ROOT / "benchmarks" / "reports"
CLAIMS: Final = REPO_ROOT / "benchmarks" / "README.md"
_NO_FIGURES: Final = ("what", "machine", "settings", "verdict")
Report = dict[str, Any]


def parts(reports: Path = REPORTS) -> dict[str, str]:
    """Each generated part of the page by its name."""
    found = {path.stem: json.loads(path.read_text()) for path in sorted(reports.glob("*.json"))}
    return {
        "runs": _runs(found),
        "memory": _memory(found),
        "machines": machines(found),
        "not measured": not_measured(found),
        "other reports": others(found),
        **{name: _of(found, name, make) for name, make in _ONE_REPORT.items()},
    }


def report(name: str, reports: Path = REPORTS) -> Report | None:
    """One committed report; None: it is not there."""
    path = reports / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def _of(found: Mapping[str, Report], name: str, make: Callable[[Report], str]) -> str:
    return make(found[name]) if name in found else "Not measured yet."


def _runs(found: Mapping[str, Report]) -> str:
    """Each run of the whole stack at one rate, side by side."""
    runs = _whole_stack(found)
    rows: list[tuple[str, Callable[[Report], object]]] = [
        ("events a second, offered", lambda one: f"{one['rate_offered']:,}"),
        ("events a second, sustained", lambda one: f"{one['rate_sustained']:,}"),
        ("minutes", lambda one: _minutes(one["what"])),
        ("rejected share", _told("rejected_share", lambda share: f"{share * 100:.2g} %")),
        ("freshness p50, s", lambda one: one["freshness_seconds"]["p50"]),
        ("freshness p95, s", lambda one: one["freshness_seconds"]["p95"]),
        ("freshness p99, s", lambda one: one["freshness_seconds"]["p99"]),
        ("canaries; never seen", lambda one: f"{one['freshness_seconds']['canaries']}; "
         f"{one['canaries_never_seen']}"),
        ("ROAS of all campaigns, p50 / p95, s",
         _told("question_seconds", lambda found: f"{found['p50']} / {found['p95']}")),
        ("files; bytes an event",
         _told("disk", lambda disk: f"{disk['files']:,}; {disk['bytes_per_event']}")),
        ("bytes written an event", _told("disk", lambda disk: disk["bytes_written_per_event"])),
        ("batch in the first minute, s", lambda one: one["batch_seconds_median_first_minute"]),
        ("batch in the last minute, s", lambda one: one["batch_seconds_median_last_minute"]),
        ("memory at the peak, MiB", lambda one: f"{one['memory_mib_peak_total']:,}"),
        ("verdict", _verdict),
    ]  # fmt: skip
    head = ("", *(f"`{name}.json`" for name in runs))
    return as_table(head, ([title, *(tell(one) for one in runs.values())] for title, tell in rows))


def _told(name: str, tell: Callable[[Any], object]) -> Callable[[Report], object]:
    """Of a report that may be older than this figure."""
    return lambda report: tell(report[name]) if name in report else "not told"


def _whole_stack(found: Mapping[str, Report]) -> dict[str, Report]:
    return {name: one for name, one in found.items() if "rate_sustained" in one}


def _minutes(what: str) -> str:
    given = re.search(r"for (\d+) minutes", what)
    return given[1] if given else "?"


def _memory(found: Mapping[str, Report]) -> str:
    """Peak of each service in those runs."""
    runs = _whole_stack(found)
    services = list(dict.fromkeys(name for one in runs.values() for name in one["memory_mib_peak"]))
    head = ("service, MiB at its peak", *(f"`{name}.json`" for name in runs))
    return as_table(head, (
        [name, *(one["memory_mib_peak"].get(name, "-") for one in runs.values())]
        for name in services
    ))  # fmt: skip


def _generator(report: Report) -> str:
    told = ", ".join(f"{one:,}" for one in report["events_per_second"])
    return as_table(("what", "events a second"), (
        ("each run", told),
        ("median", f"{report['events_per_second_median']:,}"),
        ("wanted", f"{report['required']:,}"),
    ))  # fmt: skip


def _replay(report: Report) -> str:
    head = ("build", "deliveries", "seconds", "deliveries a second", "the same as Gold")
    shown = as_table(head, (
        (name, f"{one['deliveries']:,}", one["seconds"], f"{one['deliveries_per_second']:,}",
         "yes" if one["gold_sha256"] == one["replay_sha256"] else "no")
        for name, one in report["builds"].items()
    ))  # fmt: skip
    told = (
        f"Wanted: {report['required_per_second']:,} deliveries a second. "
        f"Publishing took {report['publication']['seconds']} s. Verdict: {_verdict(report)}."
    )
    return f"{shown}\n\nAnother lookback is meant to differ. {told}"


def _drain(report: Report) -> str:
    rows = (
        (which, f"{one['events_per_second']:,}", one["cpu_microseconds_per_event"])
        for which in ("before", "now")
        for one in report["runs"][which]
    )
    shown = as_table(("checkout", "events a second", "CPU microseconds an event"), rows)
    ratios = ", ".join(
        f"{_words(name)} {ratio}" for name, ratio in report["now_against_before"].items()
    )
    return (
        f"{shown}\n\nNow against `{report['before_commit'][:7]}`: {ratios}; at most "
        f"{report['most_allowed']} is allowed. Verdict: {_verdict(report)}."
    )


def _dashboards(report: Report) -> str:
    rows = {"all": report["all"], **report["by_metric"]}
    shown = as_table(("metric", "answers", "p50, s", "p95, s", "longest, s"), (
        (name, one["answers"], one["p50"], one["p95"], one["most"]) for name, one in rows.items()
    ))  # fmt: skip
    gold = report["gold"]
    return (
        f"Over {gold['rows']:,} rows of Gold, {gold['days']} days, {gold['campaigns']} campaigns. "
        f"Promise: p95 {report['promise_seconds']} s over all. Verdict: {_verdict(report)}.\n\n"
        f"{shown}"
    )


def _viewers(report: Report) -> str:
    rows = [(_words(name), one) for name, one in report["seconds_to"].items()]
    rows += [
        (f"one more beside {crowd['viewers']}", crowd["seconds_to_of_one_more"])
        for crowd in report["crowds"]
        if "seconds_to_of_one_more" in crowd
    ]
    steps = ("first_contentful_paint", "tiles", "numbers")
    head = ("viewer", *(f"{_words(step)} p50 / p95, s" for step in steps))
    shown = as_table(head, (
        (name, *(f"{one[step]['p50']} / {one[step]['p95']}" for step in steps))
        for name, one in rows
    ))  # fmt: skip
    return (
        f"{shown}\n\nMemory: {report['mib_a_viewer']} MiB a viewer. Limit of the first paint: p95 "
        f"{report['limits']['first_paint_seconds_p95']} s. Verdict: {_verdict(report)}."
    )


def _chaos(report: Report) -> str:
    totals = report["totals"]
    return as_table(("what", "number"), (
        ("faults that left a line in the report", len(report["faults"])),
        ("tests that failed", len(report["failed"])),
        ("kills of a driver", totals["kills"]),
        ("heads of Gold compared with the law", totals["gold_heads_compared"]),
        ("seconds from a kill to the next commit, p50", totals["recovery_seconds_p50"]),
        ("the same, p95", totals["recovery_seconds_p95"]),
    ))  # fmt: skip


def _storm(report: Report) -> str:
    back = ", ".join(str(one) for one in report["seconds_from_kill_to_gold"])
    return as_table(("what", "number"), (
        ("minutes", report["minutes"]),
        ("events a second", report["rate"]),
        ("seed", report["seed"]),
        ("faults, at random", len(report["faults"])),
        ("events produced", f"{report['produced']:,}"),
        ("seconds from a kill to the next commit of Gold", back),
        ("heads of Gold compared with the law", report["gold_heads_compared"]),
    ))  # fmt: skip


def _mutants(report: Report) -> str:
    return (
        f"{report['planted']} bugs planted, {report['caught']} caught, "
        f"{len(report['not_run'])} not run."
    )


def _coverage(report: Report) -> str:
    return (
        f"The {report['tier']} tests run {report['total_percent']} % of {report['statements']:,} "
        f"statements; `make coverage` fails below {report['floor']} %."
    )


_OBEYED: Final = {
    "nobody_obeys": "nobody obeys",
    "clicks_refused": "clicks are refused",
    "impressions_refused": "impressions are refused",
}


def _overspend(report: Report) -> str:
    """Each day, played with an ad server of each kind."""
    rows = [
        (
            faults, words, f"{one['budgets']:,.2f}", f"{one['valid_spend']:,.2f}",
            f"{one['most_overspent']:,.2f}", _percent(one["most_overspent_of_budget"]),
            _percent(one["most_overspent_of_bound"]) if "most_overspent_of_bound" in one else "-",
        )
        for faults, day in report["faults"].items()
        for name, words in _OBEYED.items()
        for one in (day[name],)
    ]  # fmt: skip
    head = (
        "faults", "ad server", "all budgets", "valid spend", "most above a budget",
        "most of its budget", "most of its bound",
    )  # fmt: skip
    return f"{begun(report['what'])}. Verdict: {_verdict(report)}.\n\n{as_table(head, rows)}"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _sizes(report: Report) -> str:
    """A warm batch of each size over each Gold, beside the plain MERGE where it ran."""
    rows = [
        (
            f"{gold['rows']:,}", gold["ids"], f"{int(size):,}", one["adlake"]["seconds"],
            one["adlake"]["cpu_seconds"], one.get("plain_merge", {}).get("seconds", "-"),
            one.get("plain_merge", {}).get("cpu_seconds", "-"),
            one.get("share_of_plain_cpu", "-"),
        )
        for gold in report["gold"]
        for size, one in gold["batches_of"].items()
    ]  # fmt: skip
    head = ("rows of Gold", "ids", "records", "ours, s", "processor s", "plain MERGE, s",
            "processor s", "share of its processor time")  # fmt: skip
    return f"{as_table(head, rows)}\n\n{begun(report['what'])}."


def _verify(report: Report) -> str:
    """What each proof took."""
    head = ("proof of", "deliveries", "seconds", "deliveries a second", "slices", "proven")
    shown = as_table(head, (
        (name, f"{one['deliveries']:,}", one["seconds"], f"{one['deliveries_per_second']:,}",
         one["slices"], "yes" if one["proven"] else "no")
        for name, one in report["proofs"].items()
    ))  # fmt: skip
    wanted = f"Wanted of everything: {report['required_per_second']:,} deliveries a second."
    return f"{shown}\n\n{wanted} Verdict: {_verdict(report)}."


def _business(report: Report) -> str:
    """Batches with and without customers, steps of budgets, and how soon a row is there."""
    batches, fresh = report["batches"], report.get("freshness_seconds")
    costs = as_table(("work", "seconds", "processor seconds", "Spark jobs"), (
        (what, one["seconds"], one["cpu_seconds"], one["spark_jobs"])
        for what, one in (
            ("a batch without customers", batches["without_customers"]),
            ("the same batch with customers", batches["with_customers"]),
            *((f"a step of budgets, {step['clicks_of_touched']:,} clicks of who is touched",
               step["step"]) for step in report["budget_steps"]),
        )
    ))  # fmt: skip
    told = "" if fresh is None else (
        f"\n\n{fresh['posts']} customers posted one a second beside {fresh['events_a_second']:,} "
        f"events a second, on a stack that has just begun: a row in Trino after {fresh['p50']} s "
        f"(p50) and {fresh['p95']} s (p95); never seen: {fresh['never_seen']}."
    )  # fmt: skip
    return f"{costs}\n\n{begun(report['what'])}.{told}"


_ONE_REPORT: Final[dict[str, Callable[[Report], str]]] = {
    "guard": _sizes,
    "batches": _sizes,
    "peers": peers.table,
    "verify": _verify,
    "business": _business,
    "generator": _generator,
    "replay": _replay,
    "drain": _drain,
    "dashboards": _dashboards,
    "viewers": _viewers,
    "chaos": _chaos,
    "storm": _storm,
    "overspend": _overspend,
    "mutants": _mutants,
    "coverage": _coverage,
}


_A_PAGE: Final = {"cost": "the tables of [cost.md](cost.md)"}
"""Reports that have a page of their own."""


def others(found: Mapping[str, Report]) -> str:
    """Reports without a table of their own: every number in them, by its name."""
    known = {*_ONE_REPORT, *_whole_stack(found), *_A_PAGE}
    told = [
        f"`{name}.json`: its numbers are {page}." for name, page in _A_PAGE.items() if name in found
    ]
    for name, report in found.items():
        if name not in known:
            rows = list(_numbers({k: v for k, v in report.items() if k not in _NO_FIGURES}))
            said = f"{report.get('what', '')} Verdict: {_verdict(report)}."
            told.append(f"`{name}.json`: {said.strip()}\n\n{as_table(('what', 'number'), rows)}")
    return "\n\n".join(told) or "None."


def _numbers(report: object, name: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(report, dict):
        for key, held in report.items():
            yield from _numbers(held, f"{name}, {_words(key)}" if name else _words(key))
    elif isinstance(report, int | float) and not isinstance(report, bool):
        yield name, report


def machines(found: Mapping[str, Report]) -> str:
    """Where and of what each report was measured."""
    head = ("report", "cores", "memory, GiB", "processor", "kernel", "Python", "commit")
    names = ("cores", "memory_gib", "processor", "kernel", "python")
    rows = []
    for name, report in found.items():
        facts = report.get("machine", {})
        commit = facts.get("commit", report.get("commit", "not told"))
        changed = ", changed" if facts.get("dirty") else ""
        told = (facts.get(one, "not told") for one in names)
        rows.append((f"`{name}.json`", *told, f"{commit}{changed}"))
    return as_table(head, rows)


def not_measured(found: Mapping[str, Report], claims: str | None = None) -> str:
    """Claims of benchmarks/README.md whose report is not committed."""
    text = CLAIMS.read_text() if claims is None else claims
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| (`[^|]+`) \| `(\S+)\.json` \|$", text, re.MULTILINE
    )
    missing = [(claim, wanted, command) for claim, wanted, command, name in rows
               if name not in found]  # fmt: skip
    return as_table(("claim", "threshold", "what measures it"), missing) if missing else "Nothing."


def _verdict(report: Report) -> str:
    """`kept`, or what was not."""
    verdict = report.get("verdict", {})
    broken = [_words(name) for name, kept in verdict.items() if not kept]
    return f"**not kept: {', '.join(broken)}**" if broken else "kept"


def _words(name: str) -> str:
    return name.replace("_", " ")
