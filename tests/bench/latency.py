"""One forbidden move on an idle system: from the webhook to the return.

A deal jumps from Lead to Negotiation; when everything is done, the next one does. The
CRM's logs say when its webhook left and when our request to put the deal back came in;
what the CRM took to answer between the two is subtracted. So is, where the CRM stamps
changes with their second only, the rest of the second of the move: within it nobody can
tell whether the deal has been changed once more, and a return would overwrite that. The
floor: two durable commits of the database, since a delivery is stored before it is
acknowledged and a return is planned before it is made.
"""

import statistics
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from adapters.sandbox.companies import COMPANIES
from tests.bench.figure import Figure
from tests.bench.room import Room, a_room
from tests.fakes.world import Door

MOVES = 30
COMMITS = 50
TARGET_MS = 150
PATIENCE_SECONDS = 30.0


def measure() -> Iterator[Figure]:
    """Move deals, one after the other, in each CRM."""
    for vendor in COMPANIES:
        yield from _measure(vendor)


def _measure(vendor: str) -> Iterator[Figure]:
    with a_room(vendor) as room:
        title = room.office.title
        deals = room.add_deals(MOVES + 1, "Lead", decision_maker="J. Smit")
        took = []
        for number, deal in enumerate(deals):
            # Each begins elsewhere in its second, as people do.
            time.sleep(number / len(deals) * room.crm.stamp_ms / 1000)
            took.append(_took(room, deal))
        floor = 2 * _commit_ms(room)
    # The first one found the processes cold.
    took = took[1:]
    answers = statistics.median(one.answering for one in took)
    waits = statistics.median(one.waiting for one in took)
    remark = f"not counted: the CRM's own answers, {answers:.0f} ms"
    if room.crm.stamp_ms > 1:
        remark += f", and the rest of the second of the move, {waits:.0f} ms"
    yield Figure(
        f"{title}: webhook to return, median",
        statistics.median(one.own for one in took),
        "ms",
        floor=floor,
        target=TARGET_MS,
        remark=remark,
    )
    yield Figure(
        f"{title}: webhook to return, worst of {MOVES}",
        max(one.own for one in took),
        "ms",
        floor=floor,
    )


class _Took(NamedTuple):
    """What one return took, in milliseconds: by us, by the CRM, and by its clock."""

    own: float
    answering: float
    waiting: float


def _took(room: Room, deal: str) -> _Took:
    room.crm.clear()
    room.remote.post("requests/clear")
    room.office.company.move_all([deal], "Negotiation")
    room.crm.flush(PATIENCE_SECONDS)
    sent_at = min(_begun_at(one) for one in room.crm.attempts())
    requests: list[dict[str, Any]] = []
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not any(_is_return(room, one) for one in requests):
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"Deal {deal} is not put back.")
        time.sleep(0.01)
        requests = room.requests()
    room.wait_until_settled()
    returned_at = next(_begun_at(one) for one in requests if _is_return(room, one))
    answering = sum(one["ms"] for one in requests if one["at"] <= returned_at)
    waiting = -sent_at % room.crm.stamp_ms
    return _Took(returned_at - sent_at - answering - waiting, answering, waiting)


def _is_return(room: Room, logged: dict[str, Any]) -> bool:
    return room.crm.operations.get(logged["operation"]) is Door.WRITE


def _begun_at(logged: dict[str, Any]) -> float:
    """Return when a request began, in epoch milliseconds: its end is logged."""
    return float(logged["at"] - logged["ms"])


def _commit_ms(room: Room) -> float:
    took = []
    for _ in range(COMMITS):
        begun_at = time.perf_counter()
        room.ask("UPDATE connections SET probed_at = now() RETURNING 1")
        took.append((time.perf_counter() - begun_at) * 1000)
    return statistics.median(took)
