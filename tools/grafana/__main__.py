"""Writes the dashboards and the alert rules of Grafana anew (`make grafana`)."""

from __future__ import annotations

from tools.grafana.files import files


def main() -> None:
    """Write what is generated under `grafana/`."""
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
