"""The two roles of the catalog database: its owner, and the writer, which commits.

What makes or changes a role or a database stands here and in no file: it names identifiers, and no
parameter of Postgres can be one.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from adlake.io.postgres.rights import grant_rights
from adlake.io.sql.control import control_sql


def ensure_role(admin: psycopg.Connection, role: str, password: str) -> None:
    """A role that can log in with this password."""
    name = sql.Identifier(role)
    if admin.execute(control_sql("roles/has_role"), {"role": role}).fetchone() == (False,):
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
    # Encrypted here: a statement may reach the server's log.
    secret = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, secret.decode()))
    # The role's own schema of the same name would otherwise shadow `public`.
    admin.execute(sql.SQL("ALTER ROLE {} SET search_path = public").format(name))


def ensure_database(admin: psycopg.Connection, database: str, owner: str) -> None:
    """A database of this owner; one that is there stays as it is."""
    wanted = {"database": database}
    if admin.execute(control_sql("roles/has_database"), wanted).fetchone() == (False,):
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
        if admin.execute(control_sql("roles/database_owner")).fetchone() != (writer,):
            return False
        admin.execute(
            sql.SQL("REASSIGN OWNED BY {} TO {}").format(
                sql.Identifier(writer), sql.Identifier(owner)
            )
        )
        wanted = {"schema": "adlake"}
        if admin.execute(control_sql("roles/has_schema"), wanted).fetchone() == (True,):
            grant_rights(admin, writer)
    return True
