"""Makes a Metabase what the definitions say: everything that bears our mark, and nothing else.

Each step looks before it acts and is right to be done again: what a run left half done, the next
one finishes. Nothing is ever deleted; what is no longer defined is archived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from adlake.contracts.address import Address
from adlake.contracts.tables import CATALOG
from adlake.metabase.cards import card_body, card_key
from adlake.metabase.contract import Card, Collection, Definitions
from adlake.metabase.dashboards import dashboard_body
from adlake.metabase.definitions import metrics_of
from adlake.metabase.drift import dashboard_differs, differs
from adlake.metabase.inventory import Inventory
from adlake.metabase.marks import Kind, Mark, described, marked
from adlake.metabase.server import Json, Server, fields, number_of
from adlake.metrics.query import Metric

ENGINE = "starburst"
"""Metabase's driver for Trino."""
DATABASE = Mark("database", "lakehouse")
DATABASE_NAME = "Lakehouse (adlake)"
TIME_ZONE = "UTC"
_PATHS: dict[Kind, str] = {
    "collection": "/api/collection", "card": "/api/card", "dashboard": "/api/dashboard",
}  # fmt: skip


@dataclass(frozen=True)
class TrinoAccess:
    """Where Metabase finds Trino, and who it is there."""

    address: Address
    user: str


@dataclass
class Report:
    """What a run did, in the order in which it did it."""

    say: Callable[[str], None]
    changes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def changed(self, verb: str, what: Mark | str, title: str) -> None:
        """Something of ours was made, changed or archived."""
        self.changes.append(f"{verb} {what}: {title}")
        self.say(self.changes[-1])

    def remarked(self, sentence: str) -> None:
        """Something that a person should know."""
        self.remarks.append(sentence)
        self.say(sentence)


def synchronise(
    server: Server, definitions: Definitions, trino: TrinoAccess, say: Callable[[str], None]
) -> Report:
    """Make, change and archive what is ours; the report says what.

    Raises:
        MetabaseError: a refusal, by name; what was done until then stays, and is found again.
    """
    report = Report(say)
    return _Run(server, definitions, Inventory.of(server), report).done(trino)


