"""Exemptions: what a rule demands is not demanded of one record, for a time.

An exemption takes demands out of the policy that a record is judged by. So it holds for
everything that asks the one judge, and can only remove failures.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rules.demands import gate_id, people_id, required_id
from rules.model import Judgement, Reason, ReasonCode, Result, RuleId
from rules.policy import Conversion, MoveRule, Policy, Stage

IsExempt = Callable[[str], bool]

ALL = "all"
"""The rule of an exemption from everything that is judged."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """Permission to deviate until then. `rule` may also be a part of rules' ids.

    `stage.won` means every demand of that stage, `all` everything.
    """

    rule: str
    until: datetime


def in_force(exemptions: Sequence[Exemption], now: datetime) -> tuple[Exemption, ...]:
    """Return those that still hold; what has ended has ended everywhere."""
    return tuple(one for one in exemptions if now < one.until)


def covers(exempt: str, rule: str) -> bool:
    """Return whether an exemption from `exempt` is one from `rule`."""
    return exempt in {ALL, rule} or rule.startswith(f"{exempt}.")


def exempting(policy: Policy, exemptions: Sequence[Exemption], now: datetime) -> Policy:
    """Return the policy as it is for a record with these exemptions.

    Follow-ups stay: a record that may deviate is not one that may be forgotten.
    """
    holding = in_force(exemptions, now)
    if not holding:
        return policy

    def is_exempt(rule: str) -> bool:
        return any(covers(one.rule, rule) for one in holding)

    return replace(
        policy,
        skip=_kept(policy.skip, is_exempt),
        back=_kept(policy.back, is_exempt),
        born_late=_kept(policy.born_late, is_exempt),
        stages=tuple(_stage(stage, is_exempt) for stage in policy.stages),
        checks=tuple(one for one in policy.checks if not is_exempt(one.id)),
        auto_moves=tuple(one for one in policy.auto_moves if not is_exempt(one.id)),
        conversion=_conversion(policy.conversion, is_exempt),
    )


def judged_rules(policy: Policy) -> Iterator[RuleId]:
    """Yield the rules that a record can be exempted from, in the policy's order."""
    for stage in policy.stages:
        yield from (required_id(stage, name) for name in stage.requires)
        yield from (people_id(stage, kind) for kind in stage.people)
        if stage.gate is not None:
            yield gate_id(stage)
    moves = [policy.skip, policy.back, policy.born_late]
    if policy.conversion is not None:
        moves += [policy.conversion.late, policy.conversion.early]
    yield from (rule.id for rule in moves if rule is not None)
    yield from (one.id for one in policy.checks)
    yield from (one.id for one in policy.auto_moves)


def with_waived(judgement: Judgement, whole: Judgement) -> Judgement:
    """Return a judgement with what would have failed but for the exemptions.

    `whole` is the judgement of the same change without them. What was waived is told
    as skipped, so that it can be counted.
    """
    spoken = {verdict.rule for verdict in judgement.verdicts}
    waived = tuple(
        replace(verdict, result=Result.SKIP, reason=Reason(ReasonCode.EXEMPTED))
        for verdict in whole.failed()
        if verdict.rule not in spoken
    )
    return replace(judgement, verdicts=(*judgement.verdicts, *waived))


def _kept(rule: MoveRule | None, is_exempt: IsExempt) -> MoveRule | None:
    return None if rule is None or is_exempt(rule.id) else rule


def _stage(stage: Stage, is_exempt: IsExempt) -> Stage:
    requires, people = stage.requires, stage.people
    return replace(
        stage,
        requires=tuple(
            name for name in requires if not is_exempt(required_id(stage, name))
        ),
        people={
            kind: condition
            for kind, condition in people.items()
            if not is_exempt(people_id(stage, kind))
        },
        gate=None if is_exempt(gate_id(stage)) else stage.gate,
    )


def _conversion(
    conversion: Conversion | None, is_exempt: IsExempt
) -> Conversion | None:
    if conversion is None:
        return None
    return replace(
        conversion,
        late=_kept(conversion.late, is_exempt),
        early=_kept(conversion.early, is_exempt),
    )
