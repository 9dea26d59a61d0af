"""What was judged, what stands against records, and what was done about it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Sequence,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

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

runs = Sequence("runs", metadata=metadata)
"""Numbers of what was planned together."""

judgements = Table(
    "judgements",
    metadata,
    identity(),
    reference("records"),
    reference("process_versions"),
    instant("judged_at", nullable=False),
    # What was judged, how, and what was to be done: enough to do it after a crash.
    json_object("change"),
    json_object("verdicts"),
    json_object("plan"),
    # What a storm kept from being done, and which permit allowed it.
    reference("storms", nullable=True),
    reference("permits", nullable=True),
    Column("withheld", JSONB(none_as_null=True)),
    Index(
        "judgements_storm_id_idx",
        "storm_id",
        "record_id",
        postgresql_where=text("storm_id IS NOT NULL"),
    ),
    Index(
        "judgements_permit_id_idx",
        "permit_id",
        "record_id",
        postgresql_where=text("permit_id IS NOT NULL"),
    ),
    Index("judgements_record_id_judged_at_idx", "record_id", "judged_at"),
    Index("judgements_judged_at_idx", "judged_at"),
)

violations = Table(
    "violations",
    metadata,
    identity(),
    reference("records"),
    of_process(),
    words("rule"),
    words("goal", nullable=True),
    words("enforcement"),
    json_object("reason"),
    Column("state", Text, nullable=False, server_default="open"),
    instant("opened_at", nullable=False),
    instant("seen_at", nullable=False),
    counter("times"),
    instant("closed_at"),
    Column("closed_by", Text),
    one_of("state", "open", "acknowledged", "snoozed", "resolved", "exempted"),
    Index(
        "violations_open_key",
        "record_id",
        "process_id",
        "rule",
        unique=True,
        postgresql_where=text("closed_at IS NULL"),
    ),
    Index("violations_opened_at_idx", "opened_at"),
)

interventions = Table(
    "interventions",
    metadata,
    identity(),
    Column("key", Text, nullable=False, unique=True),
    reference("connections"),
    reference("records"),
    reference("processes", name="process_id", nullable=True),
    reference("judgements", nullable=True),
    reference("clocks", nullable=True),
    words("kind"),
    Column("state", Text, nullable=False, server_default="planned"),
    # What was written, in the CRM's own values or as text: the feed and undo read it.
    json_object("body"),
    instant("planned_at", nullable=False),
    instant("ended_at"),
    Column("external_id", Text),
    Column("error", Text),
    counter("attempts"),
    # What was planned together has the same number: people name it to undo it.
    Column("run", BigInteger),
    # Somebody asked for it, so that it is no part of a storm.
    Column("is_ordered", Boolean, nullable=False, server_default=text("false")),
    Index(
        "interventions_put_back_idx",
        "process_id",
        "planned_at",
        postgresql_where=text("kind IN ('return', 'restore')"),
    ),
    Index("interventions_run_idx", "run", postgresql_where=text("run IS NOT NULL")),
    one_of("kind", "return", "restore", "note", "task", "set_stage", "undo"),
    one_of("state", "planned", "done", "refused", "superseded", "undone"),
    Index(
        "interventions_planned_idx",
        "record_id",
        postgresql_where=text("state = 'planned'"),
    ),
    Index("interventions_planned_at_idx", "planned_at"),
    Index("interventions_record_id_planned_at_idx", "record_id", "planned_at"),
)

reversals = Table(
    "reversals",
    metadata,
    identity(),
    reference("records"),
    words("kind"),
    # What is to be put back, or which of our interventions is to be undone.
    reference("judgements"),
    reference("interventions", nullable=True),
    words("ordered_by"),
    instant("ordered_at", nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    # The judgement by which it is carried out.
    reference("judgements", name="made_id", nullable=True),
    instant("ended_at"),
    Column("error", Text),
    one_of("kind", "return", "undo"),
    one_of("state", "pending", "done", "refused", "left"),
    Index(
        "reversals_pending_idx",
        "record_id",
        postgresql_where=text("state = 'pending'"),
    ),
    Index("reversals_made_id_idx", "made_id"),
)

holds = Table(
    "holds",
    metadata,
    identity(),
    reference("records"),
    of_process(),
    words("from_stage"),
    words("to_stage"),
    json_object("missing"),
    # The verdicts behind `missing`, as they were at the last look.
    Column("lacks", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    words("wanted_by"),
    instant("opened_at", nullable=False),
    # When to see by ourselves whether what was missing has come.
    instant("check_due_at", nullable=False),
    instant("ended_at"),
    Column("ended_why", Text),
    Index(
        "holds_open_key",
        "record_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index(
        "holds_check_due_idx",
        "check_due_at",
        postgresql_where=text("ended_at IS NULL"),
    ),
)
