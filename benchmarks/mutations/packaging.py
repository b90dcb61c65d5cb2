"""The class archive, the wheel, the list of parts, the checks of other people's servers."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

ARCHIVE = "tests/unit/devstack/test_class_archive.py"
TOOLING = "tests/unit/tooling"

PACKAGING: tuple[Mutation, ...] = (
    Mutation(
        "a damaged class archive is given to Java",
        "adlake.devstack.install.class_archive:ArchivePlace.find",
        'if path.stem == f"{self.key}-{_checksum(path)}":', "if path.stem:", ARCHIVE,
    ),
    Mutation(
        "a class archive of another Java is taken",
        "adlake.devstack.install.class_archive:archive_place",
        "*_java_facts(jdk), ", "", ARCHIVE,
    ),
    Mutation(
        "folders of a place are told by its address and not by its path",
        "adlake.io.iceberg.folders:folders_in",
        'root.partition(":")[2].lstrip("/")', "root", "tests/spark/io/test_folders.py",
    ),
    Mutation(
        "a removed folder takes those whose name begins like it",
        "adlake.io.iceberg.folders:remove_folder",
        'f"{folder}/"', 'folder.rpartition("/")[0]', "tests/spark/io/test_folders.py",
    ),
    Mutation(
        "the wheel requires any version", "tools.wheel:pinned",
        "{line}=={versions.pop()}", "{line}", f"{TOOLING}/test_wheel.py",
    ),
    Mutation(
        "any two numbers of Metabase and of a metric are the same", "tools.dashboards_check:_same",
        "return abs(one - other) <=", "return abs(one - one) <=",
        f"{TOOLING}/test_dashboards_check.py",
    ),
    Mutation(
        "an image without a digest is pinned all the same", "tools.digests:digest_of",
        "if done.returncode or not _DIGEST.fullmatch(told):", "if done.returncode and not told:",
        f"{TOOLING}/test_digests.py",
    ),
    Mutation(
        "a refused key of the object store is a fault of adlake", "adlake.io.outages:",
        "Status Code: 40[13]", "Status Code: 999", "tests/unit/io/test_outages.py",
    ),
)  # fmt: skip
