"""`slagboom <vendor> init`, as it is typed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from adapters.sandbox import Sandbox
from adapters.sandbox.hubspot.account import DEFAULT_SECRET
from connector.clock import SystemClock
from connector.store import Store, open_store
from connector.vendors import CRMS
from tests.hubspot.kit import PORTAL
from tests.sandbox.fixtures import running, sandbox

__all__ = ["running", "sandbox"]

Type = Callable[..., "subprocess.CompletedProcess[str]"]
VENDORS = [vendor for vendor in CRMS.values() if vendor.project is not None]
each_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=lambda one: one.key)


@pytest.fixture
def environ(database_url: str, redis_url: str) -> Mapping[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url.replace("postgresql+psycopg", "postgresql", 1),
        "REDIS_URL": redis_url,
        "PUBLIC_URL": "https://slagboom.example.com",
        "SLAGBOOM_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    }


@pytest.fixture
def typed(environ: Mapping[str, str], tmp_path: Path) -> Type:
    def type_(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "connector.cli", *words],
            cwd=tmp_path,
            env={**environ, **variables, "PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            text=True,
            check=False,
        )

    return type_


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    opened.close()


def connect(store: Store, name: str, vendor: str, **settings: str) -> None:
    with store.begin() as tx:
        tx.connections.save(
            name,
            vendor=vendor,
            settings=settings,
            secrets=b"",
            now=SystemClock().now(),
        )


def all_text(folder: Path) -> str:
    return "".join(
        one.read_text("utf-8") for one in sorted(folder.rglob("*")) if one.is_file()
    )


@each_vendor
def test_the_project_is_written_with_the_address_of_the_account(
    vendor, typed: Type, tmp_path: Path
):
    ended = typed(vendor.key, "init", "made", "--connection", "acme")
    assert (ended.returncode, ended.stderr) == (0, "")
    address = f"https://slagboom.example.com/webhooks/{vendor.key}/acme"
    assert address in all_text(tmp_path / "made")
    told = " ".join(ended.stdout.split())
    for line in (*vendor.project.commands, *vendor.project.by_hand):
        assert line in told


@each_vendor
def test_typed_again_it_changes_nothing(vendor, typed: Type, tmp_path: Path):
    typed(vendor.key, "init", "made")
    before = all_text(tmp_path / "made")
    again = typed(vendor.key, "init", "made")
    assert "new " not in again.stdout
    assert "changed  " not in again.stdout.replace("unchanged", "")
    assert all_text(tmp_path / "made") == before


@each_vendor
def test_a_file_that_was_changed_by_hand_stops_it(vendor, typed: Type, tmp_path: Path):
    typed(vendor.key, "init", "made")
    changed = next((tmp_path / "made").glob("[a-z]*.json"))
    changed.write_text("mine")
    ended = typed(vendor.key, "init", "made", PUBLIC_URL="https://other.example.com")
    assert ended.returncode == 2
    assert changed.name in ended.stderr
    assert "other.example.com" not in all_text(tmp_path / "made")


@each_vendor
def test_the_only_connected_account_is_meant_without_being_named(
    vendor, typed: Type, store: Store, tmp_path: Path
):
    connect(store, "bakery", vendor.key)
    typed(vendor.key, "init", "made")
    assert f"/webhooks/{vendor.key}/bakery" in all_text(tmp_path / "made")


@each_vendor
def test_of_several_accounts_one_must_be_named(vendor, typed: Type, store: Store):
    connect(store, "bakery", vendor.key)
    connect(store, "butcher", vendor.key)
    ended = typed(vendor.key, "init", "made")
    assert ended.returncode == 2
    assert "bakery, butcher" in ended.stderr


@each_vendor
def test_an_account_of_another_vendor_is_refused(vendor, typed: Type, store: Store):
    connect(store, "bakery", "another")
    ended = typed(vendor.key, "init", "made", "--connection", "bakery")
    assert (ended.returncode, "another" in ended.stderr) == (2, True)


@each_vendor
def test_a_name_that_no_address_can_have_is_refused(vendor, typed: Type):
    ended = typed(vendor.key, "init", "made", "--connection", "../Acme")
    assert ended.returncode == 2
    assert "lower-case letters" in ended.stderr


@each_vendor
def test_an_address_that_the_vendor_cannot_reach_is_told(vendor, typed: Type):
    ended = typed(vendor.key, "init", "made", PUBLIC_URL="http://127.0.0.1:8000")
    assert ended.returncode == 0
    assert f"which {vendor.title} cannot reach" in ended.stdout


@each_vendor
def test_a_folder_with_something_else_in_it_is_refused(
    vendor, typed: Type, tmp_path: Path
):
    (tmp_path / "stray.txt").write_text("mine")
    ended = typed(vendor.key, "init", ".")
    assert (ended.returncode, "is not empty" in ended.stderr) == (2, True)
    assert [one.name for one in tmp_path.iterdir()] == ["stray.txt"]


def test_every_vendor_with_a_project_is_listed(typed: Type):
    listed = typed("--help").stdout
    assert VENDORS
    for vendor in VENDORS:
        assert f"  {vendor.key} " in listed


@each_vendor
def test_a_policy_that_is_yet_to_be_published_is_fitted(
    vendor, typed: Type, tmp_path: Path
):
    policy = Path("examples/policy.yaml").read_text("utf-8")
    own = f"fields: {{budget_holder: {{{vendor.key}: budget_holder__c}}}}\nstages:"
    text = policy.replace("stages:", own, 1).replace("[amount]", "[budget_holder]")
    (tmp_path / "policy.yaml").write_text(text)
    ended = typed(vendor.key, "init", "made", "--policy", "policy.yaml")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "budget_holder__c" in all_text(tmp_path / "made")


@each_vendor
def test_a_policy_with_faults_stops_it_and_they_are_named(
    vendor, typed: Type, tmp_path: Path
):
    (tmp_path / "policy.yaml").write_text("version: 1\n")
    ended = typed(vendor.key, "init", "made", "--policy", "policy.yaml")
    assert (ended.returncode, "policy.yaml:" in ended.stderr) == (1, True)
    assert not (tmp_path / "made").exists()


def test_the_properties_that_policies_name_are_in_it(
    typed: Type, sandbox: Sandbox, tmp_path: Path
):
    (tmp_path / "token.txt").write_text(sandbox.hubspot_token)
    (tmp_path / "secret.txt").write_text(DEFAULT_SECRET)
    variables = {"SLAGBOOM_ALLOW_PRIVATE_ADDRESSES": "1"}
    connected = typed(
        *("connect", "hubspot", "acme", "--token-file", "token.txt"),
        *("--webhook-secret-file", "secret.txt", "--api-url", sandbox.url),
        *("--portal-id", str(PORTAL)),
        **variables,
    )
    assert connected.returncode == 0, connected.stderr
    typed("hubspot", "init", "made")
    assert "closed_lost_reason" not in all_text(tmp_path / "made")
    policy = str(Path.cwd() / "examples" / "policy.yaml")
    published = typed("policy", "publish", policy, "--note", "First", **variables)
    assert published.returncode == 0, published.stderr
    typed("hubspot", "init", "made")
    assert "closed_lost_reason" in all_text(tmp_path / "made")
