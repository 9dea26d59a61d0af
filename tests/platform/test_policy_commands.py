"""What scripts rely on: the exit codes and the JSON of the commands about policies."""

from collections.abc import Iterator

import pytest

from adapters.sandbox import Sandbox, start
from adapters.sandbox.remote import Remote
from tests.platform.terminal import Terminal, typing, unlogged

__all__ = ["typing", "unlogged"]

POLICY = """\
version: 1
process: new-business
connection: acme
sponsor: anna@example.com
goals: {forecast: We see where deals stall.}
enforcement: observe
since: 2020-01-01
stages:
  Appointment Scheduled:
  Qualified To Buy: {requires: [amount], goal: forecast}
  Presentation Scheduled:
  Decision Maker Bought-In:
  Contract Sent:
  Closed Won:
  Closed Lost: {from: any}
checks:
  amount-small: {goal: forecast, check: "amount < 1000"}
people: {fallback: ops@example.com}
"""
STRICTER = POLICY.replace("amount < 1000", "amount < 100").replace(
    "enforcement: observe", "enforcement: flag"
)
EXAMPLES = """\
examples:
  - name: Too much
    after: {stage: Appointment Scheduled, amount: 5000}
    expect: {check.amount-small: pass}
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    running = start()
    remote = Remote(running.url)
    remote.post("hubspot/settings", portal_id=12345678)
    deal = {"dealname": "Acme", "dealstage": "appointmentscheduled", "amount": "500"}
    remote.post(
        "hubspot/seed",
        records=[{"object": "deals", "properties": {**deal, "pipeline": "default"}}],
    )
    remote.close()
    yield running
    running.stop()


@pytest.fixture
def terminal(typing: Terminal) -> Terminal:
    """A terminal of an admin who has connected and imported an account."""
    typing.connect(POLICY)
    return typing


def test_a_difference_is_found_shown_published_and_taken_back(terminal: Terminal):
    stricter = terminal.write("stricter.yaml", STRICTER)
    same = terminal.type("policy", "diff", "policy.yaml", "--json")
    assert (same.code, same.json["differing"]) == (0, 0)
    differing = terminal.type("policy", "diff", stricter, "--json")
    assert differing.code == 1
    assert differing.json["records"] == 1
    [shift] = differing.json["shifts"]
    assert (shift["rule"], shift["effect"]) == ("check.amount-small", "fails")
    assert (shift["was"], shift["now"]) == ("observe", "flag")
    assert shift["examples"][0]["name"] == "Acme"
    dry = terminal.type("policy", "publish", stricter, "--note", "x", "--dry-run")
    assert dry.code == 0
    assert "Nothing was published." in dry.out
    assert "1 stored records were judged as they stand; 1 would be" in dry.out
    assert len(terminal.type("policy", "versions", "--json").json) == 1

    published = terminal.type("policy", "publish", stricter, "--note", "Small deals")
    assert published.code == 0, published.err
    [newest, _] = terminal.type("policy", "log", "--locale", "nl", "--json").json
    assert newest["note"] == "Small deals"
    assert any("(was: " in line and "nu: gemeld" in line for line in newest["changes"])
    back = terminal.type("policy", "rollback", "new-business", "--note", "Too soon")
    assert back.code == 0, back.err
    assert terminal.type("policy", "show", "new-business").out == POLICY
    versions = terminal.type("policy", "versions", "new-business", "--json").json
    assert [one["state"] for one in versions] == ["current", "retired", "retired"]


def test_an_announcement_is_made_and_withdrawn(terminal: Terminal):
    ended = terminal.type(
        *("policy", "publish", "policy.yaml", "--note", "x"),
        *("--effective", "2099-01-01"),
    )
    assert ended.code == 0
    assert "slagboom policy withdraw new-business" in ended.out
    assert terminal.type("policy", "withdraw", "new-business").code == 0
    again = terminal.type("policy", "withdraw", "new-business")
    assert again.code == 2
    assert "still to come" in again.err
    wrong = terminal.type(
        *("policy", "publish", "policy.yaml", "--note", "x", "--effective", "soon"),
    )
    assert wrong.code == 2
    assert "write it as 2026-12-01" in wrong.err
    past = terminal.type(
        *("policy", "publish", "policy.yaml", "--note", "x"),
        *("--effective", "2020-01-01"),
    )
    assert past.code == 2
    assert "which is past" in past.err
    silent = terminal.type("policy", "publish", "policy.yaml", "--note", " ")
    assert silent.code == 2
    assert "Say why it changes." in silent.err


def test_a_record_is_explained_for_scripts(terminal: Terminal):
    ended = terminal.type("explain", "acme", "--to", "Qualified to buy", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["process"] == "new-business"
    assert ended.json["move"]["outlook"] == "passes"
    assert [one["rule"] for one in ended.json["move"]["verdicts"]] == [
        "stage.Qualified To Buy.requires.amount"
    ]
    unknown = terminal.type("explain", "nobody")
    assert unknown.code == 2
    assert "No record is known" in unknown.err


def test_examples_that_fail_end_with_one_and_their_lack_with_two(terminal: Terminal):
    lacking = terminal.type("policy", "test", "policy.yaml")
    assert lacking.code == 2
    assert "Write policy.test.yaml" in lacking.err
    terminal.write("policy.test.yaml", EXAMPLES)
    failed = terminal.type("policy", "test", "policy.yaml", "--json")
    assert failed.code == 1
    [file] = failed.json
    assert (file["file"], file["failed"]) == ("policy.test.yaml", 1)
    assert file["examples"][0]["differences"] == [
        "check.amount-small was to pass, and is fail."
    ]
    assert file["examples"][0]["verdicts"]["check.amount-small"] == "fail"
    terminal.write("policy.late.test.yaml", EXAMPLES.replace("pass", "fail"))
    both = terminal.type("policy", "test", "policy.yaml")
    assert both.code == 1
    assert "policy.late.test.yaml:\nok      Too much\n" in both.out


def test_a_starter_that_was_written_checks_clean(terminal: Terminal):
    assert len(terminal.type("policy", "starters", "--json").json) == 3
    started = terminal.type("policy", "start", "renewals", "--connection", "acme")
    terminal.write("renewals.yaml", started.out)
    checked = terminal.type("policy", "check", "renewals.yaml")
    assert (checked.code, checked.out) == (
        0,
        "renewals.yaml: nothing is wrong with renewals.\n",
    )
