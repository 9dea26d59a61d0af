"""Breaking things on purpose: what a request runs into before, in or after its work."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from threading import Event
from typing import Any


class FaultKind(StrEnum):
    """What happens to a request that matches.

    status: answered with `status`, nothing applied. delay: `delay_ms` late.
    drop: connection closed, nothing applied. lose: applied, then the connection is
    closed without an answer. partial: chosen rows of a batch fail (207).
    restatus: applied and answered, but with `status` as the code. linger: applied at
    once, answered `delay_ms` late. What waits goes on when its fault is taken back.
    """

    STATUS = "status"
    DELAY = "delay"
    DROP = "drop"
    LOSE = "lose"
    PARTIAL = "partial"
    RESTATUS = "restatus"
    LINGER = "linger"


@dataclass(slots=True)
class Fault:
    """One planned misfortune.

    `path` is a regular expression searched in the path, `content` one searched in the
    body; `method` is empty for any. It passes over the first `skip` matches, then
    strikes `count` times (None: for ever). `rows` are indexes of a batch, `ids` record
    ids; with neither, every row fails.
    """

    id: int
    kind: FaultKind
    path: str
    method: str = ""
    content: str = ""
    count: int | None = 1
    skip: int = 0
    status: int = 500
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay_ms: float = 0
    rows: tuple[int, ...] = ()
    ids: tuple[str, ...] = ()
    category: str = ""
    message: str = ""
    struck: int = 0

    def hits_row(self, index: int, record_id: str) -> bool:
        """Return whether this partial fault fails that row of a batch."""
        if not self.rows and not self.ids:
            return True
        return index in self.rows or record_id in self.ids


class Faults:
    """The planned misfortunes, in order; the first that matches strikes."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._taken_back: dict[int, Event] = {}
        self._made = 0

    def add(self, raw: Mapping[str, Any]) -> Fault:
        """Plan one from its JSON form; raises ValueError if it makes no sense."""
        known = set(Fault.__dataclass_fields__) - {"id", "struck"}
        if unknown := set(raw) - known:
            raise ValueError(
                f"a fault has no {sorted(unknown)}; it has {sorted(known)}"
            )
        if "kind" not in raw:
            raise ValueError(f"a fault needs a kind: {[str(k) for k in FaultKind]}")
        self._made += 1
        count = raw.get("count", 1)
        fault = Fault(
            id=self._made,
            kind=FaultKind(raw["kind"]),
            path=str(raw.get("path") or ""),
            method=str(raw.get("method") or "").upper(),
            content=str(raw.get("content") or ""),
            count=None if count is None else int(count),
            skip=int(raw.get("skip") or 0),
            status=int(raw.get("status") or 500),
            body=raw.get("body"),
            headers={str(k): str(v) for k, v in (raw.get("headers") or {}).items()},
            delay_ms=float(raw.get("delay_ms") or 0),
            rows=tuple(int(row) for row in raw.get("rows") or ()),
            ids=tuple(str(one) for one in raw.get("ids") or ()),
            category=str(raw.get("category") or ""),
            message=str(raw.get("message") or ""),
        )
        for pattern in (fault.path, fault.content):
            re.compile(pattern)
        self._faults.append(fault)
        self._taken_back[fault.id] = Event()
        return fault

    def strike(self, method: str, path: str, body: bytes) -> list[Fault]:
        """Return what strikes this request: delays, and at most one other."""
        struck: list[Fault] = []
        for fault in self._faults:
            if fault.count == 0 or (fault.method and fault.method != method):
                continue
            if not re.search(fault.path, path):
                continue
            if not re.search(fault.content.encode(), body):
                continue
            if fault.kind is not FaultKind.DELAY and any(
                other.kind is not FaultKind.DELAY for other in struck
            ):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.count is not None:
                fault.count -= 1
            fault.struck += 1
            struck.append(fault)
        return struck

    def listing(self) -> list[dict[str, Any]]:
        """Return every planned misfortune and how often it struck."""
        return [asdict(fault) for fault in self._faults]

    def sit_out(self, fault: Fault) -> None:
        """Wait as long as a fault that has struck wants, or until it is taken back."""
        taken_back = self._taken_back.get(fault.id)
        if taken_back is not None:
            taken_back.wait(fault.delay_ms / 1000)

    def clear(self, fault_id: int | None = None) -> None:
        """Take one back, or all."""
        for fault in list(self._faults):
            if fault_id in {None, fault.id}:
                self._faults.remove(fault)
                self._taken_back.pop(fault.id).set()
