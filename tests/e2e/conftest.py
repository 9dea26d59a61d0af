"""One installation for the tests of a module, checked after each of them."""

from collections import Counter
from collections.abc import Iterator

import pytest

from adapters.sandbox.companies import COMPANIES
from tests.e2e.installation import Installation, installed
from tests.fakes.world import Door


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have every story happen in every CRM, or in those that its module has in CRMS."""
    if "vendor" in metafunc.fixturenames:
        vendors = getattr(metafunc.module, "CRMS", tuple(COMPANIES))
        metafunc.parametrize("vendor", vendors, scope="module")


@pytest.fixture(scope="module")
def house(vendor: str, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """The module's installation, beside one CRM.

    `DURABLE = True` in the module survives killed servers; `SETTINGS` are those of the
    CRM's account; for `LEASE_SECONDS` a silent worker is waited for.
    """
    with installed(
        vendor,
        durable=getattr(request.module, "DURABLE", False),
        settings=getattr(request.module, "SETTINGS", {}),
        lease_seconds=getattr(request.module, "LEASE_SECONDS", 2),
    ) as room:
        yield room


@pytest.fixture
def room(house: Installation) -> Iterator[Installation]:
    """The installation with everything running, and found in order afterwards."""
    house.start()
    yield house
    with house.sandbox.engine.lock:
        house.sandbox.engine.faults.clear()
    house.control.post("mail/trouble", clear=True)
    house.start()
    house.call_leads()
    house.wait_until_quiet()
    check_order(house)


def check_order(room: Installation) -> None:
    """Check that what was done and what is there are the same, and nothing twice."""
    for kind, door in (("note", Door.NOTES), ("task", Door.TASKS)):
        made = room.rows(
            "SELECT external_id FROM interventions WHERE kind = %s AND state = 'done'",
            kind,
        )
        done = sorted(str(row["external_id"]) for row in made)
        assert done == room.crm.living(door)
    with room.sandbox.engine.lock:
        posted = room.sandbox.slack.posted()
    keys = Counter(_key_of(one) for one in posted)
    assert [key for key, times in keys.items() if times > 1] == []
    sent = room.rows(
        "SELECT key FROM notifications WHERE channel = 'slack' AND reference ? 'ts'"
    )
    assert {row["key"] for row in sent} == set(keys)
    explained = room.rows(
        "SELECT j.id, count(*) FILTER (WHERE i.kind = 'note') AS notes"
        " FROM interventions i JOIN judgements j ON j.id = i.judgement_id"
        " WHERE i.state = 'done' GROUP BY j.id"
        " HAVING count(*) FILTER (WHERE i.kind IN ('return', 'restore')) > 0"
    )
    assert [row for row in explained if row["notes"] != 1] == []


def _key_of(posted: dict[str, object]) -> str:
    metadata = posted["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata["event_payload"]["key"])
