"""An installation under test: a sandbox in this process, real processes beside it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import urllib3
from psycopg.rows import dict_row

from adapters.sandbox import Sandbox, start
from adapters.sandbox.company import Account, Company
from adapters.sandbox.faults import Fault
from adapters.sandbox.remote import Remote
from connector.bootstrap import Application, build
from connector.config import Config
from connector.demo.showroom import Office, furnish, webhook_of
from connector.embedded import Embedded
from connector.queue import open_redis
from connector.services.reconcile import when_free
from connector.store.migrate import migrate
from tests.conftest import to_libpq
from tests.e2e.programs import ROOT, Program
from tests.fakes.world import Door
from tests.waiting import wait_for
from tests.workings.every import WORKINGS
from tests.workings.workings import Workings

HELD_MS = 60_000
"""Longer than anybody holds a request: what is held is let go of by the test."""

OK = 200
SLACK = {"path": "chat.postMessage"}
"""The requests that post a message."""

_BUSY = """
SELECT 'delivery' AS what, id FROM deliveries WHERE state = 'pending'
UNION ALL SELECT 'record', id FROM records
    WHERE state = 'live' AND look_due_at IS NOT NULL
UNION ALL SELECT 'intervention', id FROM interventions WHERE state = 'planned'
UNION ALL SELECT 'message', id FROM notifications WHERE due_at IS NOT NULL
UNION ALL SELECT 'clock', id FROM clocks WHERE state = 'running'
"""


@dataclass(frozen=True, slots=True)
class Servers:
    """The embedded servers of an installation."""

    embedded: Embedded
    home: Path

    def kill(self, name: str) -> None:
        """Kill one; it is not started again."""
        os.kill(self.embedded.pids[name], 9)
        wait_for(lambda: name not in self.embedded.pids, f"the end of {name}")

    def revive(self) -> None:
        """Start what was killed."""
        self.embedded.revive()

    def empty(self, name: str) -> None:
        """Remove the data of one that does not run."""
        for found in (self.home / name).iterdir():
            if found.is_dir():
                shutil.rmtree(found)
            else:
                found.unlink()


@dataclass(slots=True)
class Installation:
    """Everything that takes part, and what tests ask of it."""

    app: Application
    sandbox: Sandbox
    office: Office
    crm: Workings
    control: Remote
    servers: Servers
    url: str
    web: Program
    worker: Program
    second: Program
    clock: Program
    environ: Mapping[str, str]
    leads: list[str] = field(default_factory=list)
    _asking: psycopg.Connection[dict[str, Any]] | None = None

    @property
    def company(self) -> Company:
        """The people who work in the CRM."""
        return self.office.company

    @property
    def programs(self) -> tuple[Program, ...]:
        """All processes; the second worker runs only where a test starts it."""
        return self.web, self.worker, self.second, self.clock

    def start(self) -> None:
        """Have web, one worker and the clock running."""
        self.second.stop()
        for one in (self.web, self.worker, self.clock):
            one.start()
        self.wait_for_web()

    def close(self) -> None:
        """Kill all processes, and let go of everything."""
        for program in self.programs:
            program.kill()
        if self._asking is not None:
            self._asking.close()
        self.app.store.close()
        self.control.close()

    def wait_for_web(self) -> None:
        """Wait until web answers."""

        def is_there() -> bool:
            self.web.revive()
            try:
                return (
                    urllib3.request("GET", f"{self.url}/livez", retries=False).status
                    == OK
                )
            except urllib3.exceptions.HTTPError:
                return False

        wait_for(is_there, "the web process")

    def rows(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        """Ask the database, on a connection that is kept for as long as it lives."""
        try:
            return self._connected().execute(query.encode(), arguments).fetchall()
        except psycopg.OperationalError:
            # The server was killed since, and may run again.
            return self._connected().execute(query.encode(), arguments).fetchall()

    def _connected(self) -> psycopg.Connection[dict[str, Any]]:
        if self._asking is None or self._asking.closed:
            self._asking = psycopg.connect(
                to_libpq(self.app.urls.database_url),
                autocommit=True,
                row_factory=dict_row,
            )
        return self._asking

    def type(self, *words: str) -> tuple[int, str]:
        """Type a command; return its exit code and what it printed."""
        ended = subprocess.run(
            [sys.executable, "-m", "connector.cli", *words],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        return ended.returncode, ended.stdout + ended.stderr

    def read(self, *words: str) -> list[dict[str, Any]]:
        """Type a command that lists something, and return what it lists."""
        code, said = self.type(*words, "--json")
        assert code == 0, said
        found: list[dict[str, Any]] = json.loads(said)
        return found

    def plan(self, **fault: Any) -> Fault:
        """Plan a misfortune of the sandbox."""
        with self.sandbox.engine.lock:
            return self.sandbox.engine.faults.add(fault)

    def plan_at(self, door: Door | None, **fault: Any) -> Fault:
        """Plan a misfortune at a door of the CRM; None: where messages are posted."""
        return self.plan(**(SLACK if door is None else self.crm.doors[door]), **fault)

    def hold_before(self, door: Door | None) -> Fault:
        """Keep the next such request waiting; nothing will come of it."""
        held = self.hold(door)
        self.plan_at(door, kind="drop")
        return held

    def hold(self, door: Door | None) -> Fault:
        """Keep the next such request waiting until it is let go of."""
        return self.plan_at(door, kind="delay", delay_ms=HELD_MS)

    def hold_after(self, door: Door | None) -> Fault:
        """Apply the next such request, and keep its answer back."""
        return self.plan_at(door, kind="linger", delay_ms=HELD_MS)

    def let_go(self, held: Fault) -> None:
        """Have the request that is held go on."""
        with self.sandbox.engine.lock:
            self.sandbox.engine.faults.clear(held.id)

    def reconnect(self, account: Account) -> None:
        """Connect the CRM again, as an admin does who has put something right."""
        connection = self.app.accounts.save(
            self.office.connection.name,
            vendor=account.vendor,
            settings=account.settings,
            secrets=account.secrets,
            rotate=lambda _before, after: after,
            author="test",
        )
        assert self.app.accounts.probe(connection).is_ok

    def begin_another_day(self) -> None:
        """Have the CRM allow requests again, and the wait that it asked for be over."""
        self.crm.lift_limits()
        with open_redis(self.app.urls.redis_url) as redis:
            for held in redis.scan_iter("budget:*:held"):
                redis.delete(held)
        self.rows(
            "UPDATE records SET look_due_at = now() WHERE look_due_at > now()"
            " RETURNING id"
        )

    def add_deal(self, name: str, *stages: str, **fields: str) -> str:
        """Make a deal and lead it lawfully through these stages."""
        deal = self.company.add_deal(name, stages[0], **fields)
        self.wait_until_known(deal, stages[0])
        for stage in stages[1:]:
            self.company.move(deal, stage)
            self.wait_until_known(deal, stage)
        return deal

    def add_burst(self, count: int) -> Sequence[str]:
        """Make deals in the stage Lead, and have Slagboom know them."""
        deals = self.company.add_deals(count, "Lead")
        connection = self.app.accounts.find(self.office.connection.name)
        when_free(lambda: self.app.reconcile.import_(connection))
        return deals

    def count_back(self, deals: Sequence[str]) -> int:
        """Return how many of these deals were put back into Lead."""
        return list(self.crm.stages(deals).values()).count("Lead")

    def check_burst(self, deals: Sequence[str]) -> None:
        """Wait for quiet, and check that each deal is back with one note."""
        self.wait_until_quiet()
        assert self.stages(deals) == {"Lead"}
        assert self.crm.note_counts(deals) == dict.fromkeys(deals, 1)
        assert (
            self.rows(
                "SELECT r.crm_id, v.rule FROM violations v"
                " JOIN records r ON r.id = v.record_id WHERE r.crm_id = ANY(%s)"
                " AND v.closed_at IS NULL AND v.rule LIKE 'move.%%'",
                list(deals),
            )
            == []
        )

    def add_lead(self, name: str, **owner: str) -> str:
        """Make a lead, who is called at the end of the test at the latest."""
        lead = self.company.add_lead(name, **owner)
        self.leads.append(lead)
        return lead

    def call_leads(self) -> None:
        """Call every lead, so that no clock runs on."""
        for lead in self.leads:
            self.company.call(lead)
        self.leads.clear()

    def wait_until_known(self, deal: str, stage: str) -> None:
        """Wait until Slagboom has accepted the deal in this stage."""
        wait_for(
            lambda: self.office.knows(deal, stage), f"deal {deal} known in {stage}"
        )

    def wait_until_struck(self, fault: Fault, times: int = 1) -> None:
        """Wait until this misfortune has happened so often."""
        try:
            wait_for(lambda: fault.struck >= times, f"the {fault.kind} of {fault.path}")
        except AssertionError as error:
            raise self._explained(error, self.rows(_BUSY)) from None

    def wait_until_quiet(self, *, seconds: float = 90.0) -> None:
        """Wait until everybody has heard everything, and nothing is left to do."""
        busy: list[dict[str, Any]] = []

        def is_quiet() -> bool:
            nonlocal busy
            for one in self.programs:
                one.revive()
            before = self.crm.tally()
            try:
                busy = self.rows(_BUSY)
            except psycopg.OperationalError:
                return False
            after = self.crm.tally()
            is_sent = not any(
                after[name] for name in ("waiting", "retrying", "in_flight")
            )
            return not busy and is_sent and before["attempts"] == after["attempts"]

        try:
            wait_for(is_quiet, "quiet", seconds=seconds)
        except AssertionError as error:
            raise self._explained(error, busy) from None

    def _explained(
        self, error: AssertionError, busy: Sequence[dict[str, Any]]
    ) -> AssertionError:
        """Return a failure to wait, with what is left and what the processes said."""
        said = "\n".join(one.said()[-3000:] for one in self.programs)
        left = f"Left: {busy[:10]} {dict(self.crm.tally())}"
        return AssertionError(f"{error} {left}\n{said}")

    def stages(self, deals: Sequence[str]) -> set[str]:
        """Return the stages in which these deals stand."""
        return set(self.crm.stages(deals).values())

    def slack(self, to: str, words: str) -> list[dict[str, Any]]:
        """Return the messages to somebody in which these words stand."""
        with self.sandbox.engine.lock:
            posted = self.sandbox.slack.posted(to)
        return [one for one in posted if words in str(one)]

    def mails(self, to: str, words: str) -> list[dict[str, Any]]:
        """Return the mails to somebody in which these words stand."""
        return [one for one in self.sandbox.mail.listing(to) if words in str(one)]

    def open_rules(self, record: str) -> set[str]:
        """Return the rules that this record is open in violation of."""
        found = self.rows(
            "SELECT v.rule FROM violations v JOIN records r ON r.id = v.record_id"
            " WHERE r.crm_id = %s AND v.closed_at IS NULL",
            record,
        )
        return {row["rule"] for row in found}

    def notices(self) -> set[str]:
        """Return the codes of what the admin is told at present."""
        found = self.rows("SELECT code FROM notices WHERE settled_at IS NULL")
        return {row["code"] for row in found}


@contextmanager
def installed(
    vendor: str, *, durable: bool, settings: Mapping[str, object], lease_seconds: int
) -> Iterator[Installation]:
    """Give an installation beside this CRM, with web, a worker and the clock running.

    A `durable` one survives the end of its PostgreSQL. The account has these settings
    of the sandbox. A worker without a sign of life is waited for `lease_seconds`.
    """
    home = Path(tempfile.mkdtemp(prefix="slagboom-e2e-"))
    # Under root the embedded PostgreSQL runs as another user, who must get in.
    home.chmod(0o711)
    sandbox = start()
    try:
        with Embedded(home / "data", durable=durable) as embedded:
            migrate(embedded.urls.database_url)
            servers = Servers(embedded, home / "data")
            with closing(Remote(sandbox.url)) as control:
                control.post(f"{vendor}/settings", **settings)
            room = _set_up(vendor, home, sandbox, servers, lease_seconds)
            try:
                room.start()
                yield room
            finally:
                room.close()
    finally:
        sandbox.stop()
        shutil.rmtree(home, ignore_errors=True)


def _set_up(
    vendor: str, home: Path, sandbox: Sandbox, servers: Servers, lease_seconds: int
) -> Installation:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    url = f"http://{address}"
    environ = {
        **_environ(home, sandbox, servers, url),
        "SLAGBOOM_LEASE_SECONDS": str(lease_seconds),
    }
    config = Config.load(environ)
    app = build(config, config.urls())
    (office,) = furnish(app, sandbox, [vendor])
    crm = WORKINGS[vendor](sandbox, office.company)
    crm.lift_limits()
    office.company.send_webhooks_to(webhook_of(office.connection, url))
    # However often and long the receiver is down, nobody waits long for the next try.
    crm.set_habits(last_retry_ms=1_000, max_retries=1_000)

    def program(name: str, *arguments: str) -> Program:
        return Program(name, arguments, environ, home / f"{name}.log")

    return Installation(
        app=app,
        sandbox=sandbox,
        office=office,
        crm=crm,
        control=Remote(sandbox.url),
        servers=servers,
        url=url,
        web=program("web", "-m", "connector.wsgi", "--bind", address),
        worker=program("worker", "worker.py"),
        second=program("second", "worker.py"),
        clock=program("clock", "worker.py", "clock"),
        environ=environ,
    )


def _environ(
    home: Path, sandbox: Sandbox, servers: Servers, url: str
) -> Mapping[str, str]:
    certificate = home / "mail.pem"
    certificate.write_text(sandbox.mail.certificate().pem)
    (home / "keys").mkdir()
    # The embedded servers' own way to a key, which a served database must be given.
    key = Config.load({"SLAGBOOM_HOME": str(home / "keys")}).keys[0]
    return {
        "PATH": os.environ["PATH"],
        "PYTHONUNBUFFERED": "1",
        "SLAGBOOM_HOME": str(home),
        "SLAGBOOM_KEYS": key,
        "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES": "1",
        "DATABASE_URL": servers.embedded.urls.database_url,
        "REDIS_URL": servers.embedded.urls.redis_url,
        "PUBLIC_URL": url,
        "SSL_CERT_FILE": str(certificate),
    }
