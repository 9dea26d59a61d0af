"""Columns as all tables have them."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def identity() -> Column[int]:
    """Return the primary key of a table."""
    return Column("id", BigInteger, Identity(), primary_key=True)


def reference(table: str, *, name: str = "", nullable: bool = False) -> Column[int]:
    """Return a reference to a row of a table, with which this one ends."""
    return Column(
        name or f"{table.rstrip('s')}_id",
        BigInteger,
        ForeignKey(f"{table}.id", ondelete="CASCADE"),
        nullable=nullable,
    )


def of_process() -> Column[int]:
    """Return the reference to the process that a row is about."""
    return reference("processes", name="process_id")


def instant(name: str, *, nullable: bool = True) -> Column[datetime]:
    """Return a column for an instant."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def words(name: str, *, nullable: bool = False) -> Column[str]:
    """Return a column for text."""
    return Column(name, Text, nullable=nullable)


def json_object(name: str) -> Column[object]:
    """Return a column for a JSON object, empty at first."""
    return Column(name, JSONB, nullable=False, server_default=text("'{}'::jsonb"))


def counter(name: str) -> Column[int]:
    """Return a column that counts from 0."""
    return Column(name, Integer, nullable=False, server_default=text("0"))


def lease() -> tuple[Column[str], Column[datetime]]:
    """Return the columns by which a worker takes a row for a while."""
    return Column("lease", Text), Column("leased_until", DateTime(timezone=True))


def one_of(column: str, *allowed: str) -> CheckConstraint:
    """Return the constraint that a column has one of these values."""
    listed = ", ".join(f"'{word}'" for word in allowed)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
