"""Deliveries that come in together share a commit, and no other fate."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError

from connector.errors import StoreDown
from connector.services.intake import Intake
from connector.store import open_store
from connector.store.deliveries import NewDelivery
from tests.fakes.clock import NOON

MANY = 60


def a_delivery(connection_id, number):
    return NewDelivery(connection_id, str(number).encode(), NOON)


def test_everybody_gets_the_id_of_the_own_delivery(house):
    acme = house.connect()
    intake = Intake(house.store)
    barrier = threading.Barrier(12)

    def add(number):
        if number < 12:
            barrier.wait()
        return intake.add(a_delivery(acme, number))

    with ThreadPoolExecutor(12) as threads:
        ids = list(threads.map(add, range(MANY)))
    with house.store.begin() as tx:
        found = {one.id: one.body for one in tx.deliveries.claim(acme, limit=MANY)}
    assert [found[one] for one in ids] == [str(n).encode() for n in range(MANY)]


def test_one_that_cannot_be_stored_does_not_spoil_the_others(house):
    acme = house.connect()
    intake = Intake(house.store)
    barrier = threading.Barrier(8)

    def add(number):
        barrier.wait()
        intake.add(a_delivery(acme if number else 404, number))

    with ThreadPoolExecutor(8) as threads:
        results = [threads.submit(add, number) for number in range(8)]
    errors = [result.exception() for result in results]
    assert isinstance(errors[0], IntegrityError)
    assert errors[1:] == [None] * 7
    with house.store.begin() as tx:
        assert len(tx.deliveries.claim(acme, limit=MANY)) == 7


def test_without_a_database_everybody_hears_so(tmp_path):
    intake = Intake(open_store(f"postgresql+psycopg://me@/nothing?host={tmp_path}"))

    def add(number):
        intake.add(a_delivery(1, number))

    with ThreadPoolExecutor(4) as threads:
        results = [threads.submit(add, number) for number in range(4)]
    for result in results:
        with pytest.raises(StoreDown):
            result.result()
