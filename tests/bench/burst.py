"""A thousand changes at once, of which 300 must go back.

A thousand deals stand in Demo; 300 are moved to Quote sent without an amount, and 700
to Lost with a reason. Each of the 300 takes a return, a note and a task. Counted are
the requests that the CRM got until everything is done, the echoes of our own writes
included; timed is the way from the first webhook to the last task. The floor: ten reads
and three returns, notes and tasks, in batches of 100.

Beside it a worker as one writes it by hand (`naive.py`), on a fresh account, with the
same changes. The CRM's limit of requests is lifted for both; what the naive worker
would take with it follows from its requests.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from adapters.sandbox import start
from adapters.sandbox.hubspot.company import HubSpotCompany
from adapters.sandbox.remote import Remote
from tests.bench.figure import Figure
from tests.bench.room import LIFTED, OPERATIONS, Room, a_room, move, seed_deals

CHANGES, FORBIDDEN = 1_000, 300
STEPS = 10
FLOOR = 19
TARGET = 40
A_SECOND = 10
"""Requests that an account's app may send in the long run."""

ROOT = Path(__file__).resolve().parents[2]


def measure() -> Iterator[Figure]:
    """Make the changes, for Slagboom and for the naive worker."""
    with a_room() as room:
        counts, seconds = burst(room)
    naive, naive_seconds = _be_naive()
    parts = ", ".join(
        f"{counts[name]} {word}" for name, word in OPERATIONS.items() if counts[name]
    )
    others = ", ".join(
        f"{count} {name}" for name, count in counts.items() if name not in OPERATIONS
    )
    yield Figure(
        f"requests for {CHANGES:,} changes, {FORBIDDEN} go back",
        counts.total(),
        floor=FLOOR,
        naive=naive,
        target=TARGET,
        remark=f"{parts}; {others}" if others else parts,
    )
    yield Figure(
        "time from the first webhook to the last task",
        seconds,
        "s",
        naive=naive / A_SECOND,
        remark=f"the limit was lifted for both: naive then took {naive_seconds:.1f} s",
    )
    yield Figure(
        "changes handled",
        CHANGES / seconds,
        "/s",
        naive=CHANGES * A_SECOND / naive,
        is_more_better=True,
    )


def burst(room: Room) -> tuple[Counter[str], float]:
    """Make the changes; return the CRM's requests by kind, and the seconds it took.

    Raises ValueError if not exactly what must go back did.
    """
    deals = room.add_deals(CHANGES, "demo", decision_maker="J. Smit")
    room.remote.post("requests/clear")
    before = room.ask("SELECT count(*) FROM interventions WHERE state = 'done'")
    with room.webhooks_held():
        make_changes(room.remote, deals)
        begun_at = time.perf_counter()
    room.wait_until(
        "SELECT count(*) FROM interventions WHERE state = 'done'",
        before + 3 * FORBIDDEN,
    )
    seconds = time.perf_counter() - begun_at
    room.wait_until_settled()
    returned = sum(
        one["properties"]["dealstage"] == "demo"
        for one in room.remote.get("hubspot/objects/deals")["results"]
        if one["id"] in set(deals)
    )
    if returned != FORBIDDEN:
        raise ValueError(f"{returned} of {FORBIDDEN} deals are back.")
    return Counter(one["operation"] for one in room.requests()), seconds


def make_changes(remote: Remote, deals: list[str]) -> None:
    """Change all of these deals, mixed, as many people would."""
    for step in range(STEPS):
        some = deals[step::STEPS]
        count = len(some) * FORBIDDEN // CHANGES
        move(remote, some[:count], "quote_sent")
        remote.post(
            "hubspot/bulk",
            object="deals",
            ids=some[count:],
            properties={"dealstage": "lost", "closed_lost_reason": "Price"},
            user="sanne@acme.example",
        )


def _be_naive() -> tuple[int, float]:
    """Return how many requests the naive worker takes, and how many seconds."""
    sandbox = start()
    try:
        HubSpotCompany(sandbox.url).set_up()
        remote = Remote(sandbox.url)
        remote.post("hubspot/settings", burst_limit=LIFTED)
        deals = seed_deals(remote, CHANGES, "demo", decision_maker="J. Smit")
        make_changes(remote, deals)
        remote.post("requests/clear")
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.naive", sandbox.url],
            input=json.dumps({"token": sandbox.hubspot_token, "deals": deals}),
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
