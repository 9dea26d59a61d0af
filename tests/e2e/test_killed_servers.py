"""Redis is killed and emptied, PostgreSQL killed and started again, amid work."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.installation import Installation
from tests.fakes.world import Door
from tests.waiting import wait_for

DURABLE = True
MANY = 250


@contextmanager
def amid_burst(room: Installation) -> Iterator[list[str]]:
    """Begin a bulk edit: the first deals are back, and Slagboom knows of none."""
    deals = list(room.add_burst(MANY))
    held = room.hold_after(Door.WRITE)
    room.company.move_all(deals, "Negotiation")
    wait_for(lambda: room.count_back(deals) > 0, "the first returns")
    yield deals
    room.let_go(held)


def test_an_emptied_redis_loses_nothing(room: Installation):
    with amid_burst(room) as deals:
        room.servers.kill("valkey")
        room.servers.empty("valkey")
    room.servers.revive()
    room.check_burst(deals)


def test_while_redis_is_away_deliveries_are_taken_and_acted_on_later(
    room: Installation,
):
    deals = list(room.add_burst(MANY))
    room.servers.kill("valkey")
    room.servers.empty("valkey")
    room.company.move_all(deals, "Negotiation")
    wait_for(
        lambda: len(room.rows("SELECT 1 FROM deliveries WHERE state = 'pending'")) > 2,
        "the deliveries",
    )
    room.servers.revive()
    room.check_burst(deals)


def test_a_database_that_was_killed_goes_on_where_it_was(room: Installation):
    with amid_burst(room) as deals:
        room.servers.kill("postgresql")
    room.servers.revive()
    room.check_burst(deals)


def test_a_database_that_is_away_has_the_crm_deliver_again(room: Installation):
    deals = list(room.add_burst(20))
    room.servers.kill("postgresql")
    room.company.move_all(deals, "Negotiation")
    wait_for(lambda: room.crm.tally()["retrying"], "a refused delivery")
    room.servers.revive()
    room.check_burst(deals)


def test_everything_is_killed_at_once(room: Installation):
    with amid_burst(room) as deals:
        for program in (room.web, room.worker, room.clock):
            program.kill()
    room.servers.kill("postgresql")
    room.servers.kill("valkey")
    room.servers.empty("valkey")
    room.servers.revive()
    room.start()
    room.check_burst(deals)
