"""A condition of the policy, said in plain words.

What people mostly write (`quotes >= 1 && amount > 0`) becomes a phrase; anything else
is quoted as it stands, which is at least true.
"""

import re
from collections.abc import Mapping

from rules.model import EvidenceKind, FieldName, FieldType
from rules.policy import Policy
from rules.wording.speech import Speech, field_label, option_label

_PART = re.compile(
    r"""\s*(?P<name>[a-z]\w*)\s*(?P<sign>>=|<=|==|!=|>|<)\s*
        (?:(?P<number>-?\d+(?:\.\d+)?)|(?P<text>"[^"\\]*"|'[^'\\]*')|(?P<word>\w+))\s*""",
    re.VERBOSE,
)

_SIGNS: Mapping[str, str] = {
    ">=": "at_least",
    "<=": "at_most",
    ">": "more",
    "<": "less",
    "==": "equal",
    "!=": "unequal",
}

_DAY_SIGNS: Mapping[str, str] = {
    ">=": "not_before",
    "<=": "not_after",
    ">": "after",
    "<": "before",
    "==": "equal",
    "!=": "unequal",
}

_DAYS = frozenset({FieldType.DATE, FieldType.INSTANT})
_TIMES = frozenset({"today", "now"})


def condition_text(policy: Policy, condition: str, speech: Speech) -> str:
    """Return what a condition asks, as a phrase: `at least 1 quote`."""
    has_and, has_or = "&&" in condition, "||" in condition
    if has_and and has_or:
        return _quoted(condition, speech)
    parts = re.split(r"&&|\|\|", condition)
    phrases = []
    for part in parts:
        phrase = _part_text(policy, part, speech)
        if phrase is None:
            return _quoted(condition, speech)
        phrases.append(phrase)
    return speech.listed(phrases, "or" if has_or else "and")


def _quoted(condition: str, speech: Speech) -> str:
    return speech.say("condition", text=condition.strip())


def _part_text(policy: Policy, part: str, speech: Speech) -> str | None:
    found = _PART.fullmatch(part)
    if found is None:
        return None
    name, sign, number = found["name"], found["sign"], found["number"]
    if name in set(EvidenceKind):
        return _count_text(EvidenceKind(name), sign, number, speech)
    field = field_label(policy, name)
    word = found["word"]
    if word == "null":
        key = {"!=": "filled", "==": "blank"}.get(sign)
        return None if key is None else speech.say(key, field=field)
    is_day = word in _TIMES or policy.types.get(FieldName(name)) in _DAYS
    value = _value_text(policy, found, speech)
    if value is None:
        return None
    key = (_DAY_SIGNS if is_day else _SIGNS)[sign]
    return speech.say(key, field=field, value=value)


def _value_text(policy: Policy, found: re.Match[str], speech: Speech) -> str | None:
    if found["number"] is not None:
        return speech.value(float(found["number"]))
    if found["text"] is not None:
        text = found["text"][1:-1]
        return f"“{option_label(policy, FieldName(found['name']), text) or text}”"
    word = found["word"]
    if word in _TIMES:
        return speech.say(word)
    if word in {"true", "false"}:
        return speech.value(word == "true")
    if word in policy.types:
        return field_label(policy, word)
    return None


def _count_text(
    kind: EvidenceKind, sign: str, number: str | None, speech: Speech
) -> str | None:
    if number is None:
        return None
    wanted = float(number)
    if not wanted.is_integer():
        return None
    count = int(wanted)
    # Whole things are counted: more than one is at least two.
    if sign == ">":
        sign, count = ">=", count + 1
    elif sign == "<":
        sign, count = "<=", count - 1
    noun = speech.words.counts[kind]
    if count == 0 and sign in {"==", "<="}:
        return speech.say("count_none", noun=noun.many)
    counted = f"{speech.value(float(count))} {noun.one if count == 1 else noun.many}"
    key = {
        ">=": "count_at_least",
        "<=": "count_at_most",
        "==": "count_exactly",
    }.get(sign, "count_other")
    return speech.say(key, count=counted)
