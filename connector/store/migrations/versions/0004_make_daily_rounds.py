"""Make daily rounds."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "processes",
        sa.Column("round_due_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.add_column(
        "processes",
        sa.Column(
            "round_after",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
        ),
    )


def downgrade() -> None:
    op.drop_column("processes", "round_after")
    op.drop_column("processes", "round_due_at")
