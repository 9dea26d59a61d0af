"""Have processes paused, and clocks know how long they stood still."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "clocks",
        sa.Column(
            "stood_still",
            sa.Interval(),
            server_default=sa.text("'0'::interval"),
            nullable=False,
        ),
    )
    op.add_column(
        "processes", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "processes", sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("processes", "resumed_at")
    op.drop_column("processes", "paused_at")
    op.drop_column("clocks", "stood_still")
