"""Fitting a starter policy to an account: its stages, by the account's labels. Pure.

A starter is a policy whose stages are roles, one to a line: `quote: gate: "..."`. Every
stage of the account takes the role that its place or its label says, and what is
demanded of that role. Roles and fields that an account does not have are left out, and
so are the examples that speak of them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rules.account import AccountKind, AccountPipeline, AccountStage
from rules.document.meaning import fold


class Role(StrEnum):
    """What a stage is for, as far as a starter cares."""

    FIRST = "first"
    SECOND = "second"
    MEETING = "meeting"
    CONTACTED = "contacted"
    QUOTE = "quote"
    WON = "won"
    LOST = "lost"


# Whole words of English and Dutch, and what the CRMs call their stages by themselves.
_LABELS: Mapping[Role, re.Pattern[str]] = {
    Role.MEETING: re.compile(
        r"\b(presentation|presentatie|demo|meeting|afspraak|needs|behoefte)"
    ),
    Role.CONTACTED: re.compile(r"\b(connected|contacted|contact|gesproken)"),
    Role.QUOTE: re.compile(r"\b(quote|proposal|offerte|contract|offer|voorstel)"),
}
_LOST = re.compile(r"\b(lost|not converted|unqualified|disqualified|verloren)")
_ROLES = "|".join(Role)
_STAGE_LINE = re.compile(rf"  (?P<role>{_ROLES}):(?P<demands>.*)")
_REQUIRES = re.compile(r"requires: \[(?P<names>[^\]]*)\](?:, )?")
_MENTIONS = re.compile(
    rf"\b(?:stage\.|(?:stage|return_to|hold|wanted): )(?P<role>{_ROLES})\b"
)
_NAMED = re.compile(r"[,{] ?(?P<name>[a-z_]+): |\.requires\.(?P<required>[a-z_]+)")
_EXAMPLE_KEYS = frozenset({"stage", "return_to", "restore", "hold", "ask"})
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]*")


@dataclass(frozen=True, slots=True)
class Fitted:
    """A policy that fits an account, and the examples that it must be right about."""

    policy: str
    examples: str


def fit(
    policy: str,
    examples: str,
    *,
    connection: str,
    kind: AccountKind,
    pipeline: AccountPipeline,
) -> Fitted:
    """Return a starter and its examples, as they are for this pipeline.

    Raises ValueError if the pipeline has no stage that a record can begin in.
    """
    stages = [stage for stage in pipeline.stages if not stage.is_archived]
    roles = to_roles(stages)
    if Role.FIRST not in roles.values():
        raise ValueError(f"The pipeline {pipeline.label} has no open stage.")
    known = {*kind.builtin, *(one.name for one in kind.properties)}
    keys = {role: _key(stage) for stage, role in roles.items()}
    fitted = policy.replace("CONNECTION", _quoted(connection))
    fitted = fitted.replace("PIPELINE", _quoted(pipeline.label))
    return Fitted(
        policy=_with_stages(fitted, stages, roles, known),
        examples=_with_examples(examples, keys, known),
    )


def to_roles(stages: list[AccountStage]) -> dict[AccountStage, Role]:
    """Return the role of each stage that has one; every role is taken once, but lost.

    A stage that its label says something of is no second one.
    """
    roles: dict[AccountStage, Role] = {}
    on_path = []
    for stage in stages:
        if _is_lost(stage):
            roles[stage] = Role.LOST
        elif stage.is_won:
            roles[stage] = Role.WON
        elif Role.WON not in roles.values():
            on_path.append(stage)
    if on_path:
        roles[on_path[0]] = Role.FIRST
    for stage in on_path[1:]:
        said = (role for role, words in _LABELS.items() if words.search(_words(stage)))
        role = next((one for one in said if one not in roles.values()), None)
        if role is not None:
            roles[stage] = role
    rest = [stage for stage in on_path[1:] if stage not in roles]
    if rest:
        roles[rest[0]] = Role.SECOND
    return roles


def _is_lost(stage: AccountStage) -> bool:
    is_closed = stage.is_closed and not stage.is_won
    return is_closed or (not stage.is_won and bool(_LOST.search(_words(stage))))


def _words(stage: AccountStage) -> str:
    return fold(re.sub(r"[^\w\s]", " ", stage.label))


def _with_stages(
    policy: str,
    stages: list[AccountStage],
    roles: Mapping[AccountStage, Role],
    known: set[str],
) -> str:
    demands: dict[Role, str] = {}
    lines: list[str] = []
    for line in policy.splitlines():
        found = _STAGE_LINE.fullmatch(line)
        if found is None:
            lines.append(line)
            continue
        if not demands:
            lines.append("STAGES")
        demands[Role(found["role"])] = _with_fields(found["demands"].strip(), known)
    written = []
    is_over = False
    for stage in stages:
        role = roles.get(stage)
        # Nobody goes on from a won record, but to where it is won as well.
        is_beside = role is Role.LOST or (is_over and not stage.is_won)
        is_over = is_over or stage.is_won
        asked = "" if role is None else demands.get(role, "")
        written.append(_line(stage, asked, is_beside=is_beside))
    return "\n".join(lines).replace("STAGES", "\n".join(written)) + "\n"


def _with_fields(demands: str, known: set[str]) -> str:
    """Return demands without the required fields that the account does not have."""

    def keep(found: re.Match[str]) -> str:
        names = [one for one in found["names"].split(", ") if one in known]
        comma = ", " if found[0].endswith(", ") else ""
        return f"requires: [{', '.join(names)}]{comma}" if names else ""

    left = _REQUIRES.sub(keep, demands)
    # A goal alone demands nothing.
    return left if "requires" in left or "gate" in left else ""


def _line(stage: AccountStage, demands: str, *, is_beside: bool) -> str:
    key = _key(stage)
    parts = []
    if fold(key) != fold(stage.label):
        parts.append(f"label: {_quoted(stage.label)}")
    if demands:
        parts.append(demands)
    if is_beside:
        parts.append("from: any")
    return f"  {key}: {{{', '.join(parts)}}}" if parts else f"  {key}:"


def _with_examples(examples: str, keys: Mapping[Role, str], known: set[str]) -> str:
    head, *rest = re.split(r"(?m)^(?=  - name:)", examples)
    kept = [one for one in rest if _fits(one, keys, known)]

    def to_key(found: re.Match[str]) -> str:
        return found[0].replace(found["role"], keys[Role(found["role"])])

    return head + _MENTIONS.sub(to_key, "".join(kept))


def _fits(example: str, keys: Mapping[Role, str], known: set[str]) -> bool:
    roles = {Role(one["role"]) for one in _MENTIONS.finditer(example)}
    return roles <= keys.keys() and set(_fields(example)) <= known


def _fields(example: str) -> Iterator[str]:
    """Yield the fields that an example's records have, or that it speaks of."""
    for line in example.splitlines():
        key = line.strip().partition(":")[0]
        if key in {"before", "after"}:
            yield from (
                one["name"]
                for one in _NAMED.finditer(line)
                if one["name"] and one["name"] not in _EXAMPLE_KEYS
            )
        elif key == "expect":
            yield from (
                one["required"] for one in _NAMED.finditer(line) if one["required"]
            )


def _key(stage: AccountStage) -> str:
    return re.sub(r"[^a-z0-9]+", "_", stage.label.casefold()).strip("_") or "stage"


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
