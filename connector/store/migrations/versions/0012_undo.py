"""Have what was done taken back."""

from collections.abc import Sequence

from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_KINDS = "'return', 'restore', 'note', 'task', 'set_stage'"


def upgrade() -> None:
    op.drop_constraint(op.f("interventions_kind_check"), "interventions")
    op.create_check_constraint(
        op.f("interventions_kind_check"),
        "interventions",
        f"kind IN ({_KINDS}, 'undo')",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("interventions_kind_check"), "interventions")
    op.create_check_constraint(
        op.f("interventions_kind_check"), "interventions", f"kind IN ({_KINDS})"
    )
