"""Time is aware, ids are short, sortable and never twice."""

import re
from datetime import UTC, timedelta

from connector.clock import SystemClock, new_id
from tests.fakes.clock import FrozenClock


def test_the_clock_of_the_machine_tells_utc():
    assert SystemClock().now().tzinfo is UTC


def test_a_frozen_clock_moves_only_when_it_is_told(clock: FrozenClock):
    before = clock.now()
    assert clock.now() == before
    assert clock.advance(timedelta(hours=3)) == before + timedelta(hours=3)


def test_ids_are_short_and_fit_into_addresses():
    assert re.fullmatch(r"[0-9a-z]{24}", new_id())


def test_ids_do_not_meet():
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_a_younger_id_sorts_behind_an_older_one():
    older = new_id()
    while (younger := new_id())[:9] == older[:9]:
        pass
    assert younger > older
