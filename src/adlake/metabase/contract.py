"""What the files of `metabase/` may say: collections, dashboards, filters, cards. Data alone."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
"""The name of a thing for ever, whatever its title says."""
Title = Annotated[str, Field(min_length=1, max_length=200)]
Chart = Literal["scalar", "table", "line", "bar", "row", "area", "pie", "funnel", "combo"]
COLUMNS_OF_THE_GRID = 24
"""How wide a dashboard of Metabase is."""


class Definition(BaseModel):
    """Base of all definitions: a misspelt name is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(Definition):
    """Where a card stands on the grid of its dashboard."""

    column: int = Field(ge=0, lt=COLUMNS_OF_THE_GRID)
    row: int = Field(ge=0)
    width: int = Field(ge=1, le=COLUMNS_OF_THE_GRID)
    height: int = Field(ge=1, le=40)


class Collection(Definition):
    """A folder of Metabase."""

    title: Title
    description: str = ""
    within: Key | None = None
    """The collection that holds it; none: the root."""


class Filter(Definition):
    """A filter of a dashboard; it sets the parameter of that name in every card that has it."""

    key: Key
    title: Title
    kind: Literal["date", "text", "number"]
    sets: tuple[Key, ...] = ()
    """Parameters of the metrics; empty: the one called as the filter."""
    values_of: Key | None = None
    """Column of the question `values_from` whose values are offered."""
    values_from: Key | None = None
    """Key of a card of the same dashboard."""
    default: str | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """What it sets."""
        return self.sets or (self.key,)


class Link(Definition):
    """A click on a value of a column opens another dashboard, filtered by that value."""

    column: str
    dashboard: Key
    filter: Key


class Card(Definition):
    """One question on a dashboard: a metric, drawn."""

    key: Key
    title: Title
    metric: str
    chart: Chart
    place: Place | None = None
    """None: the question is kept, and stands on no dashboard."""
    x: str = ""
    y: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    """Columns of a table, in this order; empty: all."""
    values: dict[str, str] = Field(default_factory=dict)
    """Parameters of the metric that are not at their default here."""
    ignores: tuple[str, ...] = ()
    """Filters of the dashboard that do not reach this card."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """More of Metabase's own settings of charts."""
    link: Link | None = None


class Note(Definition):
    """A text on a dashboard, in Markdown."""

    key: Key
    text: str = Field(min_length=1)
    place: Place
    is_heading: bool = False


class Dashboard(Definition):
    """One file of `metabase/dashboards`; its key is the name of the file."""

    title: Title
    description: str = Field(min_length=1)
    collection: Key
    filters: tuple[Filter, ...] = ()
    cards: tuple[Card, ...] = Field(min_length=1)
    notes: tuple[Note, ...] = ()


class Formats(Definition):
    """How columns are shown, by their names, wherever they appear."""

    percent: tuple[str, ...] = ()
    money: tuple[str, ...] = ()
    ratio: tuple[str, ...] = ()
    seconds: tuple[str, ...] = ()


class Definitions(Definition):
    """All that `metabase/` says."""

    collections: dict[Key, Collection]
    dashboards: dict[Key, Dashboard]
    formats: Formats
