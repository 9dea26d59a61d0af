"""Versions of policies: announced, in force, withdrawn, and gone back to."""

from datetime import datetime, timedelta, timezone

import pytest
from redis import Redis

from connector.services.policies import HEAD_START
from connector.services.publishing import AGAIN, ProcessMissing
from connector.store import Store
from connector.store.people import Person
from connector.store.processes import VersionState
from rules.document import DocumentInvalid
from rules.model import Kind
from tests.fakes.clock import FrozenClock
from tests.fakes.world import Door, Trouble
from tests.services.desk import ANNA, MANAGER, POLICY, REP, Desk

WEEK = timedelta(days=7)
ENFORCED = POLICY.replace("skip: {goal", "skip: {enforcement: enforce, goal")


@pytest.fixture
def desk(store: Store, clock: FrozenClock, redis: Redis) -> Desk:
    return Desk(store, clock, redis)


@pytest.fixture
def known(desk: Desk) -> Desk:
    """A desk with a policy in force and one deal of the rep's, who speaks Dutch."""
    desk.publish()
    desk.world.add_record(owner=desk.world.rep)
    desk.import_()
    desk.speaks(REP, "nl")
    return desk


def announce(desk: Desk, text: str = ENFORCED) -> datetime:
    at = desk.clock.now() + WEEK
    desk.publish(text, effective_at=at)
    return at


def states(desk: Desk) -> list[VersionState]:
    with desk.store.begin() as tx:
        return [one.state for one in tx.processes.of("new-business")]


def test_a_version_that_is_announced_comes_into_force_at_its_time(known: Desk):
    announce(known)
    assert known.in_force() == [("new-business", 1)]
    known.clock.advance(WEEK - timedelta(seconds=1))
    known.publishing.take_effect()
    assert known.in_force() == [("new-business", 1)]
    known.clock.advance(timedelta(seconds=1))
    with known.store.begin() as tx:
        assert tx.processes.is_any_due(known.clock.now())
    known.publishing.take_effect()
    assert known.in_force() == [("new-business", 2)]
    assert states(known) == [VersionState.CURRENT, VersionState.RETIRED]
    with known.store.begin() as tx:
        assert not tx.processes.is_any_due(known.clock.now() + WEEK)
        actions = [one.action for one in tx.audit.latest(limit=2)]
    assert actions == ["policy.took_effect", "policy.published"]


def test_a_draft_draws_the_line_between_old_and_new_records_where_publishing_does(
    desk: Desk,
):
    text = POLICY.replace("since: 2020-01-01\n", "")
    first = desk.publish(text)
    desk.clock.advance(WEEK)
    assert desk.policies.draft(text, desk.connection).since == first.policy.since
    assert desk.publish(text).policy.since == first.policy.since


def test_a_version_that_is_announced_for_very_soon_is_in_force_no_later(known: Desk):
    soon = timedelta(seconds=2)
    known.publish(ENFORCED, effective_at=known.clock.now() + soon)
    known.clock.advance(soon)
    known.publishing.take_effect()
    assert known.in_force() == [("new-business", 2)]


def test_everybody_whom_it_touches_is_told_once_in_their_language(known: Desk):
    known.world.add_record(owner=known.world.rep)
    known.world.add_record(owner=known.world.former)
    known.import_()
    announce(known)
    known.send()
    told = {one.to: one for one in known.channel.sent}
    assert sorted(told) == [ANNA, MANAGER, REP]
    assert len(known.channel.sent) == 3
    assert told[REP].lines == (
        (
            "We hebben afspraken gemaakt over het proces Nieuwe klanten. Vanaf"
            " dinsdag 8 december om 13:00 geldt:"
        ),
        "• Geen fase mag worden overgeslagen (was: gemeld, nu: teruggezet).",
        "Waarom: We zien waar deals vastlopen.",
        "Tot dan verandert er niets. Vragen? Overleg met anna@example.com.",
    )
    assert told[MANAGER].subject == "New business: what changes from 8 December 2026"
    assert "skipped (was: flagged, now: put back)" in told[MANAGER].lines[1]


