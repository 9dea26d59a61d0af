"""Answers: texts that look like placeholders and are answers, as somebody has said."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from connector.store.tables import allowed_answers, connections
from rules.model import FieldName


@dataclass(frozen=True, slots=True)
class AllowedAnswer:
    """A text that is an answer in a field, who said so and why, as lists show it."""

    id: int
    connection: str
    field: str
    text: str
    why: str
    allowed_by: str
    allowed_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None


class Answers:
    """The `allowed_answers` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def allow(
        self,
        connection_id: int,
        field: FieldName,
        *,
        text: str,
        said: str,
        why: str,
        by: str,
        now: datetime,
    ) -> int | None:
        """Keep that `text` is an answer, and return its id; None if it is one already.

        `said` is the text as `rules.placeholders.normal` gives it.
        """
        row_id: int | None = self._connection.execute(
            insert(allowed_answers)
            .values(
                connection_id=connection_id,
                field=field,
                text=text,
                said=said,
                why=why,
                allowed_by=by,
                allowed_at=now,
            )
            .on_conflict_do_nothing()
            .returning(allowed_answers.c.id)
        ).scalar_one_or_none()
        return row_id

    def revoke(self, answer_id: int, *, by: str, now: datetime) -> AllowedAnswer | None:
        """Take it back; None if there is none of this id that holds."""
        revoked = self._connection.execute(
            update(allowed_answers)
            .where(
                allowed_answers.c.id == answer_id,
                allowed_answers.c.revoked_at.is_(None),
            )
            .values(revoked_at=now, revoked_by=by)
        )
        if not revoked.rowcount:
            return None
        row = self._connection.execute(_LISTED.where(allowed_answers.c.id == answer_id))
        return AllowedAnswer(**row.mappings().one())

    def allowed(self, connection_id: int) -> frozenset[tuple[FieldName, str]]:
        """Return the field and text of everything that is an answer in an account."""
        rows = self._connection.execute(
            select(allowed_answers.c.field, allowed_answers.c.said).where(
                allowed_answers.c.connection_id == connection_id,
                allowed_answers.c.revoked_at.is_(None),
            )
        )
        return frozenset((FieldName(field), said) for field, said in rows)

    def latest(self, *, is_all: bool, limit: int) -> list[AllowedAnswer]:
        """Return them, newest first; with `is_all` those that were taken back too."""
        query = _LISTED.order_by(allowed_answers.c.id.desc()).limit(limit)
        if not is_all:
            query = query.where(allowed_answers.c.revoked_at.is_(None))
        return [
            AllowedAnswer(**row) for row in self._connection.execute(query).mappings()
        ]


_LISTED = select(
    allowed_answers.c.id,
    connections.c.name.label("connection"),
    allowed_answers.c.field,
    allowed_answers.c.text,
    allowed_answers.c.why,
    allowed_answers.c.allowed_by,
    allowed_answers.c.allowed_at,
    allowed_answers.c.revoked_at,
    allowed_answers.c.revoked_by,
).join(connections, connections.c.id == allowed_answers.c.connection_id)
