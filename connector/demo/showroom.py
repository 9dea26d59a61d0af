"""The demo's own installation, beside a sandbox: started, set up, and cleared away."""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from adapters.sandbox import Sandbox, start
from adapters.sandbox.companies import COMPANIES
from adapters.sandbox.company import MANAGER, PEOPLE, Company
from connector.bootstrap import Application, build
from connector.config import Config
from connector.embedded import borrow
from connector.errors import SlagboomError
from connector.log import set_up
from connector.services.reconcile import when_free
from connector.store.connections import Connection
from connector.store.people import Person
from connector.vendors import CHANNELS, CRMS
from rules.model import Kind, RecordId, RecordRef

AUTHOR = "demo"


class DemoFailed(SlagboomError):
    """The demo's installation did not start."""


@dataclass(frozen=True, slots=True)
class Office:
    """The company where it works in one CRM, and the connection that watches it."""

    app: Application
    sandbox: Sandbox
    company: Company
    connection: Connection

    @property
    def title(self) -> str:
        """Return what people call the CRM."""
        return CRMS[self.connection.vendor].title

    def knows(self, deal: str, stage: str) -> bool:
        """Return whether Slagboom has accepted the deal in the stage of this label."""
        ref = RecordRef(Kind.DEAL, RecordId(deal))
        with self.app.store.begin() as tx:
            found = tx.baselines.find(self.connection.id, ref)
            actives = self.app.policies.active(tx, self.connection.id)
        stages = {one.id: one.label for each in actives for one in each.policy.stages}
        return (
            found is not None
            and found[1].stage is not None
            and stages.get(found[1].stage) == stage
        )


@dataclass(frozen=True, slots=True)
class Showroom:
    """An installation that serves at `url`, and the offices that it watches over."""

    app: Application
    sandbox: Sandbox
    offices: tuple[Office, ...]
    url: str


@contextmanager
def opened(port: int, vendors: Sequence[str] = tuple(COMPANIES)) -> Iterator[Showroom]:
    """Give a showroom of these CRMs on this port (0: a free one).

    Raises DemoFailed.
    """
    home = Path(tempfile.mkdtemp(prefix="slagboom-demo-"))
    # Under root the embedded PostgreSQL runs as another user, who must get in.
    home.chmod(0o711)
    sandbox = start()
    try:
        with _running(home, sandbox, port) as (environ, url):
            config = Config.load(environ)
            set_up(config.log_format, level=logging.WARNING)
            with borrow(config) as urls:
                app = build(config, urls)
                offices = furnish(app, sandbox, vendors)
                for office in offices:
                    office.company.send_webhooks_to(webhook_of(office.connection, url))
                yield Showroom(app, sandbox, offices, url)
                app.store.close()
    finally:
        sandbox.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _running(
    home: Path, sandbox: Sandbox, port: int
) -> Iterator[tuple[Mapping[str, str], str]]:
    """Run `slagboom up`; give its environment and its address."""
    environ = {
        name: value
        for name, value in os.environ.items()
        # The demo touches no database and no account of yours.
        if name not in {"DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SLAGBOOM_KEYS"}
    }
    environ |= {
        "SLAGBOOM_HOME": str(home),
        "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES": "1",
        "PYTHONUNBUFFERED": "1",
    }
    _trust(sandbox, home, environ)
    log = home / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "connector.cli", "up", "--port", str(port)],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
        )
    try:
        assert process.stdout is not None
        ready = process.stdout.readline().split()
        if ready[:1] != ["ready"]:
            process.wait()
            raise DemoFailed(
                "The demo's own Slagboom did not start. It said:\n"
                + log.read_text(errors="replace")[-2000:]
            )
        yield {**environ, "PUBLIC_URL": ready[1]}, ready[1]
    finally:
        process.terminate()
        process.wait()


def _trust(sandbox: Sandbox, home: Path, environ: dict[str, str]) -> None:
    """Have the certificate of the sandbox's mail server taken for a known one."""
    certificate = home / "mail.pem"
    certificate.write_text(sandbox.mail.certificate().pem)
    environ["SSL_CERT_FILE"] = str(certificate)


def furnish(
    app: Application, sandbox: Sandbox, vendors: Sequence[str]
) -> tuple[Office, ...]:
    """Do what an admin does once, and return an office for each of these CRMs.

    Its account is connected, its policy published, its people known, and Slack and mail
    are there to reach them. Its webhooks are not sent yet.
    """
    offices = tuple(_open_office(app, sandbox, vendor) for vendor in vendors)
    app.people.save(
        [
            Person(email, name, manager=None if email == MANAGER else MANAGER)
            for email, name in PEOPLE.items()
        ],
        author=AUTHOR,
    )
    app.channels.add(
        "slack",
        kind="slack",
        settings={"api_url": sandbox.slack_url},
        secrets={"token": sandbox.slack_token},
        rank=list(CHANNELS).index("slack"),
        author=AUTHOR,
    )
    app.channels.add(
        "email",
        kind="email",
        settings={"from": "Slagboom <slagboom@acme.example>"},
        secrets={"smtp_url": f"smtp://{sandbox.host}:{sandbox.smtp_port}"},
        rank=list(CHANNELS).index("email"),
        author=AUTHOR,
    )
    for channel in app.channels.all():
        app.channels.probe(channel.name)
    return offices


def webhook_of(connection: Connection, url: str) -> str:
    """Return where the CRM delivers to an installation that serves at `url`."""
    return f"{url}/webhooks/{connection.vendor}/{connection.name}"


def policy_for(connection: Connection) -> str:
    """Return the demo's policy document: the same one, for any connection."""
    text = resources.files(__package__).joinpath("policy.yaml").read_text("utf-8")
    return text.replace("connection: demo\n", f"connection: {connection.name}\n")


def _open_office(app: Application, sandbox: Sandbox, vendor: str) -> Office:
    company = COMPANIES[vendor](sandbox.url)
    company.set_up()
    account = company.account()
    connection = app.accounts.save(
        vendor,
        vendor=account.vendor,
        settings=account.settings,
        secrets=account.secrets,
        rotate=lambda _before, after: after,
        author=AUTHOR,
    )
    app.accounts.probe(connection)
    app.policies.publish(
        policy_for(connection), connection, note="The demo begins.", author=AUTHOR
    )
    # A worker may sweep it already.
    when_free(lambda: app.reconcile.import_(connection))
    return Office(app, sandbox, company, connection)
