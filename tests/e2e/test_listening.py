"""`slagboom listen` as a process: killed, doubled, and told what to hear meanwhile."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.sandbox import Sandbox
from adapters.sandbox.salesforce.sessions import DEFAULT_CLIENT, DEFAULT_SECRET
from tests.conftest import to_libpq
from tests.e2e.programs import ROOT, Program
from tests.sandbox.fixtures import control, running, sandbox
from tests.sandbox.kit import REP, Control
from tests.waiting import wait_for

__all__ = ["control", "running", "sandbox"]

OBJECTS = "Opportunity,Lead"
DONE, FOUND, WRONG_USE, OUTSIDE = 0, 1, 2, 3
COMMAND = ("-m", "connector.cli")


class Site:
    """An installation of which only the listener runs."""

    def __init__(
        self,
        folder: Path,
        sandbox: Sandbox,
        control: Control,
        environ: Mapping[str, str],
    ) -> None:
        self.sandbox = sandbox
        self.control = control
        self._folder = folder
        self._environ = environ
        self.first, self.second = (
            Program(name, (*COMMAND, "listen"), environ, folder / f"{name}.log")
            for name in ("first", "second")
        )
        (folder / "secret.txt").write_text(DEFAULT_SECRET)
        (folder / "hook.txt").write_text("a-long-text-of-our-own")

    def type(self, *words: str) -> tuple[int, str]:
        """Type a command; return how it ended and what it said."""
        return self.run(*COMMAND, *words)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run Python; return how it ended and what it said."""
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=self._folder,
            env={**self._environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        return ended.returncode, ended.stdout + ended.stderr

    def connect(self, *more: str) -> str:
        url = self.sandbox.salesforce_url
        code, said = self.type(
            *("connect", "salesforce", "acme"),
            *("--instance-url", url, "--login-url", url, "--api-url", url),
            *("--client-id", DEFAULT_CLIENT, "--client-secret-file", "secret.txt"),
            *("--org-id", self.sandbox.salesforce.id),
            *("--webhook-secret-file", "hook.txt", *more),
        )
        assert code == DONE, said
        return said

    def connect_with_stream(self) -> str:
        return self.connect(
            *("--pubsub-url", self.sandbox.pubsub_url, "--pubsub-objects", OBJECTS)
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        url = to_libpq(self._environ["DATABASE_URL"])
        with psycopg.connect(url) as connection:
            return connection.execute(query.encode()).fetchall()

    def heard(self) -> list[str]:
        """Return the deals of which it was heard that they were made."""
        query = (
            "SELECT r.crm_id FROM changes c JOIN records r ON r.id = c.record_id"
            " WHERE c.what = 'created'"
        )
        return [row[0] for row in self.rows(query)]

    def add_deals(self, count: int) -> list[str]:
        return [
            self.control.post(
                "salesforce/create", user=REP, fields={"Name": f"Deal {number}"}
            )["id"]
            for number in range(count)
        ]

    def wait_until_heard(self, deals: list[str]) -> None:
        wait_for(lambda: set(deals) <= set(self.heard()), "all that happened")

    def wait_until_listening(self, *entities: str) -> None:
        wait_for(
            lambda: (
                self.control.get("salesforce/pubsub")["listening"] == sorted(entities)
            ),
            f"{entities} to be listened to",
        )

    def wait_for_places(self) -> None:
        """Wait until it is known from where every topic goes on."""
        query = "SELECT 1 FROM streams WHERE cursor IS NOT NULL"
        wait_for(lambda: len(self.rows(query)) == 2, "the places of both topics")


@pytest.fixture
def site(
    tmp_path: Path,
    database_url: str,
    redis_url: str,
    sandbox: Sandbox,
    control: Control,
) -> Iterator[Site]:
    control.post("salesforce/pubsub", habits={"keepalive_ms": 50})
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_URL": "https://slagboom.example.com",
        "SLAGBOOM_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES": "1",
        "SLAGBOOM_LEASE_SECONDS": "3",
    }
    made = Site(tmp_path, sandbox, control, environ)
    yield made
    for one in (made.first, made.second):
        one.kill()
        # Shown where the test has failed.
        print(one.said())
    print(control.get("salesforce/pubsub"))


def test_a_listener_that_is_killed_at_any_moment_loses_and_doubles_nothing(
    site: Site,
):
    site.connect_with_stream()
    site.first.start()
    site.wait_for_places()
    deals: list[str] = []
    for _ in range(3):
        before = len(site.heard())
        deals += site.add_deals(60)
        wait_for(lambda before=before: len(site.heard()) > before, "some of it")
        site.first.kill()
        deals += site.add_deals(5)
        site.first.start()
    site.wait_until_heard(deals)
    assert sorted(site.heard()) == sorted(deals)


def test_a_second_listener_waits_and_goes_on_when_the_first_is_gone(site: Site):
    site.connect_with_stream()
    site.first.start()
    site.wait_for_places()
    site.second.start()
    deals = site.add_deals(3)
    site.wait_until_heard(deals)
    site.wait_until_listening("Lead", "Opportunity")
    assert "stream.opened" not in site.second.said()
    site.first.kill()
    deals += site.add_deals(3)
    site.wait_until_heard(deals)
    assert "stream.opened" in site.second.said()
    assert sorted(site.heard()) == sorted(deals)


def test_accounts_come_and_go_while_it_runs(site: Site):
    site.first.start()
    wait_for(lambda: "alembic" in site.first.said(), "the start")
    site.connect_with_stream()
    site.wait_until_listening("Lead", "Opportunity")
    _, said = site.type("doctor")
    assert "ok     account acme: stream Opportunity" in said
    site.connect()
    site.wait_until_listening()
    wait_for(lambda: site.rows("SELECT id FROM streams") == [], "the rows to go")
    site.first.stop()
    assert "Traceback" not in site.first.said()


def test_it_ends_when_asked_to_and_leaves_its_topics_to_others(site: Site):
    assert "are heard as they happen" in site.connect_with_stream()
    code, said = site.type("doctor")
    assert code == FOUND
    assert "stream Lead: Nobody listens" in said
    site.first.start()
    site.wait_until_listening("Lead", "Opportunity")
    site.first.stop()
    site.wait_until_listening()
    assert site.rows("SELECT lease FROM streams WHERE lease IS NOT NULL") == []


def test_what_is_not_selected_is_named_by_every_command_that_tries_the_account(
    site: Site,
):
    site.connect_with_stream()
    site.control.post("salesforce/pubsub", selected=["Opportunity"])
    site.first.start()
    site.wait_until_listening("Opportunity")
    code, said = site.type("probe", "acme")
    assert code == OUTSIDE
    assert "ok       Opportunity: hear of changes" in said
    remedy = "Lead: hear of changes as they happen: Salesforce does not tell of"
    assert f"MISSING  {remedy}" in said
    assert "Select Lead in Setup under Change Data Capture" in said
    code, said = site.type("doctor")
    assert code == FOUND
    assert f"WRONG  account acme: {remedy}" in said
    site.control.post("salesforce/pubsub", selected=["Opportunity", "Lead"])
    assert site.type("probe", "acme")[0] == DONE


def test_an_account_that_was_connected_without_is_told(site: Site):
    assert "are heard as they happen" not in site.connect()
    code, said = site.type("listen", "acme")
    assert code == WRONG_USE
    assert "acme does not tell of changes as they happen" in said
    assert site.type("listen", "nobody")[0] == WRONG_USE


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--pubsub-url", "api.pubsub.salesforce.com:7443"), "--pubsub-url"),
        (("--pubsub-objects", "Opportunity,Case"), "it may name Opportunity, Lead"),
        (("--pubsub-objects", ","), "--pubsub-objects"),
    ],
)
def test_what_cannot_be_right_is_named(site: Site, words: tuple[str, str], told: str):
    with pytest.raises(AssertionError, match=told):
        site.connect(*words)


def test_a_probe_of_an_account_that_is_not_listened_to_loads_nothing_to_listen_by(
    site: Site,
):
    site.connect()
    program = (
        "import sys; from connector.cli import slagboom;"
        " from connector.cli.ending import run; run(slagboom, ['probe', 'acme']);"
        " print([one for one in ('grpc', 'fastavro') if one in sys.modules])"
    )
    _, said = site.run("-c", program)
    assert "ok       Opportunity: read deals" in said
    assert said.endswith("[]\n")
    site.connect_with_stream()
    _, said = site.run("-c", program)
    assert said.endswith("['grpc', 'fastavro']\n")


def test_only_the_listener_loads_what_it_listens_by():
    program = (
        "import sys, connector.cli, connector.jobs, connector.web.serving,"
        " connector.services.listen, adapters.salesforce;"
        " print([one for one in ('grpc', 'fastavro') if one in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == "[]"
