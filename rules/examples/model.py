"""What an example is made of, and the words for what it expects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rules.model import Change, Evidence, FieldName, StageId, Value

RETURN_TO, RESTORE, HOLD, ASK = "return_to", "restore", "hold", "ask"
EXPLAIN, WANTED = "explain", "wanted"
SILENT = "none"
"""What a rule is expected to say that has no say in a change."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an example expects. `verdicts` are results by rule.

    The rest only counts if it is in `told`: the stage that the record goes back to, the
    fields that are restored, the move that is remembered, the rules that the task
    lists, texts by language that the note has, what becomes of the wanted move.
    """

    verdicts: Mapping[str, str]
    told: frozenset[str]
    return_to: StageId | None = None
    restore: Mapping[FieldName, Value] = field(default_factory=dict)
    hold: StageId | None = None
    ask: frozenset[str] = frozenset()
    explain: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """One change and all that it is judged with; `is_standing`: nothing was changed."""

    name: str
    line: int
    now: datetime
    change: Change
    path: tuple[StageId, ...]
    evidence: Evidence
    exempt: tuple[str, ...]
    returns_today: int
    wanted: StageId | None
    expected: Expected
    is_standing: bool
