"""One judge: what is heard, what a sweep finds and what an example says agree."""

import re
from dataclasses import dataclass, field

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from connector.store import Store
from connector.store.codec import verdicts_from_json
from rules.examples import run_examples
from rules.model import (
    Actor,
    ActorClass,
    EvidenceKind,
    FieldName,
    RecordRef,
    Value,
)
from tests.builders import stage_id
from tests.fakes.account import ACTORS, FakeWorld
from tests.fakes.clock import FrozenClock
from tests.services.office import Office

POLICY = """
version: 1
process: new-business
sponsor: anna@example.com
connection: acme
pipeline: sales
since: 2020-01-01
enforcement: enforce
goals: {forecast: We see where deals stall.}
stages:
  lead:
  qualification: {requires: [decision_maker], goal: forecast}
  demo: {gate: "meetings >= 1", goal: forecast}
  quote_sent: {requires: [amount, close_date], gate: "quotes >= 1", goal: forecast}
  negotiation:
  won:
  lost: {requires: [lost_reason], from: any, goal: forecast}
moves:
  skip: {goal: forecast}
  back: {goal: forecast, enforcement: flag}
  born_late: {goal: forecast}
  allow: [{from: demo, to: negotiation, when: "amount < 1000", why: Small}]
checks:
  amount-not-negative: {goal: forecast, check: "amount >= 0", on_fail: restore}
  discount-small: {goal: forecast, check: "discount <= amount", enforcement: observe}
"""


@dataclass(frozen=True)
class Story:
    """A deal in a stage, what is linked to it, and what somebody makes of it."""

    before: str | None
    after: str
    fields: dict[str, Value] = field(default_factory=dict)
    edits: dict[str, Value] = field(default_factory=dict)
    linked: dict[str, int] = field(default_factory=dict)


STORIES = {
    "a step": Story("lead", "qualification", {"decision_maker": "Ann"}),
    "a step that lacks something": Story("lead", "qualification"),
    "a step with a placeholder": Story(
        "lead", "qualification", edits={"decision_maker": "nvt"}
    ),
    "a jump": Story("lead", "quote_sent", {"amount": 5.0}, linked={"quotes": 1}),
    "a step back": Story("demo", "lead", {"decision_maker": "Ann"}),
    "an allowed jump": Story(
        "demo", "negotiation", {"amount": 5.0, "decision_maker": "Ann"}
    ),
    "a jump that is not allowed": Story("demo", "negotiation", {"amount": 5000.0}),
    "an edit that cannot be": Story("lead", "lead", {"amount": 5.0}, {"amount": -1.0}),
    "an edit that two checks read": Story(
        "lead", "lead", {"amount": 5.0, "discount": 9.0}, {"amount": 1.0}
    ),
    "a move with an edit": Story(
        "lead", "qualification", {"amount": 5.0}, {"amount": -1.0}
    ),
    "a gate that is met": Story(
        "qualification", "demo", {"decision_maker": "Ann"}, linked={"meetings": 2}
    ),
    "a loss": Story("demo", "lost", {"lost_reason": "Price"}),
    "a way back from a loss": Story("lost", "demo", linked={"meetings": 1}),
    "a birth": Story(None, "lead"),
    "a late birth": Story(None, "quote_sent", {"amount": 5.0}, linked={"meetings": 1}),
}


@pytest.fixture(params=STORIES.values(), ids=STORIES.keys())
def story(request: pytest.FixtureRequest) -> Story:
    return request.param


def made(office: Office, story: Story) -> RecordRef:
    """Have the deal as it was, known to Slagboom unless it was not there yet."""
    world = office.world
    assert isinstance(world, FakeWorld)
    born = story.after if story.before is None else story.before
    deal = world.add_record(
        stage=stage_id(born),
        owner=world.rep,
        values={FieldName(name): value for name, value in story.fields.items()},
    )
    for kind, count in story.linked.items():
        for _ in range(count):
            world.link(deal, EvidenceKind(kind))
    if story.before is not None:
        office.reconcile.import_(office.connection())
        if story.after != story.before:
            world.move(deal, stage_id(story.after))
        for name, value in story.edits.items():
            world.edit(deal, FieldName(name), value)
    return deal