class _Run:
    def __init__(
        self, server: Server, definitions: Definitions, inventory: Inventory, report: Report
    ) -> None:
        self._server = server
        self._definitions = definitions
        self._inventory = inventory
        self._report = report
        self._metrics = metrics_of(definitions)
        self._ids: dict[Mark, int] = {}

    def done(self, trino: TrinoAccess) -> Report:
        self._time_zone()
        database = self._database(trino)
        for key in _parents_first(self._definitions.collections):
            self._collection(key)
        for key, card in self._cards():
            self._card(key, card, database)
        for key in self._definitions.dashboards:
            self._dashboard_shell(key)
        for key in self._definitions.dashboards:
            self._dashboard(key)
        self._archive()
        for mark, copies in self._inventory.copies():
            numbers = ", ".join(str(one["id"]) for one in copies)
            self._report.remarked(f"copies of {mark} are left alone: {numbers}")
        return self._report

    def _cards(self) -> Iterator[tuple[str, Card]]:
        for key, dashboard in self._definitions.dashboards.items():
            yield from ((card_key(key, card), card) for card in dashboard.cards)

    def _time_zone(self) -> None:
        """A day of a filter is one of UTC, unless somebody chose otherwise."""
        properties = fields(self._server.get("/api/session/properties"), "properties")
        zone = properties.get("report-timezone")
        if not zone:
            self._server.put("/api/setting/report-timezone", {"value": TIME_ZONE})
            self._report.changed("changed", "setting report-timezone", TIME_ZONE)
        elif zone != TIME_ZONE:
            self._report.remarked(
                f"days of filters are days of {zone}, those of charts of {TIME_ZONE}: the report "
                "time zone of Metabase is left as it is"
            )

    def _database(self, trino: TrinoAccess) -> int:
        wanted = _database_body(trino)
        present = self._inventory.database(DATABASE, DATABASE_NAME, ENGINE)
        if present is None:
            body = {**wanted, "is_full_sync": False, "is_on_demand": False}
            present = self._server.post("/api/database", {**body, "connection_source": "admin"})
            self._report.changed("made", DATABASE, DATABASE_NAME)
        number = number_of(present, "database")
        wanted["description"] = described(DATABASE, "The lake, through Trino, which only reads.")
        if differs(wanted, present):
            self._server.put(f"/api/database/{number}", wanted)
            self._report.changed("changed", DATABASE, DATABASE_NAME)
        return number

    def _collection(self, key: str) -> None:
        collection = self._definitions.collections[key]
        mark = Mark("collection", key)
        within = collection.within
        wanted: Json = {
            "name": collection.title,
            "description": collection.description,
            "parent_id": self._ids[Mark("collection", within)] if within else None,
        }
        present = self._inventory.found(mark)
        if present is not None:
            parents = [int(one) for one in (present.get("location") or "/").split("/") if one]
            present = {**present, "parent_id": parents[-1] if parents else None}
        self._upsert(mark, wanted, present)

    def _card(self, key: str, card: Card, database: int) -> None:
        mark = Mark("card", key)
        dashboard = self._definitions.dashboards[key.partition("/")[0]]
        metric: Metric = self._metrics[card.metric]
        wanted = card_body(key, card, metric, self._definitions.formats, database)
        wanted["collection_id"] = self._ids[Mark("collection", dashboard.collection)]
        present = self._inventory.found(mark)
        if present is not None:
            path = f"/api/card/{number_of(present, 'card')}"
            # Otherwise it comes in Metabase's newer form of queries, which nobody may send.
            present = fields(self._server.get(path, **{"legacy-mbql": "true"}), "card")
        self._upsert(mark, wanted, present)

    def _dashboard_shell(self, key: str) -> None:
        """The dashboard itself, so that others can link to it before it has its cards."""
        mark, title = Mark("dashboard", key), self._definitions.dashboards[key].title
        present = self._inventory.found(mark)
        if present is None:
            body = {"name": title, "description": described(mark, "")}
            present = self._server.post("/api/dashboard", body)
            self._report.changed("made", mark, title)
        self._ids[mark] = number_of(present, "dashboard")

    def _dashboard(self, key: str) -> None:
        mark = Mark("dashboard", key)
        path = f"/api/dashboard/{self._ids[mark]}"
        present = fields(self._server.get(path), "dashboard")
        dashboard = self._definitions.dashboards[key]
        wanted = dashboard_body(key, dashboard, self._metrics, self._ids, present)
        if dashboard_differs(wanted, present):
            self._server.put(path, wanted)
            self._report.changed("filled", mark, dashboard.title)

    def _upsert(self, mark: Mark, body: Json, present: Json | None) -> None:
        wanted = marked(mark, body)
        path, title = _PATHS[mark.kind], str(wanted["name"])
        if present is None:
            self._ids[mark] = number_of(self._server.post(path, wanted), mark.kind)
            self._report.changed("made", mark, title)
            return
        self._ids[mark] = number_of(present, mark.kind)
        if differs({**wanted, "archived": False}, {"archived": False, **present}):
            self._server.put(f"{path}/{self._ids[mark]}", {**wanted, "archived": False})
            self._report.changed("changed", mark, title)

    def _archive(self) -> None:
        """What bears a mark that nothing defines any more, what holds others last."""
        kinds: tuple[Kind, ...] = ("dashboard", "card", "collection")
        for kind in kinds:
            for mark, thing in sorted(self._inventory.all_of(kind), key=_depth, reverse=True):
                if mark in self._ids or thing.get("archived"):
                    continue
                number = number_of(thing, kind)
                if kind == "collection" and self._holds_others(number):
                    self._report.remarked(f"{mark} is no longer defined, and kept: it is not empty")
                    continue
                body = {"archived": True}
                self._server.put(f"{_PATHS[mark.kind]}/{number}", body)
                self._report.changed("archived", mark, str(thing.get("name")))

    def _holds_others(self, number: int) -> bool:
        items = fields(self._server.get(f"/api/collection/{number}/items"), "items")
        return bool(items.get("data"))


def _depth(thing: tuple[Mark, Json]) -> int:
    """How deep a collection lies; of other things nothing is known or needed."""
    return len(str(thing[1].get("location") or "").split("/"))


def _parents_first(collections: Mapping[str, Collection]) -> Iterator[str]:
    done: set[str] = set()
    while len(done) < len(collections):
        ready = [
            key
            for key, one in collections.items()
            if key not in done and (one.within is None or one.within in done)
        ]
        yield from ready
        done.update(ready)


def _database_body(trino: TrinoAccess) -> Json:
    return {
        "name": DATABASE_NAME,
        "engine": ENGINE,
        "details": {
            "host": trino.address.host,
            "port": trino.address.port,
            "catalog": CATALOG,
            "user": trino.user,
            "ssl": False,
        },
        "auto_run_queries": True,
    }
