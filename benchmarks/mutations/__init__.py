"""The named bugs of `make mutants`, and the test that must catch each; one module per subject."""

from __future__ import annotations

from benchmarks.mutations.account_pages import ACCOUNT_PAGES
from benchmarks.mutations.admission import ADMISSION
from benchmarks.mutations.alert_log import ALERT_LOG
from benchmarks.mutations.alert_pages import ALERT_PAGES
from benchmarks.mutations.alert_past import ALERT_PAST
from benchmarks.mutations.alert_rules import ALERT_RULES
from benchmarks.mutations.alerts import ALERTS
from benchmarks.mutations.batches import BATCHES
from benchmarks.mutations.budgets import BUDGETS
from benchmarks.mutations.business import BUSINESS
from benchmarks.mutations.campaigns import CAMPAIGNS
from benchmarks.mutations.collector import COLLECTOR
from benchmarks.mutations.customers import CUSTOMERS
from benchmarks.mutations.dashboards import DASHBOARDS
from benchmarks.mutations.empty_offsets import EMPTY_OFFSETS
from benchmarks.mutations.environment import ENVIRONMENT
from benchmarks.mutations.fence import FENCE
from benchmarks.mutations.funnel import FUNNEL
from benchmarks.mutations.grafana import GRAFANA
from benchmarks.mutations.ingestion import INGESTION
from benchmarks.mutations.law import LAW
from benchmarks.mutations.log import LOG
from benchmarks.mutations.maintenance import MAINTENANCE
from benchmarks.mutations.maturity import MATURITY
from benchmarks.mutations.models import MODELS
from benchmarks.mutations.monitoring import MONITORING
from benchmarks.mutations.mutation import Mutation
from benchmarks.mutations.notifications import NOTIFICATIONS
from benchmarks.mutations.outside import OUTSIDE
from benchmarks.mutations.packaging import PACKAGING
from benchmarks.mutations.pages import PAGES
from benchmarks.mutations.places import PLACES
from benchmarks.mutations.proof import PROOF
from benchmarks.mutations.published import PUBLISHED
from benchmarks.mutations.readers import READERS
from benchmarks.mutations.records import RECORDS
from benchmarks.mutations.replay import REPLAY
from benchmarks.mutations.rollups import ROLLUPS
from benchmarks.mutations.segments import SEGMENTS
from benchmarks.mutations.sentences import SENTENCES
from benchmarks.mutations.slots import SLOTS
from benchmarks.mutations.source import SOURCE
from benchmarks.mutations.supervision import SUPERVISION
from benchmarks.mutations.time import TIME
from benchmarks.mutations.traffic import TRAFFIC
from benchmarks.mutations.windows import WINDOWS

__all__ = ["MUTATIONS", "Mutation"]

MUTATIONS: tuple[Mutation, ...] = (
    *LAW,
    *ADMISSION,
    *BUSINESS,
    *FUNNEL,
    *BUDGETS,
    *COLLECTOR,
    *CUSTOMERS,
    *PUBLISHED,
    *INGESTION,
    *ALERTS,
    *ALERT_RULES,
    *ALERT_LOG,
    *ALERT_PAST,
    *NOTIFICATIONS,
    *ACCOUNT_PAGES,
    *ALERT_PAGES,
    *CAMPAIGNS,
    *MODELS,
    *BATCHES,
    *FENCE,
    *SOURCE,
    *RECORDS,
    *REPLAY,
    *ROLLUPS,
    *WINDOWS,
    *SLOTS,
    *SEGMENTS,
    *PROOF,
    *EMPTY_OFFSETS,
    *TIME,
    *SUPERVISION,
    *LOG,
    *MONITORING,
    *READERS,
    *GRAFANA,
    *DASHBOARDS,
    *MAINTENANCE,
    *MATURITY,
    *PACKAGING,
    *PAGES,
    *PLACES,
    *ENVIRONMENT,
    *OUTSIDE,
    *SENTENCES,
    *TRAFFIC,
)
