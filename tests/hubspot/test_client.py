import os
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from adapters.budget import LocalBudget
from adapters.errors import Permanent, Transient, Unanswered
from adapters.ports import Crm
from adapters.sandbox import Sandbox
from rules.model import Kind
from tests.hubspot.kit import FIELDS, Night, Requests, ref, seed
from tests.sandbox.kit import Control


@pytest.mark.parametrize("status", [423, 429, 500, 502, 503, 504, 521, 524])
def test_a_read_is_repeated_a_few_times(
    crm: Crm, control: Control, status: int, night: Night
):
    deal = ref(seed(control))
    control.post("faults", kind="status", path="batch/read", status=status, count=3)
    assert crm.read([deal], FIELDS)
    assert len(night.naps) == 3


@pytest.mark.parametrize("kind", ["drop", "lose"])
def test_a_read_without_an_answer_is_repeated(crm: Crm, control: Control, kind: str):
    deal = ref(seed(control))
    control.post("faults", kind=kind, path="batch/read", count=2)
    control.post("faults", kind=kind, path="properties", count=2)
    assert crm.read([deal], FIELDS)


def test_a_read_is_not_repeated_for_ever(
    crm: Crm, control: Control, requests: Requests
):
    deal = ref(seed(control))
    control.post("faults", kind="status", path="batch/read", status=503, count=None)
    requests.clear()
    with pytest.raises(Transient, match="503"):
        crm.read([deal], FIELDS)
    assert len(requests.operations()) == 4


def test_hubspots_own_wait_is_honoured(crm: Crm, control: Control, night: Night):
    deal = ref(seed(control))
    control.post(
        "faults",
        kind="status",
        path="batch/read",
        status=429,
        headers={"Retry-After": "7"},
    )
    crm.read([deal], FIELDS)
    assert sum(night.naps) == pytest.approx(7)


def test_a_spent_day_is_left_to_the_caller(crm: Crm, control: Control, night: Night):
    control.post("hubspot/settings", daily_limit=1)
    with pytest.raises(Transient) as refused:
        crm.people()
    assert refused.value.code == "DAILY"
    assert refused.value.retry_after == timedelta(hours=1)
    assert night.naps == []


def test_a_second_of_searches_is_waited_for(crm: Crm, control: Control, night: Night):
    control.post("hubspot/settings", search_limit=2, search_window_ms=1)
    for _ in range(12):
        crm.count(Kind.DEAL)
    assert sum(night.naps) >= 2


def test_the_limit_is_learned_from_the_headers(
    connect: Callable[..., Crm], control: Control, night: Night
):
    control.post("hubspot/settings", burst_limit=40, burst_window_ms=100_000)
    budget = LocalBudget(sleep=night.sleep, monotonic=night.monotonic)
    crm = connect(budget=budget)
    for _ in range(38):
        crm.completed_tasks(["1"])
    with pytest.raises(Transient) as spent:
        crm.completed_tasks(["1"])
    assert spent.value.code == "BUDGET"
    assert night.naps == []


def test_a_limit_beyond_all_measure_is_not_learned(crm: Crm, control: Control):
    control.post(
        "faults",
        kind="status",
        path="owners",
        status=503,
        headers={
            "X-HubSpot-RateLimit-Max": "1",
            "X-HubSpot-RateLimit-Interval-Milliseconds": "1" + "0" * 20,
        },
    )
    assert crm.people()


def test_an_answer_that_is_no_json_is_no_answer(crm: Crm, control: Control):
    control.post(
        "faults",
        kind="status",
        path="owners",
        status=200,
        body="<html>",
        count=None,
    )
    with pytest.raises(Transient) as refused:
        crm.people()
    assert refused.value.code == "UNREADABLE"


def test_a_redirect_is_not_followed(crm: Crm, control: Control, requests: Requests):
    control.post(
        "faults",
        kind="status",
        path="owners",
        status=302,
        headers={"Location": "http://127.0.0.1:1/"},
    )
    with pytest.raises(Permanent):
        crm.people()
    assert len(requests.operations()) == 1


def test_a_refused_connection_is_surely_not_applied(connect: Callable[..., Crm]):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(Transient) as refused:
            connect(api_url=address).people()
    assert refused.value.code == "UNREACHABLE"
    assert not isinstance(refused.value, Unanswered)


def test_a_private_address_needs_permission(connect: Callable[..., Crm]):
    for url in ("http://127.0.0.1:1", "https://10.0.0.1", "https://[::1]", "ftp://x"):
        with pytest.raises(Permanent):
            connect(api_url=url, allow_private=False)


def test_a_name_that_leads_into_a_private_network_gets_nothing(
    connect: Callable[..., Crm], sandbox: Sandbox, requests: Requests
):
    # No address by the looks of it, and yet this machine's.
    url = f"https://127.1:{sandbox.server.port}"
    with pytest.raises(Permanent) as refused:
        connect(api_url=url, allow_private=False).people()
    assert refused.value.code == "PRIVATE_ADDRESS"
    assert requests.operations() == []


def test_one_account_is_used_by_many_threads_at_once(crm: Crm, control: Control):
    deal = ref(seed(control))
    found: list[int] = []

    def work() -> None:
        found.extend(len(crm.read([deal], FIELDS)) for _ in range(10))

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 80


def test_a_forked_process_uses_connections_of_its_own(crm: Crm, control: Control):
    deal = ref(seed(control))
    crm.read([deal], FIELDS)
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os._exit(len(crm.read([deal], FIELDS)))
        os._exit(9)
    assert len(crm.read([deal], FIELDS)) == 1
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def test_the_token_is_in_no_error_text(connect: Callable[..., Crm]):
    with pytest.raises(Permanent) as refused:
        connect(token="pat-eu1-very-secret").people()
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_nothing_is_sent_for_nothing(crm: Crm, requests: Requests):
    requests.clear()
    now = datetime(2026, 12, 1, tzinfo=UTC)
    assert crm.read([], FIELDS) == {}
    assert crm.trace([], FIELDS) == {}
    assert crm.evidence([], frozenset(), now) == {}
    assert crm.write([], FIELDS) == {}
    assert crm.write_notes([]) == {}
    assert crm.find_tasks({}) == {}
    assert crm.completed_tasks([]) == frozenset()
    assert requests.operations() == []


def test_no_text_holds_what_cannot_be_stored(crm: Crm, control: Control):
    deal = ref(
        seed(
            control,
            properties={
                "dealname": "NUL \0 \U0001f600",
                "dealstage": "appointmentscheduled",
            },
        )
    )
    assert crm.read([deal], FIELDS)[deal].name == "NUL \ufffd \U0001f600"
