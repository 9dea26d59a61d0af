"""Listening to change events, over real gRPC."""

import pytest
from redis import Redis

from adapters.errors import (
    Exhausted,
    Expired,
    Forbidden,
    NotFound,
    Permanent,
    Transient,
    Unauthorized,
)
from adapters.ports import HeardKind
from adapters.salesforce.pubsub.refusals import LIMIT_PAUSE
from adapters.salesforce.pubsub.stream import PubSubStream
from adapters.sandbox import Sandbox
from rules.model import ActorClass, Kind, RecordId, RecordRef
from tests.fakes.clock import FrozenClock
from tests.salesforce.listening import OBJECTS, Ear, Listening, a_keeper
from tests.sandbox.fixtures import control, running, sandbox
from tests.sandbox.kit import REP, Control
from tests.sandbox.salesforce.kit import Api

__all__ = ["control", "running", "sandbox"]

QUICK = {"keepalive_ms": 20}


@pytest.fixture
def room(
    sandbox: Sandbox, control: Control, redis: Redis, clock: FrozenClock
) -> Listening:
    return Listening(sandbox, control, a_keeper(sandbox, redis, clock))


def a_stream_at(
    url: str, room: Listening, *, allow_private: bool = True
) -> PubSubStream:
    return PubSubStream(
        keeper=room.keeper,
        organization_id=room.sandbox.salesforce.id,
        pubsub_url=url,
        objects=OBJECTS,
        allow_private=allow_private,
    )


def deal(record: str) -> RecordRef:
    return RecordRef(Kind.DEAL, RecordId(record))


def test_a_change_is_heard_with_what_changed_and_by_whom(room: Listening):
    record = room.add_deal()
    with room.to("Opportunity") as ear:
        room.change(record, StageName="Proposal/Price Quote")
        [heard] = ear.heard()
    assert (heard.kind, heard.ref) == (HeardKind.CHANGED, deal(record))
    assert "StageName" in heard.property
    assert "CloseDate" not in heard.property
    assert heard.actor.kind is ActorClass.PERSON
    rep = room.control.get("salesforce/org")["users"][REP]
    assert heard.actor.user_id == rep


def test_the_whole_life_of_a_record_is_heard(room: Listening):
    with room.to("Opportunity") as ear:
        record = room.add_deal()
        room.control.post("salesforce/delete", id=record)
        room.control.post("salesforce/restore", id=record)
        heard = ear.heard(3)
    assert [one.kind for one in heard] == [
        HeardKind.CREATED,
        HeardKind.DELETED,
        HeardKind.RESTORED,
    ]
    assert {one.ref for one in heard} == {deal(record)}
    assert len({one.key for one in heard}) == 3


def test_what_we_wrote_ourselves_is_known_as_ours(room: Listening):
    record = room.add_deal()
    api = Api(room.sandbox)
    with room.to("Opportunity") as ear:
        api.ask(
            "PATCH",
            f"/sobjects/Opportunity/{record}",
            {"NextStep": "Call"},
            Sforce_Call_Options="client=slagboom",
        )
        [named] = ear.heard()
        api.ask("PATCH", f"/sobjects/Opportunity/{record}", {"NextStep": "Mail"})
        [unnamed] = ear.heard()
    api.close()
    assert named.actor.kind is ActorClass.OURSELVES
    assert unnamed.actor.kind is ActorClass.OURSELVES, "by its user"


def test_another_program_is_no_person(room: Listening):
    record = room.add_deal()
    with room.to("Opportunity") as ear:
        room.control.post(
            "salesforce/act",
            id=record,
            user=REP,
            client="invoices",
            fields={"NextStep": "Pay"},
        )
        [heard] = ear.heard()
    assert heard.actor.kind is ActorClass.INTEGRATION
    assert heard.actor.name == "invoices"


def test_a_logged_call_is_a_hint_to_the_lead_that_it_hangs_on(room: Listening):
    lead = room.control.post(
        "salesforce/create",
        object="Lead",
        user=REP,
        fields={"LastName": "Smit", "Company": "Acme"},
    )["id"]
    with room.to("Task") as ear:
        room.control.post("salesforce/log", kind="call", on=lead, user=REP)
        [heard] = ear.heard()
    assert heard.kind is HeardKind.LINKED
    assert heard.ref == RecordRef(Kind.LEAD, RecordId(lead))


