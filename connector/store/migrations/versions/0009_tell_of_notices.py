"""Tell people of notices by a message."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "notices", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "notifications", sa.Column("notice_id", sa.BigInteger(), nullable=True)
    )
    op.create_foreign_key(
        op.f("notifications_notice_id_fkey"),
        "notifications",
        "notices",
        ["notice_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_index(
        "notifications_notice_id_idx",
        "notifications",
        ["notice_id"],
        postgresql_where=sa.text("notice_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("notifications_notice_id_idx", table_name="notifications")
    op.drop_column("notifications", "notice_id")
    op.drop_column("notices", "told_at")
