"""A real store for the services' tests: made once a session, emptied for each test."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text

from connector.config import Urls
from connector.store import Store
from connector.store.tables import metadata
from tests.emptying import EMPTY

DATABASE = "services"


@pytest.fixture(scope="session")
def engine(servers: Urls, _server: psycopg.Connection) -> Iterator[Engine]:
    _server.execute(f'CREATE DATABASE "{DATABASE}"'.encode())
    url = servers.database_url.replace("@/slagboom?", f"@/{DATABASE}?", 1)
    made = create_engine(url)
    metadata.create_all(made)
    yield made
    made.dispose()
    _server.execute(f'DROP DATABASE "{DATABASE}" WITH (FORCE)'.encode())


@pytest.fixture
def store(engine: Engine) -> Store:
    """An empty store."""
    with engine.begin() as connection:
        connection.execute(text(EMPTY))
    return Store(engine)
