"""Records as they were last accepted, what changed, and what they are filled with."""

from sqlalchemy import (
    Column,
    Float,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from connector.store.tables.columns import (
    counter,
    identity,
    instant,
    lease,
    metadata,
    one_of,
    reference,
    words,
)

records = Table(
    "records",
    metadata,
    identity(),
    reference("connections"),
    words("kind"),
    words("crm_id"),
    Column("state", Text, nullable=False, server_default="live"),
    # The id of the record that this one was merged into, in the same connection.
    Column("merged_into", Text),
    # The last state that was accepted, as rules.model.Record; null: never looked at.
    Column("baseline", JSONB(none_as_null=True)),
    words("name", nullable=True),
    words("owner", nullable=True),
    words("pipeline", nullable=True),
    words("stage", nullable=True),
    instant("created_at"),
    instant("modified_at"),
    instant("stage_entered_at"),
    instant("last_contact_at"),
    # When this record must be looked at; null: nothing suggests that it changed.
    instant("look_due_at"),
    # Counts hints, so that one that arrives during a look is not lost with it.
    counter("hints"),
    counter("attempts"),
    Column("error", Text),
    *lease(),
    UniqueConstraint("connection_id", "kind", "crm_id"),
    one_of("state", "live", "gone", "merged"),
    Index(
        "records_look_due_idx",
        "connection_id",
        "look_due_at",
        postgresql_where=text("look_due_at IS NOT NULL"),
    ),
)

changes = Table(
    "changes",
    metadata,
    identity(),
    reference("connections"),
    reference("deliveries", name="delivery_id", nullable=True),
    words("key"),
    reference("records", nullable=True),
    words("what"),
    Column("property", Text),
    Column("value", Text),
    instant("occurred_at", nullable=False),
    words("actor_class"),
    words("actor_name"),
    words("actor_user", nullable=True),
    Column("state", Text, nullable=False, server_default="pending"),
    UniqueConstraint("connection_id", "key"),
    one_of("state", "pending", "done", "dead", "skipped"),
    Index(
        "changes_pending_idx", "record_id", postgresql_where=text("state = 'pending'")
    ),
    Index("changes_occurred_at_idx", "occurred_at"),
)

texts = Table(
    "texts",
    metadata,
    reference("connections"),
    reference("records"),
    words("kind"),
    words("field"),
    # A digest of what the field says, as texts are compared.
    words("said"),
    # A person of the CRM who wrote it, else the owner of the record.
    words("author"),
    PrimaryKeyConstraint("record_id", "field"),
    Index("texts_said_idx", "connection_id", "kind", "field", "said", "author"),
)

common_texts = Table(
    "common_texts",
    metadata,
    reference("connections"),
    words("kind"),
    words("field"),
    words("said"),
    # Of all records with a text in this field, as it was last measured.
    Column("share", Float, nullable=False),
    PrimaryKeyConstraint("connection_id", "kind", "field", "said"),
)

allowed_answers = Table(
    "allowed_answers",
    metadata,
    identity(),
    reference("connections"),
    words("field"),
    # The text as somebody wrote it, and as texts are compared.
    words("text"),
    words("said"),
    words("why"),
    words("allowed_by"),
    instant("allowed_at", nullable=False),
    instant("revoked_at"),
    Column("revoked_by", Text),
    Index(
        "allowed_answers_holding_key",
        "connection_id",
        "field",
        "said",
        unique=True,
        postgresql_where=text("revoked_at IS NULL"),
    ),
)
