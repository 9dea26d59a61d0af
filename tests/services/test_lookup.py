"""The record that a person means, on a real database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.services.lookup import RecordAmbiguous, RecordMissing, find_record
from connector.store import Store
from rules.model import Kind, RecordId, RecordRef
from tests.builders import a_record

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def acme(store: Store) -> int:
    return connect(store, "acme")


def connect(store: Store, name: str) -> int:
    with store.begin() as tx:
        return tx.connections.save(
            name, vendor="fake", settings={}, secrets=b"", now=NOW
        )


def know(store: Store, connection_id: int, ref: str, name: str) -> None:
    kind, _, crm_id = ref.partition(":")
    record = replace(
        a_record("lead"), ref=RecordRef(Kind(kind), RecordId(crm_id)), name=name
    )
    with store.begin() as tx:
        tx.baselines.remember(connection_id, [record])


def found(store: Store, words: str, connection_id: int | None = None) -> str:
    with store.begin() as tx:
        known = find_record(tx, words, connection_id=connection_id)
    return f"{known.record.ref.kind}:{known.record.ref.id}"


@pytest.mark.parametrize(
    "words",
    [
        "1001",
        "deal:1001",
        " Acme ",
        "ACME",
        "https://app.example.com/contacts/77/record/0-3/1001",
        "https://app.example.com/lightning/r/Deal/1001/view",
        "https://app.example.com/show?id=1001#top",
    ],
)
def test_a_record_is_meant_by_its_id_its_link_or_its_name(
    store: Store, acme: int, words: str
):
    know(store, acme, "deal:1001", "Acme")
    know(store, acme, "deal:1002", "Acme too")
    assert found(store, words) == "deal:1001"


def test_a_name_that_two_records_have_means_neither(store: Store, acme: int):
    know(store, acme, "deal:1001", "Acme")
    know(store, acme, "deal:1002", "acme")
    with pytest.raises(RecordAmbiguous, match="deal:1001 “Acme” in acme, deal:1002"):
        found(store, "Acme")


def test_an_id_that_two_kinds_have_is_named_with_its_kind(store: Store, acme: int):
    know(store, acme, "deal:7", "A deal")
    know(store, acme, "lead:7", "A lead")
    with pytest.raises(RecordAmbiguous):
        found(store, "7")
    assert found(store, "lead:7") == "lead:7"


def test_a_connection_tells_two_accounts_with_the_same_id_apart(
    store: Store, acme: int
):
    other = connect(store, "other")
    know(store, acme, "deal:7", "Here")
    know(store, other, "deal:7", "There")
    with pytest.raises(RecordAmbiguous, match="in other"):
        found(store, "7")
    assert found(store, "There") == "deal:7"
    assert found(store, "7", other) == "deal:7"


def test_a_part_of_a_name_is_taken_for_a_hint_only(store: Store, acme: int):
    know(store, acme, "deal:1001", "Acme renewal")
    with pytest.raises(RecordMissing, match="Did you mean: deal:1001"):
        found(store, "renew")


@pytest.mark.parametrize("words", ["", "deal:9", "https://app.example.com/9", "50%"])
def test_what_nobody_knows_is_missing(store: Store, acme: int, words: str):
    know(store, acme, "deal:1001", "Acme")
    with pytest.raises(RecordMissing, match="No record is known"):
        found(store, words)


def test_a_merged_record_is_the_one_that_it_became(store: Store, acme: int):
    know(store, acme, "deal:1", "Old")
    know(store, acme, "deal:2", "New")
    old, new = (RecordRef(Kind.DEAL, RecordId(one)) for one in "12")
    with store.begin() as tx:
        rows = tx.records.ensure(acme, [old, new])
        tx.records.merge(acme, into=rows[new], ref=new, merged=old)
        tx.records.hint(list(rows.values()), due_at=NOW + timedelta(days=1))
    assert found(store, "deal:1") == "deal:2"
    with pytest.raises(RecordMissing):
        found(store, "Old")
