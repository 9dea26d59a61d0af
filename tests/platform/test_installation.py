"""What a bare machine is given: locks, process list and the way from pip to uv."""

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from connector.supervise import Commands

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock", ".ci/tools.lock"]


def load_installer():
    spec = importlib.util.spec_from_file_location("install", ROOT / ".ci/install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_packages(lock: str) -> dict[str, str]:
    """Return what is locked, each with the text that belongs to it."""
    text = (ROOT / lock).read_text()
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    return {block.partition("==")[0]: block for block in blocks if "==" in block}


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_locked_has_a_hash_and_no_address(lock):
    packages = read_packages(lock)
    assert packages
    assert [
        name for name, block in packages.items() if "--hash=sha256" not in block
    ] == []
    assert not re.search(r"://|--index|--find-links", (ROOT / lock).read_text())


def test_the_locks_hold_every_requirement():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    def to_names(requirements: list[str]) -> set[str]:
        names = (re.split(r"[\[<>=~!; ]", each)[0] for each in requirements)
        return {name.lower().replace(".", "-") for name in names}

    needed = to_names(project["dependencies"])
    developing = needed | to_names(project["optional-dependencies"]["dev"])
    assert needed - set(read_packages("requirements.lock")) == set()
    assert developing - set(read_packages("requirements-dev.lock")) == set()


def test_both_locks_agree_on_every_version():
    running, developing = (read_packages(lock) for lock in LOCKS[:2])
    versions = {
        name: (block.split()[0], developing[name].split()[0])
        for name, block in running.items()
    }
    assert {pair for pair in versions.values() if pair[0] != pair[1]} == set()


def test_the_process_list_starts_what_slagboom_up_starts():
    listed = dict(
        line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines()
    )
    commands = Commands.installed("127.0.0.1", 8000)
    started = {name: " ".join(getattr(commands, name)) for name in Commands.__slots__}
    assert set(listed) == set(started)
    for name, command in started.items():
        plain = command.replace(sys.executable, "python").replace(f"{ROOT}/", "")
        assert plain.removesuffix(" --bind 127.0.0.1:8000") == listed[name]


def test_what_pip_is_configured_with_reaches_uv(monkeypatch):
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    settings = {
        "index-url": "https://packages.example.com/simple",
        "extra-index-url": "https://a.example.com\nhttps://b.example.com",
        "find-links": "/one /two",
        "cert": "/etc/ca.pem",
        "require-virtualenv": "true",
    }
    assert load_installer()._to_uv(settings) == {
        "UV_DEFAULT_INDEX": "https://packages.example.com/simple",
        "UV_INDEX": "https://a.example.com https://b.example.com",
        "UV_FIND_LINKS": "/one,/two",
        "SSL_CERT_FILE": "/etc/ca.pem",
    }


def test_what_is_set_for_uv_itself_stays(monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.example.com")
    assert load_installer()._to_uv({"index-url": "https://other.example.com"}) == {}


@pytest.mark.parametrize("target", ["install", "demo", "up", "test", "lint", "bench"])
def test_make_knows_every_target(target):
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    "module", ["connector", "connector.config", "connector.errors"]
)
def test_reading_the_configuration_loads_no_library(module):
    code = f"import sys, {module}; print(sorted(sys.modules))"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in ast.literal_eval(said.stdout)}
    heavy = {"cryptography", "flask", "redis", "rq", "sqlalchemy", "structlog"}
    assert loaded & heavy == set()


def test_every_file_that_is_no_module_is_shipped():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]
    roots = [ROOT / name for name in ("adapters", "connector", "rules")]
    # Every folder counts as a package, whether it holds modules or not.
    packages = [one for root in roots for one in (root, *root.rglob("*/"))]
    shipped = {
        file
        for package in packages
        for name in ("*", ".".join(package.relative_to(ROOT).parts))
        for pattern in patterns.get(name, ())
        for file in package.glob(pattern)
    }
    # What modules are made from, or checked with, is not needed to run them.
    code = {".py", ".pyc", ".pyi", ".proto"}
    files = {
        one
        for root in roots
        for one in root.rglob("*")
        if one.is_file() and one.suffix not in code
    }
    assert files - shipped == set()
