"""Entry point of the dashboard: `streamlit run src/adlake/dashboard/app.py`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from adlake.dashboard import campaigns, operations
from adlake.dashboard.lake import Sources
from adlake.provision.outside import kafka_access
from adlake.settings import Settings
from adlake.wiring.topics import tables_of_topics

ICON = Path(__file__).with_name("icon.svg")
# Streamlit leaves six rem above the title and ten below the last line.
STYLE = (
    '<style>[data-testid="stMainBlockContainer"] '
    "{padding-top: 3.6rem; padding-bottom: 2rem}</style>"
)


def main() -> None:
    """Choose the page; an entry point like `cli`, so it reads the settings."""
    st.set_page_config(page_title="adlake", page_icon=str(ICON), layout="wide")
    st.html(STYLE)
    settings = Settings()
    sources = Sources(
        trino_port=settings.ports.trino_port,
        kafka_bootstrap=kafka_access(settings),
        topics={topic: tables[-1] for topic, tables in tables_of_topics(settings).items()},
        trino_host=settings.ports.trino_host,
    )
    home = st.Page(
        lambda: campaigns.show(sources), title="Campaigns", icon=":material/campaign:",
        default=True,
    )  # fmt: skip
    pages = [
        home,
        # The default page has the address "/" alone; people type this one too.
        st.Page(
            lambda: st.switch_page(home), title="Campaigns", url_path="campaigns",
            visibility="hidden",
        ),
        st.Page(
            lambda: operations.show(sources), title="Operations", url_path="operations",
            icon=":material/monitor_heart:",
        ),
    ]  # fmt: skip
    st.navigation(pages, position="top").run()


main()
