"""Policies, records, changes and evidence as Hypothesis makes them up.

Everything that judging looks at varies: who changed what, from where to where, with
stages beside the path and closed ones, permissions, and checks that restore.
"""

from dataclasses import replace
from datetime import UTC, date, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from rules.model import (
    Actor,
    ActorClass,
    Change,
    Enforcement,
    Evidence,
    EvidenceKind,
    FieldName,
    PipelineId,
    Record,
    RuleId,
    Tally,
    TextUse,
)
from rules.policy import (
    AutoMove,
    Conversion,
    MoveRule,
    OnFail,
    Placeholders,
    Policy,
    Stage,
)
from tests.builders import (
    LONG_AGO,
    NOW,
    PIPELINE,
    a_check,
    a_condition,
    a_move_rule,
    a_policy,
    a_record,
    a_stage,
    an_allow,
    stage_id,
)

thoroughly = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])

KEYS = ("lead", "qualification", "demo", "quote_sent", "won", "lost")
REQUIRED = ("amount", "decision_maker", "close_date", "lost_reason", "discount")
CONDITIONS = (
    "quotes >= 1",
    "meetings >= 1 && contacts >= 2",
    "amount >= 0",
    "discount <= amount",
    "amount + discount <= probability",
    "close_date >= today",
    "close_date >= today || meetings >= 1",
    "decision_maker == null || amount != null",
)

RULES = (
    "move.skip",
    "move.back",
    "move.born_late",
    *(f"stage.{key}" for key in KEYS),
    *(f"stage.{key}.gate" for key in KEYS),
    *(f"stage.{key}.requires.{name}" for key in KEYS for name in REQUIRED),
    *(f"stage.{key}.contacts" for key in KEYS),
    *(f"check.c{number}" for number in range(4)),
    *("conversion.late", "conversion.early", "auto_move.a0", "auto_move.a1"),
)

TEXTS = ("Jan", "nvt", " ", "x")

powers = st.sampled_from(list(Enforcement))
conditions = st.sampled_from([a_condition(text) for text in CONDITIONS])
least = st.sampled_from([a_condition(f"contacts >= {count}") for count in (1, 2, 3)])
"""How many people a stage asks for."""
values = {
    "amount": st.none() | st.floats() | st.integers(-3, 3).map(float),
    "discount": st.none() | st.integers(-3, 3).map(float),
    "probability": st.none() | st.integers(-3, 3).map(float),
    "close_date": st.none()
    | st.dates(date(2026, 1, 1), date(2027, 12, 31))
    | st.datetimes(timezones=st.just(UTC)),
    "contract_date": st.none() | st.dates(),
    "decision_maker": st.none() | st.sampled_from(TEXTS) | st.text(),
    "lost_reason": st.none() | st.text(max_size=5),
    "currency": st.none() | st.sampled_from(["EUR", "??"]),
}
instants = st.datetimes(
    LONG_AGO.replace(tzinfo=None), NOW.replace(tzinfo=None), timezones=st.just(UTC)
)
tallies = st.builds(Tally, st.integers(0, 3), st.none() | instants)
uses = st.dictionaries(
    st.just(FieldName("decision_maker")),
    st.builds(TextUse, st.sampled_from(TEXTS), st.integers(0, 9), st.floats(0, 1)),
)
evidences = st.builds(
    Evidence, st.dictionaries(st.sampled_from(EvidenceKind), tallies), uses=uses
)
actors = st.builds(
    Actor, st.sampled_from([kind for kind in ActorClass if kind != "ourselves"])
)

named = st.just(frozenset()) | st.frozensets(
    st.sampled_from(
        [kind for kind in ActorClass if kind not in {"ourselves", "unknown"}]
    )
)


@st.composite
def records(draw: st.DrawFn) -> Record:
    return a_record(
        draw(st.none() | st.sampled_from([*KEYS, "archived"])),
        fields={name: draw(value) for name, value in values.items()},
        pipeline=draw(st.sampled_from([PIPELINE, PIPELINE, PipelineId("other")])),
        name=draw(st.text(max_size=5)),
    )


