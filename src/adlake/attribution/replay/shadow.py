"""The shadow of Gold that a replay builds, and how Gold takes its files over.

Who may delete a file is decided once: the shadow never deletes any (`gc.enabled` is false, and it
is dropped without purge). Its data files lie in a folder of their own per build. A publication adds
them to Gold by metadata alone; from then on they are Gold's, and Gold's expiry removes them one by
one like its own. The folder of a build that Gold never took is removed by the next build.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from adlake.contracts import stamps
from adlake.contracts.errors import AdlakeError
from adlake.contracts.tables import GOLD_COLUMNS, GOLD_REPLAY, GOLD_STATE
from adlake.folders import ADLAKE
from adlake.io.iceberg.ddl import DDL_DIR
from adlake.io.iceberg.folders import folders_in, remove_folder
from adlake.io.iceberg.stamp import Stamp
from adlake.io.iceberg.table import ONE_FILE_AT_A_TIME, REPLAY_BRANCH, IcebergTable

SlotRange = tuple[int, int]
"""First slot and end (exclusive)."""


class NoShadowError(AdlakeError):
    """There is no finished replay to publish."""


@dataclass(frozen=True)
class ShadowFacts:
    """What a finished shadow is: its snapshot, law, slots (None: all) and deliveries."""

    snapshot_id: int
    law_version: int
    slots: SlotRange | None
    gold_snapshot: int
    bronze_snapshot: int
    stamp: Stamp


class ShadowTable:
    """The table `gold.ad_performance_replay`."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self.table = IcebergTable(session, GOLD_REPLAY)
        self._gold = IcebergTable(session, GOLD_STATE)

    def exists(self) -> bool:
        """Whether a build was begun."""
        return self.table.exists()

    def create_empty(self, build: str) -> None:
        """Begin a build: the same columns and layout as Gold, files in a folder of their own."""
        self.drop()
        root = self._files_root()
        self._remove_folders_nobody_reads(root)
        ddl = (DDL_DIR / "gold" / "ad_performance_state.sql").read_text()
        self._session.sql(ddl.replace(self._gold.full_name, self.table.full_name))
        self._session.sql(
            f"ALTER TABLE {self.table.full_name} SET TBLPROPERTIES "
            f"('gc.enabled' = 'false', 'write.data.path' = '{root}/{build}')"
        )

    def append(self, rows: DataFrame) -> None:
        """Write Gold rows, sorted as compaction would sort them."""
        (
            rows.select(*GOLD_COLUMNS)
            .sortWithinPartitions("engaged", "slot", "impression_id")
            .writeTo(self.table.full_name)
            .options(**ONE_FILE_AT_A_TIME)
            .append()
        )

    def finish(self, stamp: Mapping[str, str]) -> None:
        """Say that the build is complete: without this stamp it cannot be published."""
        self.table.leave_stamp(stamp)

    def facts(self) -> ShadowFacts:
        """What was built.

        Raises:
            NoShadowError: nothing was built, or the build never ended.
        """
        stamp = self.table.newest_stamp() if self.exists() else None
        if stamp is None:
            raise NoShadowError(
                f"there is no finished replay to publish: run `{ADLAKE} replay`, look at what it "
                "prints, then publish"
            )
        slots = stamp.properties[stamps.REPLAY_SLOTS]
        first, _, end = slots.partition(":")
        return ShadowFacts(
            snapshot_id=stamp.snapshot_id,
            law_version=int(stamp.properties[stamps.LAW_VERSION]),
            slots=(int(first), int(end)) if slots else None,
            gold_snapshot=int(stamp.properties[stamps.REPLAY_GOLD_SNAPSHOT]),
            bronze_snapshot=int(stamp.properties[stamps.BRONZE_SNAPSHOT]),
            stamp=stamp,
        )

    def drop(self) -> None:
        """Forget the table, not its files."""
        self._session.sql(f"DROP TABLE IF EXISTS {self.table.full_name}")

    def _files_root(self) -> str:
        return f"{self._gold.java_table().location()}_replay"

    def _remove_folders_nobody_reads(self, root: str) -> None:
        """Builds without a file in any snapshot of Gold, tagged ones included."""
        builds = (
            self._session.table(f"{self._gold.full_name}.all_files")
            .where(f"startswith(file_path, '{root}/')")
            .selectExpr(f"split_part(substr(file_path, {len(root) + 2}), '/', 1) AS build")
            .distinct()
            .collect()
        )
        taken = {row.build for row in builds}
        gold = self._gold.java_table()
        for build in folders_in(gold, root) - taken:
            remove_folder(gold, f"{root}/{build}")


def adopt_files(
    shadow: IcebergTable, gold: IcebergTable, slots: SlotRange | None, stamp: Mapping[str, str]
) -> int:
    """Replace Gold's rows on the replay branch by the shadow's files; returns how many files.

    One commit of metadata. With `slots`, whole days of them, only these rows are replaced.

    Raises:
        NoShadowError: the two tables are not laid out alike any more.
    """
    source, target = shadow.java_table(), gold.java_table()
    if not (source.schema().sameSchema(target.schema()) and source.spec().equals(target.spec())):
        raise NoShadowError(
            f"Gold's layout has changed since the replay: run `{ADLAKE} replay` again"
        )
    change = target.newOverwrite().toBranch(REPLAY_BRANCH)
    change.overwriteByRowFilter(_row_filter(gold, slots))
    count = 0
    # With statistics: without them look-ups could not skip a single adopted file.
    tasks = source.newScan().includeColumnStats().planFiles()
    try:
        iterator = tasks.iterator()
        while iterator.hasNext():
            change.addFile(iterator.next().file())
            count += 1
    finally:
        tasks.close()
    for key, value in stamp.items():
        change.set(key, value)
    change.commit()
    return count


def _row_filter(gold: IcebergTable, slots: SlotRange | None) -> Any:  # noqa: ANN401 - Java object
    expressions = gold.jvm().org.apache.iceberg.expressions.Expressions
    if slots is None:
        return expressions.alwaysTrue()
    first, end = slots
    # "and" is a word of Python.
    both = getattr(expressions, "and")
    return both(expressions.greaterThanOrEqual("slot", first), expressions.lessThan("slot", end))