def test_a_bulk_edit_is_a_hint_for_every_record(room: Listening):
    records = [room.add_deal(Name=f"Deal {n}") for n in range(5)]
    with room.to("Opportunity") as ear:
        room.control.post(
            "salesforce/bulk", ids=records, user=REP, fields={"NextStep": "Call"}
        )
        heard = ear.heard(5)
    assert {one.ref for one in heard} == {deal(record) for record in records}
    assert len({one.key for one in heard}) == 5


def test_a_stream_goes_on_behind_the_cursor(room: Listening):
    record = room.add_deal()
    with room.to("Opportunity") as ear:
        for number in range(3):
            room.change(record, NextStep=f"Step {number}")
        first = ear.fetched()
        while not first.heard:
            first = ear.fetched()
    with room.to("Opportunity", first.cursor) as ear:
        rest = ear.heard(3 - len(first.heard)) if len(first.heard) < 3 else []
    keys = [one.key for one in (*first.heard, *rest)]
    assert len(set(keys)) == 3


def test_what_happens_while_nobody_listens_is_heard_later_under_the_same_key(
    room: Listening,
):
    room.control.post("salesforce/pubsub", habits=QUICK)
    with room.to("Opportunity") as ear:
        quiet = ear.fetched()
        assert quiet.heard == ()
    assert quiet.cursor is not None
    record = room.add_deal()
    told = []
    for _ in range(2):
        with room.to("Opportunity", quiet.cursor) as ear:
            [heard] = ear.heard()
            told.append(heard)
    assert told[0] == told[1]
    assert told[0].ref == deal(record)


def test_more_than_a_hundred_events_are_asked_for_in_turns(room: Listening):
    room.control.post("salesforce/pubsub", habits={"batch_size": 30})
    with room.to("Opportunity") as ear:
        for number in range(250):
            room.add_deal(Name=f"Deal {number}")
        heard = ear.heard(250)
    assert len({one.ref for one in heard}) == 250


def test_a_gap_names_the_record_that_must_be_read(room: Listening):
    record = room.add_deal()
    with room.to("Opportunity") as ear:
        room.trouble("gap")
        room.change(record, NextStep="Call")
        fetched = ear.next()
    assert [one.ref for one in fetched.heard] == [deal(record)]
    assert fetched.gap == ""


def test_an_overflow_is_told_as_a_gap(room: Listening):
    record = room.add_deal()
    with room.to("Opportunity") as ear:
        room.trouble("overflow")
        room.change(record, NextStep="Call")
        fetched = ear.next()
    assert fetched.heard == ()
    assert "Opportunity" in fetched.gap


def test_evidence_in_a_gap_hangs_on_nobody_knows_what(room: Listening):
    record = room.add_deal()
    with room.to("Task") as ear:
        room.trouble("gap")
        room.control.post("salesforce/log", kind="call", on=record, user=REP)
        fetched = ear.next()
    assert (fetched.heard, bool(fetched.gap)) == ((), True)


def test_a_place_that_is_no_longer_kept_is_told(room: Listening):
    room.control.post("salesforce/pubsub", habits=QUICK)
    with room.to("Opportunity") as ear:
        cursor = ear.fetched().cursor
    room.trouble("forget")
    with room.to("Opportunity", cursor) as ear:
        assert isinstance(ear.end(), Expired)


def test_a_place_that_is_damaged_is_told(room: Listening):
    with pytest.raises(Expired):
        room.stream.subscribe("Opportunity", "no replay id")


def test_a_stream_that_is_cut_may_be_opened_again(room: Listening):
    with room.to("Opportunity") as ear:
        room.trouble("cut")
        error = ear.end()
    assert isinstance(error, Transient)
    assert error.code.startswith("sfdc.")


def test_an_organisation_that_is_told_no_more_today_is_left_alone(room: Listening):
    room.trouble("exhaust")
    ear = Ear(room.stream.subscribe("Opportunity", None))
    error = ear.end()
    assert isinstance(error, Exhausted)
    assert error.retry_after == LIMIT_PAUSE


