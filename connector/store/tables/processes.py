"""The processes: published policies, and what people permit beside them."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from connector.store.tables.columns import (
    counter,
    identity,
    instant,
    json_object,
    metadata,
    of_process,
    one_of,
    reference,
    words,
)

processes = Table(
    "processes",
    metadata,
    identity(),
    reference("connections"),
    words("name"),
    # When to look next for what time has made false; null: it was never looked for.
    instant("round_due_at"),
    # The last record's row that the round under way has looked at; 0: none is.
    Column("round_after", BigInteger, nullable=False, server_default=text("0")),
    # Only observed since, as the storm guard does; and when that was last over.
    instant("paused_at"),
    instant("resumed_at"),
    UniqueConstraint("connection_id", "name"),
)

process_versions = Table(
    "process_versions",
    metadata,
    identity(),
    of_process(),
    Column("number", Integer, nullable=False),
    words("document"),
    # The account as it was when this version was published: what it compiles against.
    json_object("account"),
    words("note"),
    words("author"),
    instant("published_at", nullable=False),
    # From when it is in force, or will be. A withdrawn one never was.
    instant("effective_at", nullable=False),
    instant("retired_at"),
    Column("state", Text, nullable=False, server_default="current"),
    # When it must come into force, or have its clocks started; null: all is done.
    instant("due_at"),
    UniqueConstraint("process_id", "number"),
    one_of("state", "pending", "current", "retired", "withdrawn"),
    Index(
        "process_versions_current_key",
        "process_id",
        unique=True,
        postgresql_where=text("state = 'current'"),
    ),
    Index(
        "process_versions_pending_key",
        "process_id",
        unique=True,
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "process_versions_due_idx",
        "due_at",
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)

storms = Table(
    "storms",
    metadata,
    identity(),
    reference("connections"),
    of_process(),
    instant("opened_at", nullable=False),
    # How many were put back before it, and how many may be in so short a time.
    Column("returned", Integer, nullable=False),
    Column("most", Integer, nullable=False),
    Column("answer", Text),
    Column("answered_by", Text),
    instant("answered_at"),
    instant("closed_at"),
    one_of("answer", "permit", "return", "look", "resume"),
    Index(
        "storms_open_key",
        "process_id",
        unique=True,
        postgresql_where=text("closed_at IS NULL"),
    ),
)

permits = Table(
    "permits",
    metadata,
    identity(),
    reference("connections"),
    of_process(),
    # For so many records, of which so many were used; of one class of actors, or all.
    Column("records", Integer, nullable=False),
    counter("used"),
    Column("actor", Text),
    words("why"),
    words("granted_by"),
    instant("granted_at", nullable=False),
    instant("until", nullable=False),
    instant("ended_at"),
    Column("ended_why", Text),
    Index("permits_until_idx", "until", postgresql_where=text("ended_at IS NULL")),
)

exemptions = Table(
    "exemptions",
    metadata,
    identity(),
    reference("records"),
    of_process(),
    # A rule's id, the beginning of some rules' ids, or "all".
    words("rule"),
    words("why"),
    # Who answers for it, and whose record it was.
    words("granted_by"),
    words("owner", nullable=True),
    instant("granted_at", nullable=False),
    instant("until", nullable=False),
    instant("revoked_at"),
    words("revoked_by", nullable=True),
    Index(
        "exemptions_record_id_idx",
        "record_id",
        postgresql_where=text("revoked_at IS NULL"),
    ),
    Index("exemptions_process_id_granted_at_idx", "process_id", "granted_at"),
)
