"""What a person meets at a terminal while a worker is at the same account."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import psycopg
import pytest

from adapters.sandbox import Sandbox, start
from adapters.sandbox.remote import Remote
from connector.cli.session import opened
from connector.services.reconcile import AlreadyReconciling, when_free
from tests.conftest import to_libpq
from tests.platform.terminal import Terminal, typing, unlogged

__all__ = ["typing", "unlogged"]

Sweeping = Callable[[str], None]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    running = start()
    remote = Remote(running.url)
    remote.post("hubspot/settings", portal_id=12345678)
    remote.post(
        "hubspot/seed",
        records=[
            {
                "object": "deals",
                "properties": {
                    "dealname": "Acme",
                    "dealstage": "appointmentscheduled",
                    "pipeline": "default",
                },
            }
        ],
    )
    remote.close()
    yield running
    running.stop()


@pytest.fixture
def terminal(typing: Terminal) -> Terminal:
    ended = typing.type("connect", "hubspot", "acme", "--portal-id", "12345678")
    assert ended.code == 0, ended.err
    return typing


@pytest.fixture
def sweeping(database_url: str) -> Sweeping:
    """Has a worker sweep every account for so long."""

    def sweeping(for_: str) -> None:
        with psycopg.connect(to_libpq(database_url)) as connection:
            connection.execute(
                "UPDATE connections SET lease = 'another',"
                " leased_until = now() + %s::interval",
                [for_],
            )

    return sweeping


@pytest.mark.parametrize(
    ("command", "told"), [("import", "1 records are known"), ("sweep", "1 records had")]
)
def test_an_account_that_a_worker_sweeps_is_waited_for(
    terminal: Terminal, sweeping: Sweeping, command: str, told: str
):
    sweeping("1 second")
    ended = terminal.type(command, "acme")
    assert ended.code == 0, ended.err
    assert told in ended.out


@pytest.mark.usefixtures("terminal")
def test_it_is_not_waited_for_for_ever(sweeping: Sweeping):
    sweeping("1 hour")

    with opened() as app:
        connection = app.accounts.find("acme")
        with pytest.raises(AlreadyReconciling, match="acme"):
            when_free(lambda: app.reconcile.import_(connection), patience=timedelta())


def test_what_a_worker_has_in_hand_is_left_to_it(terminal: Terminal, database_url: str):
    assert terminal.type("import", "acme").code == 0
    with psycopg.connect(to_libpq(database_url)) as connection:
        connection.execute(
            "UPDATE records SET lease = 'another', baseline = NULL,"
            " leased_until = now() + '1 hour'"
        )
    ended = terminal.type("sweep", "acme")
    assert ended.code == 0, ended.err
    assert "1 records had changed; 0 were judged" in ended.out
    assert "The workers have the others in hand" in ended.out
