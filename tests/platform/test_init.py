"""`slagboom <vendor> init`, as it is typed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector.clock import SystemClock
from connector.store import Store, open_store
from connector.vendors import CRMS
from tests.hubspot.kit import PORTAL
from tests.platform.terminal import Ended, Terminal, typing, unlogged
from tests.sandbox.fixtures import running, sandbox

__all__ = ["running", "sandbox", "typing", "unlogged"]

EXAMPLE = Path(__file__).parents[2] / "examples" / "policy.yaml"
Type = Callable[..., Ended]
VENDORS = [vendor for vendor in CRMS.values() if vendor.project is not None]
each_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=lambda one: one.key)


@pytest.fixture
def typed(typing: Terminal, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Types a command, with other variables than usual."""

    def type_(*words: str, **variables: str) -> Ended:
        with monkeypatch.context() as meanwhile:
            for name, value in variables.items():
                meanwhile.setenv(name, value)
            return typing.type(*words)

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
    assert (ended.code, ended.err) == (0, "")
    address = f"https://slagboom.example.com/webhooks/{vendor.key}/acme"
    assert address in all_text(tmp_path / "made")
    told = " ".join(ended.out.split())
    for line in (*vendor.project.commands, *vendor.project.by_hand):
        assert line in told


@each_vendor
def test_typed_again_it_changes_nothing(vendor, typed: Type, tmp_path: Path):
    typed(vendor.key, "init", "made")
    before = all_text(tmp_path / "made")
    again = typed(vendor.key, "init", "made")
    assert "new " not in again.out
    assert "changed  " not in again.out.replace("unchanged", "")
    assert all_text(tmp_path / "made") == before


@each_vendor
def test_a_file_that_was_changed_by_hand_stops_it(vendor, typed: Type, tmp_path: Path):
    typed(vendor.key, "init", "made")
    changed = next((tmp_path / "made").glob("[a-z]*.json"))
    changed.write_text("mine")
    ended = typed(vendor.key, "init", "made", PUBLIC_URL="https://other.example.com")
    assert ended.code == 2
    assert changed.name in ended.err
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
    assert ended.code == 2
    assert "bakery, butcher" in ended.err


@each_vendor
def test_an_account_of_another_vendor_is_refused(vendor, typed: Type, store: Store):
    connect(store, "bakery", "another")
    ended = typed(vendor.key, "init", "made", "--connection", "bakery")
    assert (ended.code, "another" in ended.err) == (2, True)


@each_vendor
def test_a_name_that_no_address_can_have_is_refused(vendor, typed: Type):
    ended = typed(vendor.key, "init", "made", "--connection", "../Acme")
    assert ended.code == 2
    assert "lower-case letters" in ended.err


@each_vendor
def test_an_address_that_the_vendor_cannot_reach_is_told(vendor, typed: Type):
    ended = typed(vendor.key, "init", "made", PUBLIC_URL="http://127.0.0.1:8000")
    assert ended.code == 0
    assert f"which {vendor.title} cannot reach" in ended.out


@each_vendor
def test_a_folder_with_something_else_in_it_is_refused(
    vendor, typed: Type, tmp_path: Path
):
    (tmp_path / "stray.txt").write_text("mine")
    ended = typed(vendor.key, "init", ".")
    assert (ended.code, "is not empty" in ended.err) == (2, True)
    assert [one.name for one in tmp_path.iterdir()] == ["stray.txt"]


def test_every_vendor_with_a_project_is_listed(typed: Type):
    listed = typed("--help").out
    assert VENDORS
    for vendor in VENDORS:
        assert f"  {vendor.key} " in listed


@each_vendor
def test_a_policy_that_is_yet_to_be_published_is_fitted(
    vendor, typed: Type, tmp_path: Path
):
    policy = EXAMPLE.read_text("utf-8")
    own = f"fields: {{budget_holder: {{{vendor.key}: budget_holder__c}}}}\nstages:"
    text = policy.replace("stages:", own, 1).replace("[amount]", "[budget_holder]")
    (tmp_path / "policy.yaml").write_text(text)
    ended = typed(vendor.key, "init", "made", "--policy", "policy.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert "budget_holder__c" in all_text(tmp_path / "made")


@each_vendor
def test_a_policy_with_faults_stops_it_and_they_are_named(
    vendor, typed: Type, tmp_path: Path
):
    (tmp_path / "policy.yaml").write_text("version: 1\n")
    ended = typed(vendor.key, "init", "made", "--policy", "policy.yaml")
    assert (ended.code, "policy.yaml:" in ended.err) == (1, True)
    assert not (tmp_path / "made").exists()


def test_the_properties_that_policies_name_are_in_it(typed: Type, tmp_path: Path):
    connected = typed("connect", "hubspot", "acme", "--portal-id", str(PORTAL))
    assert connected.code == 0, connected.err
    typed("hubspot", "init", "made")
    assert "closed_lost_reason" not in all_text(tmp_path / "made")
    published = typed("policy", "publish", str(EXAMPLE), "--note", "First")
    assert published.code == 0, published.err
    typed("hubspot", "init", "made")
    assert "closed_lost_reason" in all_text(tmp_path / "made")
