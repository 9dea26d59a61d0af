"""Gather what is beyond a person's messages of a day in digests."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("notifications", sa.Column("counts_on", sa.Date(), nullable=True))
    op.add_column("notifications", sa.Column("budget", sa.Integer(), nullable=True))
    op.add_column(
        "notifications",
        sa.Column("digest_at", sa.DateTime(timezone=True), nullable=True),
    )
    _check("purpose", "reminder", "escalation", "admin", "announcement", "digest")
    _check("state", "planned", "waiting", "sent", "digested", "failed", "settled")
    op.create_index(
        "notifications_digest_at_idx",
        "notifications",
        ["digest_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "notifications_person_counts_on_idx",
        "notifications",
        ["person", "counts_on"],
        postgresql_where=sa.text("counts_on IS NOT NULL"),
    )


def downgrade() -> None:
    op.execute("DELETE FROM notifications WHERE purpose = 'digest'")
    op.execute(
        "UPDATE notifications SET state = 'planned', due_at = digest_at"
        " WHERE state = 'waiting'"
    )
    op.execute("UPDATE notifications SET state = 'settled' WHERE state = 'digested'")
    op.drop_index("notifications_person_counts_on_idx", table_name="notifications")
    op.drop_index("notifications_digest_at_idx", table_name="notifications")
    _check("purpose", "reminder", "escalation", "admin", "announcement")
    _check("state", "planned", "sent", "failed", "settled")
    for column in ("digest_at", "budget", "counts_on"):
        op.drop_column("notifications", column)


def _check(column: str, *values: str) -> None:
    """Have a column take these values and no others."""
    name = op.f(f"notifications_{column}_check")
    listed = ", ".join(f"'{value}'" for value in values)
    op.drop_constraint(name, "notifications")
    op.create_check_constraint(name, "notifications", f"{column} IN ({listed})")
