"""Every notebook runs from top to bottom on a seeded lake, and draws what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from pyiceberg.catalog.sql import SqlCatalog
from pyspark.sql import SparkSession

from adlake.contracts.law import LAW_V1
from adlake.io.iceberg.views import provision_views
from adlake.io.sql.files import sql_text
from adlake.io.sql.law import law_parameters
from adlake.notebook.charts import CHART_TYPE
from adlake.notebook.server import NOTEBOOKS, kernel_environment
from adlake.settings import Settings
from tests.fixtures.jupyter_lab import LabPage, lab_page
from tests.fixtures.tiers import in_tiers
from tests.fixtures.trino.notebook_lake import publish_notebook_lake

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

EVENTS = 8_000
CHARTS = {
    "01_quick_tour": 2, "02_effective_frequency": 2, "03_path_analysis": 2, "04_unique_reach": 3,
    "05_attribution_models": 4, "06_reading_without_a_server": 0, "07_click_prediction": 1,
}  # fmt: skip
QUICK = ("01_quick_tour", "06_reading_without_a_server")
"""Those of `make test`: one through Trino, one without a server. `make chaos` runs all."""
FEWEST_COLOURS = 10
"""Of what was drawn with smooth edges; an empty canvas has one."""
CHECKS = {
    "01_quick_tour": "assert len(hours) > 20 and len(campaigns) > 20",
    "02_effective_frequency": "assert abs(frequency['share_up_to'].max() - 1) < 1e-6",
    "03_path_analysis": "assert pairs['impressions'].sum() == len(lake.arrow("
    "'gold.ad_performance_state', where='impression_time is not null'))",
    "04_unique_reach": "assert reach['reach_so_far'].max() == total['reach']",
    "05_attribution_models": "assert exact.iloc[0] > 0 and len(effects) > 20 and len(days) > 6",
    "06_reading_without_a_server": "t = lake.metric('roas')\n"
    "assert abs(float(t['roas'].iloc[0]) - in_duckdb['roas'].iloc[0]) < 1e-6\n"
    "assert str(t['spend'].iloc[0]) == str(rows['cost'].to_pandas().dropna().sum())\n"
    "assert 0 < recent.num_rows < rows.num_rows",
    "07_click_prediction": "assert len(points) >= 5\n"
    "assert abs(predicted.mean() - test['is_clicked'].mean()) < 0.02",
}
"""What must hold at the end of a notebook, in its own words."""


@pytest.fixture(scope="module")
def kernel(
    catalog: SqlCatalog,
    empty_lake: Settings,
    spark: SparkSession,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[KernelManager]:
    """One kernel for all of them, as starting one costs seconds; each begins with empty names."""
    publish_notebook_lake(catalog, tmp_path_factory.mktemp("seeds"), EVENTS)
    catalog.create_namespace_if_not_exists("audit")
    spark.sql(sql_text("ddl/audit/completeness_ledger"))
    provision_views(spark, ["audit.lookbacks"], law_parameters(LAW_V1))
    folder = tmp_path_factory.mktemp("kernel")
    manager = KernelManager(kernel_name="python3", connection_file=str(folder / "kernel.json"))
    manager.start_kernel(env=kernel_environment(empty_lake), cwd=str(folder))
    yield manager
    manager.shutdown_kernel(now=True)
    manager.context.destroy()


@pytest.fixture(scope="module")
def lab(empty_lake: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabPage]:
    with lab_page(empty_lake, tmp_path_factory.mktemp("executed")) as page:
        yield page


@pytest.mark.parametrize("name", in_tiers(CHARTS, QUICK))
def test_a_notebook_runs_and_its_charts_show_without_internet(
    name: str, kernel: KernelManager, lab: LabPage
) -> None:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))
    notebook.cells.append(nbformat.v4.new_code_cell(CHECKS[name]))
    client = NotebookClient(notebook, km=kernel, timeout=300)
    client.execute()
    client.kc.stop_channels()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    charts = [out for out in outputs if CHART_TYPE in out.get("data", {})]
    assert len(charts) == CHARTS[name]
    assert [out for out in outputs if out.output_type == "stream" and out.name == "stderr"] == []
    nbformat.write(notebook, lab.folder / f"{name}.ipynb")
    colours = lab.colours_of_charts(f"{name}.ipynb", CHARTS[name])
    assert [one for one in colours if one < FEWEST_COLOURS] == []


def test_every_notebook_is_run() -> None:
    assert {path.stem for path in Path(NOTEBOOKS).glob("*.ipynb")} == set(CHARTS)
