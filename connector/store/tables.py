"""The tables, in one place. Everything that falls due has its due time in a row here.

Three habits hold throughout. A row that somebody must work on has a due column with a
partial index, so that looking for work costs what is due and not what exists. A worker
takes rows by a lease (`lease`, `leased_until`), so that a worker that dies gives them
back by itself. A thing that must not happen twice has a unique key.
"""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
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


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


def _ref(table: str, *, name: str = "", nullable: bool = False) -> Column[int]:
    return Column(
        name or f"{table.rstrip('s')}_id",
        BigInteger,
        ForeignKey(f"{table}.id", ondelete="CASCADE"),
        nullable=nullable,
    )


def _of_process() -> Column[int]:
    return Column(
        "process_id",
        BigInteger,
        ForeignKey("processes.id", ondelete="CASCADE"),
        nullable=False,
    )


def _at(name: str, *, nullable: bool = True) -> Column[datetime]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _json(name: str) -> Column[object]:
    return Column(name, JSONB, nullable=False, server_default=text("'{}'::jsonb"))


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text("0"))


def _lease() -> tuple[Column[str], Column[datetime]]:
    return Column("lease", Text), Column("leased_until", DateTime(timezone=True))


def _one_of(column: str, *allowed: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in allowed)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


runs = Sequence("runs", metadata=metadata)
"""Numbers of what was planned together."""

connections = Table(
    "connections",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    _text("vendor"),
    _json("settings"),
    Column("secrets", LargeBinary, nullable=False),
    _at("created_at", nullable=False),
    # The first look is over: what is created after this instant is born under our eyes.
    _at("imported_at"),
    # Everything changed before this instant has been compared with the CRM.
    _at("swept_until"),
    _at("sweep_due_at"),
    _at("paused_at"),
    _json("probe"),
    _at("probed_at"),
    *_lease(),
)

