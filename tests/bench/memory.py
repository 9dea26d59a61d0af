"""The memory of the web process and of the worker after 10,000 changes.

A burst ten times as large as the one in `burst.py`. Resident memory, what is shared
with other processes included; the floor is what they took before.
"""

from collections.abc import Iterator

from adapters.sandbox.companies import COMPANIES
from tests.bench.burst import make_changes
from tests.bench.figure import Figure
from tests.bench.room import a_room

CHANGES = 10_000
TARGET_MEGABYTES = 150


def measure() -> Iterator[Figure]:
    """Make the changes in each CRM, and look at the processes."""
    for vendor in COMPANIES:
        yield from _measure(vendor)


def _measure(vendor: str) -> Iterator[Figure]:
    with a_room(vendor) as room:
        before = room.resident_megabytes()
        deals = room.add_deals(CHANGES, "Demo", decision_maker="J. Smit")
        with room.crm.held():
            make_changes(room.office.company, deals)
        room.wait_until_settled()
        after = room.resident_megabytes()
    for name in ("web", "worker"):
        yield Figure(
            f"{room.office.title}: memory of the {name} after {CHANGES:,} changes",
            after[name],
            "MB",
            floor=before[name],
            target=TARGET_MEGABYTES,
        )
