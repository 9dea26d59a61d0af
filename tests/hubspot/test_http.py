from datetime import UTC, datetime, timedelta

import pytest
import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError

from adapters.errors import Permanent, Transient, Unanswered
from adapters.http import (
    PrivateAddressError,
    check_address,
    guard,
    is_public,
    parse_retry_after,
    repeat,
)
from adapters.sandbox import Sandbox
from tests.hubspot.kit import Night

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "https://localhost",
        "https://10.1.2.3",
        "https://169.254.169.254",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://db.internal",
        "https://localhost.",
        "https://db.internal.",
        "https://api.example.com/\r\nX: y",
        "https://api.example.com\\@10.1.2.3",
        "https://user:pw@api.example.com",
        "https://api.example.com?x=1",
        "https://",
        "https://[",
        "https://host:port",
        "file:///etc/passwd",
        "api.example.com",
    ],
)
def test_an_address_that_is_open_to_harm_is_refused(url: str):
    with pytest.raises(Permanent):
        check_address(url)


def test_an_address_is_taken_without_its_last_slash():
    assert check_address("https://api.example.com/") == "https://api.example.com"
    local = check_address("http://127.0.0.1:9/", allow_private=True)
    assert local == "http://127.0.0.1:9"
    with pytest.raises(Permanent):
        check_address("ftp://127.0.0.1", allow_private=True)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("127.0.0.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("fe80::1%eth0", False),
        ("::ffff:10.0.0.1", False),
        ("2606:4700::1", True),
        ("64:ff9b::808:808", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b:1::1", False),
        ("2002:a00:1::1", False),
        ("::10.0.0.1", False),
        ("fec0::1", False),
        ("ff0e::1", False),
    ],
)
def test_which_addresses_are_public(address: str, *, expected: bool):
    assert is_public(address) is expected


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_ends_in_a_private_network_is_cut_before_anything_is_sent(
    sandbox: Sandbox, method: str
):
    with urllib3.PoolManager(retries=urllib3.Retry(0)) as pools:
        guard(pools)
        with pytest.raises(HTTPError) as refused:
            pools.request(method, sandbox.url + "/crm/v3/owners")
    error = refused.value
    reason = error.reason if isinstance(error, MaxRetryError) else error
    assert isinstance(reason, PrivateAddressError)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("0.5", 0.5),
        ("-3", 0),
        ("Tue, 01 Dec 2026 12:00:30 GMT", 30),
        ("Tue, 01 Dec 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        (None, None),
        ("inf", None),
        ("nan", None),
        ("1e308", 86_400),
        ("99999999999", 86_400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
    ],
)
def test_a_wait_is_read_from_seconds_or_a_date(text: str | None, seconds: float | None):
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert parse_retry_after(text, NOW) == expected


def failing(*errors: Exception) -> tuple[list[int], object]:
    calls: list[int] = []
    left = list(errors)

    def call() -> str:
        calls.append(1)
        if left:
            raise left.pop(0)
        return "done"

    return calls, call


def test_waits_grow_and_end():
    night = Night()
    calls, call = failing(*[Transient("no")] * 9)
    with pytest.raises(Transient):
        repeat(call, is_harmless=False, sleep=night.sleep)
    assert len(calls) == 4
    assert night.naps == sorted(night.naps)
    assert sum(night.naps) < 8


def test_what_may_have_been_applied_is_repeated_only_if_harmless():
    night = Night()
    calls, call = failing(Unanswered("gone"))
    with pytest.raises(Unanswered):
        repeat(call, is_harmless=False, sleep=night.sleep)
    assert len(calls) == 1
    calls, call = failing(Unanswered("gone"))
    assert repeat(call, is_harmless=True, sleep=night.sleep) == "done"


def test_a_refusal_is_not_repeated():
    night = Night()
    calls, call = failing(Permanent("no"))
    with pytest.raises(Permanent):
        repeat(call, is_harmless=True, sleep=night.sleep)
    assert len(calls) == 1


def test_a_long_wait_is_left_to_the_caller():
    night = Night()
    _, call = failing(Transient("later", retry_after=timedelta(minutes=2)))
    with pytest.raises(Transient):
        repeat(call, is_harmless=True, sleep=night.sleep)
    assert night.naps == []
