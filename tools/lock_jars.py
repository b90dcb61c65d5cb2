"""Fetches the jars named by infra/versions.env and records what they are (`make lock-jars`)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from adlake.devstack.install import checksums, ivy
from adlake.devstack.install.fetch import DELTA_SET, NESSIE_SET, REST_SET, S3_SET, SETS
from adlake.devstack.install.java import spark_jdk
from adlake.devstack.install.versions import read_versions
from adlake.settings import Settings


def main() -> None:
    """Write infra/checksums.txt anew from a fresh download; review the difference."""
    versions = read_versions()
    jdk = spark_jdk()
    cache = Settings().paths.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        folders = {
            name: Path(scratch) / "files" / name
            for name in (*SETS, S3_SET, DELTA_SET, NESSIE_SET, REST_SET)
        }
        for name, folder in folders.items():
            ivy.retrieve(
                name, folder, ivy_cache=Path(scratch) / "ivy" / name, jdk=jdk, versions=versions,
                log_file=cache / "logs" / f"lock-{name}.log", progress=lambda _arrived: None,
            )  # fmt: skip
        checksums.CHECKSUMS_FILE.write_text(checksums.record(folders))


if __name__ == "__main__":
    main()
