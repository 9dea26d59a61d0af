"""The README's commands are typed as they stand there, against the sandbox."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from adapters.salesforce.rights import RIGHTS, Access
from adapters.sandbox import Sandbox, start
from adapters.sandbox.hubspot.account import DEFAULT_SECRET
from adapters.sandbox.remote import Remote
from adapters.sandbox.salesforce.defaults import INTEGRATION_USER
from connector.cli import COMMANDS
from connector.vendors import CRMS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?ms)^ *```sh(?P<kind>[^\n]*)\n(?P<lines>.*?)^ *```")
CLIENT_ID, CLIENT_SECRET = "3MVG9pe2TCoA1PasbSmoK", "D0ub1e"
ORGANIZATION = "00D5g000004ZabcEAC"
WEBHOOK_SECRET = "a-long-text-of-our-own"
PEOPLE = "email,name,manager\nrep@example.com,Rep,boss@example.com\n"


def commands() -> list[str]:
    """Return what a reader types, but what installs, serves or tests."""
    found = [
        line.strip()
        for block in BLOCK.finditer(README)
        if not block["kind"].strip()
        for line in block["lines"].splitlines()
    ]
    return [line for line in found if line.startswith("slagboom ")]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    running = start()
    remote = Remote(running.url)
    remote.post("hubspot/settings", portal_id=12345678)
    remote.post(
        "hubspot/seed",
        users=[{"email": "you@example.com", "name": "You"}],
        records=[
            {
                "object": "deals",
                "properties": {
                    "dealname": "Acme",
                    "dealstage": "appointmentscheduled",
                    "pipeline": "default",
                },
            }
        ],
    )
    with running.engine.lock:
        running.salesforce.id = ORGANIZATION
    remote.post(
        "salesforce/apps",
        client_id=CLIENT_ID,
        secret=CLIENT_SECRET,
        run_as=INTEGRATION_USER,
    )
    remote.close()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Path:
    """A folder as the README has its reader make it."""
    made = tmp_path_factory.mktemp("reader")
    for name, text in {
        "token.txt": sandbox.hubspot_token,
        "secret.txt": DEFAULT_SECRET,
        "client-secret.txt": CLIENT_SECRET,
        "webhook-secret.txt": WEBHOOK_SECRET,
        "slack-token.txt": sandbox.slack_token,
        "smtp-url.txt": f"smtp://127.0.0.1:{sandbox.smtp_port}",
        "people.csv": PEOPLE,
    }.items():
        (made / name).write_text(text)
    (made / "examples").symlink_to(ROOT / "examples")
    return made


@pytest.fixture
def environ(database_url: str, redis_url: str) -> Mapping[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATABASE_URL": database_url.replace("postgresql+psycopg", "postgresql", 1),
        "REDIS_URL": redis_url,
        "PUBLIC_URL": "https://slagboom.example.com",
        "SLAGBOOM_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES": "1",
    }


def test_every_command_of_the_readme_does_what_it_says(
    folder: Path, environ: Mapping[str, str], sandbox: Sandbox
):
    every = commands()
    assert "slagboom doctor" in every
    for command in every:
        is_slack = "slack" in command
        ended = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env={
                **environ,
                "SLAGBOOM_API_URL": sandbox.slack_url if is_slack else sandbox.url,
                "SLAGBOOM_LOGIN_URL": sandbox.url,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        # Without a worker `doctor` finds something, which is its work.
        expected = {1} if command == "slagboom doctor" else {0}
        assert ended.returncode in expected, (command, ended.stdout, ended.stderr)
        assert "Traceback" not in ended.stderr, command
        assert ended.stdout.strip(), command


def test_the_commands_that_install_and_test_are_run_by_ci():
    ran = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    typed = {
        line.strip()
        for block in BLOCK.finditer(README)
        for line in block["lines"].splitlines()
        if line.strip().startswith("make ")
    }
    # The same as with --once, but without an end.
    assert typed - {"make demo"} <= set(re.findall(r"make [^\"\n]+", ran))


def test_the_readme_names_every_command_that_there_is():
    missing = [name for name in COMMANDS if f"slagboom {name}" not in README]
    assert missing == ["demo"], missing
    for vendor in CRMS.values():
        assert f"slagboom {vendor.key} init" in README


def test_every_file_that_the_documents_point_to_exists():
    targets = [
        (document, target)
        for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8"))
    ]
    assert (ROOT / "README.md", "docs/policy.md") in targets
    for document, target in targets:
        assert (document.parent / target).exists(), (document.name, target)


def test_the_readme_says_what_each_right_in_salesforce_is_for():
    rows = [row.split("|") for row in README.splitlines() if row.startswith("| `")]
    granted = {
        (object_, word.strip())
        for row in rows
        for object_ in re.findall(r"`(\w+)`", row[1])
        for word in row[2].replace("(optional)", "").replace("leads", "").split(",")
    }
    words = {Access.READ: "read", Access.CREATE: "create", Access.EDIT: "edit"}
    needed = {(right.object, words[right.access]) for right in RIGHTS}
    assert needed <= granted, needed - granted