def judged(engine: Engine) -> dict[str, tuple[str, str, str]]:
    """Return every stored verdict: its result, its power and its reason."""
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT verdicts FROM judgements ORDER BY id"))
        first = rows.scalars().first()
    return {
        str(one.rule): (one.result.value, one.enforcement.value, one.reason.code.value)
        for one in verdicts_from_json(first or [])
    }


def empty(engine: Engine) -> None:
    with engine.begin() as connection:
        tables = "connections, channels, people, notices, audit"
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))


def test_what_is_heard_what_a_sweep_finds_and_what_an_example_says_agree(
    store: Store, engine: Engine, clock: FrozenClock, redis: Redis, story: Story
):
    office = Office(store, clock, redis, POLICY)
    person: Actor = ACTORS[ActorClass.PERSON]
    office.hear(made(office, story), person)
    heard = judged(engine)

    with store.begin() as tx:
        [active] = office.policies.active(tx, office.id)
    [example] = run_examples(active.policy, to_example(story), now=clock.now())
    assert example.verdicts == {rule: one[0] for rule, one in heard.items()}
    assert heard

    empty(engine)
    office = Office(store, clock, redis, POLICY)
    made(office, story)
    office.look()
    assert judged(engine) == heard


WRITES = {"write", "write_notes", "create_tasks"}


def written(office: Office) -> list[str]:
    """Return what was asked of the CRM that changes something."""
    world = office.world
    assert isinstance(world, FakeWorld)
    return [name for name, _ in world.crm.requests if name in WRITES]


def test_observing_writes_nothing_and_judges_the_same(
    store: Store, engine: Engine, clock: FrozenClock, redis: Redis, story: Story
):
    quiet = re.sub(r"enforcement: \w+", "enforcement: observe", POLICY)
    office = Office(store, clock, redis, quiet)
    made(office, story)
    office.look()
    assert written(office) == []
    observed = {rule: result for rule, (result, _, _) in judged(engine).items()}
    empty(engine)
    office = Office(store, clock, redis, POLICY)
    made(office, story)
    office.look()
    enforced = {rule: result for rule, (result, _, _) in judged(engine).items()}
    # What is put back is judged where it then stands, by fewer or other checks.
    moves = {rule for rule in observed if not rule.startswith("check.")}
    assert {rule: observed[rule] for rule in moves} == {
        rule: one for rule, one in enforced.items() if not rule.startswith("check.")
    }


def test_once_something_was_put_back_there_is_nothing_left_to_do(
    store: Store, engine: Engine, clock: FrozenClock, redis: Redis, story: Story
):
    office = Office(store, clock, redis, POLICY)
    made(office, story)
    office.look()
    before = written(office)
    for _ in range(2):
        office.look()
    assert written(office) == before
    with engine.begin() as connection:
        planned = "SELECT count(*) FROM interventions WHERE state = 'planned'"
        assert connection.execute(text(planned)).scalar_one() == 0


def to_example(story: Story) -> str:
    """Return a story as an example of the policy."""
    after = {"stage": story.after, **story.fields, **story.edits}
    before = {"stage": story.before, **story.fields}
    before |= {name: None for name in story.edits if name not in story.fields}
    said = "" if story.before is None else f"before: {flow(before)}, "
    return (
        f"examples: [{{{said}after: {flow(after)}, evidence: {flow(story.linked)},"
        " expect: {return_to: null}}]"
    )


def flow(found: dict) -> str:
    written = (
        f"{name}: {'null' if value is None else value}" for name, value in found.items()
    )
    return f"{{{', '.join(written)}}}"
