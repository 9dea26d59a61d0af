"""The way into the database: one engine a process, transactions from it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError
from tenacity import (
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from connector.errors import StoreDown, Unstorable
from connector.store.transaction import Transaction, is_unstorable

Made = TypeVar("Made")

# PostgreSQL, appendix A: the transaction was rolled back for the sake of another one
# and may simply be run again.
DEADLOCK_DETECTED = "40P01"
SERIALIZATION_FAILURE = "40001"


class Store:
    """Everything that Slagboom remembers."""

    def __init__(self, engine: Engine) -> None:
        """Use `engine`, whose dialect is PostgreSQL over psycopg."""
        self._engine = engine

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Open a transaction: committed at the end, rolled back on an error.

        Raises StoreDown if the database cannot be reached or goes away meanwhile,
        Unstorable if it has something against a value.
        """
        try:
            with self._engine.begin() as connection:
                yield Transaction(connection)
        except (DBAPIError, UnicodeEncodeError) as error:
            if is_unstorable(error):
                raise Unstorable from error
            if isinstance(error, OperationalError) and not _lost_a_race(error):
                raise StoreDown from error
            raise

    def run(self, work: Callable[[Transaction], Made]) -> Made:
        """Run `work` in a transaction, again if it lost a deadlock (at most 5 times).

        `work` must have no effect outside the transaction.
        """
        retrying = Retrying(
            retry=retry_if_exception(_lost_a_race),
            stop=stop_after_attempt(5),
            wait=wait_random_exponential(multiplier=0.02, max=0.5),
            reraise=True,
        )
        made: Made = retrying(self._once, work)
        return made

    def _once(self, work: Callable[[Transaction], Made]) -> Made:
        with self.begin() as tx:
            return work(tx)

    def close(self) -> None:
        """Close every pooled connection, as before a fork or at the end."""
        self._engine.dispose()


def open_store(database_url: str, *, pool_size: int = 5) -> Store:
    """Return a store on the PostgreSQL at `database_url`; nothing is connected yet.

    A connection that died (a restarted server) is noticed and replaced before use.
    """
    engine = create_engine(
        database_url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_timeout=5,
        # Rows whose ids come back go in one statement for so many: of a thousand, which
        # is usual, its text and parameters would take megabytes.
        insertmanyvalues_page_size=100,
        connect_args={"connect_timeout": 5, "application_name": "slagboom"},
        # What is stored is a customer's, and errors end up in logs.
        hide_parameters=True,
    )
    return Store(engine)


def _sqlstate(error: BaseException) -> str | None:
    if isinstance(error, DBAPIError):
        return getattr(error.orig, "sqlstate", None)
    return None


def _lost_a_race(error: BaseException) -> bool:
    return _sqlstate(error) in {DEADLOCK_DETECTED, SERIALIZATION_FAILURE}
