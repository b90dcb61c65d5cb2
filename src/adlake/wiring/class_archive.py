"""Makes Spark's class archive: a JVM does what a batch does in small, and leaves its classes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from adlake.devstack.errors import InstallError
from adlake.devstack.install.class_archive import options_of_maker, own_place
from adlake.devstack.install.java import own_options
from adlake.environment import home_of_tools, scratch_of
from adlake.folders import FILES_ROOT
from adlake.io.spark.ending import end_jvm
from adlake.io.spark.session import CatalogAccess, SparkResources, build_session, connect_catalog
from adlake.settings import Settings
from adlake.wiring.spark import choose_jdk

TRAINING = FILES_ROOT / "infra" / "spark" / "class_training.sql"
MEMORY = "512m"
ENDING_SECONDS = 600.0
"""Most of the work is done when the JVM ends, perhaps at the lowest priority."""
MEGABYTE = 1_000_000


def make_class_archive(settings: Settings, report: Callable[[str], None]) -> Path | None:
    """Make the archive where it is missing; None: the settings want none. Raises InstallError."""
    if not settings.jvm.class_archive:
        report("class archive: none is wanted (ADLAKE_CLASS_ARCHIVE)")
        return None
    place = own_place(settings.jvm.java_options)
    began = time.monotonic()
    with place.making(report) as scratch:
        archive = place.find()
        if archive is not None:
            report(f"class archive: {archive}")
            return archive
        made = scratch / "made.jsa"
        train(settings, scratch, options_of_maker(made, place.layout))
        if not made.is_file():
            kept = (scratch / "spark.log").replace(place.folder / "making.log")
            raise InstallError(f"Java left no class archive; what it said: {kept}")
        archive = place.publish(made)
    megabytes = archive.stat().st_size / MEGABYTE
    report(
        f"class archive: {archive} ({megabytes:.0f} MB, {time.monotonic() - began:.0f} s): "
        "Spark starts faster from now on"
    )
    return archive


def statements(path: Path = TRAINING) -> list[str]:
    """The statements that are trained."""
    text = re.sub(r"^--.*$", "", path.read_text(), flags=re.MULTILINE)
    return [one.strip() for one in text.split(";") if one.strip()]


def train(settings: Settings, scratch: Path, options: tuple[str, ...]) -> None:
    """A session on a catalog of files in `scratch`, from its start to the end of its JVM."""
    choose_jdk(settings, scratch_of(scratch))
    home_of_tools(scratch).mkdir(parents=True)
    resources = SparkResources(
        driver_memory=MEMORY,
        local_dir=str(scratch / "spark"),
        java_options=(*own_options(scratch, ""), *options),
        output_file=scratch / "spark.log",
    )
    patience = 0.0
    try:
        session = build_session("adlake class archive", resources)
        lake = f"file://{scratch}/lake"
        connect_catalog(session, CatalogAccess("hadoop", "", "", SecretStr(""), lake))
        for statement in statements():
            session.sql(statement).collect()
        session.stop()
        patience = ENDING_SECONDS
    except Exception as error:
        # Asked of the JVM, so while it lives.
        raise InstallError(f"Spark cannot be trained for its class archive: {error}") from error
    finally:
        end_jvm(patience)
