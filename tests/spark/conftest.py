"""One local Spark session for all tests of this folder, with the settings of production."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from adlake.io import failpoints
from adlake.io.spark.session import build_session
from tests.fixtures.jvm_functions import use_functions_of_sources
from tests.fixtures.sessions import lake_at, resources_of


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    use_functions_of_sources(tmp_path_factory.mktemp("functions"))
    session = build_session("adlake tests", resources_of("1500m"))
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Iterator[SparkSession]:
    """All tables, empty; a fault that a test puts in is taken out again."""
    session = lake_at(spark, tmp_path)
    yield session
    failpoints.arm("", tmp_path, None)
