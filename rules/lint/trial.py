"""Finding out, by trying, whether a condition can be true or false at all.

A condition that compares each name with fixed values only is decided by where a value
lies among them. So trying every one of them, and one between each two, tries all that
there are. Of other conditions nothing is claimed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from math import prod

from rules.expressions import (
    Condition,
    ConditionInvalid,
    Decision,
    compile_condition,
)
from rules.facts import TIMES
from rules.model import OWNER, EvidenceKind, FieldName, FieldType, Value
from rules.policy import Policy
from rules.tokens import Token, read_tokens

COUNTS = frozenset(kind.value for kind in EvidenceKind)

MOST_TRIES = 4_000
"""For one condition: a policy has many, and they are tried in pairs as well."""

_NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
"""Any moment will do: `today` is only ever compared."""

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_JOINTS = frozenset({"&&", "||", "!", "(", ")", "?", ":"})
_FIXED = frozenset({"number", "text"})


@dataclass(frozen=True, slots=True)
class Trial:
    """What trying showed: whether anything makes a condition true, or false."""

    can_be_true: bool
    can_be_false: bool


def try_out(
    condition: Condition, policy: Policy, *, filled: frozenset[str] = frozenset()
) -> Trial | None:
    """Return what a condition can be, or None if trying cannot show it.

    The names in `filled` are tried with values only, the others also without.
    """
    decisions = _decisions(condition, policy, filled)
    if decisions is None:
        return None
    can_be_true = can_be_false = False
    for decision in decisions:
        can_be_true = can_be_true or decision.is_true
        can_be_false = can_be_false or decision.is_false
        if can_be_true and can_be_false:
            break
    return Trial(can_be_true, can_be_false)


def can_be_true_together(conditions: Sequence[Condition], policy: Policy) -> bool:
    """Return whether something meets all of these, as far as trying can show."""
    text = " && ".join(f"({one.text})" for one in conditions)
    try:
        both = compile_condition(text, _types(policy))
    except ConditionInvalid:
        # Together they are longer than a condition may be.
        return True
    decisions = _decisions(both, policy, frozenset())
    return decisions is None or any(one.is_true for one in decisions)


def _decisions(
    condition: Condition, policy: Policy, filled: frozenset[str]
) -> Iterator[Decision] | None:
    """Return what a condition says of everything that is to be tried."""
    tokens = read_tokens(condition.text)
    if not _is_plain(tokens):
        return None
    names = sorted(condition.fields - TIMES)
    samples = [
        _samples(name, tokens, policy, can_be_empty=name not in filled)
        for name in names
    ]
    if prod(len(some) for some in samples) > MOST_TRIES:
        return None
    fixed: dict[str, Value] = {"today": _NOW.date(), "now": _NOW}
    return (
        condition.evaluate({**fixed, **dict(zip(names, values, strict=True))})
        for values in product(*samples)
    )


def _types(policy: Policy) -> Mapping[FieldName, FieldType]:
    return {OWNER: FieldType.TEXT, **policy.types}


def _is_plain(tokens: Sequence[Token]) -> bool:
    """Return whether each name is compared with fixed values only."""
    place = 0
    while place < len(tokens):
        if tokens[place].text in _JOINTS:
            place += 1
            continue
        length = _length_of_test(tokens[place:])
        if not length:
            return False
        place += length
    return True


def _length_of_test(tokens: Sequence[Token]) -> int:
    """Return of how many tokens the test at the start is; 0 if it is no plain one."""
    left, left_length = _side(tokens)
    if not left_length:
        return 0
    sign = tokens[left_length : left_length + 1]
    if not sign or sign[0].text in {")", "&&", "||", "?", ":"}:
        # A name or a constant that is a test by itself.
        return left_length
    if sign[0].text not in _COMPARISONS:
        return 0
    right, right_length = _side(tokens[left_length + 1 :])
    if not right_length or (left == right == "name"):
        return 0
    return left_length + 1 + right_length


def _side(tokens: Sequence[Token]) -> tuple[str, int]:
    """Return what stands on one side of a comparison, and of how many tokens it is."""
    if not tokens:
        return "", 0
    first = tokens[0]
    if first.text == "-" and len(tokens) > 1 and tokens[1].kind == "number":
        return "fixed", 2
    if first.kind in _FIXED or first.text in {"null", "true", "false", *TIMES}:
        return "fixed", 1
    is_call = len(tokens) > 1 and tokens[1].text in {"(", ".", "["}
    is_sum = len(tokens) > 1 and tokens[1].text in {"+", "-", "*", "/"}
    if first.kind == "name" and not is_call and not is_sum:
        return "name", 1
    return "", 0


def _samples(
    name: str, tokens: Sequence[Token], policy: Policy, *, can_be_empty: bool
) -> list[Value]:
    if name in COUNTS:
        numbers = sorted({0, *(int(one) for one in _numbers(tokens))})
        around = {one + step for one in numbers for step in (-1, 0, 1)}
        return [float(one) for one in sorted(around) if one >= 0]
    found: list[Value] = []
    match policy.types.get(FieldName(name), FieldType.TEXT):
        case FieldType.NUMBER:
            found += _among(sorted({0.0, *_numbers(tokens)}))
        case FieldType.BOOLEAN:
            found += [True, False]
        case FieldType.DATE:
            days = sorted({_NOW.date(), *_days(tokens)})
            found += [one + timedelta(step) for one in days for step in (-1, 0, 1)]
        case FieldType.INSTANT:
            hour = timedelta(hours=1)
            found += [_NOW - hour, _NOW, _NOW + hour]
        case FieldType.TEXT:
            # Another one than all that are named, before and after them.
            found += ["!", *_texts(tokens), "~"]
    # What lies in the middle is asked for most, so that it is tried first.
    middle = len(found) // 2
    ordered = [found[place] for place in _outwards(len(found), middle)]
    return [*ordered, None] if can_be_empty else ordered


def _outwards(length: int, middle: int) -> list[int]:
    return sorted(range(length), key=lambda place: abs(place - middle))


def _among(numbers: Sequence[float]) -> list[float]:
    """Return the numbers, one between each two, and one on either side of them all."""
    between = [(one + other) / 2 for one, other in pairwise(numbers)]
    return sorted([numbers[0] - 1, *numbers, *between, numbers[-1] + 1])


def _numbers(tokens: Sequence[Token]) -> Iterator[float]:
    for place, token in enumerate(tokens):
        if token.kind == "number":
            is_negative = place > 0 and tokens[place - 1].text == "-"
            yield -float(token.text) if is_negative else float(token.text)


def _texts(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.kind == "text" and token.text[1:-1].strip():
            yield token.text[1:-1]


def _days(tokens: Sequence[Token]) -> Iterator[date]:
    for text in _texts(tokens):
        try:
            yield date.fromisoformat(text)
        except ValueError:
            continue
