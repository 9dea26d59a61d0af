"""What was asked of the sandbox, for counting and looking back."""

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request: `operation` is its class, such as `deals.batch.read`.

    `status` 0 means that no answer was given.
    """

    seq: int
    at: int
    system: str
    operation: str
    method: str
    path: str
    status: int
    ms: float
    rows: int = 0
    fault: str = ""


class RequestLog:
    """The last requests to the vendors' paths; control requests are left out."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._seq = 0

    def add(
        self,
        *,
        at: int,
        system: str,
        operation: str,
        method: str,
        path: str,
        status: int,
        ms: float,
        rows: int = 0,
        fault: str = "",
    ) -> None:
        """Keep one request."""
        self._seq += 1
        self._counts[operation] += 1
        self._statuses[str(status)] += 1
        self._entries.append(
            Entry(
                seq=self._seq,
                at=at,
                system=system,
                operation=operation,
                method=method,
                path=path,
                status=status,
                ms=round(ms, 3),
                rows=rows,
                fault=fault,
            )
        )

    def entries(
        self, *, system: str = "", operation: str = "", limit: int = KEPT
    ) -> list[dict[str, Any]]:
        """Return the last `limit` requests that match, oldest first."""
        found = [
            asdict(entry)
            for entry in self._entries
            if (not system or entry.system == system)
            and (not operation or entry.operation == operation)
        ]
        return found[-limit:]

    def summary(self) -> dict[str, Any]:
        """Return how many requests there were, by class and by status."""
        return {
            "total": sum(self._counts.values()),
            "by_operation": dict(sorted(self._counts.items())),
            "by_status": dict(sorted(self._statuses.items())),
        }

    def clear(self) -> None:
        """Forget everything and count from nothing."""
        self._entries.clear()
        self._counts.clear()
        self._statuses.clear()
