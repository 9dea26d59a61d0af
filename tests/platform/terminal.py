"""A terminal in which tests type commands, and what they say and end with."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from adapters.sandbox import Sandbox
from adapters.sandbox.hubspot.account import DEFAULT_SECRET
from connector.cli import slagboom
from connector.cli.ending import run


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal:
    """Types commands in a folder, one after the other, in this process."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture

    def type(self, *words: str) -> Ended:
        self._capture.readouterr()
        code = run(slagboom, list(words))
        said = self._capture.readouterr()
        return Ended(code, said.out, said.err)

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def connect(self, policy: str) -> None:
        """Connect the sandbox's account, publish a policy for it, and import it."""
        self.write("policy.yaml", policy)
        for words in (
            ("connect", "hubspot", "acme", "--portal-id", "12345678"),
            ("policy", "publish", "policy.yaml", "--note", "First"),
            ("import", "acme"),
        ):
            ended = self.type(*words)
            assert ended.code == 0, ended.err


@pytest.fixture
def unlogged() -> Iterator[None]:
    """Leave logging as it was: a command sets it up for its process."""
    handlers = logging.getLogger().handlers[:]
    level = logging.getLogger().level
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


@pytest.fixture
def typing(
    tmp_path: Path,
    sandbox: Sandbox,
    *,
    database_url: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    unlogged: None,
) -> Terminal:
    """A terminal of an admin who can reach the sandbox, and has done nothing yet."""
    del unlogged
    for name, value in {
        "DATABASE_URL": database_url.replace("postgresql+psycopg", "postgresql", 1),
        "REDIS_URL": redis_url,
        "PUBLIC_URL": "https://slagboom.example.com",
        "SLAGBOOM_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES": "1",
        "SLAGBOOM_API_URL": sandbox.url,
        "SLAGBOOM_TOKEN": sandbox.hubspot_token,
        "SLAGBOOM_WEBHOOK_SECRET": DEFAULT_SECRET,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path, capsys)
