"""Following up: the clocks, who is told of them, and by which channel."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    Interval,
    LargeBinary,
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
    lease,
    metadata,
    of_process,
    one_of,
    reference,
    words,
)

clocks = Table(
    "clocks",
    metadata,
    identity(),
    reference("connections"),
    reference("records"),
    of_process(),
    words("follow_up"),
    instant("started_at", nullable=False),
    instant("task_due_at"),
    Column("task_id", Text),
    # When the next step falls due; null: this clock has run out or was stopped.
    instant("due_at"),
    counter("steps_taken"),
    # How long pauses have kept it from going on.
    Column(
        "stood_still", Interval, nullable=False, server_default=text("'0'::interval")
    ),
    instant("last_step_at"),
    # Until when it waits because somebody has seen it, and how often it did.
    instant("seen_until"),
    Column("seen_by", Text),
    counter("seen_times"),
    Column("state", Text, nullable=False, server_default="running"),
    instant("ended_at"),
    Column("ended_why", Text),
    counter("attempts"),
    *lease(),
    UniqueConstraint("record_id", "process_id", "follow_up", "started_at"),
    one_of("state", "running", "done", "ended"),
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

parks = Table(
    "parks",
    metadata,
    identity(),
    reference("records"),
    instant("until", nullable=False),
    words("why"),
    words("parked_by"),
    instant("parked_at", nullable=False),
    instant("ended_at"),
    words("ended_by", nullable=True),
    Index("parks_record_id_parked_at_idx", "record_id", "parked_at"),
)

notifications = Table(
    "notifications",
    metadata,
    identity(),
    Column("key", Text, nullable=False, unique=True),
    reference("clocks", nullable=True),
    reference("records", nullable=True),
    reference("process_versions", nullable=True),
    reference("notices", nullable=True),
    words("person"),
    words("purpose"),
    # The message as rules.wording made it: subject, lines, link.
    json_object("message"),
    Column("state", Text, nullable=False, server_default="planned"),
    instant("planned_at", nullable=False),
    instant("due_at"),
    counter("attempts"),
    # The channel being tried, and where the message ended up there.
    Column("channel", Text),
    Column("channel_attempts", Integer, nullable=False, server_default="0"),
    json_object("reference"),
    instant("sent_at"),
    # Set when the matter is settled; due_at then asks for the message to be updated.
    instant("settled_at"),
    json_object("settled_message"),
    Column("error", Text),
    *lease(),
    # The person's own day on which it counts, and how many may be sent on that day;
    # null: it does not count.
    Column("counts_on", Date),
    Column("budget", Integer),
    # When it is told in a digest, since it was beyond the budget.
    instant("digest_at"),
    # When its clock was told to look, for the digest, whether its matter is open.
    instant("looked_at"),
    one_of("purpose", "reminder", "escalation", "admin", "announcement", "digest"),
    one_of("state", "planned", "waiting", "sent", "digested", "failed", "settled"),
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
    identity(),
    reference("notifications"),
    words("channel"),
    instant("started_at", nullable=False),
    Column("took_ms", Integer, nullable=False),
    words("result"),
    Column("error", Text),
    one_of("result", "sent", "transient", "unanswered", "permanent"),
    Index("attempts_notification_id_idx", "notification_id"),
)

channels = Table(
    "channels",
    metadata,
    identity(),
    Column("name", Text, nullable=False, unique=True),
    words("kind"),
    json_object("settings"),
    Column("secrets", LargeBinary, nullable=False),
    # Tried in this order.
    Column("position", Integer, nullable=False),
    instant("created_at", nullable=False),
    json_object("last_test"),
)

people = Table(
    "people",
    metadata,
    Column("email", Text, primary_key=True),
    words("name"),
    Column("manager", Text),
    Column("deputy", Text),
    Column("slack", Text),
    Column("timezone", Text),
    Column("locale", Text),
    Column("quiet", Text),
    instant("away_from"),
    instant("away_until"),
    instant("imported_at", nullable=False),
)

owners = Table(
    "owners",
    metadata,
    reference("connections"),
    words("owner"),
    words("email"),
    words("name"),
    Column("is_active", Boolean, nullable=False),
    Column("manager", Text),
    UniqueConstraint("connection_id", "owner"),
)
