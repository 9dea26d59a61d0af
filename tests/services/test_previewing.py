"""What a policy would judge differently of the records that are stored."""

from dataclasses import replace

import pytest
from redis import Redis

from connector.services.exemptions import Exemptions
from connector.services.previewing import AT_A_TIME, Comparison, Previewing
from connector.store import Store
from rules.model import EvidenceKind, Kind, PipelineId, RecordId, RecordRef
from rules.previewing import Effect
from tests.fakes.clock import FrozenClock
from tests.fakes.world import AMOUNT, DECISION_MAKER
from tests.services.desk import POLICY, Desk

STRICTER = POLICY.replace("amount >= 0", "amount >= 10")


@pytest.fixture
def desk(store: Store, clock: FrozenClock, redis: Redis) -> Desk:
    desk = Desk(store, clock, redis)
    desk.publish()
    return desk


def add(desk: Desk, stage: int, **amount: float) -> None:
    desk.world.add_record(
        stage=desk.world.stages(Kind.DEAL)[stage],
        values={AMOUNT: amount.get("amount"), DECISION_MAKER: "Ann"},
        name=f"Deal {len(desk.world.records)}",
    )


def compare(
    desk: Desk, text: str, *, asks_crm: bool = False, at_a_time: int = AT_A_TIME
) -> Comparison:
    with desk.store.begin() as tx:
        [active] = desk.policies.active(tx, desk.id)
    told: list[tuple[int, int | None]] = []
    previewing = Previewing(
        desk.store, crm_for=desk.crm_for, clock=desk.clock, at_a_time=at_a_time
    )
    found = previewing.compare(
        desk.connection,
        active.policy,
        desk.policies.draft(text, desk.connection),
        asks_crm=asks_crm,
        progress=lambda done, total: told.append((done, total)),
    )
    assert not told or told[-1][0] == found.records
    return found


def counts(found: Comparison) -> list[tuple[str, str, str, int]]:
    return [
        (one.effect.value, one.rule, str(one.stage), one.count) for one in found.shifts
    ]


def test_records_are_counted_by_rule_and_stage_with_examples(desk: Desk):
    for _ in range(5):
        add(desk, 0, amount=5)
    add(desk, 1, amount=5)
    add(desk, 1, amount=50)
    desk.import_()
    found = compare(desk, STRICTER)
    assert (found.records, found.differing) == (7, 6)
    assert sorted(counts(found)) == [
        ("fails", "check.amount-not-negative", "s-lead", 5),
        ("fails", "check.amount-not-negative", "s-qualification", 1),
    ]
    first = found.of(Effect.FAILS)[0]
    assert [one.name for one in first.examples] == ["Deal 0", "Deal 1", "Deal 2"]
    assert first.examples[0].url.startswith("https://crm.example.com/deals/")


def test_the_policy_that_is_in_force_judges_nothing_differently(desk: Desk):
    add(desk, 2, amount=-5)
    desk.import_()
    found = compare(desk, POLICY)
    assert (found.records, found.differing, found.shifts) == (1, 0, ())


def test_what_a_record_is_exempt_from_makes_no_difference(desk: Desk):
    for _ in range(2):
        add(desk, 0, amount=5)
    desk.import_()
    first = min(one.id for one in desk.world.records)
    Exemptions(desk.store, desk.policies, desk.clock).grant(
        f"deal:{first}",
        "check.amount-not-negative",
        until="7d",
        why="Agreed",
        by="anna@example.com",
        author="admin",
    )
    assert compare(desk, STRICTER).differing == 1


def test_every_page_is_judged(desk: Desk):
    for _ in range(5):
        add(desk, 0, amount=5)
    desk.import_()
    assert compare(desk, STRICTER, at_a_time=2).differing == 5


def test_evidence_is_asked_for_only_where_that_is_wanted(desk: Desk):
    add(desk, 2)
    add(desk, 2)
    desk.import_()
    first = next(iter(desk.world.records))
    desk.world.link(first, EvidenceKind.MEETINGS)
    both = POLICY.replace("meetings >= 1", "meetings >= 1 && contacts >= 1")
    desk.world.crm.requests.clear()
    found = compare(desk, both)
    assert [name for name, _ in desk.world.crm.requests] == ["account"]
    assert counts(found) == [("unknown", "stage.demo.gate", "s-demo", 2)]
    assert found.differing == 0
    stricter = both.replace("{gate:", "{enforcement: enforce, gate:")
    assert counts(compare(desk, stricter)) == [
        ("unknown", "stage.demo.gate", "s-demo", 2)
    ]
    found = compare(desk, stricter, asks_crm=True)
    assert sorted(counts(found)) == [
        ("fails", "stage.demo.gate", "s-demo", 1),
        ("power", "stage.demo.gate", "s-demo", 1),
    ]


def test_a_field_that_no_policy_has_read_is_asked_for_with_the_evidence(
    store: Store, clock: FrozenClock, redis: Redis
):
    desk = Desk(store, clock, redis)
    add(desk, 0, amount=5)
    # Without a policy no field is read.
    desk.import_()
    desk.publish()
    assert counts(compare(desk, STRICTER)) == [
        ("unknown", "check.amount-not-negative", "s-lead", 1)
    ]
    assert counts(compare(desk, STRICTER, asks_crm=True)) == [
        ("fails", "check.amount-not-negative", "s-lead", 1)
    ]
    desk.world.delete(next(iter(desk.world.records)))
    assert compare(desk, STRICTER, asks_crm=True).records == 0


def test_records_of_other_pipelines_are_not_compared(desk: Desk):
    add(desk, 0, amount=5)
    desk.import_()
    with desk.store.begin() as tx:
        stored = tx.baselines.live(desk.id, Kind.DEAL, after=0, limit=9)
        elsewhere = replace(
            stored[0][1],
            ref=RecordRef(Kind.DEAL, RecordId("9")),
            pipeline=PipelineId("other"),
        )
        tx.baselines.remember(desk.id, [elsewhere])
    assert compare(desk, STRICTER).records == 1
