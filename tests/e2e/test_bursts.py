"""Bulk edits while processes die: every deal goes back once, with one note."""

from tests.e2e.installation import Installation
from tests.fakes.world import Door
from tests.waiting import wait_for

MANY = 250


def test_a_bulk_edit_goes_back(room: Installation):
    deals = room.add_burst(MANY)
    room.company.move_all(deals, "Negotiation")
    room.check_burst(deals)


def test_two_workers_share_a_bulk_edit(room: Installation):
    room.second.start()
    deals = room.add_burst(MANY)
    room.company.move_all(deals[:100], "Negotiation")
    room.company.move_all(deals[100:], "Negotiation")
    room.check_burst(deals)


def test_both_workers_are_killed_in_the_midst(room: Installation):
    room.second.start()
    deals = room.add_burst(MANY)
    held = room.hold_after(Door.WRITE)
    room.company.move_all(deals, "Negotiation")
    room.wait_until_struck(held)
    wait_for(lambda: room.count_back(deals) > 0, "the first returns")
    for worker in (room.worker, room.second):
        worker.kill()
        worker.start()
    room.check_burst(deals)


def test_web_is_killed_again_and_again_during_deliveries(room: Installation):
    deals = room.add_burst(MANY)
    room.crm.set_habits(batch_size=5, max_in_flight=2)
    room.company.move_all(deals, "Negotiation")
    for _ in range(3):
        accepted = room.crm.tally()["accepted"]
        wait_for(
            lambda before=accepted: room.crm.tally()["accepted"] > before, "a delivery"
        )
        room.web.kill()
        room.web.start()
        room.wait_for_web()
    room.crm.set_habits(batch_size=100)
    room.check_burst(deals)


def test_what_fell_due_while_the_clock_was_dead_is_done_later(room: Installation):
    room.clock.kill()
    lead = room.add_lead("Late clock")
    wait_for(
        lambda: room.rows("SELECT 1 FROM clocks WHERE due_at <= now()"), "a due clock"
    )
    room.clock.start()
    wait_for(lambda: room.company.tasks_on_lead(lead), "the task")


def test_a_bulk_edit_needs_no_clock(room: Installation):
    room.clock.kill()
    deals = room.add_burst(20)
    room.company.move_all(deals, "Negotiation")
    wait_for(lambda: room.count_back(deals) == len(deals), "the returns")
    room.clock.start()
    room.check_burst(deals)


def test_doubled_and_disordered_webhooks_change_nothing(room: Installation):
    room.crm.set_habits(duplicates=0.5, disorder=True)
    deals = room.add_burst(100)
    room.company.move_all(deals, "Qualification")
    room.company.move_all(deals, "Negotiation")
    room.crm.set_habits(duplicates=0.0, disorder=False)
    room.wait_until_quiet()
    # Where they belong depends on which of the two moves was seen.
    assert room.stages(deals) <= {"Lead", "Qualification"}
