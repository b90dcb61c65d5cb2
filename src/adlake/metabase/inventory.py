"""What a Metabase has that bears our mark, archived or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adlake.metabase.marks import Kind, Mark, mark_of, owned
from adlake.metabase.server import Json, Server, objects


@dataclass(frozen=True)
class Inventory:
    """Read once, before anything is changed."""

    databases: list[Json]
    things: Mapping[Kind, Mapping[Mark, list[Json]]]

    @classmethod
    def of(cls, server: Server) -> Inventory:
        """Ask the server for all that it has."""
        collections = [
            {**one, "archived": archived == "true"}
            for archived in ("false", "true")
            for one in objects(server.get("/api/collection", archived=archived), "collections")
        ]
        cards = _present_and_archived(server, "/api/card", "cards")
        dashboards = _present_and_archived(server, "/api/dashboard", "dashboards")
        return cls(
            databases=objects(server.get("/api/database"), "databases"),
            things={
                "collection": owned(collections, "collection"),
                "card": owned(cards, "card"),
                "dashboard": owned(dashboards, "dashboard"),
            },
        )

    def found(self, mark: Mark) -> Json | None:
        """What bears the mark, the oldest where several do."""
        bearers = self.things[mark.kind].get(mark)
        return bearers[0] if bearers else None

    def all_of(self, kind: Kind) -> list[tuple[Mark, Json]]:
        """Everything of a kind that is ours."""
        return [(mark, bearers[0]) for mark, bearers in self.things[kind].items()]

    def copies(self) -> Iterator[tuple[Mark, list[Json]]]:
        """Marks that more than one thing bears, with the younger ones."""
        for kind in self.things.values():
            yield from ((mark, found[1:]) for mark, found in kind.items() if len(found) > 1)

    def database(self, mark: Mark, name: str, engine: str) -> Json | None:
        """The database with the mark; else one of that name, which a broken run left without."""
        for one in self.databases:
            if mark_of(one) == mark:
                return one
        unmarked = (one for one in self.databases if one.get("name") == name)
        return next((one for one in unmarked if one.get("engine") == engine), None)


def _present_and_archived(server: Server, path: str, what: str) -> list[Json]:
    present = objects(server.get(path, f="all"), what)
    archived = [{**one, "archived": True} for one in objects(server.get(path, f="archived"), what)]
    # Some versions list an archived thing in both.
    numbers = {one.get("id") for one in archived}
    return [one for one in present if one.get("id") not in numbers] + archived
