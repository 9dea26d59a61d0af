import os
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from redis import Redis
from requests.exceptions import RequestException

from adapters.budget import RedisBudget
from adapters.errors import (
    Exhausted,
    Permanent,
    Transient,
    Unanswered,
    Unauthorized,
)
from adapters.oauth import Grant, Token, TokenKeeper
from adapters.ports import Crm, FieldWrite, Note, OutcomeKind
from adapters.salesforce.transport import TIMEOUT_S, make_session, to_lost
from adapters.sandbox import Sandbox
from rules.model import STAGE, RecordRef
from tests.hubspot.kit import Night, Requests
from tests.salesforce.kit import FIELDS, SECOND, Ahead, ref, seed, stored
from tests.sandbox.kit import Control

READ = "/composite/sobjects/Opportunity"


@pytest.fixture
def deal(control: Control) -> RecordRef:
    return ref(seed(control))


def moving(crm: Crm, deal: RecordRef) -> FieldWrite:
    return FieldWrite("w", crm.read([deal], FIELDS)[deal], {STAGE: SECOND})


class Given:
    """A grant of tokens that are made up, one after the other."""

    def __init__(self, *tokens: str, url: str = "", user: str = "") -> None:
        self.left = list(tokens)
        self._url = url
        self._user = user

    def secret(self) -> str:
        return "s"

    def sign_in(self) -> Token:
        return Token(self.left.pop(0), self._url, user=self._user)


def holding(grant: Grant, redis: Redis) -> TokenKeeper:
    return TokenKeeper(grant, redis=redis, name="made-up")


@pytest.mark.parametrize("status", [420, 500, 502, 503])
def test_a_read_is_repeated_a_few_times(
    crm: Crm, control: Control, deal: RecordRef, status: int, ahead: Ahead
):
    control.post("faults", kind="status", path=READ, status=status, count=3)
    assert crm.read([deal], FIELDS)
    assert len(ahead.naps) == 3


@pytest.mark.parametrize("kind", ["drop", "lose"])
def test_a_read_without_an_answer_is_repeated(
    crm: Crm, control: Control, deal: RecordRef, kind: str
):
    control.post("faults", kind=kind, path=READ, count=2)
    control.post("faults", kind=kind, path="describe", count=2)
    assert crm.read([deal], FIELDS)


def test_a_read_is_not_repeated_for_ever(
    crm: Crm, control: Control, deal: RecordRef, requests: Requests
):
    crm.read([deal], FIELDS)
    control.post("faults", kind="status", path=READ, status=503, count=None)
    requests.clear()
    with pytest.raises(Transient, match="just now"):
        crm.read([deal], FIELDS)
    assert len(requests.operations()) == 4


def test_salesforces_own_wait_is_honoured(
    crm: Crm, control: Control, deal: RecordRef, ahead: Ahead
):
    control.post(
        "faults", kind="status", path=READ, status=503, headers={"Retry-After": "7"}
    )
    crm.read([deal], FIELDS)
    assert ahead.naps == [7]


def test_a_token_that_died_is_renewed_once_and_the_write_keeps_its_condition(
    crm: Crm, control: Control, deal: RecordRef, ahead: Ahead
):
    write = moving(crm, deal)
    ahead.advance(timedelta(seconds=2))
    control.post("salesforce/act", id=deal.id, fields={"NextStep": "Call"})
    control.post("salesforce/sessions/expire")
    assert crm.write([write], FIELDS)["w"].kind is OutcomeKind.CONFLICT
    control.post("salesforce/sessions/expire")
    assert crm.write([moving(crm, deal)], FIELDS)["w"].kind is OutcomeKind.DONE


def test_a_second_refusal_stops_and_says_what_to_do(
    connect: Callable[..., Crm], sandbox: Sandbox, redis: Redis, requests: Requests
):
    grant = Given("one", "two", "three", url=sandbox.salesforce_url)
    crm = connect(keeper=holding(grant, redis))
    requests.clear()
    with pytest.raises(Unauthorized, match="Reconnect"):
        crm.people()
    assert len(requests.operations()) == 2
    assert grant.left == ["three"]
    with pytest.raises(Unauthorized):
        crm.people()
    assert grant.left == ["three"], "nobody signs in for a while"


