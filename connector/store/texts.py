"""Texts: how many records have the same answer, by field and author.

Kept beside the baselines, as digests: what somebody wrote stands in one place only. A
question about one record costs a few index entries, never a scan; which texts are
common in an account is measured once a day.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from connector.store.tables import texts
from rules.model import FieldName, Kind

LEAST_SHARE = 0.01
"""Texts that fewer records have are common in no policy."""


@dataclass(frozen=True, slots=True)
class HeldText:
    """What a field of a record says, and who wrote it; `said` is None if it is empty.

    `said` is the text as `rules.placeholders.normal` gives it.
    """

    record_id: int
    kind: Kind
    field: FieldName
    said: str | None
    author: str


@dataclass(frozen=True, slots=True)
class Use:
    """How many other records have a text of the same author, and which share of all."""

    others: int
    share: float


class Texts:
    """The `texts` and `common_texts` tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, connection_id: int, held: Sequence[HeldText]) -> None:
        """Note what these fields say now.

        One that says what it said before stays its author's.
        """
        self._forget([(one.record_id, one.field) for one in held if one.said is None])
        rows: list[dict[str, Any]] = [
            {
                "connection_id": connection_id,
                "record_id": one.record_id,
                "kind": one.kind,
                "field": one.field,
                "said": _digest(one.said),
                "author": one.author,
            }
            # Sorted, so that two workers never wait for each other in a circle.
            for one in sorted(held, key=lambda one: (one.record_id, one.field))
            if one.said is not None
        ]
        if not rows:
            return
        statement = insert(texts)
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["record_id", "field"],
                set_={
                    "said": statement.excluded.said,
                    "author": statement.excluded.author,
                },
                where=texts.c.said != statement.excluded.said,
            ),
            rows,
        )

    def forget(self, record_ids: Collection[int]) -> None:
        """Forget what these records say: they are gone."""
        if record_ids:
            self._connection.execute(
                delete(texts).where(texts.c.record_id.in_(record_ids))
            )

    def uses(
        self, connection_id: int, asked: Sequence[HeldText], *, most: int
    ) -> Mapping[tuple[int, FieldName], Use]:
        """Return where else these texts stand, by record row and field.

        A text that stood there before counts for who wrote it then. Others are counted
        up to `most`.
        """
        asked = [one for one in asked if one.said is not None]
        if not asked:
            return {}
        rows = self._connection.execute(
            _USES,
            {
                "connection_id": connection_id,
                "records": [one.record_id for one in asked],
                "kinds": [one.kind.value for one in asked],
                "fields": [str(one.field) for one in asked],
                "said": [_digest(one.said or "") for one in asked],
                "authors": [one.author for one in asked],
                "most": most,
            },
        )
        return {
            (row.record_id, FieldName(row.field)): Use(row.others, row.share)
            for row in rows
        }

    def measure(self, connection_id: int, kind: Kind) -> None:
        """Find out which texts are common among all records of a kind."""
        where = {"connection_id": connection_id, "kind": kind.value}
        self._connection.execute(_FORGET_COMMON, where)
        self._connection.execute(_MEASURE, {**where, "least": LEAST_SHARE})

    def _forget(self, empty: Sequence[tuple[int, FieldName]]) -> None:
        if empty:
            self._connection.execute(
                delete(texts).where(
                    tuple_(texts.c.record_id, texts.c.field).in_(sorted(empty))
                )
            )


def _digest(said: str) -> str:
    return sha256(said.encode(errors="replace")).hexdigest()[:32]


_USES = text(
    "SELECT asked.record_id, asked.field, others.others,"
    " coalesce(common.share, 0) AS share"
    " FROM unnest(CAST(:records AS bigint[]), CAST(:kinds AS text[]),"
    " CAST(:fields AS text[]), CAST(:said AS text[]), CAST(:authors AS text[]))"
    " AS asked(record_id, kind, field, said, author)"
    " LEFT JOIN texts own ON own.record_id = asked.record_id"
    " AND own.field = asked.field AND own.said = asked.said"
    " LEFT JOIN common_texts common ON common.connection_id = :connection_id"
    " AND common.kind = asked.kind AND common.field = asked.field"
    " AND common.said = asked.said"
    " CROSS JOIN LATERAL (SELECT count(*) AS others FROM (SELECT 1 FROM texts"
    " WHERE texts.connection_id = :connection_id AND texts.kind = asked.kind"
    " AND texts.field = asked.field AND texts.said = asked.said"
    " AND texts.author = coalesce(own.author, asked.author)"
    " AND texts.record_id <> asked.record_id LIMIT :most) found) others"
)
_FORGET_COMMON = text(
    "DELETE FROM common_texts WHERE connection_id = :connection_id AND kind = :kind"
)
_MEASURE = text(
    "INSERT INTO common_texts (connection_id, kind, field, said, share)"
    " SELECT :connection_id, :kind, field, said, share FROM (SELECT field, said,"
    " count(*) / sum(count(*)) OVER (PARTITION BY field) AS share, count(*) AS number"
    " FROM texts WHERE connection_id = :connection_id AND kind = :kind"
    " GROUP BY field, said) counted WHERE number > 1 AND share >= :least"
    " ON CONFLICT DO NOTHING"
)
