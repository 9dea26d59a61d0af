"""Counting answers: the same text in many records is none, where a policy says so."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from connector.services.episodes import Look
from connector.services.rounds import Round
from connector.store import Transaction
from connector.store.texts import HeldText, Use
from rules.model import (
    NO_EVIDENCE,
    ActorClass,
    Change,
    Evidence,
    FieldName,
    Record,
    RecordRef,
    TextUse,
)
from rules.moves import changed_fields
from rules.placeholders import normal
from rules.policy import Policy

UsesOf = Callable[[Sequence[HeldText]], Mapping[tuple[int, FieldName], Use]]
"""Tells where else texts stand, by record row and field."""


def counted_fields(policies: Iterable[Policy]) -> frozenset[FieldName]:
    """Return the fields whose texts are counted: required, and people write them."""
    return frozenset(
        name
        for policy in policies
        if policy.placeholders.counts
        for stage in policy.stages
        for name in stage.requires
        if name in policy.free_texts
    )


def most_counted(policies: Iterable[Policy]) -> int:
    """Return how many other records with the same text make a difference at most."""
    return max((one.placeholders.repeated or 0 for one in policies), default=0)


def held_texts(
    row_id: int, change: Change, record: Record, fields: Iterable[FieldName]
) -> list[HeldText]:
    """Return what these fields of a record say, and who wrote that.

    An edit is counted for the person who made it; where that is not known, and for what
    stood there before, the owner of the record answers.
    """
    changed = changed_fields(change)
    owner = f"owner:{record.owner or ''}"
    by, person = owner, change.actor
    if person.kind is ActorClass.PERSON and person.user_id:
        by = f"user:{person.user_id}"
    held = []
    for name in sorted(fields):
        value = record.fields.get(name)
        said = normal(value) if isinstance(value, str) else ""
        author = by if name in changed else owner
        held.append(HeldText(row_id, record.ref.kind, name, said or None, author))
    return held


def count_uses(
    tx: Transaction, connection_id: int, row_id: int, change: Change, policy: Policy
) -> dict[FieldName, TextUse]:
    """Return where else the texts of one record stand, after a change."""
    held = held_texts(row_id, change, change.after, counted_fields([policy]))
    uses = tx.texts.uses(connection_id, held, most=most_counted([policy]))
    return _of(change.after, {field: use for (_, field), use in uses.items()})


def with_uses(
    round_: Round,
    looks: Sequence[Look],
    evidence: Mapping[RecordRef, Evidence],
    uses_of: UsesOf,
) -> dict[RecordRef, Evidence]:
    """Return the evidence, with where else the texts of the records stand."""
    found = dict(evidence)
    asked = [
        text for look in looks for text in _asked(round_, look) if text.said is not None
    ]
    uses = uses_of(asked) if asked else {}
    if not uses:
        return found
    by_row: dict[int, dict[FieldName, Use]] = {}
    for (row_id, field), use in uses.items():
        by_row.setdefault(row_id, {})[field] = use
    for look in looks:
        of_record = by_row.get(look.claimed.id)
        if of_record:
            facts = found.get(look.record.ref, NO_EVIDENCE)
            found[look.record.ref] = replace(facts, uses=_of(look.record, of_record))
    return found


def _asked(round_: Round, look: Look) -> list[HeldText]:
    policies = (one.policy for one in round_.of_kind(look.record.ref.kind))
    fields = counted_fields(policies)
    return held_texts(look.claimed.id, look.change, look.record, fields)


def _of(record: Record, uses: Mapping[FieldName, Use]) -> dict[FieldName, TextUse]:
    return {
        field: TextUse(str(record.fields.get(field)), use.others, use.share)
        for field, use in uses.items()
    }
