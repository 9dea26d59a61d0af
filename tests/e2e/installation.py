"""An installation under test: a sandbox in this process, real processes beside it."""

import os
import shutil
import socket
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import urllib3
from psycopg.rows import dict_row

from adapters.sandbox import Sandbox, start
from adapters.sandbox.companies import COMPANIES
from adapters.sandbox.company import Company
from adapters.sandbox.faults import Fault
from adapters.sandbox.remote import Remote
from connector.bootstrap import Application, build
from connector.config import Config
from connector.demo.showroom import CONNECTION, furnish
from connector.embedded import Embedded
from connector.store.migrate import migrate
from rules.model import Kind, RecordId, RecordRef
from tests.conftest import to_libpq
from tests.e2e.programs import Program
from tests.waiting import wait_for

LEASE_SECONDS = 2
OK = 200

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
    connection_id: int
    sandbox: Sandbox
    company: Company
    control: Remote
    servers: Servers
    url: str
    web: Program
    worker: Program
    second: Program
    clock: Program
    leads: list[str] = field(default_factory=list)

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

    def wait_for_web(self) -> None:
        """Wait until web answers."""

        def is_there() -> bool:
            try:
                return (
                    urllib3.request("GET", f"{self.url}/livez", retries=False).status
                    == OK
                )
            except urllib3.exceptions.HTTPError:
                return False

        wait_for(is_there, "the web process")

    def rows(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        """Ask the database."""
        url = to_libpq(self.app.urls.database_url)
        with psycopg.connect(url, row_factory=dict_row) as connection:
            return connection.execute(query.encode(), arguments).fetchall()

    def plan(self, **fault: Any) -> Fault:
        """Plan a misfortune of the sandbox."""
        with self.sandbox.engine.lock:
            return self.sandbox.engine.faults.add(fault)

    def hold_before(self, path: str) -> Fault:
        """Keep the next such request waiting; nothing will come of it."""
        held = self.plan(kind="delay", path=path, delay_ms=3000)
        self.plan(kind="drop", path=path)
        return held

    def hold_after(self, path: str) -> Fault:
        """Apply the next such request, and keep its answer back."""
        return self.plan(kind="linger", path=path, delay_ms=3000)

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
        self.app.reconcile.import_(self.app.accounts.find(CONNECTION))
        return deals

    def count_back(self, deals: Sequence[str]) -> int:
        """Return how many of these deals were put back into Lead."""
        with self.sandbox.engine.lock:
            records = self.sandbox.hubspot.records["deals"]
            return sum(records[one].value("dealstage") == "lead" for one in deals)

    def check_burst(self, deals: Sequence[str]) -> None:
        """Wait for quiet, and check that each deal is back with one note."""
        self.wait_until_quiet(seconds=60)
        assert self.stages(deals) == {"lead"}
        with self.sandbox.engine.lock:
            links = self.sandbox.hubspot.links
            notes = Counter(len(links.ids(("deals", one), "notes")) for one in deals)
        assert notes == {1: len(deals)}
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
        wanted = to_stage(stage)
        ref = RecordRef(Kind.DEAL, RecordId(deal))

        def is_known() -> bool:
            with self.app.store.begin() as tx:
                found = tx.baselines.find(self.connection_id, ref)
            return found is not None and found[1].stage == wanted

        wait_for(is_known, f"deal {deal} known in {stage}")

    def wait_until_struck(self, fault: Fault, times: int = 1) -> None:
        """Wait until this misfortune has happened so often."""
        wait_for(lambda: fault.struck >= times, f"the {fault.kind} of {fault.path}")

    def wait_until_quiet(self, *, seconds: float = 40.0) -> None:
        """Wait until everybody has heard everything, and nothing is left to do."""
        busy: list[dict[str, Any]] = []

        def is_quiet() -> bool:
            nonlocal busy
            for one in self.programs:
                one.revive()
            before = self._webhooks()
            try:
                busy = self.rows(_BUSY)
            except psycopg.OperationalError:
                return False
            after = self._webhooks()
            return not busy and before == after and not any(after[:3])

        try:
            wait_for(is_quiet, "quiet", seconds=seconds)
        except AssertionError as error:
            said = "\n".join(one.said()[-3000:] for one in self.programs)
            raise AssertionError(f"{error} Left: {busy[:10]}\n{said}") from None

    def _webhooks(self) -> tuple[int, ...]:
        found = self.control.get("hubspot/webhooks")["summary"]
        names = ("waiting", "retrying", "in_flight", "attempts")
        return tuple(int(found[name]) for name in names)

    def stages(self, deals: Sequence[str]) -> set[str]:
        """Return the stages, by id, in which these deals stand."""
        with self.sandbox.engine.lock:
            records = self.sandbox.hubspot.records["deals"]
            return {records[deal].value("dealstage") for deal in deals}

    def living(self, kind: str) -> list[str]:
        """Return the ids of all notes or tasks in the CRM."""
        with self.sandbox.engine.lock:
            return sorted(one.id for one in self.sandbox.hubspot.living(kind))

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


def to_stage(label: str) -> str:
    """Return the id of the company's stage with this label."""
    return label.lower().replace(" ", "_")


@contextmanager
def installed(*, durable: bool = False) -> Iterator[Installation]:
    """Give an installation, set up and with web, a worker and the clock running."""
    home = Path(tempfile.mkdtemp(prefix="slagboom-e2e-"))
    # Under root the embedded PostgreSQL runs as another user, who must get in.
    home.chmod(0o711)
    sandbox = start()
    try:
        with Embedded(home / "data", durable=durable) as embedded:
            migrate(embedded.urls.database_url)
            servers = Servers(embedded, home / "data")
            room = _set_up(home, sandbox, servers)
            try:
                room.start()
                yield room
            finally:
                for program in room.programs:
                    program.kill()
                room.app.store.close()
                room.control.close()
    finally:
        sandbox.stop()
        shutil.rmtree(home, ignore_errors=True)


def _set_up(home: Path, sandbox: Sandbox, servers: Servers) -> Installation:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    url = f"http://{address}"
    environ = _environ(home, sandbox, servers, url)
    config = Config.load(environ)
    app = build(config, config.urls())
    control = Remote(sandbox.url)
    company = COMPANIES["hubspot"](sandbox.url)
    company.set_up()
    control.post("hubspot/settings", burst_limit=10_000, daily_limit=0, search_limit=0)
    connection_id = furnish(app, sandbox, company)
    company.send_webhooks_to(f"{url}/webhooks/hubspot/{CONNECTION}")

    def program(name: str, *arguments: str) -> Program:
        return Program(name, arguments, environ, home / f"{name}.log")

    return Installation(
        app=app,
        connection_id=connection_id,
        sandbox=sandbox,
        company=company,
        control=control,
        servers=servers,
        url=url,
        web=program("web", "-m", "connector.wsgi", "--bind", address),
        worker=program("worker", "worker.py"),
        second=program("second", "worker.py"),
        clock=program("clock", "worker.py", "clock"),
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
        "SLAGBOOM_LEASE_SECONDS": str(LEASE_SECONDS),
        "DATABASE_URL": servers.embedded.urls.database_url,
        "REDIS_URL": servers.embedded.urls.redis_url,
        "PUBLIC_URL": url,
        "SSL_CERT_FILE": str(certificate),
    }
