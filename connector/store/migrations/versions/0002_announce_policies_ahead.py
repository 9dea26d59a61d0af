"""Have policies announced ahead: versions that come into force later."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "process_versions",
        sa.Column("state", sa.Text(), server_default="current", nullable=False),
    )
    op.add_column(
        "process_versions",
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.add_column(
        "process_versions",
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.execute(
        "UPDATE process_versions SET effective_at = published_at,"
        " state = CASE WHEN retired_at IS NULL THEN 'current' ELSE 'retired' END"
    )
    op.alter_column("process_versions", "effective_at", nullable=False)
    op.create_check_constraint(
        op.f("process_versions_state_check"),
        "process_versions",
        "state IN ('pending', 'current', 'retired', 'withdrawn')",
    )
    op.drop_index("process_versions_current_key", table_name="process_versions")
    op.create_index(
        "process_versions_current_key",
        "process_versions",
        ["process_id"],
        unique=True,
        postgresql_where=sa.text("state = 'current'"),
    )
    op.create_index(
        "process_versions_pending_key",
        "process_versions",
        ["process_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "process_versions_due_idx",
        "process_versions",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.add_column(
        "notifications",
        sa.Column("process_version_id", sa.BigInteger(), nullable=True),
    )
    op.create_foreign_key(
        op.f("notifications_process_version_id_fkey"),
        "notifications",
        "process_versions",
        ["process_version_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_index(
        "notifications_process_version_id_idx",
        "notifications",
        ["process_version_id"],
        postgresql_where=sa.text("process_version_id IS NOT NULL"),
    )
    op.drop_constraint(op.f("notifications_purpose_check"), "notifications")
    op.create_check_constraint(
        op.f("notifications_purpose_check"),
        "notifications",
        "purpose IN ('reminder', 'escalation', 'admin', 'announcement')",
    )


def downgrade() -> None:
    op.execute("DELETE FROM notifications WHERE purpose = 'announcement'")
    op.drop_constraint(op.f("notifications_purpose_check"), "notifications")
    op.create_check_constraint(
        op.f("notifications_purpose_check"),
        "notifications",
        "purpose IN ('reminder', 'escalation', 'admin')",
    )
    op.drop_column("notifications", "process_version_id")
    op.execute(
        "UPDATE process_versions SET retired_at = published_at"
        " WHERE state IN ('pending', 'withdrawn') AND retired_at IS NULL"
    )
    for index in ("current_key", "pending_key", "due_idx"):
        op.drop_index(f"process_versions_{index}", table_name="process_versions")
    op.create_index(
        "process_versions_current_key",
        "process_versions",
        ["process_id"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.drop_constraint(op.f("process_versions_state_check"), "process_versions")
    for column in ("state", "effective_at", "due_at"):
        op.drop_column("process_versions", column)
