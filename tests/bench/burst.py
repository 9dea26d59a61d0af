"""A thousand changes at once, of which 300 must go back, in each CRM.

A thousand deals stand in Demo; 300 are moved to Quote sent without an amount, and 700
to Lost with a reason. Each of the 300 takes a return, a note and a task. Counted are
the requests that the CRM got until everything is done, the echoes of our own writes
included; timed is the way from the first webhook to the last task. The floor: the
fewest requests that the CRM's largest batches allow.

Beside it a worker as one writes it by hand (`naive.py`), on a fresh account, with the
same changes. The CRM's limit of requests is lifted for both; what the naive worker
would take with it follows from its requests. Where there is no limit by the second,
every answer comes a little later to both, as it does over a network.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from adapters.sandbox import start
from adapters.sandbox.companies import COMPANIES
from adapters.sandbox.company import Company
from adapters.sandbox.remote import Remote
from tests.bench.figure import Figure
from tests.bench.room import Room, a_room
from tests.fakes.world import Door
from tests.workings.every import WORKINGS
from tests.workings.workings import Workings

CHANGES, FORBIDDEN = 1_000, 300
STEPS = 10
FAR_MS = 20
TARGETS: Mapping[str, int] = {"hubspot": 40, "salesforce": 320}
WORDS: Mapping[Door, str] = {
    Door.READ: "reads",
    Door.WRITE: "returns",
    Door.NOTES: "notes",
    Door.TASKS: "tasks",
}

ROOT = Path(__file__).resolve().parents[2]


def measure() -> Iterator[Figure]:
    """Make the changes, for Slagboom and for the naive worker."""
    for vendor in COMPANIES:
        yield from _measure(vendor)


def _measure(vendor: str) -> Iterator[Figure]:
    with a_room(vendor) as room:
        title, crm = room.office.title, room.crm
        _be_far(crm)
        counts, seconds = burst(room)
    naive, naive_seconds = _be_naive(vendor)
    limited = naive_seconds
    lifted = f"every answer came {FAR_MS} ms later to both"
    if crm.requests_a_second is not None:
        limited = naive / crm.requests_a_second
        lifted = f"the limit was lifted for both: naive then took {naive_seconds:.1f} s"
    yield Figure(
        f"{title}: requests for {CHANGES:,} changes, {FORBIDDEN} go back",
        counts.total(),
        floor=_floor(crm),
        naive=naive,
        target=TARGETS[vendor],
        remark=_parts(counts),
    )
    yield Figure(
        f"{title}: time from the first webhook to the last task",
        seconds,
        "s",
        naive=limited,
        remark=lifted,
    )
    yield Figure(
        f"{title}: changes handled",
        CHANGES / seconds,
        "/s",
        naive=CHANGES / limited,
        is_more_better=True,
    )


def burst(room: Room) -> tuple[Counter[str], float]:
    """Make the changes; return the CRM's requests by door, and the seconds it took.

    Raises ValueError if not exactly what must go back did.
    """
    deals = room.add_deals(CHANGES, "Demo", decision_maker="J. Smit")
    room.remote.post("requests/clear")
    before = room.ask("SELECT count(*) FROM interventions WHERE state = 'done'")
    with room.crm.held():
        make_changes(room.office.company, deals)
        begun_at = time.perf_counter()
    room.wait_until(
        "SELECT count(*) FROM interventions WHERE state = 'done'",
        before + 3 * FORBIDDEN,
    )
    seconds = time.perf_counter() - begun_at
    room.wait_until_settled()
    returned = list(room.crm.stages(deals).values()).count("Demo")
    if returned != FORBIDDEN:
        raise ValueError(f"{returned} of {FORBIDDEN} deals are back.")
    return room.count_requests(), seconds


def make_changes(company: Company, deals: Sequence[str]) -> None:
    """Change all of these deals, mixed, as many people would."""
    for step in range(STEPS):
        some = deals[step::STEPS]
        count = len(some) * FORBIDDEN // CHANGES
        company.move_all(some[:count], "Quote sent")
        company.move_all(some[count:], "Lost", lost_reason="Price")


def _floor(crm: Workings) -> int:
    rows = dict.fromkeys(Door, FORBIDDEN) | {Door.READ: CHANGES}
    return sum(-(-count // crm.at_once[door]) for door, count in rows.items())


def _parts(counts: Counter[str]) -> str:
    told = [f"{counts[door]} {word}" for door, word in WORDS.items() if counts[door]]
    others = [
        f"{count} {name}" for name, count in counts.items() if name not in set(Door)
    ]
    return "; ".join(", ".join(some) for some in (told, others) if some)


def _be_far(crm: Workings) -> None:
    """Have every answer come later, if no limit makes requests dear."""
    if crm.requests_a_second is None:
        fault = {"kind": "delay", "path": crm.api, "delay_ms": FAR_MS, "count": None}
        with crm.sandbox.engine.lock:
            crm.sandbox.engine.faults.add(fault)


def _be_naive(vendor: str) -> tuple[int, float]:
    """Return how many requests the naive worker takes, and how many seconds."""
    sandbox = start()
    try:
        company = COMPANIES[vendor](sandbox.url)
        company.set_up()
        crm = WORKINGS[vendor](sandbox, company)
        crm.lift_limits()
        _be_far(crm)
        deals = list(company.add_deals(CHANGES, "Demo", decision_maker="J. Smit"))
        make_changes(company, deals)
        remote = Remote(sandbox.url)
        remote.post("requests/clear")
        tokens = {
            "hubspot": sandbox.hubspot_token,
            "salesforce": sandbox.salesforce_token,
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.naive", vendor, sandbox.url],
            input=json.dumps({"token": tokens[vendor], "deals": deals}),
            stdout=subprocess.PIPE,
            check=True,
            text=True,
            cwd=ROOT,
        )
        found = json.loads(done.stdout)
        if found["returned"] != FORBIDDEN:
            raise ValueError(f"The naive worker returned {found['returned']} deals.")
        return int(remote.get("requests")["total"]), float(found["seconds"])
    finally:
        sandbox.stop()
