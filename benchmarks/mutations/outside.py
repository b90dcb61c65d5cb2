"""Servers of others, and the secrets that open them."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

OUTSIDE: tuple[Mutation, ...] = (
    Mutation(
        "a connection shows its password", "src/adlake/provision/catalog.py",
        "        password=settings.catalog_password(),\n",
        "        password=settings.catalog_password().get_secret_value(),\n",
        "tests/unit/settings/test_secrets.py",
    ),
    Mutation(
        "a child gets stars for a secret", "src/adlake/settings/__init__.py",
        "        return value.get_secret_value()\n", "        return str(value)\n",
        "tests/unit/settings/test_secrets.py",
    ),
    Mutation(
        "secrets are written into the pid file", "src/adlake/devstack/services/service.py",
        "        settings = self.settings.as_environment(with_secrets=False)\n",
        "        settings = self.settings.as_environment()\n",
        "tests/unit/settings/test_secrets.py",
    ),
    Mutation(
        "a broken line of .env is shown whole", "src/adlake/settings/file.py",
        "            shown = repr(name[0]) if name else \"it\"\n",
        "            shown = repr(binding.original.string.strip())\n",
        "tests/unit/settings/test_secrets.py",
    ),
    Mutation(
        "Spark's options hold the password", "src/adlake/io/kafka/access.py",
        '"sasl.jaas.config": f"${{directory:{secrets_dir}:{JAAS_FILE}}}"',
        '"sasl.jaas.config": (secrets_dir / JAAS_FILE).read_text()',
        "tests/unit/settings/test_secrets.py",
    ),
    Mutation(
        "a server of others is started", "src/adlake/devstack/stack.py",
        "        if away := service.elsewhere():\n            service.join()",
        "        if (away := service.elsewhere()) and not away:\n            service.join()",
        "tests/unit/settings/test_addresses.py",
    ),
    Mutation(
        "the topic of a broker of others is changed", "src/adlake/io/kafka/admin.py",
        "                if is_own:\n", "                if is_own or settings:\n",
        "tests/unit/settings/test_addresses.py",
    ),
    Mutation(
        "a command asks Trino on this machine whatever is set", "src/adlake/cli/data.py",
        "settings.ports.trino_host)\n    result = run_metric(",
        '"127.0.0.1")\n    result = run_metric(', "tests/unit/settings/test_addresses.py",
    ),
    Mutation(
        "a lease is taken by time from a catalog without a fence",
        "src/adlake/streaming/application.py",
        "    is_fenced = config.catalog.has_fence\n", "    is_fenced = True\n",
        "tests/unit/provision/test_rest_catalog.py",
    ),
    Mutation(
        "the REST catalog is taken for the control database", "src/adlake/settings/__init__.py",
        "        default = self._postgres_uri if self.has_rest_catalog else",
        "        default = self.catalog_jdbc_uri if self.has_rest_catalog else",
        "tests/unit/provision/test_rest_catalog.py",
    ),
)  # fmt: skip
