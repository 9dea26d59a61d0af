"""Let notices that are news, and not a state, fade by themselves."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "notices", sa.Column("fades_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index(
        "notices_fades_at_idx",
        "notices",
        ["fades_at"],
        postgresql_where=sa.text("fades_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("notices_fades_at_idx", table_name="notices")
    op.drop_column("notices", "fades_at")
