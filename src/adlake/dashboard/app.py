"""Entry point of the dashboard: `streamlit run src/adlake/dashboard/app.py`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from adlake.contracts.address import Address
from adlake.dashboard import (
    alerts,
    bridge,
    budgets,
    campaigns,
    customers,
    explain,
    funnel,
    operations,
    rows,
    trust,
)
from adlake.dashboard.lake import Sources
from adlake.dashboard.remote import Remote
from adlake.dashboard.topics import Topics
from adlake.io.events_api.asking import LakeApi
from adlake.io.events_api.posts import posts_of
from adlake.io.events_api.trial import Delivered, send_test_message
from adlake.provision.outside import kafka_access
from adlake.provision.topics import topics_of
from adlake.settings import REPO_ROOT, Settings
from adlake.wiring.explain import explanation_of
from adlake.wiring.topics import newest_of, tables_of_topics

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
    reports = trust.Reports(
        proof=settings.paths.proof_file,
        chaos=REPO_ROOT / "benchmarks" / "reports" / "chaos.json",
    )
    topics = Topics(tuple(topics_of(settings).values()), partial(newest_of, settings))
    address = Address(settings.ports.api_host, settings.ports.api_port)
    remote = Remote(LakeApi(address, settings.api_key))

    def send_trial(channel: str) -> Delivered:
        return send_test_message(address, settings.api_key(), channel)

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
            lambda: funnel.show(sources), title="Funnel", url_path="funnel",
            icon=":material/filter_alt:",
        ),
        st.Page(
            lambda: alerts.show(sources, send_trial, is_judging=settings.stream.alerts),
            title="Alerts", url_path="alerts", icon=":material/notifications:",
        ),
        st.Page(
            lambda: budgets.show(remote), title="Budgets", url_path="budgets",
            icon=":material/account_balance_wallet:",
        ),
        st.Page(
            lambda: customers.show(remote), title="Customers", url_path="customers",
            icon=":material/group:",
        ),
        st.Page(
            lambda: bridge.show(sources), title="Bridge", url_path="bridge",
            icon=":material/waterfall_chart:",
        ),
        st.Page(
            lambda: rows.show(sources), title="Rows", url_path="rows", icon=":material/table_rows:",
        ),
        st.Page(
            lambda: explain.show(sources, partial(explanation_of, settings)), title="Explain",
            url_path="explain", icon=":material/search:",
        ),
        st.Page(
            lambda: operations.show(sources, partial(posts_of, address), remote, topics),
            title="Operations", url_path="operations", icon=":material/monitor_heart:",
        ),
        st.Page(
            lambda: trust.show(sources, reports), title="Trust", url_path="trust",
            icon=":material/verified:",
        ),
    ]  # fmt: skip
    st.navigation(pages, position="top").run()


main()
