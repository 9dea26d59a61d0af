"""From a change that a stream tells to what is done about it, without any webhook."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sandbox import Sandbox
from connector.bootstrap import Application, build, find_crm
from connector.config import Config
from connector.demo.showroom import Office, furnish
from tests.e2e.programs import Program
from tests.sandbox.fixtures import control, running, sandbox
from tests.sandbox.kit import Control
from tests.waiting import wait_for

__all__ = ["control", "running", "sandbox"]

AWAY = timedelta(minutes=10)
DECIDED = {"decision_maker": "J. Smit", "amount": "12000"}


class Firm:
    """A company whose CRM sends nothing, and a Slagboom that listens."""

    def __init__(self, app: Application, office: Office, sandbox: Sandbox) -> None:
        self.app = app
        self.office = office
        self.company = office.company
        self.name = office.connection.name
        account = self.company.account()
        app.accounts.save(
            self.name,
            vendor=account.vendor,
            settings={
                **office.connection.settings,
                "pubsub_url": sandbox.pubsub_url,
                "pubsub_objects": "Opportunity,Lead,Task,Quote",
            },
            secrets=account.secrets,
            rotate=find_crm(account.vendor).rotate,
            author="test",
        )

    def wait_until_swept(self) -> None:
        """Wait until no sweep is to come for a long time."""

        def is_swept() -> bool:
            due_at = self.app.accounts.find(self.name).sweep_due_at
            return due_at is not None and due_at - self.app.clock.now() > AWAY

        wait_for(is_swept, "the first sweep")

    def wait_until_known(self, deal: str, stage: str) -> None:
        wait_for(lambda: self.office.knows(deal, stage), f"the deal in {stage}")


@pytest.fixture
def firm(
    tmp_path: Path,
    database_url: str,
    redis_url: str,
    sandbox: Sandbox,
    control: Control,
) -> Iterator[Firm]:
    environ = {
        "PATH": "/usr/bin:/bin",
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_URL": "https://slagboom.example.com",
        "SLAGBOOM_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES": "1",
    }
    certificate = tmp_path / "mail.pem"
    certificate.write_text(sandbox.mail.certificate().pem)
    environ["SSL_CERT_FILE"] = str(certificate)
    config = Config.load(environ)
    app = build(config, config.urls())
    (office,) = furnish(app, sandbox, ["salesforce"])
    made = Firm(app, office, sandbox)
    programs = [
        Program(name, words, environ, tmp_path / f"{name}.log")
        for name, words in {
            "worker": ("worker.py",),
            "clock": ("worker.py", "clock"),
            "listen": ("-m", "connector.cli", "listen"),
        }.items()
    ]
    try:
        for one in programs:
            one.start()
        wait_for(
            lambda: len(control.get("salesforce/pubsub")["listening"]) == 4,
            "the streams",
        )
        made.wait_until_swept()
        yield made
    finally:
        for one in programs:
            one.kill()
            # Shown where the test has failed.
            print(one.said())
        app.store.close()


def test_a_forbidden_move_is_put_back_and_a_quote_lets_it_pass(firm: Firm):
    company = firm.company
    deal = company.add_deal("Heard", "Lead", **DECIDED)
    firm.wait_until_known(deal, "Lead")
    company.move(deal, "Negotiation")
    wait_for(lambda: company.stage_of(deal) == "Lead", "the return")
    wait_for(lambda: company.notes_on(deal), "the reason")
    for stage in ("Qualification", "Demo"):
        company.move(deal, stage)
        firm.wait_until_known(deal, stage)
    company.move(deal, "Quote sent")
    wait_for(lambda: company.stage_of(deal) == "Demo", "the return")
    company.add_quote(deal)
    wait_for(lambda: company.stage_of(deal) == "Quote sent", "the move to be made")
