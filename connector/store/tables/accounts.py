"""The accounts: who is connected, what they told, and what the admin should know."""

from sqlalchemy import Column, Index, LargeBinary, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from connector.store.tables.columns import (
    counter,
    identity,
    instant,
    json_object,
    lease,
    metadata,
    one_of,
    reference,
    words,
)

connections = Table(
    "connections",
    metadata,
    identity(),
    Column("name", Text, nullable=False, unique=True),
    words("vendor"),
    json_object("settings"),
    Column("secrets", LargeBinary, nullable=False),
    instant("created_at", nullable=False),
    # The first look is over: what is created after this instant is born under our eyes.
    instant("imported_at"),
    # Everything changed before this instant has been compared with the CRM.
    instant("swept_until"),
    instant("sweep_due_at"),
    instant("paused_at"),
    json_object("probe"),
    instant("probed_at"),
    *lease(),
)

streams = Table(
    "streams",
    metadata,
    identity(),
    reference("connections"),
    words("topic"),
    # Where to go on from: all before it is stored. Null: from now on.
    Column("cursor", Text),
    instant("added_at", nullable=False),
    # The last sign of life.
    instant("alive_at"),
    # Since when the account refuses to tell of this topic; null: it does not.
    instant("refused_at"),
    *lease(),
    UniqueConstraint("connection_id", "topic"),
)

deliveries = Table(
    "deliveries",
    metadata,
    identity(),
    reference("connections"),
    instant("received_at", nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    counter("changes"),
    counter("repeats"),
    counter("attempts"),
    Column("error", Text),
    one_of("state", "pending", "done", "dead"),
    Index(
        "deliveries_pending_idx",
        "connection_id",
        "id",
        postgresql_where=text("state = 'pending'"),
    ),
    Index("deliveries_received_at_idx", "received_at"),
)

notices = Table(
    "notices",
    metadata,
    identity(),
    reference("connections", nullable=True),
    # The same matter has the same key: it is counted, not repeated.
    Column("key", Text, nullable=False, unique=True),
    words("code"),
    words("message"),
    instant("first_at", nullable=False),
    instant("last_at", nullable=False),
    counter("times"),
    instant("settled_at"),
    # When somebody was last told of it by a message; null: it only stood on the page.
    instant("told_at"),
    # When it is settled by itself; null: only when its matter is over.
    instant("fades_at"),
    Index(
        "notices_fades_at_idx",
        "fades_at",
        postgresql_where=text("fades_at IS NOT NULL"),
    ),
)

audit = Table(
    "audit",
    metadata,
    identity(),
    instant("at", nullable=False),
    words("actor"),
    words("action"),
    words("target"),
    Column("before", JSONB(none_as_null=True)),
    Column("after", JSONB(none_as_null=True)),
    Column("reason", Text),
    Index("audit_at_idx", "at"),
)
