"""An ordinary day of a careless sales team, on real processes."""

from datetime import timedelta

from adapters.sandbox.company import MANAGER, SANNE, TOM
from connector.demo.showroom import policy_for
from tests.e2e.installation import Installation
from tests.waiting import wait_for

DECIDED = {"decision_maker": "J. Smit", "amount": "12000"}


def test_a_deal_that_jumps_goes_back_with_one_note(room: Installation):
    deal = room.add_deal("Jumper", "Lead", **DECIDED)
    room.company.move(deal, "Negotiation")
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Lead"
    assert len(room.company.notes_on(deal)) == 1
    assert room.company.tasks_on_deal(deal) == []
    assert room.open_rules(deal) == set()


def test_a_placeholder_is_flagged_with_one_note_and_one_task(room: Installation):
    deal = room.add_deal("Placeholder", "Lead")
    room.company.move(deal, "Qualification", decision_maker="n.v.t.")
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Qualification"
    assert len(room.company.notes_on(deal)) == 1
    assert len(room.company.tasks_on_deal(deal)) == 1
    assert len(room.open_rules(deal)) == 1
    room.company.fill(deal, decision_maker="J. Smit")
    room.wait_until_quiet()
    assert room.open_rules(deal) == set()


def test_a_move_that_lacks_something_is_made_when_it_comes(room: Installation):
    deal = room.add_deal("Holder", "Lead", "Qualification", "Demo", **DECIDED)
    room.company.move(deal, "Quote sent")
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Demo"
    room.company.add_quote(deal)
    room.wait_until_known(deal, "Quote sent")
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Quote sent"
    assert len(room.company.notes_on(deal)) == 2
    assert room.open_rules(deal) == set()
    assert room.rows("SELECT 1 FROM holds WHERE ended_at IS NULL") == []


def test_a_deal_that_is_born_late_goes_to_where_it_belongs(room: Installation):
    deal = room.company.add_deal("Latecomer", "Negotiation", **DECIDED)
    room.wait_until_quiet()
    assert room.company.stage_of(deal) in {"Lead", "Qualification", "Demo"}
    assert len(room.company.notes_on(deal)) == 1


def test_a_value_that_cannot_be_is_put_back(room: Installation):
    deal = room.add_deal("Negative", "Lead", **DECIDED)
    room.company.fill(deal, amount="-5")
    room.wait_until_quiet()
    assert room.company.amount_of(deal) == 12000
    assert len(room.company.notes_on(deal)) == 1
    assert room.open_rules(deal) == set()


def test_what_time_has_made_false_is_found_by_the_clock_alone(room: Installation):
    deal = room.add_deal("Overdue", "Lead", contract_date="2020-01-01")
    room.wait_until_quiet()
    assert room.company.notes_on(deal) == []
    connection = room.app.accounts.find(room.office.connection.name)
    whole = policy_for(connection)
    timed = whole.replace(
        "checks:\n",
        'checks:\n  ahead: {check: "contract_date >= today", enforcement: flag}\n',
    )
    try:
        room.app.policies.publish(timed, connection, note="n", author="anna")
        # As if midnight had passed.
        room.rows("UPDATE processes SET round_due_at = now() RETURNING id")
        wait_for(lambda: room.open_rules(deal) == {"check.ahead"}, "the round")
        room.wait_until_quiet()
        assert len(room.company.notes_on(deal)) == 1
        assert len(room.company.tasks_on_deal(deal)) == 1
    finally:
        room.app.policies.publish(whole, connection, note="n", author="anna")


def test_an_announced_policy_comes_by_itself_and_whoever_it_touches_knows(
    room: Installation,
):
    room.add_deal("Announced", "Lead", **DECIDED)
    app = room.app
    connection = app.accounts.find(room.office.connection.name)
    lacks_kinds = app.reconcile.lacks_kinds(connection)

    def in_force() -> set[int]:
        with app.store.begin() as tx:
            return {one.version.id for one in app.policies.active(tx, connection.id)}

    coming = app.policies.publish(
        policy_for(connection),
        connection,
        note="n",
        author="anna",
        effective_at=app.clock.now() + timedelta(hours=1),
    ).version
    wait_for(lambda: room.slack(SANNE, "nothing changes"), "word of it")
    assert coming.id not in in_force()
    # As if the hour had passed.
    room.rows(
        "UPDATE process_versions SET due_at = now() WHERE id = %s RETURNING id",
        coming.id,
    )
    wait_for(lambda: coming.id in in_force(), "the new version")
    if lacks_kinds:
        # They are taken in as they stand; what comes then is new.
        wait_for(
            lambda: (
                app.accounts.find(connection.name).imported_at != connection.imported_at
            ),
            "the import",
        )
    room.wait_until_quiet()
    with app.store.begin() as tx:
        told = tx.notifications.announced(coming.id)
    assert {one.is_sent for one in told} == {True}
    assert len({one.person for one in told}) == len(told)


def test_a_forgotten_lead_is_asked_for_until_somebody_calls(room: Installation):
    lead = room.add_lead("Forgotten")
    wait_for(lambda: room.slack(SANNE, "Forgotten"), "the reminder")
    wait_for(lambda: room.slack(MANAGER, "Forgotten"), "the escalation")
    assert room.company.tasks_on_lead(lead) == ["Call Forgotten"]
    room.call_leads()
    room.wait_until_quiet()
    told = room.slack(SANNE, "Forgotten") + room.slack(MANAGER, "Forgotten")
    assert len(told) == 2
    assert all("ettled" in str(one) for one in told)
    assert all(one["edited_ts"] for one in told)


def test_while_slack_is_down_people_get_mail(room: Installation):
    room.plan(kind="status", path="chat.postMessage", status=503, count=None)
    room.add_lead("Unslacked", owner=TOM)
    for person in (TOM, MANAGER):
        wait_for(lambda to=person: room.mails(to, "Unslacked"), "a mail")
    room.call_leads()
    room.wait_until_quiet()
    assert [len(room.mails(one, "Unslacked")) for one in (TOM, MANAGER)] == [1, 1]
    assert room.slack("", "Unslacked") == []