def test_many_that_meet_a_dead_token_sign_in_once(
    crm: Crm, control: Control, deal: RecordRef, requests: Requests
):
    crm.read([deal], FIELDS)
    control.post("salesforce/sessions/expire")
    requests.clear()
    threads = [Thread(target=crm.read, args=([deal], FIELDS)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert requests.operations().count("oauth.token") == 1


def test_near_the_days_limit_there_is_reading_only(
    crm: Crm, control: Control, deal: RecordRef
):
    control.post("salesforce/settings", daily_limit=1000)
    control.post("salesforce/calls", used=949)
    write = moving(crm, deal)
    crm.read([deal], FIELDS)
    outcome = crm.write([write], FIELDS)["w"]
    assert outcome.kind is OutcomeKind.FAILED
    assert "95%" in outcome.reason
    assert outcome.retry_after == timedelta(minutes=30)
    note = Note("n", deal, datetime(2026, 12, 1, tzinfo=UTC), "<p>Back.</p>")
    assert crm.write_notes([note])["n"].kind is OutcomeKind.FAILED
    assert crm.read([deal], FIELDS)
    assert stored(control, deal.id)["StageName"] != SECOND


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("api-usage=94/100", OutcomeKind.DONE),
        ("api-usage=95/100", OutcomeKind.FAILED),
        ("api-usage=1/100; per-app-api-usage=17/250(appName=x)", OutcomeKind.DONE),
        ("api-usage=1/100; per-app-api-usage=249/250(appName=x)", OutcomeKind.FAILED),
        ("api-usage=0/0", OutcomeKind.DONE),
        ("nonsense", OutcomeKind.DONE),
    ],
)
def test_the_limit_of_our_own_app_counts_as_the_organisations_does(
    crm: Crm, control: Control, deal: RecordRef, told: str, kind: OutcomeKind
):
    write = moving(crm, deal)
    headers = {"Sforce-Limit-Info": told}
    control.post("faults", kind="status", path=READ, status=503, headers=headers)
    crm.read([deal], FIELDS)
    assert crm.write([write], FIELDS)["w"].kind is kind


def test_the_stop_is_known_to_every_process_and_passes(
    connect: Callable[..., Crm], control: Control, deal: RecordRef, redis: Redis
):
    night = Night()
    one, other = (
        connect(
            budget=RedisBudget(
                redis, "acme", sleep=night.sleep, monotonic=night.monotonic
            )
        )
        for _ in range(2)
    )
    write = moving(other, deal)
    control.post("salesforce/settings", daily_limit=1000)
    control.post("salesforce/calls", used=960)
    one.read([deal], FIELDS)
    control.post("salesforce/calls", used=1)
    assert other.write([write], FIELDS)["w"].kind is OutcomeKind.FAILED
    redis.delete("budget:acme:writes:held")
    assert other.write([write], FIELDS)["w"].kind is OutcomeKind.DONE


def test_a_spent_day_is_left_to_the_caller(
    crm: Crm, control: Control, requests: Requests, ahead: Ahead
):
    crm.people()
    control.post("salesforce/calls", used=15_000)
    requests.clear()
    for _ in range(3):
        ahead.advance(timedelta(minutes=11))
        with pytest.raises(Exhausted) as refused:
            crm.people()
        assert refused.value.retry_after is not None
    assert ahead.naps == []
    assert len(requests.operations()) == 1, "it is not asked again for half an hour"


def test_too_many_long_requests_are_another_thing(
    crm: Crm, control: Control, deal: RecordRef
):
    control.post(
        "faults",
        kind="status",
        status=403,
        path=READ,
        category="REQUEST_LIMIT_EXCEEDED",
        message="ConcurrentPerOrgLongTxn Limit exceeded.",
    )
    with pytest.raises(Transient) as refused:
        crm.read([deal], FIELDS)
    assert not isinstance(refused.value, Exhausted)
    assert crm.read([deal], FIELDS)


def test_an_answer_that_is_no_json_is_no_answer(
    crm: Crm, control: Control, deal: RecordRef
):
    write = moving(crm, deal)
    for body in ("<html>", 5, None, {}, [None, None]):
        control.post(
            "faults", kind="status", path=READ, status=200, body=body, count=None
        )
        with pytest.raises(Transient):
            crm.read([deal], FIELDS)
        control.post("faults/clear")
    control.post(
        "faults", kind="status", path="sobjects/Opp", status=200, body="<html>"
    )
    assert crm.write([write], FIELDS)["w"].kind is OutcomeKind.UNKNOWN


