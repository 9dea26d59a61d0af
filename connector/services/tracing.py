"""What has changed, by whom and on which way, from hints and the CRM's own history."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from adapters.ports import Traced
from connector.services.episodes import Look, is_same_state
from connector.services.rounds import Round
from connector.store.changes import PendingChange
from connector.store.records import ClaimedRecord
from rules.model import (
    STAGE,
    UNKNOWN_ACTOR,
    Actor,
    ActorClass,
    Change,
    Kind,
    Record,
)
from rules.moves import changed_fields


def find_change(round_: Round, claimed: ClaimedRecord, record: Record) -> Change:
    """Return the difference between what was accepted and what was found."""
    imported_at = round_.connection.imported_at
    before = claimed.baseline
    if before is not None:
        # A field that was not asked for at the last look has no former value: the
        # first look at it is history.
        before = replace(before, fields={**record.fields, **before.fields})
    # Some CRMs tell the second in which a record was created, and no more.
    is_new = (
        before is None
        and imported_at is not None
        and record.created_at >= imported_at.replace(microsecond=0)
    )
    change = Change(before, record, is_new=is_new)
    heard = round_.heard.get(claimed.id, ())
    return replace(change, actor=_find_actor(round_, change, heard))


def _find_actor(round_: Round, change: Change, heard: Sequence[PendingChange]) -> Actor:
    """Return who made a change: of a move who moved it, else who edited a field of it.

    Often a workflow edits something as soon as a person has moved a record.
    """
    meant = _meant(round_, change, heard)
    return meant[-1].actor if meant else UNKNOWN_ACTOR


def _meant(
    round_: Round, change: Change, heard: Sequence[PendingChange]
) -> list[PendingChange]:
    """Return the hints that may be of a change: of its move, if it is one."""
    changed = changed_fields(change)
    names = {STAGE} if STAGE in changed else changed
    properties = _properties_of(round_, change.after.ref.kind, names)
    return [
        one
        for one in heard
        if one.actor.kind is not ActorClass.OURSELVES
        and not one.is_link
        and _is_about(one, properties)
    ]


def _is_about(hint: PendingChange, properties: frozenset[str]) -> bool:
    """Return whether a hint may be about one of these; a CRM may name several at once.

    One that names none is about the record as a whole.
    """
    told = frozenset((hint.property or "").split(", ")) - {""}
    return not told or not properties or bool(told & properties)


def _properties_of(round_: Round, kind: Kind, names: Collection[str]) -> frozenset[str]:
    """Return what the CRM calls these fields, as far as a policy speaks of them."""
    return frozenset(
        theirs
        for active in round_.of_kind(kind)
        for ours, theirs in {**active.policy.fields, **active.policy.places}.items()
        if ours in names
    )


def with_movers(round_: Round, looks: Sequence[Look]) -> list[Look]:
    """Return the looks, with who moved a record on its way where a rule asks for that.

    Asked are records of which no hint told who moved them, or of which several did.
    """
    found = {look.claimed.id: look for look in looks}
    for kind in sorted({look.record.ref.kind for look in looks}):
        if not any(one.policy.names_actors for one in round_.of_kind(kind)):
            continue
        doubtful = [
            look
            for look in looks
            if look.record.ref.kind is kind and _is_mover_doubtful(round_, look)
        ]
        refs = [look.record.ref for look in doubtful]
        traced = round_.crm.trace(refs, round_.fields_of(kind)) if refs else {}
        for look in doubtful:
            after = traced.get(look.record.ref)
            if after is not None and is_same_state(after.record, look.record):
                found[look.claimed.id] = retell(round_, look.claimed, after)
    return list(found.values())


def _is_mover_doubtful(round_: Round, look: Look) -> bool:
    """Return whether a record was moved, and not by one kind of actor as we know."""
    before, after = look.change.before, look.change.after
    has_moved = look.change.is_new if before is None else before.stage != after.stage
    heard = round_.heard.get(look.claimed.id, ())
    movers = {one.actor.kind for one in _meant(round_, look.change, heard)}
    return has_moved and (len(movers) > 1 or look.change.actor == UNKNOWN_ACTOR)


def retell(round_: Round, claimed: ClaimedRecord, traced: Traced) -> Look:
    """Return a look with the actor, and the way through the stages, of its history."""
    change = find_change(round_, claimed, traced.record)
    before = change.before
    steps = [
        step
        for step in traced.path
        if before is None or step.entered_at > before.modified_at
    ]
    # Our own return leads to where the baseline stands, and is no step.
    while steps and before is not None and steps[0].stage == before.stage:
        steps = steps[1:]
    if steps and change.actor.kind in {ActorClass.UNKNOWN, steps[-1].actor.kind}:
        # The history knows names where a hint has a code.
        change = replace(change, actor=steps[-1].actor)
    return Look(claimed, traced.record, change, tuple(steps))
