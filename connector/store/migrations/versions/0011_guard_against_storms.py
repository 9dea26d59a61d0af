"""Guard against storms: counted returns, permits, and reversals on demand."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _at(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _ref(name: str, table: str, *, of: str, nullable: bool = False) -> list[SchemaItem]:
    return [
        sa.Column(name, sa.BigInteger(), nullable=nullable),
        sa.ForeignKeyConstraint(
            [name], [f"{of}.id"], name=op.f(f"{table}_{name}_fkey"), ondelete="CASCADE"
        ),
    ]


def upgrade() -> None:
    op.create_table(
        "storms",
        _id(),
        *_ref("connection_id", "storms", of="connections"),
        *_ref("process_id", "storms", of="processes"),
        _at("opened_at", nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        _at("answered_at"),
        _at("closed_at"),
        sa.CheckConstraint(
            "answer IN ('permit', 'return', 'look', 'resume')",
            name=op.f("storms_answer_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("storms_pkey")),
    )
    op.create_index(
        "storms_open_key",
        "storms",
        ["process_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "permits",
        _id(),
        *_ref("connection_id", "permits", of="connections"),
        *_ref("process_id", "permits", of="processes"),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        _at("granted_at", nullable=False),
        _at("until", nullable=False),
        _at("ended_at"),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("permits_pkey")),
    )
    op.create_index(
        "permits_until_idx",
        "permits",
        ["until"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    for name, table in (("storm_id", "storms"), ("permit_id", "permits")):
        op.add_column(
            "judgements",
            sa.Column(
                name,
                sa.BigInteger(),
                sa.ForeignKey(
                    f"{table}.id",
                    name=op.f(f"judgements_{name}_fkey"),
                    ondelete="CASCADE",
                ),
                nullable=True,
            ),
        )
        op.create_index(
            f"judgements_{name}_idx",
            "judgements",
            [name, "record_id"],
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
    op.add_column(
        "judgements",
        sa.Column("withheld", postgresql.JSONB(none_as_null=True), nullable=True),
    )
    op.execute(sa.schema.CreateSequence(sa.Sequence("runs")))
    op.add_column("interventions", sa.Column("run", sa.BigInteger(), nullable=True))
    op.add_column(
        "interventions",
        sa.Column(
            "is_ordered",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
        ),
    )
    op.create_index(
        "interventions_put_back_idx",
        "interventions",
        ["process_id", "planned_at"],
        postgresql_where=sa.text("kind IN ('return', 'restore')"),
    )
    op.create_index(
        "interventions_run_idx",
        "interventions",
        ["run"],
        postgresql_where=sa.text("run IS NOT NULL"),
    )
    op.create_table(
        "reversals",
        _id(),
        *_ref("record_id", "reversals", of="records"),
        sa.Column("kind", sa.Text(), nullable=False),
        *_ref("judgement_id", "reversals", of="judgements"),
        *_ref("intervention_id", "reversals", of="interventions", nullable=True),
        sa.Column("ordered_by", sa.Text(), nullable=False),
        _at("ordered_at", nullable=False),
        sa.Column(
            "state", sa.Text(), server_default=sa.text("'pending'"), nullable=False
        ),
        *_ref("made_id", "reversals", of="judgements", nullable=True),
        _at("ended_at"),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('return', 'undo')", name=op.f("reversals_kind_check")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'done', 'refused', 'left')",
            name=op.f("reversals_state_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("reversals_pkey")),
    )
    op.create_index(
        "reversals_pending_idx",
        "reversals",
        ["record_id"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("reversals_made_id_idx", "reversals", ["made_id"])


def downgrade() -> None:
    op.drop_table("reversals")
    op.drop_index("interventions_run_idx", table_name="interventions")
    op.drop_index("interventions_put_back_idx", table_name="interventions")
    op.drop_column("interventions", "is_ordered")
    op.drop_column("interventions", "run")
    op.execute(sa.schema.DropSequence(sa.Sequence("runs")))
    op.drop_column("judgements", "withheld")
    op.drop_column("judgements", "permit_id")
    op.drop_column("judgements", "storm_id")
    op.drop_table("permits")
    op.drop_table("storms")
