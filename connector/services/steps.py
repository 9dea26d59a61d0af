"""What a due clock comes to, and what of it is stored. Nothing here speaks to a CRM."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from adapters.ports import Message
from connector.services.clocks import to_new_clock
from connector.services.digests import to_ration
from connector.services.people import Addressee, People
from connector.services.policies import Active
from connector.store import Transaction
from connector.store.clocks import DueClock
from connector.store.notifications import NewNotification, Purpose
from rules.ladder import (
    ClockState,
    Done,
    DoneHow,
    Ended,
    EndedWhy,
    NextStep,
    Take,
    Wait,
    next_step,
)
from rules.lanes import in_lane, lane_of
from rules.model import Evidence, OwnerId, Record
from rules.policy import FollowUp, Policy, Recipient, StepKind
from rules.starts import Start, is_fulfilled
from rules.wording import nudge, settled

POLICY_CHANGED = "policy_changed"

_PURPOSES = {
    StepKind.REMIND: Purpose.REMINDER,
    StepKind.ESCALATE: Purpose.ESCALATION,
}


@dataclass(frozen=True, slots=True)
class Watched:
    """A due clock with what is known now of its record; None: the record is gone."""

    clock: DueClock
    active: Active
    follow_up: FollowUp
    record: Record | None
    evidence: Evidence
    is_task_completed: bool

    @property
    def policy(self) -> Policy:
        """The policy that the follow-up is part of."""
        return self.active.policy


_Asked = tuple[int, OwnerId | None, Recipient, str, tuple[str, ...]]
"""Account, owner, role, process, and who was told before."""


@dataclass(frozen=True, slots=True)
class _Told:
    """Who is told of an owner's records, None: nobody; and that owner's name."""

    to: Addressee | None
    owner_name: str


def decide(watched: Watched, now: datetime) -> NextStep:
    """Return what the clock asks for."""
    clock, record, follow_up = watched.clock, watched.record, watched.follow_up
    if record is not None:
        follow_up = in_lane(watched.policy, follow_up, record, now)
    return next_step(
        follow_up,
        ClockState(
            started_at=clock.started_at,
            steps_taken=clock.steps_taken,
            last_step_at=clock.last_step_at,
            has_task=clock.task_id is not None,
            stood_still=clock.stood_still,
        ),
        record=record,
        is_open=record is not None and not watched.policy.is_closed(record.stage),
        evidence=watched.evidence,
        is_task_completed=watched.is_task_completed,
        is_fulfilled=record is not None
        and is_fulfilled(
            watched.policy, watched.follow_up, record, watched.evidence, now
        ),
        now=now,
        calendar=watched.policy.calendar,
        parked_until=clock.parked_until,
        seen_until=clock.seen_until,
        entered_at=clock.stage_entered_at,
    )


class Steps:
    """Stores what the clocks of one round come to, in one transaction.

    Who is told is looked up once, and the messages are planned together by `tell`.
    """

    def __init__(self, people: People) -> None:
        """Find out through `people` who is told."""
        self._people = people
        self._told: dict[_Asked, _Told] = {}
        self._messages: list[NewNotification] = []

    def store(
        self,
        tx: Transaction,
        watched: Watched,
        step: NextStep,
        *,
        lease: str,
        task_id: str | None,
        now: datetime,
    ) -> None:
        """Advance or end the clock, and keep the messages that go with it for `tell`.

        `task_id` is that of the task that was made, None if none was. Does nothing if
        another worker has taken the clock meanwhile.
        """
        match step:
            case Done():
                self._end(tx, watched, step.how, lease=lease, now=now)
                if step.again is not None:
                    _start_again(tx, watched, step.again)
            case Ended():
                self._end(tx, watched, step.why, lease=lease, now=now)
            case Wait():
                tx.clocks.advance(
                    watched.clock.id,
                    lease=lease,
                    due_at=step.until,
                    **_task(watched, task_id),
                )
            case Take():
                is_ours = tx.clocks.advance(
                    watched.clock.id,
                    lease=lease,
                    due_at=step.then_at,
                    steps_taken=step.index + 1,
                    last_step_at=now,
                    **_task(watched, task_id),
                )
                if is_ours:
                    self._prepare(tx, watched, step, now)
            case _:
                assert_never(step)

    def drop(
        self, tx: Transaction, clock: DueClock, *, lease: str, now: datetime
    ) -> None:
        """End a clock that no policy asks for; its messages stay as they are."""
        tx.clocks.end(clock.id, lease=lease, state="ended", why=POLICY_CHANGED, now=now)

    def tell(self, tx: Transaction, *, now: datetime) -> None:
        """Plan the messages of all the clocks that were stored."""
        tx.notifications.plan(self._messages, now=now)
        self._messages.clear()

    def _prepare(
        self, tx: Transaction, watched: Watched, step: Take, now: datetime
    ) -> None:
        record = watched.record
        assert record is not None
        clock, policy = watched.clock, watched.policy
        before = _escalated_before(tx, watched, step)
        told = self._find_told(tx, watched, record.owner, step.step.to, tuple(before))
        to = told.to
        if to is None:
            return
        text = nudge(
            policy,
            watched.follow_up,
            step.step,
            record,
            person_name=told.owner_name,
            told_before=[
                tx.people.name_of(email) or email
                for email, is_reached in before.items()
                if is_reached and email != to.email
            ],
            started_at=clock.started_at,
            now=now,
            zone=to.zone,
            locale=to.locale,
        )
        message = Message(
            key=f"clock-{clock.id}-{step.index}",
            to=to.email,
            subject=text.subject,
            lines=text.lines,
            link=record.url,
            link_text=text.link_text,
            thread=f"clock-{clock.id}",
        )
        lane = lane_of(policy, record, now)
        told_at = to.told_at(now)
        is_rationed = lane is None or not lane.never_in_digest
        self._messages.append(
            NewNotification(
                message,
                _PURPOSES[step.step.kind],
                clock_id=clock.id,
                record_id=clock.record_id,
                due_at=told_at,
                ration=to_ration(to, policy, told_at) if is_rationed else None,
            )
        )

    def _find_told(
        self,
        tx: Transaction,
        watched: Watched,
        owner: OwnerId | None,
        role: Recipient,
        before: tuple[str, ...],
    ) -> _Told:
        connection_id = watched.clock.connection_id
        key = (connection_id, owner, role, watched.policy.process, before)
        if key not in self._told:
            owning = None
            if owner is not None:
                owning = tx.people.find_owner(connection_id, owner)
            to = self._people.recipient_of(
                tx,
                connection_id,
                owner=owner,
                role=role,
                policy=watched.policy,
                told=before,
            )
            self._told[key] = _Told(to, "" if owning is None else owning.name)
        return self._told[key]

    def _end(
        self,
        tx: Transaction,
        watched: Watched,
        ending: DoneHow | EndedWhy,
        *,
        lease: str,
        now: datetime,
    ) -> None:
        is_ours = tx.clocks.end(
            watched.clock.id,
            lease=lease,
            state="done" if isinstance(ending, DoneHow) else "ended",
            why=ending.value,
            now=now,
        )
        record = watched.record or watched.clock.baseline
        if not is_ours or record is None:
            return
        messages = {}
        for told in tx.notifications.unsettled([watched.clock.id]):
            person = tx.people.find(told.person)
            text = settled(
                watched.policy,
                watched.follow_up,
                record,
                ending=ending,
                locale=(person and person.locale) or watched.policy.locale,
            )
            messages[told.id] = Message(
                key=told.key,
                to=told.person,
                subject=text.subject,
                lines=text.lines,
                link=record.url,
                link_text=text.link_text,
                is_settled=True,
                thread=f"clock-{watched.clock.id}",
            )
        tx.notifications.settle(messages, now=now)


def _escalated_before(
    tx: Transaction, watched: Watched, step: Take
) -> Mapping[str, bool]:
    """Return whom earlier steps went to, False for whom no channel reached.

    Empty for a reminder: that goes to the same person again.
    """
    taken = watched.follow_up.ladder[: step.index]
    if step.step.kind is StepKind.REMIND or all(
        one.kind is StepKind.REMIND for one in taken
    ):
        return {}
    return tx.notifications.escalated(watched.clock.id)


def _task(watched: Watched, task_id: str | None) -> dict[str, str]:
    return {} if task_id is None or watched.clock.task_id else {"task_id": task_id}


def _start_again(tx: Transaction, watched: Watched, start: Start) -> None:
    clock = watched.clock
    tx.clocks.start(
        clock.connection_id, [to_new_clock(watched.active, clock.record_id, start)]
    )