streams = Table(
    "streams",
    metadata,
    _id(),
    _ref("connections"),
    _text("topic"),
    # Where to go on from: all before it is stored. Null: from now on.
    Column("cursor", Text),
    _at("added_at", nullable=False),
    # The last sign of life.
    _at("alive_at"),
    # Since when the account refuses to tell of this topic; null: it does not.
    _at("refused_at"),
    *_lease(),
    UniqueConstraint("connection_id", "topic"),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    _ref("connections"),
    _at("received_at", nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    _count("changes"),
    _count("repeats"),
    _count("attempts"),
    Column("error", Text),
    _one_of("state", "pending", "done", "dead"),
    Index(
        "deliveries_pending_idx",
        "connection_id",
        "id",
        postgresql_where=text("state = 'pending'"),
    ),
    Index("deliveries_received_at_idx", "received_at"),
)

records = Table(
    "records",
    metadata,
    _id(),
    _ref("connections"),
    _text("kind"),
    _text("crm_id"),
    Column("state", Text, nullable=False, server_default="live"),
    # The id of the record that this one was merged into, in the same connection.
    Column("merged_into", Text),
    # The last state that was accepted, as rules.model.Record; null: never looked at.
    Column("baseline", JSONB(none_as_null=True)),
    _text("name", nullable=True),
    _text("owner", nullable=True),
    _text("pipeline", nullable=True),
    _text("stage", nullable=True),
    _at("created_at"),
    _at("modified_at"),
    _at("stage_entered_at"),
    _at("last_contact_at"),
    # When this record must be looked at; null: nothing suggests that it changed.
    _at("look_due_at"),
    # Counts hints, so that one that arrives during a look is not lost with it.
    _count("hints"),
    _count("attempts"),
    Column("error", Text),
    *_lease(),
    UniqueConstraint("connection_id", "kind", "crm_id"),
    _one_of("state", "live", "gone", "merged"),
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
    _id(),
    _ref("connections"),
    _ref("deliveries", name="delivery_id", nullable=True),
    _text("key"),
    _ref("records", nullable=True),
    _text("what"),
    Column("property", Text),
    Column("value", Text),
    _at("occurred_at", nullable=False),
    _text("actor_class"),
    _text("actor_name"),
    _text("actor_user", nullable=True),
    Column("state", Text, nullable=False, server_default="pending"),
    UniqueConstraint("connection_id", "key"),
    _one_of("state", "pending", "done", "dead", "skipped"),
    Index(
        "changes_pending_idx", "record_id", postgresql_where=text("state = 'pending'")
    ),
    Index("changes_occurred_at_idx", "occurred_at"),
)

processes = Table(
    "processes",
    metadata,
    _id(),
    _ref("connections"),
    _text("name"),
    # When to look next for what time has made false; null: it was never looked for.
    _at("round_due_at"),
    # The last record's row that the round under way has looked at; 0: none is.
    Column("round_after", BigInteger, nullable=False, server_default=text("0")),
    # Only observed since, as the storm guard does; and when that was last over.
    _at("paused_at"),
    _at("resumed_at"),
    UniqueConstraint("connection_id", "name"),
)

process_versions = Table(
    "process_versions",
    metadata,
    _id(),
    Column(
        "process_id",
        BigInteger,
        ForeignKey("processes.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("number", Integer, nullable=False),
    _text("document"),
    # The account as it was when this version was published: what it compiles against.
    _json("account"),
    _text("note"),
    _text("author"),
    _at("published_at", nullable=False),
    # From when it is in force, or will be. A withdrawn one never was.
    _at("effective_at", nullable=False),
    _at("retired_at"),
    Column("state", Text, nullable=False, server_default="current"),
    # When it must come into force, or have its clocks started; null: all is done.
    _at("due_at"),
    UniqueConstraint("process_id", "number"),
    _one_of("state", "pending", "current", "retired", "withdrawn"),
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
    _id(),
    _ref("connections"),
    _of_process(),
    _at("opened_at", nullable=False),
    # How many were put back before it, and how many may be in so short a time.
    Column("returned", Integer, nullable=False),
    Column("most", Integer, nullable=False),
    Column("answer", Text),
    Column("answered_by", Text),
    _at("answered_at"),
    _at("closed_at"),
    _one_of("answer", "permit", "return", "look", "resume"),
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
    _id(),
    _ref("connections"),
    _of_process(),
    # For so many records, of which so many were used; of one class of actors, or all.
    Column("records", Integer, nullable=False),
    _count("used"),
    Column("actor", Text),
    _text("why"),
    _text("granted_by"),
    _at("granted_at", nullable=False),
    _at("until", nullable=False),
    _at("ended_at"),
    Column("ended_why", Text),
    Index("permits_until_idx", "until", postgresql_where=text("ended_at IS NULL")),
)

judgements = Table(
    "judgements",
    metadata,
    _id(),
    _ref("records"),
    Column(
        "process_version_id",
        BigInteger,
        ForeignKey("process_versions.id", ondelete="CASCADE"),
        nullable=False,
    ),
    _at("judged_at", nullable=False),
    # What was judged, how, and what was to be done: enough to do it after a crash.
    _json("change"),
    _json("verdicts"),
    _json("plan"),
    # What a storm kept from being done, and which permit allowed it.
    _ref("storms", nullable=True),
    _ref("permits", nullable=True),
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
    _id(),
    _ref("records"),
    Column(
        "process_id",
        BigInteger,
        ForeignKey("processes.id", ondelete="CASCADE"),
        nullable=False,
    ),
    _text("rule"),
    _text("goal", nullable=True),
    _text("enforcement"),
    _json("reason"),
    Column("state", Text, nullable=False, server_default="open"),
    _at("opened_at", nullable=False),
    _at("seen_at", nullable=False),
    _count("times"),
    _at("closed_at"),
    Column("closed_by", Text),
    _one_of("state", "open", "acknowledged", "snoozed", "resolved", "exempted"),
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
    _id(),
    Column("key", Text, nullable=False, unique=True),
    _ref("connections"),
    _ref("records"),
    Column(
        "process_id",
        BigInteger,
        ForeignKey("processes.id", ondelete="CASCADE"),
        nullable=True,
    ),
    _ref("judgements", nullable=True),
    _ref("clocks", nullable=True),
    _text("kind"),
    Column("state", Text, nullable=False, server_default="planned"),
    # What was written, in the CRM's own values or as text: the feed and undo read it.
    _json("body"),
    _at("planned_at", nullable=False),
    _at("ended_at"),
    Column("external_id", Text),
    Column("error", Text),
    _count("attempts"),
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
    _one_of("kind", "return", "restore", "note", "task", "set_stage", "undo"),
    _one_of("state", "planned", "done", "refused", "superseded", "undone"),
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
    _id(),
    _ref("records"),
    _text("kind"),
    # What is to be put back, or which of our interventions is to be undone.
    _ref("judgements"),
    _ref("interventions", nullable=True),
    _text("ordered_by"),
    _at("ordered_at", nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    # The judgement by which it is carried out.
    _ref("judgements", name="made_id", nullable=True),
    _at("ended_at"),
    Column("error", Text),
    _one_of("kind", "return", "undo"),
    _one_of("state", "pending", "done", "refused", "left"),
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
    _id(),
    _ref("records"),
    Column(
        "process_id",
        BigInteger,
        ForeignKey("processes.id", ondelete="CASCADE"),
        nullable=False,
    ),
    _text("from_stage"),
    _text("to_stage"),
    _json("missing"),
    # The verdicts behind `missing`, as they were at the last look.
    Column("lacks", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    _text("wanted_by"),
    _at("opened_at", nullable=False),
    # When to see by ourselves whether what was missing has come.
    _at("check_due_at", nullable=False),
    _at("ended_at"),
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

texts = Table(
    "texts",
    metadata,
    _ref("connections"),
    _ref("records"),
    _text("kind"),
    _text("field"),
    # A digest of what the field says, as texts are compared.
    _text("said"),
    # A person of the CRM who wrote it, else the owner of the record.
    _text("author"),
    PrimaryKeyConstraint("record_id", "field"),
    Index("texts_said_idx", "connection_id", "kind", "field", "said", "author"),
)

common_texts = Table(
    "common_texts",
    metadata,
    _ref("connections"),
    _text("kind"),
    _text("field"),
    _text("said"),
    # Of all records with a text in this field, as it was last measured.
    Column("share", Float, nullable=False),
    PrimaryKeyConstraint("connection_id", "kind", "field", "said"),
)

allowed_answers = Table(
    "allowed_answers",
    metadata,
    _id(),
    _ref("connections"),
    _text("field"),
    # The text as somebody wrote it, and as texts are compared.
    _text("text"),
    _text("said"),
    _text("why"),
    _text("allowed_by"),
    _at("allowed_at", nullable=False),
    _at("revoked_at"),
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

exemptions = Table(
    "exemptions",
    metadata,
    _id(),
    _ref("records"),
    Column(
        "process_id",
        BigInteger,
        ForeignKey("processes.id", ondelete="CASCADE"),
        nullable=False,
    ),
    # A rule's id, the beginning of some rules' ids, or "all".
    _text("rule"),
    _text("why"),
    # Who answers for it, and whose record it was.
    _text("granted_by"),
    _text("owner", nullable=True),
    _at("granted_at", nullable=False),
    _at("until", nullable=False),
    _at("revoked_at"),
    _text("revoked_by", nullable=True),
    Index(
        "exemptions_record_id_idx",
        "record_id",
        postgresql_where=text("revoked_at IS NULL"),
    ),
    Index("exemptions_process_id_granted_at_idx", "process_id", "granted_at"),
)

parks = Table(
    "parks",
    metadata,
    _id(),
    _ref("records"),
    _at("until", nullable=False),
    _text("why"),
    _text("parked_by"),
    _at("parked_at", nullable=False),
    _at("ended_at"),
    _text("ended_by", nullable=True),
    Index("parks_record_id_parked_at_idx", "record_id", "parked_at"),
)

clocks = Table(
    "clocks",
    metadata,
    _id(),
    _ref("connections"),
    _ref("records"),
    Column(
        "process_id",
        BigInteger,
        ForeignKey("processes.id", ondelete="CASCADE"),
        nullable=False,
    ),
    _text("follow_up"),
    _at("started_at", nullable=False),
    _at("task_due_at"),
    Column("task_id", Text),
    # When the next step falls due; null: this clock has run out or was stopped.
    _at("due_at"),
    _count("steps_taken"),
    # How long pauses have kept it from going on.
    Column(
        "stood_still", Interval, nullable=False, server_default=text("'0'::interval")
    ),
    _at("last_step_at"),
    # Until when it waits because somebody has seen it, and how often it did.
    _at("seen_until"),
    Column("seen_by", Text),
    _count("seen_times"),
    Column("state", Text, nullable=False, server_default="running"),
    _at("ended_at"),
    Column("ended_why", Text),
    _count("attempts"),
    *_lease(),
    UniqueConstraint("record_id", "process_id", "follow_up", "started_at"),
    _one_of("state", "running", "done", "ended"),
    Index(
        "clocks_running_key",
        "record_id",
        "process_id",
        "follow_up",
        unique=True,
        postgresql_where=text("state = 'running'"),
    ),
    Index(
        "clocks_due_idx",
        "due_at",
        postgresql_where=text("state = 'running'"),
    ),
)

notifications = Table(
    "notifications",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    _ref("clocks", nullable=True),
    _ref("records", nullable=True),
    _ref("process_versions", nullable=True),
    _ref("notices", nullable=True),
    _text("person"),
    _text("purpose"),
    # The message as rules.wording made it: subject, lines, link.
    _json("message"),
    Column("state", Text, nullable=False, server_default="planned"),
    _at("planned_at", nullable=False),
    _at("due_at"),
    _count("attempts"),
    # The channel being tried, and where the message ended up there.
    Column("channel", Text),
    Column("channel_attempts", Integer, nullable=False, server_default="0"),
    _json("reference"),
    _at("sent_at"),
    # Set when the matter is settled; due_at then asks for the message to be updated.
    _at("settled_at"),
    _json("settled_message"),
    Column("error", Text),
    *_lease(),
    # The person's own day on which it counts, and how many may be sent on that day;
    # null: it does not count.
    Column("counts_on", Date),
    Column("budget", Integer),
    # When it is told in a digest, since it was beyond the budget.
    _at("digest_at"),
    # When its clock was told to look, for the digest, whether its matter is open.
    _at("looked_at"),
    _one_of("purpose", "reminder", "escalation", "admin", "announcement", "digest"),
    _one_of("state", "planned", "waiting", "sent", "digested", "failed", "settled"),
    Index(
        "notifications_digest_at_idx",
        "digest_at",
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "notifications_person_counts_on_idx",
        "person",
        "counts_on",
        postgresql_where=text("counts_on IS NOT NULL"),
    ),
    Index(
        "notifications_due_idx",
        "due_at",
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index("notifications_planned_at_idx", "planned_at"),
    Index("notifications_clock_id_idx", "clock_id"),
    Index(
        "notifications_process_version_id_idx",
        "process_version_id",
        postgresql_where=text("process_version_id IS NOT NULL"),
    ),
    Index(
        "notifications_notice_id_idx",
        "notice_id",
        postgresql_where=text("notice_id IS NOT NULL"),
    ),
)

attempts = Table(
    "attempts",
    metadata,
    _id(),
    _ref("notifications"),
    _text("channel"),
    _at("started_at", nullable=False),
    Column("took_ms", Integer, nullable=False),
    _text("result"),
    Column("error", Text),
    _one_of("result", "sent", "transient", "unanswered", "permanent"),
    Index("attempts_notification_id_idx", "notification_id"),
)

channels = Table(
    "channels",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    _text("kind"),
    _json("settings"),
    Column("secrets", LargeBinary, nullable=False),
    # Tried in this order.
    Column("position", Integer, nullable=False),
    _at("created_at", nullable=False),
    _json("last_test"),
)

people = Table(
    "people",
    metadata,
    Column("email", Text, primary_key=True),
    _text("name"),
    Column("manager", Text),
    Column("deputy", Text),
    Column("slack", Text),
    Column("timezone", Text),
    Column("locale", Text),
    Column("quiet", Text),
    _at("away_from"),
    _at("away_until"),
    _at("imported_at", nullable=False),
)

owners = Table(
    "owners",
    metadata,
    _ref("connections"),
    _text("owner"),
    _text("email"),
    _text("name"),
    Column("is_active", Boolean, nullable=False),
    Column("manager", Text),
    UniqueConstraint("connection_id", "owner"),
)

notices = Table(
    "notices",
    metadata,
    _id(),
    _ref("connections", nullable=True),
    # The same matter has the same key: it is counted, not repeated.
    Column("key", Text, nullable=False, unique=True),
    _text("code"),
    _text("message"),
    _at("first_at", nullable=False),
    _at("last_at", nullable=False),
    _count("times"),
    _at("settled_at"),
    # When somebody was last told of it by a message; null: it only stood on the page.
    _at("told_at"),
    # When it is settled by itself; null: only when its matter is over.
    _at("fades_at"),
    Index(
        "notices_fades_at_idx",
        "fades_at",
        postgresql_where=text("fades_at IS NOT NULL"),
    ),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    _at("at", nullable=False),
    _text("actor"),
    _text("action"),
    _text("target"),
    Column("before", JSONB(none_as_null=True)),
    Column("after", JSONB(none_as_null=True)),
    Column("reason", Text),
    Index("audit_at_idx", "at"),
)
