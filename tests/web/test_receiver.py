"""Deliveries: what is taken, what is refused and why, and what the sender hears."""

import io
from dataclasses import dataclass

import pytest
from sqlalchemy import create_engine, text
from werkzeug.test import EnvironBuilder, run_wsgi_app

from connector.services.receive import REMEMBERED
from connector.web.body import LARGEST
from tests.fakes.source import SIGNATURE

ACME = "/webhooks/hubspot/acme"
SIGNED = {SIGNATURE: "right", "Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def acme(house):
    return house.connect()


def stored(house):
    with house.store.begin() as tx:
        return len(tx.deliveries.latest())


def send(house, environ):
    """Hand over a request as a server would; return the status of the answer."""
    _, status, _ = run_wsgi_app(house.app, environ)
    return int(status.split()[0])


def test_a_delivery_is_stored_before_it_is_acknowledged(house, client, acme):
    answer = client.post(ACME, data=b"[{}]", headers=SIGNED)
    assert (answer.status_code, answer.data) == (200, b"thank you")
    with house.store.begin() as tx:
        [delivery] = tx.deliveries.claim(acme, limit=5)
    assert delivery.body == b"[{}]"
    assert delivery.received_at == house.clock.now()


def test_a_delivery_hints_a_worker_and_is_counted(house, client):
    client.post(ACME, data=b"[]", headers=SIGNED)
    client.post(ACME, data=b"[]", headers=SIGNED)
    assert house.counted() == {("hubspot", "accepted"): 2}
    assert house.queue.count_waiting() == 1


def test_the_signature_covers_the_public_address_as_it_was_sent(house, client):
    client.post(
        f"{ACME}?a=%20b&c=%2F",
        data=b"[]",
        headers={**SIGNED, "Host": "evil.example"},
    )
    [inbound] = house.source.seen
    assert inbound.url == f"http://127.0.0.1:8000{ACME}?a=%20b&c=%2F"
    assert inbound.method == "POST"
    assert inbound.headers["x-SIGNATURE"] == "right"


@dataclass
class Bad:
    """A delivery that is not taken."""

    status: int
    counted: tuple[str, str]
    path: str = ACME
    body: bytes = b"[]"
    signature: str = "right"


UNKNOWN = ("none", "unknown_connection")


@pytest.mark.parametrize(
    "bad",
    [
        Bad(401, ("hubspot", "signature"), signature="wrong"),
        Bad(400, ("hubspot", "shape"), body=b"{"),
        Bad(404, UNKNOWN, path="/webhooks/hubspot/other"),
        Bad(404, UNKNOWN, path="/webhooks/salesforce/acme"),
        Bad(413, ("hubspot", "too_large"), body=b"[" * (LARGEST + 1)),
    ],
    ids=["signature", "shape", "unknown", "other vendor", "too large"],
)
def test_what_is_not_taken_is_not_stored_and_counted_by_its_reason(house, client, bad):
    headers = {**SIGNED, SIGNATURE: bad.signature}
    answer = client.post(bad.path, data=bad.body, headers=headers)
    assert answer.status_code == bad.status
    assert answer.mimetype == "text/plain"
    assert house.counted() == {bad.counted: 1}
    assert stored(house) == 0


def test_whoever_is_not_let_in_learns_nothing_from_the_body(house, client):
    house.source.is_closed = True
    for body in (b"[]", b"{", b"[" * (LARGEST + 1)):
        answer = client.post(ACME, data=body, headers=SIGNED)
        assert (answer.status_code, answer.data) == (404, b"Nobody lives here.\n")
    assert house.counted() == {("hubspot", "closed"): 3}


def test_a_refusal_repeats_nothing_of_what_was_sent(client):
    answer = client.post("/webhooks/hubspot/<script>", data=b"[]", headers=SIGNED)
    assert answer.status_code == 404
    assert b"script" not in answer.data


def test_a_body_without_a_length_is_measured_as_it_comes(house):
    builder = EnvironBuilder(path=ACME, method="POST", headers=SIGNED)
    environ = builder.get_environ()
    environ.pop("CONTENT_LENGTH", None)
    environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    environ["wsgi.input_terminated"] = True
    environ["wsgi.input"] = io.BytesIO(b"[" * (LARGEST + 10))
    assert send(house, environ) == 413
    assert house.counted() == {("hubspot", "too_large"): 1}


def test_a_body_that_ends_early_is_refused(house):
    builder = EnvironBuilder(path=ACME, method="POST", headers=SIGNED, data=b"[]")
    environ = builder.get_environ()
    environ["CONTENT_LENGTH"] = "20"
    assert send(house, environ) == 400
    assert house.counted() == {("hubspot", "broken_off"): 1}


def test_who_tries_names_does_not_have_them_looked_up_one_by_one(house, client):
    assert client.post(ACME, data=b"[]", headers=SIGNED).status_code == 200
    house.connect("other")
    other = ACME.replace("acme", "other")
    assert client.post(other, data=b"[]", headers=SIGNED).status_code == 404
    house.clock.advance(REMEMBERED)
    assert client.post(other, data=b"[]", headers=SIGNED).status_code == 200


def test_only_posts_are_deliveries(client):
    assert client.get(ACME).status_code == 405


def test_without_a_database_the_sender_is_asked_to_come_back(without_database):
    answer = without_database.client().post(ACME, data=b"[]", headers=SIGNED)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert without_database.counted() == {("none", "store_down"): 1}


def test_a_database_that_goes_away_in_between_loses_nothing(
    house, client, database_url
):
    assert client.post(ACME, data=b"[]", headers=SIGNED).status_code == 200
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()
    assert client.post(ACME, data=b"[]", headers=SIGNED).status_code == 200
    assert stored(house) == 2


def test_without_redis_deliveries_are_taken_all_the_same(without_redis):
    without_redis.connect()
    answer = without_redis.client().post(ACME, data=b"[]", headers=SIGNED)
    assert answer.status_code == 200
    assert without_redis.afterwards.drain(10)
    assert stored(without_redis) == 1
