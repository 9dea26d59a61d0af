"""Who is exempt may deviate, for a time, and everybody can see it."""

from datetime import UTC, datetime

import pytest
from redis import Redis

from connector.errors import ConfigError
from connector.services.exemptions import ExemptionMissing, Exemptions
from connector.store import Store
from rules.model import AMOUNT, Kind, RecordRef
from tests.fakes.clock import FrozenClock
from tests.services.office import DAY, Office

POLICY = """
version: 1
process: new-business
sponsor: anna@example.com
connection: acme
pipeline: sales
since: 2020-01-01
locale: en
calendar: {timezone: Europe/Amsterdam}
enforcement: enforce
goals:
  forecast: We see where deals really stall.
stages:
  lead:
  qualification:
  demo:
  quote_sent: {requires: [amount], gate: "quotes >= 1", goal: forecast}
  negotiation:
  won:
  lost: {from: any}
moves:
  skip: {goal: forecast}
checks:
  small: {goal: forecast, check: "amount < 1000", enforcement: flag}
exemptions: {longest: 30d, recurring: 3}
"""


class Bureau(Office):
    """An office that grants exemptions."""

    def __init__(self, store: Store, clock: FrozenClock, redis: Redis) -> None:
        super().__init__(store, clock, redis, POLICY)
        self.bureau = Exemptions(store, self.policies, clock)

    def exempt(self, deal: RecordRef, rule: str, until: str = "7d", **more: str):
        return self.bureau.grant(
            f"deal:{deal.id}",
            rule,
            until=until,
            why=more.get("why", "The customer insists"),
            by=more.get("by", "anna@example.com"),
            author="admin",
        )

    def violations(self) -> list[tuple[str, str]]:
        with self.store.begin() as tx:
            found = tx.violations.latest(only_open=False)
        return [(one.rule, one.state) for one in reversed(found)]


@pytest.fixture
def bureau(store: Store, clock: FrozenClock, redis: Redis) -> Bureau:
    return Bureau(store, clock, redis)


def test_who_is_exempt_is_not_put_back(bureau: Bureau):
    deal, other = bureau.add_at("lead"), bureau.add_at("lead")
    bureau.exempt(deal, "move.skip")
    assert bureau.move(deal, "demo") == "demo"
    assert bureau.move(other, "demo") == "lead"
    assert bureau.world.notes(deal) == []


def test_what_was_waived_is_kept_with_the_judgement(bureau: Bureau):
    deal = bureau.add_at("lead")
    bureau.exempt(deal, "move.skip")
    bureau.move(deal, "demo")
    with bureau.store.begin() as tx:
        judgement = tx.judgements.get([1, 2])[2]
    [verdict] = [one for one in judgement.verdicts if one.rule == "move.skip"]
    assert (verdict.result.value, verdict.reason.code.value) == ("skip", "exempted")


def test_a_move_that_waits_is_made_as_soon_as_nothing_is_demanded(bureau: Bureau):
    deal = bureau.add_at("demo")
    assert bureau.move(deal, "quote_sent") == "demo"
    bureau.exempt(deal, "stage.quote_sent.gate")
    bureau.judge()
    assert bureau.stage_of(deal) == "quote_sent"
    with bureau.store.begin() as tx:
        [hold] = tx.holds.latest(only_open=False)
    assert hold.ended_why == "completed"


def test_what_stands_against_the_record_is_closed_as_exempted(bureau: Bureau):
    deal = bureau.add_at("demo", amount=5000.0)
    bureau.world.edit(deal, AMOUNT, 6000.0)
    bureau.look()
    assert bureau.violations() == [("check.small", "open")]
    bureau.exempt(deal, "check.small")
    assert bureau.violations() == [("check.small", "exempted")]
    bureau.world.edit(deal, AMOUNT, 7000.0)
    bureau.look()
    assert bureau.violations() == [("check.small", "exempted")]