def test_nobody_is_told_in_their_quiet_hours_unless_it_is_urgent(known: Desk):
    quiet = Person(REP, "", timezone="UTC", quiet="11:00-17:00")
    known.people.save([quiet], author="anna")
    announce(known)
    known.send()
    assert sorted(one.to for one in known.channel.sent) == [ANNA, MANAGER]
    known.clock.advance(timedelta(hours=5))
    known.send()
    assert [one.to for one in known.channel.sent[2:]] == [REP]
    soon = known.clock.now() + timedelta(hours=18, minutes=30)
    known.clock.advance(timedelta(hours=18))
    known.publish(ENFORCED.replace(">= 0", ">= 1"), effective_at=soon)
    known.send()
    told_before = len(known.channel.sent)
    known.clock.advance(timedelta(minutes=30))
    known.send()
    assert [one.to for one in known.channel.sent[told_before:]] == [REP]


def test_what_is_only_observed_changes_nobodys_work(known: Desk):
    extra = '  more: {goal: forecast, enforcement: observe, check: "amount > 1"}\n'
    announce(known, POLICY.replace("people:", f"{extra}people:"))
    known.send()
    [lines] = {one.lines for one in known.channel.sent if one.to == ANNA}
    assert "Nothing changes for you: for now we only look." in lines[0]
    assert len(lines) == 2


def test_what_is_in_force_at_once_is_not_announced(known: Desk):
    known.publish(ENFORCED)
    known.send()
    assert known.channel.sent == []
    assert known.in_force() == [("new-business", 2)]


def test_a_document_says_itself_from_when_it_is_in_force(known: Desk):
    active = known.publish(ENFORCED + "effective: 2026-12-24\n")
    amsterdam = timezone(timedelta(hours=1))
    assert active.version.effective_at == datetime(2026, 12, 24, tzinfo=amsterdam)
    assert active.version.state is VersionState.PENDING
    past = known.publish(ENFORCED + "effective: 2026-11-24\n")
    assert past.version.state is VersionState.CURRENT
    assert past.version.effective_at == known.clock.now()


def test_what_is_withdrawn_never_comes_and_whoever_was_told_is_told_so(known: Desk):
    announce(known)
    known.send()
    known.publishing.withdraw("new-business", author="anna")
    known.send()
    known.clock.advance(WEEK)
    known.publishing.take_effect()
    assert known.in_force() == [("new-business", 1)]
    assert states(known) == [VersionState.WITHDRAWN, VersionState.CURRENT]
    corrected = {one.to: one.lines for one in known.channel.messages.values()}
    assert sorted(corrected) == [ANNA, MANAGER, REP]
    assert corrected[REP][0].startswith("Wat we je over het proces Nieuwe klanten")
    with pytest.raises(ProcessMissing, match="still to come"):
        known.publishing.withdraw("new-business", author="anna")


def test_an_announcement_that_has_not_gone_out_does_not_after_all(known: Desk):
    announce(known)
    known.publishing.withdraw("new-business", author="anna")
    known.send()
    assert known.channel.sent == []


def test_the_next_publication_replaces_what_was_announced(known: Desk):
    announce(known)
    known.send()
    announce(known, ENFORCED.replace("amount >= 0", "amount >= 1"))
    known.send()
    assert states(known) == [
        VersionState.PENDING,
        VersionState.WITHDRAWN,
        VersionState.CURRENT,
    ]
    shown = [one.is_settled for one in known.channel.messages.values()]
    assert shown == [True, True, True, False, False, False]
    known.publish()
    assert states(known)[:2] == [VersionState.CURRENT, VersionState.WITHDRAWN]
    known.clock.advance(WEEK)
    known.publishing.take_effect()
    assert known.in_force() == [("new-business", 4)]


def test_going_back_is_a_new_version_with_the_former_text(known: Desk):
    known.publish(ENFORCED)
    active = known.publishing.rollback("new-business", note="Too soon", author="bob")
    assert (active.version.number, active.version.document) == (3, POLICY)
    assert active.version.note == "Too soon"
    again = known.publishing.rollback("new-business", 2, note="n", author="bob")
    assert (again.version.number, again.version.document) == (4, ENFORCED)
    assert known.in_force() == [("new-business", 4)]


