"""The user's environment, settings and downloads."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

ENVIRONMENT: tuple[Mutation, ...] = (
    Mutation(
        "the web page of Spark is open to the network", "adlake.wiring.spark:choose_jdk",
        "SPARK_LOCAL_IP=settings.ports.spark_bind_address", 'SPARK_LOCAL_IP="0.0.0.0"',
        "tests/browser/test_dashboard.py::test_every_process_listens_on_loopback_alone",
    ),
    Mutation(
        "the variables of other tools stay", "adlake.environment:adopt",
        "    os.environ.clear()\n", "", "tests/unit/settings/test_environment.py",
    ),
    Mutation(
        "services inherit what the shell had", "adlake.environment:of_service",
        "return _only(os.environ, SERVICES, prefix=None) | FIXED",
        "return dict(os.environ) | FIXED", "tests/unit/settings/test_environment.py",
    ),
    Mutation(
        "SQL is expanded by make", "Makefile",
        "export SQL_TEXT := $(value SQL)", "export SQL_TEXT := $(SQL)",
        "tests/unit/tooling/test_make.py",
    ),
    Mutation(
        "a misspelt name in .env passes", "adlake.settings.__init__:_present",
        "            _refuse_unknown(name, where)\n", "",
        "tests/unit/settings/test_settings_file.py",
    ),
    Mutation(
        "pip heeds the user's own configuration",
        "adlake.devstack.install.download_environment:for_packages",
        '        "PIP_CONFIG_FILE": os.devnull,\n', "",
        "tests/unit/devstack/test_download_environment.py",
    ),
    Mutation(
        "a download outlives its command", "adlake.devstack.install.fetch:_fetch_all",
        "            fetcher.cancelled.set()\n", "",
        "tests/unit/devstack/test_download_environment.py",
    ),
    Mutation(
        "a second driver starts where it has no room",
        "adlake.attribution.replay.command:replay",
        "    refuse_without_room(config.resources.driver_memory, memory_limit())\n", "",
        "tests/unit/attribution/test_replay.py"
        "::test_it_does_not_begin_where_a_second_driver_has_no_room",
    ),
    Mutation(
        "pages of files count as memory that is used", "adlake.io.spark.room:memory_limit",
        '"total_rss"', '"cache"', "tests/unit/io/test_room.py",
    ),
)  # fmt: skip
