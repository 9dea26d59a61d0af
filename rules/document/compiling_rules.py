"""The stages, moves, checks and conversion of a document, as a policy has them."""

from rules.conversion import EARLY, LATE
from rules.document.compilation import Compilation
from rules.document.parts import to_actors, to_condition, to_goal
from rules.document.shape import ConversionRule, MoveShape, StageShape
from rules.model import Enforcement, EvidenceKind, GoalId, RuleId
from rules.policy import Allow, AutoMove, Check, Conversion, MoveRule, OnFail, Stage


def to_stages(on: Compilation) -> tuple[Stage, ...]:
    """Return the stages that the account has, those on the path with their place."""
    found: list[Stage] = []
    position = 0
    for key, shape in on.document.shape.stages.items():
        is_beside = shape.from_ is not None
        stage = _stage(on, key, shape, None if is_beside else position)
        position += 0 if is_beside else 1
        if stage is not None:
            found.append(stage)
    return tuple(found)


def to_move_rule(
    on: Compilation, name: str, shape: MoveShape | None
) -> MoveRule | None:
    """Return the rule about one kind of move, None if there is none."""
    if shape is None:
        return None
    return MoveRule(
        RuleId(f"move.{name}"), on.power(shape), to_goal(shape), to_actors(shape)
    )


def to_allow(on: Compilation) -> tuple[Allow, ...]:
    """Return what is permitted although the order of the stages forbids it."""
    found = []
    for index, shape in enumerate(on.document.shape.moves.allow):
        when = on.names.condition(shape.when, ("moves", "allow", index, "when"))
        source, target = on.stage_id(shape.from_), on.stage_id(shape.to)
        if source is not None and target is not None:
            found.append(Allow(source, target, shape.why, when))
    return tuple(found)


def to_checks(on: Compilation) -> tuple[Check, ...]:
    """Return the checks, in the order of the document."""
    found = []
    for name, shape in on.document.shape.checks.items():
        condition = on.names.condition(shape.check, ("checks", name, "check"))
        if condition is not None:
            found.append(
                Check(
                    id=RuleId(f"check.{name}"),
                    condition=condition,
                    enforcement=on.power(shape),
                    on_fail=OnFail(shape.on_fail),
                    goal=to_goal(shape),
                    while_open=shape.while_ == "open",
                    actors=to_actors(shape),
                    stages=frozenset(
                        stage
                        for one in shape.in_
                        if (stage := on.stage_id(one)) is not None
                    ),
                )
            )
    return tuple(found)


def to_auto_moves(on: Compilation) -> tuple[AutoMove, ...]:
    """Return the moves that are made when facts say so."""
    found = []
    for name, shape in on.document.shape.auto_moves.items():
        when = on.names.condition(
            to_condition(shape.when), ("auto_moves", name, "when")
        )
        source, target = on.stage_id(shape.from_), on.stage_id(shape.to)
        if when is not None and source is not None and target is not None:
            found.append(
                AutoMove(
                    id=RuleId(f"auto.{name}"),
                    from_stage=source,
                    to_stage=target,
                    when=when,
                    enforcement=on.power(shape),
                    goal=to_goal(shape),
                )
            )
    return tuple(found)


def to_conversion(on: Compilation) -> Conversion | None:
    """Return when a lead is to be converted, None if the document does not say."""
    shape = on.document.shape.conversion
    if shape is None:
        return None
    seed = on.names.condition(shape.seed, ("conversion", "seed"))
    if not any(one.is_won for one in on.stages.values()):
        on.tell(
            ("conversion",),
            "None of the policy's stages is one in which the CRM has a lead"
            " converted. Add that stage to stages.",
        )
    if seed is None:
        return None
    return Conversion(
        seed,
        late=_conversion_rule(on, LATE, shape.late),
        early=_conversion_rule(on, EARLY, shape.early),
    )


def _stage(
    on: Compilation, key: str, shape: StageShape, position: int | None
) -> Stage | None:
    path = ("stages", key)
    requires = tuple(
        on.names.use(name, (*path, "requires", index))
        for index, name in enumerate(shape.requires)
    )
    gate = on.names.condition(shape.gate, (*path, "gate"))
    people = {
        kind: condition
        for kind, least in (
            (EvidenceKind.CONTACTS, shape.contacts),
            (EvidenceKind.ACCOUNT_CONTACTS, shape.account_contacts),
        )
        if least is not None
        and (condition := on.names.condition(f"{kind} >= {least}", path))
    }
    if key not in on.stages:
        return None
    one = on.stages[key]
    return Stage(
        key=key,
        id=one.id,
        label=one.label,
        position=position,
        requires=requires,
        people=people,
        gate=gate,
        enforcement=on.power(shape),
        goal=to_goal(shape),
        is_closed=one.is_closed,
        is_won=one.is_won,
        actors=to_actors(shape),
    )


def _conversion_rule(
    on: Compilation, rule: RuleId, shape: ConversionRule | None
) -> MoveRule | None:
    if shape is None:
        return None
    power = Enforcement(shape.enforcement or on.document.shape.enforcement)
    if power is Enforcement.ENFORCE:
        # What all other rules may do: here there is nothing to put back.
        power = Enforcement.FLAG
    goal = None if shape.goal is None else GoalId(shape.goal)
    return MoveRule(rule, power, goal)
