"""The worker is killed at every seam between the database and the outside world."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from adapters.sandbox.company import MANAGER, SANNE
from adapters.sandbox.faults import Fault
from tests.e2e.installation import Installation
from tests.fakes.world import Door
from tests.waiting import wait_for

DECIDED = {"decision_maker": "J. Smit", "amount": "12000"}

SLACK = None
"""The door to Slack; all others are the CRM's."""


@dataclass(frozen=True)
class Seam:
    """A request, on either side of whose work the worker dies."""

    door: Door | None
    is_applied: bool

    def __str__(self) -> str:
        return f"{'after' if self.is_applied else 'before'} {self.door or 'slack'}"

    def hold(self, room: Installation) -> Fault:
        return (
            room.hold_after(self.door)
            if self.is_applied
            else room.hold_before(self.door)
        )


def seams(*doors: Door | None) -> pytest.MarkDecorator:
    """Give every seam of these requests in turn."""
    return pytest.mark.parametrize(
        "seam",
        [Seam(door, is_applied) for door in doors for is_applied in (False, True)],
        ids=str,
    )


def kill_at(
    room: Installation,
    seam: Seam,
    act: Callable[[], object],
    is_applied: Callable[[], object],
    *,
    meanwhile: Callable[[], object] = lambda: None,
) -> None:
    """Act, kill the worker at the seam, and start another one.

    `meanwhile` is what happens while there is none.
    """
    held = seam.hold(room)
    act()
    room.wait_until_struck(held)
    if seam.is_applied:
        wait_for(is_applied, "what was asked for")
    room.worker.kill()
    assert bool(is_applied()) == seam.is_applied
    meanwhile()
    room.worker.start()


def test_a_delivery_waits_for_a_worker(room: Installation):
    deal = room.add_deal("Nobody there", "Lead", **DECIDED)
    room.worker.kill()
    room.company.move(deal, "Negotiation")
    wait_for(
        lambda: room.rows("SELECT 1 FROM deliveries WHERE state = 'pending'"),
        "the delivery",
    )
    room.worker.start()
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Lead"
    assert len(room.company.notes_on(deal)) == 1


@seams(Door.WRITE, Door.NOTES)
def test_a_return_is_made_once_with_one_note(room: Installation, seam: Seam):
    deal = room.add_deal("Return", "Lead", **DECIDED)
    kill_at(
        room,
        seam,
        lambda: room.company.move(deal, "Negotiation"),
        (lambda: room.company.notes_on(deal))
        if seam.door is Door.NOTES
        else (lambda: room.stages([deal]) == {"Lead"}),
    )
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Lead"
    assert len(room.company.notes_on(deal)) == 1
    assert room.open_rules(deal) == set()


@seams(Door.NOTES, Door.TASKS)
def test_a_flag_is_one_note_and_one_task(room: Installation, seam: Seam):
    deal = room.add_deal("Flag", "Lead")
    made = (
        room.company.notes_on if seam.door is Door.NOTES else room.company.tasks_on_deal
    )
    kill_at(
        room,
        seam,
        lambda: room.company.move(deal, "Qualification", decision_maker="n.v.t."),
        lambda: made(deal),
    )
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Qualification"
    assert len(room.company.notes_on(deal)) == 1
    assert len(room.company.tasks_on_deal(deal)) == 1
    assert len(room.open_rules(deal)) == 1


@seams(Door.WRITE, Door.NOTES)
def test_a_return_is_taken_back_once_with_one_note(room: Installation, seam: Seam):
    deal = room.add_deal("Undone", "Lead", **DECIDED)
    room.company.move(deal, "Negotiation")
    room.wait_until_quiet()
    [row] = room.rows(
        "SELECT i.id FROM interventions i JOIN records r ON r.id = i.record_id"
        " WHERE r.crm_id = %s AND i.kind = 'return' AND i.state = 'done'",
        deal,
    )
    kill_at(
        room,
        seam,
        lambda: room.app.undo.one(row["id"], why="", author="anna"),
        (lambda: len(room.company.notes_on(deal)) > 1)
        if seam.door is Door.NOTES
        else (lambda: room.stages([deal]) == {"Negotiation"}),
    )
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Negotiation"
    assert len(room.company.notes_on(deal)) == 2
    [reversal] = room.rows(
        "SELECT state FROM reversals WHERE intervention_id = %s", row["id"]
    )
    assert reversal["state"] == "done"


@seams(Door.WRITE)
def test_a_hold_is_completed_once(room: Installation, seam: Seam):
    deal = room.add_deal("Hold", "Lead", "Qualification", "Demo", **DECIDED)
    room.company.move(deal, "Quote sent")
    room.wait_until_quiet()
    kill_at(
        room,
        seam,
        lambda: room.company.add_quote(deal),
        lambda: room.stages([deal]) == {"Quote sent"},
    )
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Quote sent"
    assert len(room.company.notes_on(deal)) == 2
    assert room.rows("SELECT 1 FROM holds WHERE ended_at IS NULL") == []


def is_task_made(room: Installation) -> Callable[[], bool]:
    """Return what tells whether there is a task more than now."""
    before = len(room.crm.living(Door.TASKS))
    return lambda: len(room.crm.living(Door.TASKS)) > before


@seams(Door.TASKS)
def test_a_clock_makes_one_task(room: Installation, seam: Seam):
    kill_at(room, seam, lambda: room.add_lead("Clock"), is_task_made(room))
    [lead] = room.leads
    wait_for(lambda: room.company.tasks_on_lead(lead), "the task")
    room.call_leads()
    room.wait_until_quiet()
    assert room.company.tasks_on_lead(lead) == ["Call Clock"]


@seams(Door.TASKS)
def test_a_clock_makes_no_task_for_who_was_called_meanwhile(
    room: Installation, seam: Seam
):
    leads: list[str] = []
    kill_at(
        room,
        seam,
        lambda: leads.append(room.add_lead("Clock")),
        is_task_made(room),
        meanwhile=room.call_leads,
    )
    room.wait_until_quiet()
    assert len(room.company.tasks_on_lead(leads[0])) == seam.is_applied


@seams(SLACK)
def test_a_message_is_posted_once(room: Installation, seam: Seam):
    words = f"Message {seam.is_applied}"
    kill_at(room, seam, lambda: room.add_lead(words), lambda: room.slack(SANNE, words))
    wait_for(lambda: room.slack(MANAGER, words), "the escalation")
    room.call_leads()
    room.wait_until_quiet()
    assert len(room.slack(SANNE, words)) == 1
    assert len(room.slack(MANAGER, words)) == 1


@pytest.mark.parametrize("is_kept", [False, True], ids=["before", "after"])
def test_a_mail_is_never_lost_and_its_copy_is_the_same_mail(
    room: Installation, *, is_kept: bool
):
    words = f"Mail {is_kept}"
    room.plan_at(
        SLACK,
        kind="status",
        status=200,
        body={"ok": False, "error": "account_inactive"},
        count=None,
    )
    room.control.post("mail/trouble", at="data", stall_ms=3000, keep=is_kept)
    room.add_lead(words)
    troubles = room.sandbox.mail.troubles
    wait_for(lambda: troubles and troubles[0].count == 0, "the mail")
    room.worker.kill()
    room.worker.start()
    for person in (SANNE, MANAGER):
        wait_for(lambda to=person: room.mails(to, words), "a mail")
    room.call_leads()
    room.wait_until_quiet()
    for person in (SANNE, MANAGER):
        ids = {one["headers"]["Message-ID"] for one in room.mails(person, words)}
        assert len(ids) == 1
