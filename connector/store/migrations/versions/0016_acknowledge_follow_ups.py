"""Have follow-ups wait that somebody has seen."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "clocks", sa.Column("seen_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("clocks", sa.Column("seen_by", sa.Text(), nullable=True))
    op.add_column(
        "clocks",
        sa.Column("seen_times", sa.Integer(), server_default="0", nullable=False),
    )


def downgrade() -> None:
    for column in ("seen_times", "seen_by", "seen_until"):
        op.drop_column("clocks", column)
