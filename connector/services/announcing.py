"""Telling people ahead what a new version of a policy changes for them, once each."""

from collections.abc import Iterator
from datetime import datetime

from adapters.ports import Message
from connector.services.directory import Directory, Known
from connector.store import Transaction
from connector.store.notifications import NewNotification, Purpose
from connector.store.processes import ProcessVersion
from rules.policy import Policy
from rules.quiet import after_quiet
from rules.wording import announcement, retraction


def announce(
    tx: Transaction,
    version: ProcessVersion,
    before: Policy | None,
    after: Policy,
    *,
    now: datetime,
) -> int:
    """Plan a message to everybody whom a version touches; return to how many.

    Those are the owners of live records in its pipeline, whoever leads them, and its
    sponsor.
    """
    return tx.notifications.plan(
        [
            _to(known, version, before, after, now=now)
            for known in _touched(tx, version, after)
        ],
        now=now,
    )


def _to(
    known: Known,
    version: ProcessVersion,
    before: Policy | None,
    after: Policy,
    *,
    now: datetime,
) -> NewNotification:
    """Return the message to one person, after their quiet hours if that is in time."""
    zone = known.zone or after.calendar.timezone
    text = announcement(
        before,
        after,
        effective_at=version.effective_at,
        now=now,
        zone=zone,
        locale=known.locale or after.locale,
    )
    message = Message(
        key=_key(version, known.email),
        to=known.email,
        subject=text.subject,
        lines=text.lines,
        thread=_thread(version),
    )
    return NewNotification(
        message,
        Purpose.ANNOUNCEMENT,
        process_version_id=version.id,
        due_at=min(after_quiet(now, known.quiet, zone), version.effective_at),
    )


def retract(
    tx: Transaction, version: ProcessVersion, policy: Policy, *, now: datetime
) -> None:
    """Have what was announced say that it does not come; unsent, it stays unsent."""
    directory = Directory(tx, version.connection_id)
    settled: dict[int, Message] = {}
    for one in tx.notifications.announced(version.id):
        known = directory.of_email(one.person)
        text = retraction(policy, locale=known.locale or policy.locale)
        settled[one.id] = Message(
            key=one.key,
            to=one.person,
            subject=text.subject,
            lines=text.lines,
            is_settled=True,
            thread=_thread(version),
        )
    tx.notifications.settle(settled, now=now)


def _touched(
    tx: Transaction, version: ProcessVersion, policy: Policy
) -> Iterator[Known]:
    directory = Directory(tx, version.connection_id)
    told: set[str] = set()
    for known in _everybody(tx, directory, version, policy):
        # Who is away reads it on their return.
        if known.email and known.is_active and known.email not in told:
            told.add(known.email)
            yield known


def _everybody(
    tx: Transaction, directory: Directory, version: ProcessVersion, policy: Policy
) -> Iterator[Known]:
    owners = tx.baselines.owners_in(version.connection_id, policy.kind, policy.pipeline)
    for owner in owners:
        known = directory.of_owner(owner)
        if known is not None:
            yield known
            manager = directory.manager_of(known)
            if manager is not None:
                yield manager
    if policy.sponsor is not None:
        yield directory.of_email(policy.sponsor)


def _key(version: ProcessVersion, email: str) -> str:
    return f"announce-{version.id}-{email}"


def _thread(version: ProcessVersion) -> str:
    return f"policy-{version.id}"