def test_its_end_changes_nothing_that_was_accepted_and_everything_after(
    bureau: Bureau,
):
    deal = bureau.add_at("lead")
    bureau.exempt(deal, "move.skip", until="1d")
    bureau.move(deal, "demo")
    bureau.clock.advance(2 * DAY)
    bureau.look()
    assert bureau.stage_of(deal) == "demo"
    assert bureau.move(deal, "negotiation") == "demo"


def test_a_revoked_exemption_permits_nothing_any_more(bureau: Bureau):
    deal = bureau.add_at("lead")
    bureau.exempt(deal, "all")
    [counted] = bureau.bureau.latest(only_holding=True, limit=10)
    bureau.bureau.revoke(counted.granted.id, why="A mistake", author="admin")
    assert bureau.move(deal, "demo") == "lead"
    assert bureau.bureau.latest(only_holding=True, limit=10) == []
    with pytest.raises(ExemptionMissing):
        bureau.bureau.revoke(counted.granted.id, why="Again", author="admin")
    with bureau.store.begin() as tx:
        actions = [one.action for one in tx.audit.latest(target=f"deal:{deal.id}")]
    assert actions == ["exemption.revoked", "exemption.granted"]


def test_an_exemption_follows_its_record_into_what_it_was_merged_into(bureau: Bureau):
    deal, other = bureau.add_at("lead"), bureau.add_at("lead")
    bureau.exempt(deal, "move.skip")
    into = bureau.world.merge(deal, other)
    bureau.hear_merge(into, deal, other)
    bureau.judge()
    assert bureau.move(into, "demo") == "demo"


@pytest.mark.parametrize(
    ("rule", "until", "said"),
    [
        ("move.skp", "7d", "Did you mean “move.skip”"),
        ("move.skip", "31d", "at most 30d"),
        ("move.skip", "2026-11-30", "is past"),
        ("move.skip", "someday", "is no moment"),
    ],
)
def test_what_cannot_be_granted_is_refused_with_what_can(
    bureau: Bureau, rule, until, said
):
    deal = bureau.add_at("lead")
    with pytest.raises(ConfigError, match=said):
        bureau.exempt(deal, rule, until)
    assert bureau.bureau.latest(only_holding=False, limit=10) == []


def test_a_day_counts_to_its_end_where_the_company_is(bureau: Bureau):
    deal = bureau.add_at("lead")
    _, end = bureau.exempt(deal, "all", "2026-12-05")
    assert end == datetime(2026, 12, 5, 23, tzinfo=UTC)


def test_a_record_that_no_policy_speaks_of_cannot_be_exempt(bureau: Bureau):
    lead = bureau.world.add_record(Kind.LEAD)
    known = bureau.world.crm.read([lead], {})[lead]
    with bureau.store.begin() as tx:
        tx.baselines.remember(bureau.id, [known])
    with pytest.raises(ConfigError, match="No policy in force speaks of lead:"):
        bureau.bureau.grant(
            f"lead:{lead.id}", "all", until="7d", why="w", by="b", author="admin"
        )


def test_exemptions_are_counted_and_many_of_a_kind_lead_to_advice(bureau: Bureau):
    for _ in range(2):
        bureau.exempt(bureau.add_at("lead"), "move.skip")
    assert bureau.notices() == []
    bureau.exempt(bureau.add_at("lead"), "move.skip")
    bureau.exempt(bureau.add_at("lead"), "check.small")
    assert bureau.notices() == ["exemptions_recur"]
    found = bureau.bureau.latest(only_holding=True, limit=10)
    assert [one.times_for_rule for one in found] == [1, 3, 3, 3]
    assert {one.times_for_owner for one in found} == {4}
    assert {one.granted.owner for one in found} == {"rep@example.com"}
    assert [bool(one.advice) for one in found] == [False, True, True, True]
    assert "write a second policy" in str(found[1].advice)
    bureau.clock.advance(91 * DAY)
    later = bureau.bureau.latest(only_holding=False, limit=10)
    assert {one.times_for_rule for one in later} == {0}
    assert not any(one.advice for one in later)
