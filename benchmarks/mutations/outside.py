"""Servers of others, and the secrets that open them."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

OUTSIDE: tuple[Mutation, ...] = (
    Mutation(
        "a connection shows its password", "adlake.provision.catalog:catalog_database",
        "        password=settings.catalog_password(),\n",
        "        password=settings.catalog_password().get_secret_value(),\n",
        "tests/unit/settings/test_secrets.py",
    ),
    Mutation(
        "a child gets stars for a secret", "adlake.settings.__init__:_as_text",
        "        return value.get_secret_value()\n", "        return str(value)\n",
        "tests/unit/settings/test_secrets.py",
    ),
    Mutation(
        "secrets are written into the pid file", "adlake.devstack.services.service:Service._launch",
        "        settings = self.settings.as_environment(with_secrets=False)\n",
        "        settings = self.settings.as_environment()\n",
        "tests/unit/settings/test_secrets.py",
    ),
    Mutation(
        "a broken line of .env is shown whole", "adlake.settings.file:read_settings_file",
        "            shown = repr(name[0]) if name else \"it\"\n",
        "            shown = repr(binding.original.string.strip())\n",
        "tests/unit/settings/test_secrets.py",
    ),
    Mutation(
        "Spark's options hold the password", "adlake.io.kafka.access:spark_options",
        '"sasl.jaas.config": f"${{directory:{secrets_dir}:{JAAS_FILE}}}"',
        '"sasl.jaas.config": (secrets_dir / JAAS_FILE).read_text()',
        "tests/unit/settings/test_secrets.py",
    ),
    Mutation(
        "a server of others is started", "adlake.devstack.stack:Stack._start_after",
        "        if away := service.elsewhere():\n            service.join()",
        "        if (away := service.elsewhere()) and not away:\n            service.join()",
        "tests/unit/settings/test_addresses.py",
    ),
    Mutation(
        "the topic of a broker of others is changed", "adlake.io.kafka.admin:ensure_topic",
        "                if is_own:\n", "                if is_own or settings:\n",
        "tests/unit/settings/test_addresses.py",
    ),
    Mutation(
        "a topic of the map is not provisioned", "adlake.provision.topics:ensure_topics",
        "in topics_of(settings).items():", 'in [("ad_events", settings.kafka.topic)]:',
        "tests/unit/provision/test_topics.py",
    ),
    Mutation(
        "a topic runs under its name in the project, not at the broker",
        "adlake.wiring.application:pipelines_of", "makers[step.pipeline](names[topic])",
        "makers[step.pipeline](topic)", "tests/unit/provision/test_topics.py",
    ),
    Mutation(
        "a command asks Trino on this machine whatever is set", "adlake.cli.data:query",
        "settings.ports.trino_host)\n    result = run_metric(",
        '"127.0.0.1")\n    result = run_metric(', "tests/unit/settings/test_addresses.py",
    ),
    Mutation(
        "a lease is taken by time from a catalog without a fence",
        "adlake.streaming.application:run_application",
        "    is_fenced = config.catalog.has_fence\n", "    is_fenced = True\n",
        "tests/unit/provision/test_rest_catalog.py",
    ),
    Mutation(
        "the REST catalog is taken for the control database",
        "adlake.settings.__init__:Settings.control_uri",
        "        default = self._postgres_uri if self.has_rest_catalog else",
        "        default = self.catalog_jdbc_uri if self.has_rest_catalog else",
        "tests/unit/provision/test_rest_catalog.py",
    ),
)  # fmt: skip
