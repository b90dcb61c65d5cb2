"""Postgres: the database of the Iceberg catalog, leases and fences."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import psutil
from pydantic import SecretStr

from adlake.devstack.errors import DevstackError
from adlake.devstack.home import place_of
from adlake.devstack.install.unpack import complete_or_absent
from adlake.devstack.secret_files import ensure_secret
from adlake.devstack.services.ports import HOST, answers
from adlake.devstack.services.postgres_place import PostgresPlace, choose_place
from adlake.devstack.services.service import Service
from adlake.devstack.services.templates import render
from adlake.devstack.supervisor.process import run_as
from adlake.io.postgres.answers import answers_login

if TYPE_CHECKING:
    from adlake.io.postgres.migrations import CatalogDatabase

ADMIN = "postgres"
INITDB_SECONDS = 120


class Postgres(Service):
    """The catalog database."""

    name: ClassVar[str] = "postgres"
    elsewhere_setting: ClassVar[str] = "ADLAKE_POSTGRES_HOST"
    stop_signal: ClassVar[signal.Signals] = (
        signal.SIGINT
    )  # fast shutdown: does not wait for clients
    grace_seconds: ClassVar[float] = 30.0
    compares_place: ClassVar[bool] = True

    def command(self) -> list[str]:
        """Argument vector."""
        return [str(self._place.bin / "postgres"), "-D", str(self._data)]

    def ports(self) -> dict[str, int]:
        """SQL."""
        return {"ADLAKE_POSTGRES_PORT": self.settings.ports.postgres_port}

    def elsewhere(self) -> str:
        """The Postgres of others."""
        address = self.settings.postgres_address
        return "" if address.is_own else str(address)

    def user(self) -> int | None:
        """An unprivileged one when we are root."""
        return self._place.user

    def is_ready(self) -> bool:
        """It asks for the administrator's password; a server of others accepts a connection."""
        if self.elsewhere():
            return answers(self.settings.postgres_address)
        return answers_login(HOST, self.settings.ports.postgres_port, ADMIN)

    def prepare(self) -> None:
        """Create the database cluster on the first start; write the configuration."""
        if not self._data.exists():
            self._initialise()
        self._refuse_other_version()
        forget_lock_of_zombie(self._data / "postmaster.pid")
        config = self._data / "postgresql.conf"
        values = {"port": self.settings.ports.postgres_port}
        render("postgres/postgresql.conf", config, values)
        if self._place.user is not None:
            os.chown(config, self._place.user, -1)

    def after_ready(self) -> None:
        """Create roles and database (where the server is ours), then migrate it as its owner."""
        from adlake.io.postgres.migrations import apply_migrations
        from adlake.provision.catalog import as_owner
        from adlake.streaming.place import check_place

        if not self.elsewhere():
            self._create_database()
        catalog = self._catalog
        if self.compares_place:
            # Before anything is changed in it: the database may be a copied one.
            check_place(catalog.connect, place_of(self.settings))
        owned = as_owner(catalog, self.settings) if self.elsewhere() else self._owned()
        apply_migrations(owned, writer=self._role)

    @property
    def _catalog(self) -> CatalogDatabase:
        """The catalog's database on this server, whatever way clients take to it."""
        from adlake.io.postgres.migrations import CatalogDatabase

        settings, address = self.settings, self.settings.postgres_address
        database, password = settings.catalog.catalog_database, settings.catalog_password()
        return CatalogDatabase(address.host, address.port, database, self._role, password)

    def _create_database(self) -> None:
        from adlake.io.postgres.rights import owner_of
        from adlake.io.postgres.roles import ensure_database, ensure_role
        from adlake.provision.catalog import OWNER_FILE

        role, database = self._role, self.settings.catalog.catalog_database
        owner, secrets = owner_of(role), self.settings.paths.secrets_dir
        ensure_secret(secrets / "postgres_password")
        password = self.settings.catalog_password().get_secret_value()
        owner_password = ensure_secret(secrets / OWNER_FILE)
        with self._admin_database(ADMIN).connect(autocommit=True) as admin:
            ensure_role(admin, role, password)
            ensure_role(admin, owner, owner_password)
            ensure_database(admin, database, owner)

    def _owned(self) -> CatalogDatabase:
        """The database for its owner, handed over to it where the writer owned it."""
        from adlake.io.postgres.rights import owner_of
        from adlake.io.postgres.roles import hand_over
        from adlake.provision.catalog import OWNER_FILE

        catalog, owner = self._catalog, owner_of(self._role)
        with self._admin_database(catalog.database).connect(autocommit=True) as admin:
            hand_over(admin, self._role, owner)
        password = ensure_secret(self.settings.paths.secrets_dir / OWNER_FILE)
        return replace(catalog, user=owner, password=SecretStr(password))

    def _initialise(self) -> None:
        place = self._place
        with (
            complete_or_absent(self._data) as scratch,
            # Beside the data: there the server's user can read it, wherever the home lies.
            tempfile.NamedTemporaryFile("w", dir=place.folder) as pwfile,
        ):
            pwfile.write(self._admin_password)
            pwfile.flush()
            if place.user is not None:
                os.chown(scratch, place.user, -1)
                os.chown(pwfile.name, place.user, -1)
            done = subprocess.run(
                [
                    str(place.bin / "initdb"), "-D", str(scratch), "-U", ADMIN, "-E", "UTF8",
                    "--locale=C", "--auth=scram-sha-256", f"--pwfile={pwfile.name}",
                ],
                capture_output=True, text=True, timeout=INITDB_SECONDS, check=False, cwd="/",
                **run_as(place.user),
            )  # fmt: skip
            if done.returncode:
                raise DevstackError(f"cannot create the catalog database: {done.stderr.strip()}")

    def _refuse_other_version(self) -> None:
        data_major = (self._data / "PG_VERSION").read_text().strip()
        shown = subprocess.run(
            [str(self._place.bin / "postgres"), "--version"],
            capture_output=True, text=True, timeout=30, check=True,
        ).stdout  # fmt: skip
        if f" {data_major}." not in shown and not shown.rstrip().endswith(f" {data_major}"):
            raise DevstackError(
                f"{self._data} was made by Postgres {data_major}, but the server is "
                f"{shown.strip()}: restore that version, or start over with `make nuke`"
            )

    def _admin_database(self, name: str) -> CatalogDatabase:
        from adlake.io.postgres.migrations import CatalogDatabase

        port = self.settings.ports.postgres_port
        return CatalogDatabase(HOST, port, name, ADMIN, SecretStr(self._admin_password))

    @property
    def _admin_password(self) -> str:
        return ensure_secret(self.settings.paths.secrets_dir / "postgres_admin_password")

    @property
    def _role(self) -> str:
        return self.settings.catalog.catalog_user

    @cached_property
    def _place(self) -> PostgresPlace:
        return choose_place(self.home, self.installation.postgres_bin)

    @property
    def _data(self) -> Path:
        return self._place.folder / "data"


def forget_lock_of_zombie(lock: Path) -> None:
    """Remove the lock file of a killed server that nobody has waited for yet.

    Such a pid still answers, so a new server would refuse to start: for good in a container whose
    first process waits for nobody. Called when all processes of the old server are gone.
    """
    try:
        pid = int(lock.read_text().split()[0])
        is_zombie = psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return  # the server itself knows what to do
    if is_zombie:
        lock.unlink()
