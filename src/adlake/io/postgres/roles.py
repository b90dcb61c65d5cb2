"""The two roles of the catalog database: its owner, and the writer, which commits."""

from __future__ import annotations

import psycopg
from psycopg import sql

from adlake.io.postgres.rights import grant_rights


def ensure_role(admin: psycopg.Connection, role: str, password: str) -> None:
    """A role that can log in with this password."""
    name = sql.Identifier(role)
    found = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    if found is None:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
    # Encrypted here: a statement may reach the server's log.
    secret = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, secret.decode()))
    # The role's own schema of the same name would otherwise shadow `public`.
    admin.execute(sql.SQL("ALTER ROLE {} SET search_path = public").format(name))


def ensure_database(admin: psycopg.Connection, database: str, owner: str) -> None:
    """A database of this owner; one that is there stays as it is."""
    question = "SELECT 1 FROM pg_database WHERE datname = %s"
    if admin.execute(question, (database,)).fetchone() is None:
        statement = sql.SQL("CREATE DATABASE {} OWNER {}")
        admin.execute(statement.format(sql.Identifier(database), sql.Identifier(owner)))


def hand_over(admin: psycopg.Connection, writer: str, owner: str) -> bool:
    """Give the owner a database that its writer owned, as earlier versions made it; True if so.

    One transaction: a driver that works meanwhile keeps the rights it needs.

    Args:
        admin: a superuser's connection to that database.
        writer: the role that commits.
        owner: the role that migrates.
    """
    with admin.transaction():
        question = (
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        )
        if admin.execute(question).fetchone() != (writer,):
            return False
        admin.execute(
            sql.SQL("REASSIGN OWNED BY {} TO {}").format(
                sql.Identifier(writer), sql.Identifier(owner)
            )
        )
        known = admin.execute("SELECT to_regnamespace('adlake') IS NOT NULL").fetchone()
        if known == (True,):
            grant_rights(admin, writer)
    return True