def test_a_redirect_is_not_followed(crm: Crm, control: Control, requests: Requests):
    control.post(
        "faults",
        kind="status",
        path="/query",
        status=302,
        headers={"Location": "http://127.0.0.1:1/"},
    )
    requests.clear()
    with pytest.raises(Permanent):
        crm.people()
    assert requests.operations()[-1] == "/services/data/v67.0/query"


def test_a_refused_connection_is_surely_not_applied(
    connect: Callable[..., Crm], redis: Redis
):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(Transient) as refused:
            connect(keeper=holding(Given("t", url=url), redis)).people()
    assert refused.value.code == "UNREACHABLE"
    assert not isinstance(refused.value, Unanswered)


def test_a_server_that_says_nothing_is_not_waited_for_for_ever():
    session = make_session(connections=1, allow_private=True, timeout=(1.0, 0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(RequestException) as lost:
            session.get(f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert isinstance(to_lost(lost.value), Unanswered)
    session.close()


def test_a_name_that_leads_into_a_private_network_gets_nothing(
    connect: Callable[..., Crm], sandbox: Sandbox, redis: Redis, requests: Requests
):
    # No address by the looks of it, and yet this machine's.
    url = f"https://127.1:{sandbox.server.port}"
    crm = connect(keeper=holding(Given("t", url=url), redis), allow_private=False)
    requests.clear()
    with pytest.raises(Permanent) as refused:
        crm.people()
    assert refused.value.code == "PRIVATE_ADDRESS"
    assert requests.operations() == []


def test_a_version_that_is_none_is_refused(connect: Callable[..., Crm]):
    for version in ("v68.0", "68", "latest", "68.0/../.."):
        with pytest.raises(Permanent, match=r"68\.0"):
            connect(api_version=version)


def test_a_version_that_is_retired_says_what_to_do(connect: Callable[..., Crm]):
    with pytest.raises(Permanent, match="Update"):
        connect(api_version="30.0").people()


def test_every_request_names_us_and_keeps_no_cookie(
    crm: Crm, control: Control, deal: RecordRef
):
    control.post(
        "faults",
        kind="status",
        path=READ,
        status=503,
        headers={"Set-Cookie": "BrowserId=x; Path=/"},
    )
    assert crm.write([moving(crm, deal)], FIELDS)["w"].kind is OutcomeKind.DONE
    session = crm._writing._client._sender._session  # type: ignore[attr-defined]
    assert list(session.cookies) == []
    assert session.headers["Sforce-Call-Options"] == "client=slagboom"
    assert session.trust_env is False
    assert {one._timeout for one in session.adapters.values()} == {TIMEOUT_S}


def test_one_organisation_is_used_by_many_threads_at_once(crm: Crm, deal: RecordRef):
    found: list[int] = []

    def work() -> None:
        found.extend(len(crm.read([deal], FIELDS)) for _ in range(10))

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 80


def test_a_forked_process_uses_connections_of_its_own(crm: Crm, deal: RecordRef):
    crm.read([deal], FIELDS)
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os._exit(len(crm.read([deal], FIELDS)))
        os._exit(9)
    assert len(crm.read([deal], FIELDS)) == 1
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def test_the_token_is_in_no_error_text(
    connect: Callable[..., Crm], sandbox: Sandbox, redis: Redis
):
    grant = Given("very-secret", "as-secret", url=sandbox.salesforce_url)
    with pytest.raises(Permanent) as refused:
        connect(keeper=holding(grant, redis)).people()
    assert "secret" not in str(refused.value)


def test_nothing_is_sent_for_nothing(crm: Crm, requests: Requests):
    requests.clear()
    now = datetime(2026, 12, 1, tzinfo=UTC)
    assert crm.read([], FIELDS) == {}
    assert crm.trace([], FIELDS) == {}
    assert crm.evidence([], frozenset(), now) == {}
    assert crm.write([], FIELDS) == {}
    assert crm.write_notes([]) == {}
    assert crm.create_tasks([]) == {}
    assert crm.find_tasks({}) == {}
    assert crm.completed_tasks([]) == frozenset()
    assert requests.operations() == []


def test_no_text_holds_what_cannot_be_stored(crm: Crm, control: Control):
    deal = ref(seed(control, fields={"Name": "NUL \0 \U0001f600"}))
    assert crm.read([deal], FIELDS)[deal].name == "NUL \ufffd \U0001f600"
