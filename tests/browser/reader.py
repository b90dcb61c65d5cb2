"""Reads a dashboard page as a person does: tiles, tables, drawings, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

PATIENCE_MS = 60_000


@dataclass
class Reader:
    """One browser tab; `complaints` gathers what its console and scripts reported."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        # Charts tell of values they cannot draw with a warning only.
        if message.type == "error" or "Infinite extent" in message.text:
            self.complaints.append(message.text)

    def open(self, path: str = "", *, title: str) -> None:
        """Open an address and wait until the page with this title has its tiles."""
        self.page.goto(f"{self.address}/{path}")
        self.expect_page(title)

    def go_to(self, title: str) -> None:
        """Follow the link on top."""
        self.page.get_by_role("link", name=title).click()
        self.expect_page(title)

    def expect_page(self, title: str) -> None:
        """The page is filled."""
        expect(self.page.get_by_role("heading", name=title, exact=True)).to_be_visible(
            timeout=PATIENCE_MS
        )
        expect(self.tile("ROAS" if title == "Campaigns" else "Batch size")).to_be_visible(
            timeout=PATIENCE_MS
        )

    def tile(self, label: str) -> Locator:
        """The value of the tile with exactly this label."""
        labelled = self.page.get_by_test_id("stMetricLabel").get_by_text(label, exact=True)
        tile = self.page.get_by_test_id("stMetric").filter(has=labelled)
        return tile.get_by_test_id("stMetricValue")

    def expect_tiles(self, values: dict[str, str]) -> None:
        """Each tile shows its value."""
        for label, value in values.items():
            expect(self.tile(label)).to_have_text(value, timeout=PATIENCE_MS)

    def expect_drawings(self, marks: dict[str, str]) -> None:
        """Each box with this title has a chart with drawn marks of the kind and readable axes."""
        for title, mark in marks.items():
            labelled = self.page.get_by_test_id("stMarkdownContainer").get_by_text(title)
            drawing = self.page.get_by_test_id("stVerticalBlock").filter(has=labelled).last
            drawn = drawing.locator(f"svg.marks g.mark-{mark}.role-mark path[d]:not([d=''])")
            expect(drawn.first).to_be_attached(timeout=PATIENCE_MS)
            written = drawing.locator("svg.marks").first.text_content() or ""
            assert "NaN" not in written, f"{title}: {written}"

    def first_cells(self, table: int, columns: int) -> list[str]:
        """First row of a table, from the text that its canvas carries for screen readers."""
        cells = [
            self.page.get_by_test_id("stDataFrame").nth(table).get_by_test_id(f"glide-cell-{at}-0")
            for at in range(columns)
        ]
        expect(cells[-1]).to_be_attached(timeout=PATIENCE_MS)
        return [(cell.text_content() or "").strip() for cell in cells]

    def expect_no_complaint(self) -> None:
        """No exception box, no dialog, nothing wrong in the console."""
        expect(self.page.get_by_test_id("stException")).to_have_count(0)
        expect(self.page.get_by_role("dialog")).to_have_count(0)
        assert self.complaints == []

    def photograph(self, folder: Path | None, name: str) -> None:
        """Save the whole page, when pictures are wanted."""
        if folder is None:
            return
        height = self.page.get_by_test_id("stMainBlockContainer").evaluate("it => it.scrollHeight")
        self.page.set_viewport_size({"width": 1400, "height": height})
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png", animations="disabled")