def test_closing_ends_a_stream_that_says_nothing(room: Listening):
    with room.to("Opportunity") as ear:
        room.trouble("silence")
        ear.subscription.close()
        assert ear.end() is None


def test_closing_while_a_schema_is_asked_for_is_no_fault(room: Listening):
    subscription = room.stream.subscribe("Opportunity", None)
    subscription.close()
    with pytest.raises(Transient):
        subscription._ask_for_schema("unknown")
    assert list(subscription) == []


def test_a_session_that_ended_is_opened_again(room: Listening):
    room.control.post("salesforce/pubsub", habits=QUICK)
    with room.to("Opportunity") as ear:
        room.control.post("salesforce/sessions/expire")
        assert isinstance(ear.end(), Transient)
    with room.to("Opportunity") as ear:
        assert ear.fetched().cursor


def test_a_token_that_is_refused_once_is_renewed(room: Listening):
    former = room.keeper.token().access
    room.trouble("refuse")
    with room.to("Opportunity"):
        assert room.listening() == ["Opportunity"]
    assert room.keeper.token().access != former


def test_a_token_that_is_refused_twice_stops_the_stream(room: Listening):
    room.trouble("refuse", count=2)
    for _ in range(2):
        with pytest.raises(Unauthorized, match="slagboom connect"):
            room.stream.subscribe("Opportunity", None)
    assert room.opened() == 0


@pytest.mark.parametrize(
    ("name", "right"), [("Lead", "View All on it,"), ("Task", "View All Data,")]
)
def test_an_object_that_is_not_selected_is_told_with_where_to_select_it(
    room: Listening, name: str, right: str
):
    room.control.post("salesforce/pubsub", selected=["Opportunity"])
    told = f"Select {name} in Setup under Change Data Capture and .* {right}"
    with pytest.raises(Forbidden, match=told):
        room.stream.subscribe(name, None)
    with room.to("Opportunity"):
        assert room.listening() == ["Opportunity"]


def test_a_probe_tries_every_object_and_opens_no_stream(room: Listening):
    lines = room.stream.probe()
    assert [(one.what, one.is_ok) for one in lines] == [
        (f"{name}: hear of changes as they happen", True) for name in OBJECTS
    ]
    assert room.opened() == 0


def test_a_probe_names_each_object_that_is_not_told_of_with_the_remedy(
    room: Listening,
):
    room.control.post("salesforce/pubsub", selected=["Lead"])
    deals, leads, tasks = room.stream.probe()
    assert (deals.is_ok, leads.is_ok, tasks.is_ok) == (False, True, False)
    assert "Select Opportunity in Setup under Change Data Capture" in deals.message
    assert "View All Data" in tasks.message


def test_a_probe_renews_a_session_that_is_refused_once(room: Listening):
    former = room.keeper.token().access
    room.trouble("refuse")
    assert all(one.is_ok for one in room.stream.probe())
    assert room.keeper.token().access != former


def test_a_probe_says_once_what_stops_every_object(room: Listening):
    [line] = a_stream_at("http://127.0.0.1:1", room).probe()
    assert "cannot be reached" in line.message
    assert "port 7443" in line.message
    [line] = a_stream_at("https://127.0.0.1:1", room, allow_private=False).probe()
    assert "private network" in line.message
    room.trouble("refuse", count=2)
    [line] = room.stream.probe()
    assert "sign in again" in line.message


def test_an_object_that_the_organisation_lacks_is_told(room: Listening):
    room.control.post("salesforce/settings", quotes_enabled=False)
    with pytest.raises(NotFound, match="Quote"):
        room.stream.subscribe("Quote", None)


def test_a_server_that_is_away_is_waited_for(room: Listening):
    with pytest.raises(Transient, match="cannot be reached"):
        a_stream_at("http://127.0.0.1:1", room).subscribe("Opportunity", None)


def test_private_addresses_are_not_spoken_to(room: Listening):
    for url in (room.sandbox.pubsub_url, "https://127.0.0.1:7443"):
        stream = a_stream_at(url, room, allow_private=False)
        with pytest.raises(Permanent):
            stream.subscribe("Opportunity", None)
    assert room.opened() == 0
