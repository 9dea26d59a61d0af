"""`slagboom connect salesforce`, typed by an admin, against the sandbox."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
import pytest
import urllib3
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.sandbox import Sandbox
from adapters.sandbox.salesforce.sessions import DEFAULT_CLIENT, DEFAULT_SECRET
from connector.cli import slagboom
from connector.cli.ending import run
from tests.conftest import to_libpq
from tests.salesforce.login import LoginServer, invented_key
from tests.sandbox.fixtures import control, running, sandbox
from tests.sandbox.kit import Control

__all__ = ["control", "running", "sandbox"]

pytestmark = pytest.mark.usefixtures("root_logger")

OPEN = re.compile(r"^http\S+/authorize\?\S+$", re.MULTILINE)
ROOT = Path(__file__).parents[2]
HOOK = "a-long-text-of-our-own"
DONE, WRONG_USE, OUTSIDE, GIVEN_UP = 0, 2, 3, 130
Ended = tuple[int, str]


class Said(StringIO):
    """What a command prints, and the terminal that it reads from."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        super().__init__()
        self._answer = answer

    def readline(self, *_: int) -> str:
        found = OPEN.search(self.getvalue())
        text = self._answer(found.group() if found else "")
        return f"{text}\n" if text else ""


class Admin:
    """Types commands in a folder with the secrets."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.write("client-secret.txt", DEFAULT_SECRET)
        self.write("hook.txt", HOOK)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def type(self, *words: str) -> Ended:
        """Type a command; nothing is there to be pasted."""
        return self.answer(lambda _: "", *words)

    def answer(self, answer: Callable[[str], str], *words: str) -> Ended:
        """Type a command, and paste what `answer` makes of the address to open."""
        said = Said(answer)
        before = sys.stdin
        sys.stdin = said  # type: ignore[assignment]
        try:
            with redirect_stdout(said), redirect_stderr(said):
                code = run(slagboom, list(words))
        finally:
            sys.stdin = before
        return code, said.getvalue()

    def words(self, *more: str, org_id: str = "", name: str = "acme") -> list[str]:
        """The command to connect; what is said later counts."""
        url = self.sandbox.salesforce_url
        return [
            *("connect", "salesforce", name),
            *("--instance-url", url, "--login-url", url, "--api-url", url),
            *("--client-id", DEFAULT_CLIENT),
            *("--org-id", org_id or self.sandbox.salesforce.id[:15]),
            *("--webhook-secret-file", "hook.txt"),
            *more,
        ]

    def connect(self, *more: str, **other: str) -> Ended:
        secret = ("--client-secret-file", "client-secret.txt")
        return self.type(*self.words(*secret, *more, **other))

    def sign_in(self, answer: Callable[[str], str]) -> Ended:
        """Connect by a browser, and paste what `answer` makes of the address."""
        secret = ("--client-secret-file", "client-secret.txt")
        return self.answer(answer, *self.words(*secret, "--sign-in", "browser"))


@pytest.fixture
def admin(
    tmp_path: Path,
    database_url: str,
    redis_url: str,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> Admin:
    for name, text in {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_URL": "https://slagboom.example.com",
        "SLAGBOOM_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES": "1",
    }.items():
        monkeypatch.setenv(name, text)
    monkeypatch.chdir(tmp_path)
    return Admin(tmp_path, sandbox)


@pytest.fixture
def rows(database_url: str) -> Callable[[str], list[Any]]:
    """Asks the database for one column."""

    def rows(query: str) -> list[Any]:
        with psycopg.connect(to_libpq(database_url)) as connection:
            return [row[0] for row in connection.execute(query.encode())]

    return rows


Rows = Callable[[str], list[Any]]


def allow(url: str) -> str:
    """Be the admin whose browser is sent back; return the address it ends at."""
    answer = urllib3.request("GET", url, redirect=False)
    assert answer.status == 302, answer.data
    return answer.headers["Location"]


def test_an_account_is_connected_and_its_address_told_without_the_secret(
    admin: Admin, rows: Rows
):
    code, said = admin.connect()
    assert code == DONE, said
    assert "MISSING" not in said
    address = "https://slagboom.example.com/webhooks/salesforce/acme/<webhook-secret>"
    assert address in said
    code, listed = admin.type("connections")
    assert (code, address in listed) == (DONE, True)
    _, plain = admin.type("connections", "--json")
    [one] = json.loads(plain)
    assert (one["webhook"], one["state"]) == (address, "on")
    [kept] = rows("SELECT c::text FROM connections c")
    for secret in (HOOK, DEFAULT_SECRET):
        assert secret not in said + listed + plain + kept
    assert rows("SELECT settings->>'org_id' FROM connections") == [
        admin.sandbox.salesforce.id
    ]


def test_an_address_that_nobody_reaches_is_told(
    admin: Admin, monkeypatch: pytest.MonkeyPatch
):
    _, said = admin.connect()
    assert "cannot reach" not in said
    monkeypatch.setenv("PUBLIC_URL", "http://127.0.0.1:8000")
    code, said = admin.connect()
    assert code == DONE
    assert "PUBLIC_URL is http://127.0.0.1:8000, which Salesforce cannot reach" in said


def test_a_refused_sign_in_says_what_to_do_and_another_try_mends_it(admin: Admin):
    admin.write("wrong.txt", "wrong")
    code, said = admin.type(*admin.words("--client-secret-file", "wrong.txt"))
    assert code == OUTSIDE
    assert "Compare the client id" in said
    code, said = admin.type("doctor")
    assert "Compare the client id" in said
    assert admin.connect()[0] == DONE


@pytest.mark.parametrize("form", ["15", "18"])
def test_another_organization_than_the_one_entered_is_told(admin: Admin, form: str):
    other = {"15": "00D000000000009", "18": "00D000000000009EAA"}[form]
    code, said = admin.connect(org_id=other)
    assert code == OUTSIDE
    assert "another organization" in said


def test_a_user_who_is_not_active_any_more_is_told(admin: Admin):
    robot = admin.sandbox.salesforce.integration_id
    with admin.sandbox.engine.lock:
        user = admin.sandbox.salesforce.records["User"][robot]
        user.values["IsActive"] = False
    code, said = admin.connect()
    assert code == OUTSIDE
    assert "user is inactive" in said
    assert "look whether its user is active" in said


def test_a_key_signs_in_as_the_user_who_is_named(admin: Admin, control: Control):
    pem = (
        invented_key()
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    control.post("salesforce/apps", public_key=pem.decode())
    admin.write("key.pem", LoginServer().pem)
    user = admin.sandbox.salesforce.apps[DEFAULT_CLIENT].run_as
    code, said = admin.type(
        *admin.words("--private-key-file", "key.pem", "--username", user)
    )
    assert code == DONE, said


def test_who_signs_in_in_a_browser_pastes_the_address_it_ends_at(
    admin: Admin, control: Control, rows: Rows
):
    control.post("salesforce/apps", rotates=True)
    code, said = admin.sign_in(allow)
    assert code == DONE, said
    assert "goes to https://slagboom.example.com/oauth/salesforce" in said
    [refresh] = [
        token
        for token, (_, user) in admin.sandbox.salesforce.refresh_tokens.items()
        if user == admin.sandbox.salesforce.integration_id
        and token != "sandbox-refresh-token"
    ]
    [kept] = rows("SELECT c::text FROM connections c")
    assert refresh not in said + kept
    # It was renewed by the first use, and goes on from the database.
    assert admin.type("probe", "acme")[0] == DONE
    with admin.sandbox.engine.lock:
        admin.sandbox.salesforce.sessions.clear()
    assert admin.type("probe", "acme")[0] == DONE


def test_processes_that_renew_at_once_do_not_lose_the_sign_in(
    admin: Admin, control: Control
):
    control.post("salesforce/apps", rotates=True)
    assert admin.sign_in(allow)[0] == DONE
    with admin.sandbox.engine.lock:
        admin.sandbox.salesforce.sessions.clear()
    probes = [
        subprocess.Popen(
            [sys.executable, "-m", "connector.cli", "probe", "acme"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(3)
    ]
    ends = [(one.communicate(timeout=120)[0], one.returncode) for one in probes]
    assert {code for _, code in ends} == {DONE}, ends
    assert admin.type("probe", "acme")[0] == DONE


def test_a_revoked_sign_in_is_told_and_a_new_one_mends_it(admin: Admin):
    assert admin.sign_in(allow)[0] == DONE
    with admin.sandbox.engine.lock:
        admin.sandbox.salesforce.refresh_tokens.clear()
        admin.sandbox.salesforce.sessions.clear()
    code, said = admin.type("probe", "acme")
    assert code == OUTSIDE
    assert "expired access/refresh token" in said
    assert admin.sign_in(allow)[0] == DONE


def forged(url: str) -> str:
    parts = urlsplit(allow(url))
    code = parse_qs(parts.query)["code"][0]
    return f"{parts.scheme}://{parts.netloc}{parts.path}?" + urlencode(
        {"code": code, "state": "forged"}
    )


def used(url: str) -> str:
    back = allow(url)
    code = parse_qs(urlsplit(back).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": DEFAULT_CLIENT,
    }
    place = url.partition("/services/")[0] + "/services/oauth2/token"
    kind = "application/x-www-form-urlencoded"
    urllib3.request("POST", place, body=urlencode(form), headers={"Content-Type": kind})
    return back


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (lambda _: "", GIVEN_UP, "given up, and nothing was saved"),
        (lambda _: "no idea", OUTSIDE, "paste the whole address"),
        (lambda _: "https://x.example/?error=access_denied", OUTSIDE, "access_denied"),
        (forged, OUTSIDE, "another sign-in"),
        (used, OUTSIDE, "good for once"),
    ],
    ids=["given up", "no code", "refused", "forged", "used"],
)
def test_a_sign_in_that_ends_otherwise_leaves_nothing_behind(
    admin: Admin,
    rows: Rows,
    answer: Callable[[str], str],
    code: int,
    words: str,
):
    ended, said = admin.sign_in(answer)
    assert (ended, words in said) == (code, True), said
    assert rows("SELECT name FROM connections") == []


def test_an_account_that_worked_stays_as_it_was_when_a_sign_in_fails(
    admin: Admin, rows: Rows
):
    assert admin.connect()[0] == DONE
    before = rows("SELECT c::text FROM connections c")
    assert admin.sign_in(forged)[0] == OUTSIDE
    assert rows("SELECT c::text FROM connections c") == before
    assert admin.sign_in(allow)[0] == DONE
    assert admin.connect()[0] == DONE


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--org-id", "00D"], "--org-id"),
        (["--org-id", "006000000000001AAA"], "00D"),
        (["--org-id", "00D000000000001AAB"], "--org-id"),
        (["--webhook-secret-file", "short.txt"], "--webhook-secret"),
        (["--webhook-secret-file", "slash.txt"], "part of an address"),
        (["--instance-url", "acme.my.salesforce.com"], "--instance-url"),
        (["--api-version", "68"], "--api-version"),
        (["--client-certificates", "ab:cd"], "SHA-256"),
        (["--sign-in", "jwt"], "--private-key-file"),
        (["--private-key-file", "short.txt"], "RSA key in PEM form"),
    ],
)
def test_what_cannot_be_right_is_named_before_anything_is_saved(
    admin: Admin, rows: Rows, words: list[str], told: str
):
    admin.write("short.txt", "short")
    admin.write("slash.txt", "a/secret/with/slashes/in/it")
    code, said = admin.connect(*words)
    assert (code, told in said) == (WRONG_USE, True), said
    assert rows("SELECT name FROM connections") == []


def test_a_name_that_another_crm_has_is_refused_before_anybody_signs_in(
    admin: Admin, control: Control
):
    control.post("hubspot/settings", portal_id=12345678)
    admin.write("token.txt", admin.sandbox.hubspot_token)
    code, said = admin.type(
        *("connect", "hubspot", "acme", "--token-file", "token.txt"),
        *("--webhook-secret-file", "hook.txt", "--portal-id", "12345678"),
        *("--api-url", admin.sandbox.url),
    )
    assert code == DONE, said
    code, said = admin.type(*admin.words("--sign-in", "browser"))
    assert code == WRONG_USE
    assert "connected to hubspot already" in said
    assert "authorize?" not in said
