"""Looks at the real Metabase and Grafana of the container form (`make dashboards-check`).

For machines with a container engine and a registry, after `make up RUNTIME=docker`:

1. every question of `metabase/` is answered by Metabase, with the numbers of the same metric asked
   directly (`adlake query`); traffic goes on meanwhile, so Metabase is asked before and after;
2. Grafana knows every dashboard and rule, and answers every panel;
3. pictures of all dashboards of both go to docs/img.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, Protocol

from pydantic import SecretStr

from adlake.devstack.containers.secret_lines import read_lines
from adlake.io.metabase.client import MetabaseClient, MetabaseError
from adlake.io.trino.client import connect
from adlake.metabase.cards import card_key
from adlake.metabase.contract import Card, Definitions
from adlake.metabase.definitions import read_definitions
from adlake.metabase.entry import Login, enter
from adlake.metabase.inventory import Inventory
from adlake.metabase.marks import Mark
from adlake.metabase.server import Json, Server
from adlake.metrics.query import run_metric
from adlake.settings import REPO_ROOT, SETTINGS_FILE, Settings
from tools.grafana import trial

PICTURES: Final = REPO_ROOT / "docs" / "img"
TRIES: Final = 5
"""Between two equal answers of Metabase ours must be the same; under traffic few are equal."""
SIGNIFICANT: Final = Decimal("1e-9")
"""Metabase answers in floating numbers."""
PATIENCE_SECONDS: Final = 300.0
VIEWPORT: Final = {"width": 1600, "height": 2400}
SETTLE_MS: Final = 15_000
Rows = Sequence[Sequence[Any]]


class Asked(Protocol):
    """Answers a metric directly."""

    def __call__(self, metric: str, given: Mapping[str, str]) -> Rows:
        """Its rows."""


def metabase_problems(server: Server, definitions: Definitions, asked: Asked) -> Iterator[str]:
    """Questions that Metabase lacks, cannot answer, or answers otherwise than the metric does."""
    inventory = Inventory.of(server)
    for dashboard, one in definitions.dashboards.items():
        for card in one.cards:
            key = card_key(dashboard, card)
            found = inventory.found(Mark("card", key))
            if found is None or found.get("archived"):
                yield f"no question {key}"
            else:
                yield from _differing(server, found, key, card, asked)


def _differing(server: Server, found: Json, key: str, card: Card, asked: Asked) -> Iterator[str]:
    for _ in range(TRIES):
        try:
            before = _answered(server, found)
            ours = asked(card.metric, card.values)
            after = _answered(server, found)
        except MetabaseError as error:
            yield f"{key}: {error}"
            return
        if same_rows(before, ours):
            return
        if same_rows(before, after):
            yield f"{key}: Metabase says {before[:3]}, the metric {ours[:3]}"
            return
    yield f"{key}: its numbers move too fast to be compared; stop the traffic and ask again"


def _answered(server: Server, found: Json) -> Rows:
    answer = server.post(f"/api/card/{found['id']}/query", {})
    if answer.get("status") != "completed":
        raise MetabaseError(str(answer.get("error") or answer.get("status")))
    rows: Rows = answer["data"]["rows"]
    return rows


def same_rows(theirs: Rows, ours: Rows) -> bool:
    """Equal row by row; numbers up to what a floating number holds, times by their presence."""
    if len(theirs) != len(ours):
        return False
    return all(
        len(one) == len(other) and all(map(_same, one, other))
        for one, other in zip(theirs, ours, strict=True)
    )


def _same(theirs: Any, ours: Any) -> bool:  # noqa: ANN401 - JSON and values of Trino
    if theirs is None or ours is None:
        return theirs is ours
    if isinstance(theirs, bool) or isinstance(ours, bool):
        return theirs is ours
    try:
        one, other = Decimal(str(theirs)), Decimal(str(ours))
    except InvalidOperation:
        # A time is text there, in the form of Metabase's settings.
        return not isinstance(ours, str) or theirs == ours
    return abs(one - other) <= SIGNIFICANT * max(abs(one), abs(other), Decimal(1))


def pictures(settings: Settings, session: str, dashboards: Mapping[str, int], grafana: str) -> None:
    """A picture of every dashboard as a person sees it."""
    # Late: only whoever takes pictures needs a browser.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    metabase = f"http://127.0.0.1:{settings.containers.metabase_port}"
    at_grafana = f"http://127.0.0.1:{settings.containers.grafana_port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        seen = browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
        seen.add_cookies([{"name": "metabase.SESSION", "value": session, "url": metabase}])
        for name, number in dashboards.items():
            _picture(seen, f"{metabase}/dashboard/{number}", PICTURES / f"metabase-{name}.png")
        seen = browser.new_context(
            viewport=VIEWPORT,  # type: ignore[arg-type]
            extra_http_headers={"Authorization": grafana},
        )
        for file in sorted((trial.FOLDER / "dashboards").glob("*.json")):
            target = PICTURES / f"grafana-{file.stem}.png"
            _picture(seen, f"{at_grafana}/d/adlake-{file.stem}?kiosk", target)
        browser.close()


def _picture(context: Any, url: str, target: Path) -> None:  # noqa: ANN401 - of a late import
    page = context.new_page()
    page.goto(url)
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=target, full_page=True)
    page.close()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main() -> None:
    """Check both; exits with what is wrong."""
    settings, made = Settings(), read_lines(SETTINGS_FILE)
    if "LAKEHOUSE_METABASE_PASSWORD" not in made:
        sys.exit("no passwords in .env: this looks at the stack of `make up RUNTIME=docker`")
    basic = f"admin:{made['LAKEHOUSE_GRAFANA_PASSWORD']}".encode()
    authorization = f"Basic {base64.b64encode(basic).decode()}"
    grafana = trial.Grafana(
        f"http://127.0.0.1:{settings.containers.grafana_port}", authorization
    )  # fmt: skip
    server = MetabaseClient(f"http://127.0.0.1:{settings.containers.metabase_port}")
    login = Login(
        settings.metabase.metabase_user, SecretStr(made["LAKEHOUSE_METABASE_PASSWORD"])
    )  # fmt: skip
    enter(server, login, PATIENCE_SECONDS, _say)
    definitions = read_definitions()
    with connect(settings.ports.trino_port) as client:
        found = list(
            metabase_problems(
                server, definitions, lambda name, given: list(run_metric(client, name, given).rows)
            )
        )
    found += trial.problems(grafana)
    if found:
        sys.exit("Metabase and Grafana are not what the files say:\n" + "\n".join(found))
    inventory = Inventory.of(server)
    numbers = {
        name: int(one["id"])
        for name in definitions.dashboards
        if (one := inventory.found(Mark("dashboard", name)))
    }
    pictures(settings, server.session, numbers, authorization)
    sys.stdout.write("every question and panel is answered, with the numbers of `make query`\n")


if __name__ == "__main__":
    main()
