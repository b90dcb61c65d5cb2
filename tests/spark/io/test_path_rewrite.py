"""A copied warehouse whose paths are rewritten is read whole, without the original."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import fastavro
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from adlake.contracts.place import lies_below, local_folder
from adlake.io.iceberg import path_rewrite
from adlake.io.iceberg.path_rewrite import PathMap, UnknownFileError, rewrite_files
from adlake.io.spark.session import CatalogAccess, connect_catalog

pytestmark = pytest.mark.spark

TABLE = "lakehouse.gold.rows"
READS = (
    f"SELECT * FROM {TABLE}",
    f"SELECT * FROM {TABLE} VERSION AS OF 'kept'",
    f"SELECT * FROM {TABLE}.branch_side",
    f"SELECT content, record_count, file_size_in_bytes FROM {TABLE}.all_files",
    f"SELECT snapshot_id, operation, summary FROM {TABLE}.snapshots",
)


def session_at(spark: SparkSession, warehouse: Path) -> SparkSession:
    session = spark.newSession()
    connect_catalog(session, CatalogAccess("hadoop", "", "", "", f"file://{warehouse}"))
    return session


def read_all(session: SparkSession) -> list[list[str]]:
    answers = [sorted(str(row) for row in session.sql(query).collect()) for query in READS]
    history = session.sql(f"SELECT snapshot_id FROM {TABLE}.snapshots").collect()
    for one in history:
        rows = session.sql(f"SELECT * FROM {TABLE} VERSION AS OF {one.snapshot_id}").collect()
        answers.append(sorted(map(str, rows)))
    return answers


def fill(session: SparkSession) -> None:
    session.sql("CREATE NAMESPACE IF NOT EXISTS lakehouse.gold")
    session.sql(
        f"CREATE TABLE {TABLE} (id INT, day DATE, at TIMESTAMP, price DECIMAL(18,6), name STRING) "
        "USING iceberg PARTITIONED BY (days(at), bucket(4, id), truncate(3, name), price) "
        "TBLPROPERTIES ('format-version'='2', 'write.merge.mode'='merge-on-read', "
        "'write.delete.mode'='merge-on-read', 'write.delete.granularity'='file', "
        "'write.metadata.metrics.default'='full')"
    )
    session.sql(
        f"INSERT INTO {TABLE} SELECT id, DATE'2026-11-01', TIMESTAMP'2026-11-01 10:00:00', 1.5, "
        "concat('näme', id) FROM range(40)"
    )
    session.sql(f"ALTER TABLE {TABLE} CREATE TAG kept")
    session.sql(f"DELETE FROM {TABLE} WHERE id IN (3, 17)")
    session.sql(f"ALTER TABLE {TABLE} CREATE BRANCH side")
    session.sql(
        f"MERGE INTO {TABLE} t USING (SELECT 5 AS id) s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET name = 'other'"
    )


def fingerprints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def original(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    warehouse = tmp_path_factory.mktemp("original") / "warehouse"
    fill(session_at(spark, warehouse))
    return warehouse


def test_every_snapshot_branch_and_tag_is_read_without_the_original(
    spark: SparkSession, original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read_all(session_at(spark, original))
    before = fingerprints(original)
    copy = tmp_path / "a longer name than before" / "warehouse"
    shutil.copytree(original, copy)
    paths = PathMap(f"file://{original}", f"file://{copy}")
    # Killed among the manifests: the next run completes it.
    rewrite_avro, done = path_rewrite.rewrite_avro, list[Path]()

    def dies_early(file: Path, one: PathMap) -> bool:
        if len(done) > 2:
            raise KeyboardInterrupt
        done.append(file)
        return rewrite_avro(file, one)

    monkeypatch.setattr(path_rewrite, "rewrite_avro", dies_early)
    with pytest.raises(KeyboardInterrupt):
        rewrite_files(copy, paths, lambda _line: None)
    monkeypatch.undo()
    assert rewrite_files(copy, paths, lambda _line: None) > 0
    assert rewrite_files(copy, paths, lambda _line: None) == 0
    assert fingerprints(original) == before
    away = original.rename(original.with_name("away"))
    try:
        found = read_all(session_at(spark, copy))
    finally:
        away.rename(original)
    # Paths have another length, so delete files and their sizes differ; rows and counts do not.
    sizes = READS.index(f"SELECT content, record_count, file_size_in_bytes FROM {TABLE}.all_files")
    assert len(found[sizes]) == len(expected[sizes])
    expected[sizes] = found[sizes] = []
    assert found == expected
    assert_well_formed(copy, original)


def assert_well_formed(copy: Path, original: Path) -> None:
    deletes = list(copy.rglob("*-deletes.parquet"))
    assert deletes
    for file in deletes:
        paths = pq.read_table(file)["file_path"].to_pylist()
        assert all(lies_below(path, f"file://{copy}") for path in paths)
        twin = original / file.relative_to(copy)
        assert pq.read_schema(file).equals(pq.read_schema(twin), check_metadata=True)
    for file in copy.rglob("*.avro"):
        with file.open("rb") as new, (original / file.relative_to(copy)).open("rb") as old:
            ours, theirs = fastavro.reader(new), fastavro.reader(old)
            assert json.loads(ours.metadata["avro.schema"]) == json.loads(
                theirs.metadata["avro.schema"]
            )
            kept = {k: v for k, v in theirs.metadata.items() if not k.startswith("avro.")}
            assert {k: ours.metadata[k] for k in kept} == kept
            records = list(ours)
        assert str(original) not in str(records)
        for record in records:
            if "manifest_path" in record:
                size = size_of(record["manifest_path"])
                assert record["manifest_length"] == size
            elif record["data_file"]["content"]:
                data_file = record["data_file"]
                size = size_of(data_file["file_path"])
                assert data_file["file_size_in_bytes"] == size
    for file in copy.rglob("*.metadata.json"):
        assert str(original) not in file.read_text()


def size_of(uri: str) -> int:
    file = local_folder(uri)
    assert file is not None
    return file.stat().st_size


def test_nested_and_differently_spelt_roots_are_moved_once() -> None:
    deeper = PathMap("file:///data", "file:///data/new")
    once = deeper.moved("file:///data/gold/m.json")
    assert once == deeper.moved(once) == "file:///data/new/gold/m.json"
    higher = PathMap("file:///data/new", "/data")
    assert higher.moved("file:/data/new/gold/m.json") == "file:/data/gold/m.json"
    assert higher.moved("/data/new") == "/data"
    assert higher.moved("file:///data/newer/x") == "file:///data/newer/x"


def test_a_form_that_is_not_known_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "v1.metadata.json"
    file.write_text('{"format-version": 3, "schemas": [], "current-snapshot-id": 1}')
    with pytest.raises(UnknownFileError, match="of Iceberg format 3"):
        rewrite_files(tmp_path, PathMap("file:///a", "file:///b"), lambda _line: None)