def test_a_former_text_is_in_force_at_once_whenever_it_was_to_be(known: Desk):
    known.publish(ENFORCED + "effective: 2026-12-24\n")
    active = known.publishing.rollback("new-business", 2, note="Now", author="bob")
    assert active.version.state is VersionState.CURRENT


def test_what_was_never_published_cannot_be_gone_back_to(known: Desk):
    for process, number in (
        ("nothing", None),
        ("new-business", None),
        ("new-business", 9),
    ):
        with pytest.raises(ProcessMissing):
            known.publishing.rollback(process, number, note="n", author="bob")


def test_a_former_text_that_no_longer_fits_the_account_changes_nothing(known: Desk):
    known.publish(ENFORCED.replace("  negotiation:\n", ""))
    known.world.archive_stage(Kind.DEAL, known.world.stages(Kind.DEAL)[4])
    with pytest.raises(DocumentInvalid, match="archived"):
        known.publishing.rollback("new-business", note="n", author="bob")
    assert known.in_force() == [("new-business", 2)]


def test_the_line_between_old_and_new_records_is_when_it_is_first_in_force(desk: Desk):
    desk.world.add_record()
    desk.import_()
    at = announce(desk, POLICY.replace("since: 2020-01-01\n", ""))
    assert desk.in_force() == []
    desk.clock.advance(WEEK)
    desk.publishing.take_effect()
    with desk.store.begin() as tx:
        [active] = desk.policies.active(tx, desk.id)
    assert active.policy.since == at


def test_clocks_of_what_takes_effect_are_started_even_after_a_failure(known: Desk):
    idle = (
        "follow_ups:\n  idle: {goal: forecast, starts: {idle: 7d}, task: Call,"
        " ladder: [{after: 1d, remind: owner}]}\n"
    )
    lead = (
        "  leads: {goal: forecast, record: lead, starts: created, task: Call,"
        " ladder: [{after: 1d, remind: owner}]}\n"
    )
    announce(known, ENFORCED + idle + lead)
    known.clock.advance(WEEK)
    known.world.trouble(Door.READ, Trouble.BUSY)
    known.publishing.take_effect()
    assert known.in_force() == [("new-business", 2)]
    with known.store.begin() as tx:
        assert tx.clocks.latest(only_running=True) == []
        assert not tx.processes.is_any_due(known.clock.now())
    known.world.recover()
    known.clock.advance(AGAIN)
    known.publishing.take_effect()
    with known.store.begin() as tx:
        assert len(tx.clocks.latest(only_running=True)) == 1
        assert not tx.processes.is_any_due(known.clock.now() + WEEK)


def test_a_worker_that_dies_after_putting_it_in_force_leaves_the_rest_due(known: Desk):
    idle = (
        "follow_ups:\n  idle: {goal: forecast, starts: {idle: 7d}, task: Call,"
        " ladder: [{after: 1d, remind: owner}]}\n"
    )
    announce(known, ENFORCED + idle)
    known.clock.advance(WEEK)
    with known.store.begin() as tx:
        tx.processes.take_effect(known.clock.now())
    with known.store.begin() as tx:
        assert tx.processes.is_any_due(known.clock.now())
        assert tx.clocks.latest(only_running=True) == []
    known.publishing.take_effect()
    with known.store.begin() as tx:
        assert not tx.processes.is_any_due(known.clock.now() + WEEK)
        assert len(tx.clocks.latest(only_running=True)) == 1


def test_what_is_published_is_caught_up_with_by_a_worker_if_nobody_else_does(
    known: Desk,
):
    known.publish(ENFORCED)
    with known.store.begin() as tx:
        assert not tx.processes.is_any_due(known.clock.now())
    known.clock.advance(HEAD_START)
    assert known.publishing.take_effect() == 1
    with known.store.begin() as tx:
        assert not tx.processes.is_any_due(known.clock.now() + WEEK)


def test_two_workers_put_one_version_in_force_once(known: Desk):
    announce(known)
    known.clock.advance(WEEK)
    with known.store.begin() as tx:
        assert len(tx.processes.take_effect(known.clock.now())) == 1
        assert tx.processes.take_effect(known.clock.now()) == []
