"""What Salesforce sends, received over HTTP as by the real web process."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
import urllib3

from adapters.sandbox import Sandbox
from connector import log
from connector.bootstrap import Application, build
from connector.config import Config, LogFormat
from connector.services.hear import Hear
from connector.services.receive import REMEMBERED
from connector.vendors import CRMS
from connector.web.body import LARGEST
from connector.wsgi import assemble
from tests.conftest import to_libpq
from tests.fakes.clock import FrozenClock
from tests.salesforce.messages import LEAD, OPPORTUNITY, message, notification
from tests.sandbox.fixtures import control, running, sandbox
from tests.sandbox.kit import REP, Control
from tests.sandbox.salesforce.kit import seed_deal
from tests.web.conftest import NOWHERE
from tests.web.test_serving import serving

__all__ = ["control", "running", "sandbox"]

pytestmark = pytest.mark.usefixtures("root_logger")

FORMER, SECRET = "former-secret-of-acme", "newer-secret-of-acme"
ACK = (
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
    b"<soapenv:Body><notificationsResponse"
    b' xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>'
    b"</notificationsResponse></soapenv:Body></soapenv:Envelope>"
)
UNKNOWN = (
    b"No account is connected at this address. Compare the address of the webhook with"
    b" the one that `slagboom connections` shows.\n"
)
ENVIRON = {
    "PUBLIC_URL": "https://slagboom.example.com",
    "SLAGBOOM_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "LOG_FORMAT": "json",
}


@dataclass
class House:
    """A web process that serves at `url`, and what has come of what it was sent."""

    app: Application
    url: str
    organization: str
    logged: StringIO
    clock: FrozenClock

    def connect(self, *secrets: str, **settings: str) -> None:
        """Connect acme, once with each of these webhook secrets."""
        for secret in secrets or (SECRET,):
            self.app.accounts.save(
                "acme",
                vendor="salesforce",
                settings={
                    "instance_url": "https://acme.my.salesforce.com",
                    "client_id": "3MVG9",
                    "org_id": self.organization,
                    **settings,
                },
                secrets={"client_secret": "x", "webhook_secret": secret},
                rotate=CRMS["salesforce"].rotate,
                author="anna",
            )
            # For so long the former secrets are still taken for the present ones.
            self.clock.advance(REMEMBERED)

    def address(self, *, secret: str = SECRET, name: str = "acme") -> str:
        return f"{self.url}/webhooks/salesforce/{name}/{secret}"

    def post(
        self,
        body: bytes,
        *,
        secret: str = SECRET,
        name: str = "acme",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        answer = urllib3.request(
            "POST",
            self.address(secret=secret, name=name),
            body=body,
            headers={"Content-Type": "text/xml; charset=utf-8", **(headers or {})},
            retries=False,
            timeout=20,
        )
        return answer.status, answer.data

    def message(self, *notifications: str, **other: Any) -> bytes:
        other.setdefault("organization", self.organization)
        return message(notifications or [notification()], **other)

    def rows(self, query: str) -> list[Any]:
        """Ask the database for one column."""
        with psycopg.connect(to_libpq(self.app.urls.database_url)) as connection:
            return [row[0] for row in connection.execute(query.encode())]

    def stored(self) -> int:
        return len(self.rows("SELECT id FROM deliveries"))

    def due(self) -> list[str]:
        """Take apart what has come in; return the records that are due for a look."""
        app = self.app
        hear = Hear(app.store, app.source_for, app.clock, app.metrics)
        hear.take_apart(app.accounts.find("acme"))
        assert self.rows("SELECT id FROM deliveries WHERE state <> 'done'") == []
        return self.rows("SELECT crm_id FROM records WHERE look_due_at IS NOT NULL")


@pytest.fixture
def logged() -> StringIO:
    """What is logged from here on."""
    stream = StringIO()
    log.set_up(LogFormat.JSON, stream=stream)
    return stream


@pytest.fixture
def house(
    database_url: str, redis_url: str, sandbox: Sandbox, logged: StringIO
) -> Iterator[House]:
    yield from _serve(database_url, redis_url, sandbox, logged)


@pytest.fixture
def without_database(
    redis_url: str, sandbox: Sandbox, logged: StringIO, tmp_path: Path
) -> Iterator[House]:
    yield from _serve(f"{NOWHERE}{tmp_path}", redis_url, sandbox, logged)


def _serve(
    database_url: str, redis_url: str, sandbox: Sandbox, logged: StringIO
) -> Iterator[House]:
    environ = {**ENVIRON, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
    config = Config.load(environ)
    clock = FrozenClock()
    app = build(config, config.urls(), clock=clock)
    web = assemble(app)
    with serving(web.app) as (host, port):
        yield House(app, f"http://{host}:{port}", sandbox.salesforce.id, logged, clock)
    assert web.afterwards.drain(10)
    app.store.close()


def tell(control: Control, house: House, **other: Any) -> None:
    """Have the sandbox send an outbound message for every save of an opportunity."""
    control.post(
        "salesforce/outbound",
        object="Opportunity",
        fields=["StageName", "LastModifiedById", "SystemModstamp"],
        target_url=house.address(),
        **{"habits": {"first_retry_ms": 5}, **other},
    )


def flush(control: Control) -> dict[str, Any]:
    return control.post("salesforce/outbound/flush", hurry=True)


def move(control: Control, deal: str, stage: str) -> None:
    control.post("salesforce/act", id=deal, user=REP, fields={"StageName": stage})


@pytest.fixture
def silence(control: Control) -> Iterator[None]:
    """Lets the sandbox send nothing any more when the house is gone."""
    yield
    control.post("salesforce/outbound", object="Opportunity", target_url="")
    control.post("salesforce/outbound/clear")


@pytest.mark.usefixtures("silence")
def test_what_the_sandbox_sends_is_acknowledged_and_heard(
    house: House, control: Control
):
    house.connect()
    deals = [seed_deal(control, Name=f"Deal {number}") for number in range(3)]
    tell(control, house)
    for deal in deals:
        move(control, deal, "Needs Analysis")
    assert flush(control)["done"]
    attempts = control.get("salesforce/outbound")["attempts"]
    assert {one["accepted"] for one in attempts} == {True}
    assert sorted(house.due()) == sorted(deals)


@pytest.mark.usefixtures("silence")
def test_what_comes_twice_or_in_disorder_is_one_change_each(
    house: House, control: Control
):
    house.connect()
    deal = seed_deal(control)
    tell(
        control,
        house,
        habits={"duplicates": 1.0, "disorder": True, "batch_size": 1},
    )
    for stage in ("Needs Analysis", "Closed Lost", "Qualification"):
        move(control, deal, stage)
    assert flush(control)["done"]
    assert house.due() == [deal]
    assert house.stored() > 3
    assert house.rows("SELECT count(*) FROM changes") == [3]


@pytest.mark.usefixtures("silence")
def test_a_message_that_could_not_be_stored_comes_again(house: House, control: Control):
    deal = seed_deal(control)
    tell(control, house)
    move(control, deal, "Needs Analysis")
    # Nobody is connected yet, so that the first attempts fail.
    control.post("salesforce/outbound/flush", timeout=0.2)
    house.connect()
    assert flush(control)["done"]
    assert house.due() == [deal]


def test_one_exact_acknowledgement_stands_for_a_hundred_notifications(house: House):
    house.connect()
    hundred = [
        notification(number, fields={"Id": f"006{number:012d}"})
        for number in range(100)
    ]
    assert house.post(house.message(*hundred)) == (200, ACK)
    assert house.stored() == 1
    assert len(house.due()) == 100


def test_one_notification_more_is_refused_whole(house: House):
    house.connect()
    body = house.message(*(notification(number) for number in range(101)))
    status, text = house.post(body)
    assert (status, house.stored()) == (400, 0)
    assert b"more than 100" in text


def test_two_secrets_are_valid_while_one_is_replaced(house: House):
    house.connect(FORMER, SECRET)
    for secret in (FORMER, SECRET):
        assert house.post(house.message(), secret=secret) == (200, ACK)
    house.connect("the-one-after-that")
    assert house.post(house.message(), secret=FORMER) == (404, UNKNOWN)
    assert house.post(house.message(), secret=SECRET) == (200, ACK)


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"<" * (LARGEST - 1)], ids=["empty", "hello", "large"]
)
def test_a_wrong_secret_meets_what_an_unknown_connection_meets(
    house: House, body: bytes
):
    house.connect()
    answers = {
        house.post(body, secret="wrong"),
        house.post(body, secret="wrong", name="other"),
        house.post(body, secret=SECRET, name="other"),
        house.post(body, secret=f"{SECRET}%20"),
        house.post(body, secret=SECRET[:-1]),
    }
    assert answers == {(404, UNKNOWN)}
    without = urllib3.request("POST", f"{house.url}/webhooks/salesforce/acme")
    assert (without.status, without.data) == (404, UNKNOWN)
    assert house.stored() == 0


def test_the_address_of_one_crm_is_none_of_anothers(house: House):
    house.connect()
    there = urllib3.request("POST", f"{house.url}/webhooks/hubspot/acme/{SECRET}")
    assert (there.status, there.data) == (404, UNKNOWN)


BOMB = b"".join(
    [
        b'<!DOCTYPE a [<!ENTITY b0 "boom">',
        *(f'<!ENTITY b{at + 1} "{f"&b{at};" * 10}">'.encode() for at in range(9)),
        b"]><a>&b9;</a>",
    ]
)
READS_A_FILE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no XML",
        b"[]",
        BOMB,
        READS_A_FILE,
        b"<a>" * 100_000,
        message([notification()]).replace(b"2005/09/outbound", b"2006/09/outbound"),
        message([notification()]).replace(b"urn:sobject", b"urn:other"),
    ],
    ids=["empty", "text", "list", "bomb", "file", "deep", "namespace", "records"],
)
def test_what_is_no_message_is_refused_and_not_stored(house: House, body: bytes):
    house.connect()
    status, text = house.post(body)
    assert (status, house.stored()) == (400, 0)
    assert b"root:" not in text


def test_a_message_of_another_organization_is_refused(house: House):
    house.connect()
    body = house.message(organization="00D000000000009EAA")
    status, text = house.post(body)
    assert (status, house.stored()) == (403, 0)
    assert b"Company Information" in text
    assert house.post(house.message(organization=house.organization[:15]))[0] == 200


def test_four_megabytes_are_taken_and_more_are_not(house: House):
    house.connect()
    text = "x" * (LARGEST - 2000)
    body = house.message(notification(fields={"Id": OPPORTUNITY, "Description": text}))
    assert house.post(body) == (200, ACK)
    more = body.replace(b"xxxx", b"x" * 4000, 1)
    assert house.post(more)[0] == 413
    assert house.stored() == 1


def test_other_objects_and_short_ids_are_understood(house: House):
    house.connect()
    body = house.message(
        notification(1, fields={"Id": OPPORTUNITY[:15]}),
        notification(2, fields={"Id": OPPORTUNITY}),
        notification(3, kind="Lead", fields={"Id": LEAD}),
        notification(4, kind="Account", fields={"Id": "001000000000001AAA"}),
        notification(5, fields={"Id": LEAD}),
        notification(6, fields={}),
    )
    assert house.post(body) == (200, ACK)
    assert sorted(house.due()) == sorted([OPPORTUNITY, LEAD])
    assert house.rows("SELECT count(*) FROM changes") == [6]


def test_a_push_in_json_comes_to_the_same_address(house: House):
    house.connect()
    push = {
        "OrganizationId": house.organization,
        "Object": "Opportunity",
        "Id": OPPORTUNITY,
        "SystemModstamp": "2026-12-01T11:59:58.000Z",
    }
    headers = {"Content-Type": "application/json"}
    for _ in range(2):
        answer = house.post(json.dumps(push).encode(), headers=headers)
        assert answer == (200, b'{"accepted":true}')
    assert house.due() == [OPPORTUNITY]
    assert house.rows("SELECT count(*) FROM changes") == [1]
    assert house.post(b'{"Id": 1}', headers=headers)[0] == 400


@pytest.mark.parametrize(
    "session",
    [
        '<SessionId xsi:nil="true"/>',
        "<SessionId></SessionId>",
        "<SessionId>00Dxx!SESAME</SessionId>",
    ],
    ids=["nil", "empty", "filled"],
)
def test_the_database_has_no_session_id(house: House, session: str):
    house.connect()
    assert house.post(house.message(session=session)) == (200, ACK)
    push = {
        "OrganizationId": house.organization,
        "Object": "Opportunity",
        "Id": OPPORTUNITY,
        "SystemModstamp": "2026-12-01T11:59:58.000Z",
        "SessionId": "00Dxx!SESAME",
    }
    assert house.post(json.dumps(push).encode())[0] == 200
    bodies = b"".join(bytes(one) for one in house.rows("SELECT body FROM deliveries"))
    assert b"Opportunity" in bodies
    assert b"SESAME" not in bodies
    assert b"SessionId" not in bodies
    assert house.due() == [OPPORTUNITY]
    rows = house.rows("SELECT c::text FROM changes c")
    assert "SESAME" not in " ".join(rows)


def test_the_secret_of_the_address_is_told_to_nobody(house: House):
    house.connect()
    seen = [
        house.post(house.message())[1],
        house.post(b"no XML")[1],
        house.post(b" " * (LARGEST + 1))[1],
        house.post(house.message(), name="other")[1],
    ]
    for method, path in (
        ("GET", house.address()),
        ("POST", f"{house.address()}/"),
        ("POST", f"{house.address()}/more"),
        ("PUT", f"{house.address()}?x=1"),
        ("GET", f"{house.url}/metrics"),
        ("GET", f"{house.url}/readyz"),
    ):
        answer = urllib3.request(method, path, redirect=False)
        seen.append(answer.data + repr(answer.headers).encode())
    shown = repr(house.app.accounts.find("acme")) + repr(
        house.rows("SELECT d::text FROM deliveries d")
        + house.rows("SELECT a::text FROM audit a")
        + house.rows("SELECT c::text FROM connections c")
    )
    for told in (*seen, shown.encode(), house.logged.getvalue().encode()):
        assert SECRET.encode() not in told
    assert "delivery.refused" in house.logged.getvalue()


def test_without_a_database_salesforce_is_asked_to_come_back(
    without_database: House,
):
    status, text = without_database.post(without_database.message())
    assert status == 503
    assert b"Ack" not in text
    assert SECRET not in without_database.logged.getvalue()


def test_a_database_without_its_tables_acknowledges_nothing(house: House):
    house.connect()
    url = to_libpq(house.app.urls.database_url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE deliveries RENAME TO elsewhere")
        try:
            status, text = house.post(house.message())
        finally:
            # The database is that of other tests as well.
            connection.execute("ALTER TABLE elsewhere RENAME TO deliveries")
    assert status == 500
    assert b"Ack" not in text
    assert SECRET not in house.logged.getvalue()


def fingerprint(number: int) -> str:
    return hashlib.sha256(bytes([number])).hexdigest()


def test_a_certificate_is_asked_for_only_where_some_are_known(house: House):
    header = "X-Client-Cert"
    house.connect()
    assert house.post(house.message(), headers={header: "nonsense"})[0] == 200
    known = ",".join(fingerprint(number) for number in (1, 2))
    house.connect(SECRET, client_certificates=known, client_certificate_header=header)
    assert house.post(house.message())[0] == 403
    for number, status in ((1, 200), (2, 200), (3, 403)):
        headers = {header: fingerprint(number)}
        assert house.post(house.message(), headers=headers)[0] == status
    # Before the body is looked at, and after the secret.
    assert house.post(b"no XML")[0] == 403
    assert house.post(b"no XML", secret="wrong") == (404, UNKNOWN)


def test_all_notifications_of_a_message_are_stored_or_none(
    house: House,
):
    house.connect()
    bad = notification(2).replace("urn:sobject", "urn:other")
    assert house.post(house.message(notification(1), bad))[0] == 400
    assert house.stored() == 0
