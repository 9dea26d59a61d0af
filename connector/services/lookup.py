"""Finding the record that a person means: by its id, its link or its name."""

import re
from collections.abc import Sequence

from connector.errors import ConfigError
from connector.store import Transaction
from connector.store.baselines import KnownRecord
from rules.model import Kind

MOST_NAMED = 5
"""Records that are named where several could be meant."""

_REF = re.compile(rf"(?P<kind>{'|'.join(Kind)}):(?P<id>\S+)")
_LINK_SIGNS = re.compile(r"[/?&=#]+")


class RecordMissing(ConfigError):
    """Nothing that was looked at is meant by these words."""


class RecordAmbiguous(ConfigError):
    """These words mean several records."""


def find_record(
    tx: Transaction, words: str, *, connection_id: int | None = None
) -> KnownRecord:
    """Return the record that `words` mean, as it stood when it was last looked at.

    `kind:id`, an id, a link to it in its CRM, or its name if no other has the same;
    letters' case is no matter in a name. A merged record is the one that it became.
    Raises RecordMissing, and RecordAmbiguous with what could be meant.
    """
    wanted = words.strip()
    found = _by_reference(tx, wanted, connection_id)
    if not found and wanted:
        found = tx.baselines.named(
            wanted, connection_id=connection_id, limit=MOST_NAMED + 1
        )
    if len(found) == 1:
        return found[0]
    if found:
        raise RecordAmbiguous(
            f"{wanted!r} can mean: {_listed(found)}. Name one by its kind and id, such"
            f" as {reference(found[0])}, or by its link in the CRM."
        )
    raise RecordMissing(_missing(tx, wanted, connection_id))


def reference(known: KnownRecord) -> str:
    """Return the kind and id of a record, such as `deal:1001`."""
    return f"{known.record.ref.kind}:{known.record.ref.id}"


def _by_reference(
    tx: Transaction, wanted: str, connection_id: int | None
) -> list[KnownRecord]:
    if wanted.startswith(("https://", "http://")):
        # The id stands last, or nearly so, in the links of every CRM.
        parts = reversed([part for part in _LINK_SIGNS.split(wanted)[1:] if part])
        looked = (
            tx.baselines.with_id(one, connection_id=connection_id) for one in parts
        )
        return next((found for found in looked if found), [])
    exact = _REF.fullmatch(wanted)
    if exact is None:
        return tx.baselines.with_id(wanted, connection_id=connection_id)
    return tx.baselines.with_id(
        exact["id"], kind=Kind(exact["kind"]), connection_id=connection_id
    )


def _missing(tx: Transaction, wanted: str, connection_id: int | None) -> str:
    near: list[KnownRecord] = []
    if wanted and not wanted.startswith(("https://", "http://")):
        near = tx.baselines.named(
            wanted, connection_id=connection_id, limit=MOST_NAMED, is_part=True
        )
    if near:
        return f"No record is called {wanted!r}. Did you mean: {_listed(near)}?"
    return (
        f"No record is known by {wanted!r}. Write its kind and id, such as deal:1001,"
        " its link in the CRM, or its name. A record is known once the account was"
        " imported and it was looked at."
    )


def _listed(found: Sequence[KnownRecord]) -> str:
    named = [
        f"{reference(one)} “{one.record.name}” in {one.connection}"
        for one in found[:MOST_NAMED]
    ]
    more = " and others" if len(found) > MOST_NAMED else ""
    return ", ".join(named) + more
