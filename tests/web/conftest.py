"""A house for each test: a migrated database, an empty Redis, a clock that stands."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from redis import Redis

from connector.queue import open_redis
from connector.store import Store, open_store
from tests.fakes.clock import FrozenClock
from tests.web.kit import House

NOWHERE = "postgresql+psycopg://nobody@/nothing?host="
"""An address at which no server answers, with a folder that has no socket."""


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = open_store(database_url, pool_size=4)
    yield store
    store.close()


@pytest.fixture
def house(store: Store, redis: Redis, clock: FrozenClock) -> Iterator[House]:
    house = House(store, redis, clock)
    yield house
    assert house.afterwards.drain(10)


@pytest.fixture
def client(house: House) -> FlaskClient:
    return house.client()


@pytest.fixture
def without_database(
    redis: Redis, clock: FrozenClock, tmp_path: Path
) -> Iterator[House]:
    house = House(open_store(f"{NOWHERE}{tmp_path}"), redis, clock)
    yield house
    assert house.afterwards.drain(10)


@pytest.fixture
def without_redis(store: Store, clock: FrozenClock, tmp_path: Path) -> Iterator[House]:
    with open_redis(f"unix://{tmp_path}/no.sock") as redis:
        yield House(store, redis, clock)


@pytest.fixture
def public_house(
    store: Store, redis: Redis, clock: FrozenClock
) -> Callable[..., House]:
    """Gives a house that the world can reach, with or without a page key."""

    def make(**changes: object) -> House:
        return House(
            store,
            redis,
            clock,
            public_url="https://slagboom.example.com",
            **changes,  # type: ignore[arg-type]
        )

    return make
