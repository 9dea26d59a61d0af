"""A record is found by what people have of it, or it is said what could be meant."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connector.services.lookup import RecordMissing, find_record
from connector.store import Store
from rules.model import Kind, RecordId, RecordRef
from tests.builders import a_record

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
LINK = "https://app.example.com/contacts/77/record/0-3/1001"
LONG = "006Ab00000XyZ12IAF"


def a_deal(record_id: str, name: str, *, kind: Kind = Kind.DEAL, url: str = ""):
    ref = RecordRef(kind, RecordId(record_id))
    return replace(a_record("demo"), ref=ref, name=name, url=url)


@pytest.fixture
def known(store: Store) -> Store:
    with store.begin() as tx:
        row = tx.connections.save("acme", vendor="v", settings={}, secrets=b"", now=NOW)
        tx.baselines.remember(
            row,
            [
                a_deal("1001", "Acme renewal", url=LINK),
                a_deal("1002", "Twin"),
                a_deal("1003", "Twin"),
                a_deal("1001", "Acme, the lead", kind=Kind.LEAD),
                a_deal(LONG, "Other vendor's"),
            ],
        )
    return store


def find(store: Store, text: str) -> str:
    with store.begin() as tx:
        found = find_record(tx, text)
    return f"{found.ref.kind}:{found.ref.id}"


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("deal:1001", "deal:1001"),
        ("LEAD: 1001", "lead:1001"),
        ("1002", "deal:1002"),
        (LINK, "deal:1001"),
        ("https://eu1.example.com/contacts/77/deal/1002/?tab=2", "deal:1002"),
        (f"https://x.example.com/lightning/r/Opportunity/{LONG}/view", f"deal:{LONG}"),
        (LONG[:15], f"deal:{LONG}"),
        ("acme RENEWAL", "deal:1001"),
        ("lead:Acme, the lead", "lead:1001"),
    ],
)
def test_a_record_is_found_by(known: Store, text: str, ref: str):
    assert find(known, text) == ref


@pytest.mark.parametrize("text", ["1001", "Twin", "deal:twin"])
def test_what_may_be_several_records_is_not_guessed(known: Store, text: str):
    with pytest.raises(RecordMissing, match=r"may be .* on acme\), .*1"):
        find(known, text)


@pytest.mark.parametrize("text", ["9", "deal:9", "https://example.com/9", "%", ""])
def test_what_is_no_record_is_said_to_be_none(known: Store, text: str):
    with pytest.raises(RecordMissing, match="No record that Slagboom knows"):
        find(known, text)


def test_a_merged_record_is_found_as_what_it_became(known: Store):
    with known.begin() as tx:
        into = RecordRef(Kind.DEAL, RecordId("1003"))
        connection = tx.connections.find("acme")
        assert connection is not None
        rows = tx.records.ensure(connection.id, [into])
        merged = RecordRef(Kind.DEAL, RecordId("1002"))
        tx.records.merge(connection.id, into=rows[into], ref=into, merged=merged)
    assert find(known, "1002") == "deal:1003"