@st.composite
def changes(draw: st.DrawFn) -> Change:
    after = draw(records())
    before = draw(st.none() | records())
    if before is not None:
        kept = draw(st.sets(st.sampled_from(sorted(values))))
        fields = {**after.fields, **{name: before.fields[name] for name in kept}}
        after = replace(after, fields=fields)
    return Change(before, after, draw(actors), is_new=draw(st.booleans()))


def conversions(power: st.SearchStrategy[Enforcement]) -> st.SearchStrategy[Conversion]:
    late, early = (
        st.none() | power.map(lambda one, name=name: MoveRule(RuleId(name), one))
        for name in ("conversion.late", "conversion.early")
    )
    return st.builds(Conversion, conditions, late, early)


@st.composite
def auto_moves(
    draw: st.DrawFn, power: st.SearchStrategy[Enforcement]
) -> tuple[AutoMove, ...]:
    on_path = [key for key in KEYS if key != "lost"]
    steps = draw(st.lists(st.sampled_from(list(pairwise(on_path))), max_size=2))
    return tuple(
        AutoMove(
            RuleId(f"auto_move.a{number}"),
            stage_id(source),
            stage_id(target),
            draw(conditions),
            draw(power),
        )
        for number, (source, target) in enumerate(steps)
    )


@st.composite
def policies(draw: st.DrawFn, power: st.SearchStrategy[Enforcement] = powers) -> Policy:
    stages = [
        a_stage(
            key,
            None if key == "lost" else position,
            requires=tuple(draw(st.lists(st.sampled_from(REQUIRED), max_size=2))),
            enforcement=draw(power),
            is_closed=key in {"won", "lost"},
            gate=draw(st.none() | st.sampled_from(CONDITIONS)),
        )
        for position, key in enumerate(KEYS)
    ]
    checks = [
        a_check(
            f"c{number}",
            draw(st.sampled_from(CONDITIONS)),
            enforcement=draw(power),
            on_fail=draw(st.sampled_from(OnFail)),
            while_open=draw(st.booleans()),
            stages=tuple(draw(st.lists(st.sampled_from(KEYS), max_size=2))),
        )
        for number in range(draw(st.integers(0, 4)))
    ]
    allow = [
        an_allow(
            draw(st.sampled_from(KEYS)),
            draw(st.sampled_from(KEYS)),
            when=draw(st.none() | st.sampled_from(CONDITIONS)),
            why=f"reason {number}",
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    moves = {
        name: draw(st.none() | power.map(lambda one, name=name: a_move_rule(name, one)))
        for name in ("skip", "back", "born_late")
    }

    def with_people(stage: Stage) -> Stage:
        asked = draw(st.none() | least)
        people = {} if asked is None else {EvidenceKind.CONTACTS: asked}
        return replace(stage, people=people, is_won=stage.key == "won")

    def for_some(rule):
        return None if rule is None else replace(rule, actors=draw(named))

    return a_policy(
        stages=tuple(for_some(with_people(stage)) for stage in stages),
        checks=tuple(map(for_some, checks)),
        allow=tuple(allow),
        conversion=draw(st.none() | conversions(power)),
        auto_moves=draw(auto_moves(power)),
        placeholders=draw(
            st.builds(
                Placeholders,
                repeated=st.none() | st.integers(2, 5),
                share=st.none() | st.floats(0.1, 0.9),
            )
        ),
        governs=draw(st.none() | conditions),
        since=draw(st.none() | st.just(NOW - timedelta(days=400)) | st.just(NOW)),
        **{name: for_some(rule) for name, rule in moves.items()},
    )


paths = st.lists(st.sampled_from([*KEYS, "archived"]).map(stage_id), max_size=4)
"""Ways through the stages, as a CRM's history tells them."""
