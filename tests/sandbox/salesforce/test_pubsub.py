from collections.abc import Iterator

import grpc
import pytest

from adapters.eventbus import pubsub_api_pb2 as wire
from adapters.sandbox import Sandbox
from tests.sandbox.kit import REP, Control
from tests.sandbox.salesforce.kit import Api, seed_deal
from tests.sandbox.salesforce.subscriber import Subscriber, told
from tests.waiting import wait_for

LEADING = "sfdc.platform.eventbus.grpc."
PERSON = "com/salesforce/api/soap/68.0;client=SfdcInternalAPI/"


@pytest.fixture
def subscriber(sandbox: Sandbox) -> Iterator[Subscriber]:
    made = Subscriber(sandbox)
    yield made
    made.close()


def listening(control: Control, count: int = 1) -> None:
    wait_for(
        lambda: len(control.get("salesforce/pubsub")["listening"]) == count,
        "the subscription",
    )


def move(control: Control, deal: str, **fields: object) -> None:
    control.post("salesforce/act", id=deal, user=REP, fields=fields)


def test_a_saved_record_is_told_of_with_what_changed(
    control: Control, subscriber: Subscriber
):
    deal = seed_deal(control)
    subscriber.subscribe()
    listening(control)
    move(control, deal, StageName="Proposal/Price Quote", NextStep=None, Amount=5)
    header, fields = subscriber.event()
    assert header["entityName"] == "Opportunity"
    assert header["recordIds"] == [deal]
    assert header["changeType"] == "UPDATE"
    assert header["changeOrigin"] == PERSON
    assert fields["StageName"] == "Proposal/Price Quote"
    assert fields["Amount"] == 5
    assert fields["CloseDate"] is None, "it did not change"
    bits = int(header["changedFields"][0], 16)
    names = list(fields)
    changed = {name for place, name in enumerate(names, 1) if bits >> place & 1}
    assert {"StageName", "Amount", "Probability", "LastModifiedDate"} <= changed
    assert "CloseDate" not in changed


def test_a_part_of_a_name_is_told_as_such(control: Control, subscriber: Subscriber):
    lead = control.post(
        "salesforce/create",
        object="Lead",
        fields={"LastName": "Smit", "Company": "Acme"},
    )["id"]
    subscriber.subscribe("Lead")
    listening(control)
    move(control, lead, FirstName="Jo")
    header, fields = subscriber.event()
    assert fields["Name"] == {"Salutation": None, "FirstName": "Jo", "LastName": None}
    place = list(fields).index("Name") + 1
    assert header["changedFields"][1] == f"{place}-0x2"


def test_creation_and_deletion_and_restoration_are_told(
    control: Control, subscriber: Subscriber
):
    subscriber.subscribe()
    listening(control)
    fields = {"Name": "Acme"}
    deal = control.post("salesforce/create", user=REP, fields=fields)["id"]
    control.post("salesforce/delete", id=deal)
    control.post("salesforce/restore", id=deal)
    kinds = []
    for _ in range(3):
        header, fields = subscriber.event()
        kinds.append(header["changeType"])
        if kinds == ["CREATE"]:
            assert fields["Name"] == "Acme"
            assert header["changedFields"] == []
        assert header["recordIds"] == [deal]
    assert kinds == ["CREATE", "DELETE", "UNDELETE"]


def test_a_program_is_told_from_a_person(
    api: Api, control: Control, subscriber: Subscriber
):
    deal = seed_deal(control)
    subscriber.subscribe()
    listening(control)
    api.ask(
        "PATCH",
        f"/sobjects/Opportunity/{deal}",
        {"NextStep": "Call"},
        Sforce_Call_Options="client=slagboom",
    )
    header, _ = subscriber.event()
    assert header["changeOrigin"] == "com/salesforce/api/rest/68.0;client=slagboom"
    assert header["commitUser"].startswith("005")


def test_an_equal_change_of_many_records_is_one_event(
    control: Control, subscriber: Subscriber
):
    deals = [seed_deal(control, Name=f"Deal {n}") for n in range(3)]
    subscriber.subscribe()
    listening(control)
    control.post("salesforce/bulk", ids=deals, user=REP, fields={"NextStep": "Call"})
    header, _ = subscriber.event()
    assert header["recordIds"] == deals


def test_events_come_as_many_as_were_asked_for(
    control: Control, subscriber: Subscriber
):
    subscriber.subscribe(count=2)
    listening(control)
    for number in range(5):
        control.post("salesforce/create", fields={"Name": f"Deal {number}"})
    got = 0
    while got < 2:
        answer = subscriber.fetch()
        got += len(answer.events)
    assert answer.pending_num_requested == 0
    subscriber.ask_for(100)
    more = subscriber.fetch()
    assert len(more.events) == 3
    assert more.pending_num_requested == 97


def test_who_asks_for_too_much_is_cut_off(subscriber: Subscriber):
    subscriber.subscribe(count=101)
    assert subscriber.refusal() == (
        "INVALID_ARGUMENT",
        LEADING + "subscription.fetch.requested.events.limit.exceeded",
    )


def test_who_asks_for_nothing_for_long_is_cut_off(
    control: Control, subscriber: Subscriber
):
    control.post("salesforce/pubsub", habits={"idle_ms": 50})
    subscriber.subscribe(count=1)
    listening(control)
    control.post("salesforce/create", fields={"Name": "Deal"})
    assert subscriber.refusal()[0] == "DEADLINE_EXCEEDED"


def test_an_idle_stream_says_that_it_lives_and_where_it_is(
    control: Control, subscriber: Subscriber
):
    control.post("salesforce/pubsub", habits={"keepalive_ms": 20})
    subscriber.subscribe()
    first, second = subscriber.fetch(), subscriber.fetch()
    assert not first.events
    assert first.latest_replay_id == second.latest_replay_id != b""


def test_a_stream_goes_on_where_another_ended(control: Control, sandbox: Sandbox):
    one, other = Subscriber(sandbox), Subscriber(sandbox)
    one.subscribe()
    listening(control)
    deals = [seed_deal(control, Name=f"Deal {n}") for n in range(3)]
    for deal in deals:
        move(control, deal, NextStep="Call")
    events = []
    while len(events) < 3:
        events += one.fetch().events
    numbers = [int.from_bytes(each.replay_id[:8]) for each in events]
    assert numbers == sorted(numbers)
    assert numbers[2] - numbers[0] > 2, "replay ids leave gaps"
    one.close()
    other.subscribe(preset=wire.CUSTOM, replay_id=events[0].replay_id)
    rest = list(other.fetch().events)
    assert [each.replay_id for each in rest] == [each.replay_id for each in events[1:]]
    other.close()


@pytest.mark.parametrize("how", ["forgotten", "too old", "never given out", "broken"])
def test_a_place_that_is_no_longer_kept_is_refused(
    control: Control, sandbox: Sandbox, subscriber: Subscriber, how: str
):
    subscriber.subscribe()
    listening(control)
    deal = seed_deal(control)
    move(control, deal, NextStep="Call")
    replay_id = subscriber.fetch().events[0].replay_id
    match how:
        case "forgotten":
            control.post("salesforce/pubsub/trouble", kind="forget")
        case "too old":
            control.post("clock/advance", seconds=73 * 3600)
        case "never given out":
            replay_id = (2**40).to_bytes(8) + b"\0\0"
        case _:
            replay_id = b"12"
    other = Subscriber(sandbox)
    other.subscribe(preset=wire.CUSTOM, replay_id=replay_id)
    assert other.refusal() == (
        "INVALID_ARGUMENT",
        LEADING + "subscription.fetch.replayid.corrupted",
    )
    other.close()


@pytest.mark.parametrize(
    "words",
    [
        {"accesstoken": "wrong"},
        {"tenantid": "00D000000000001EAA"},
        {"instanceurl": ""},
    ],
    ids=str,
)
def test_who_is_not_signed_in_hears_nothing(sandbox: Sandbox, words: dict[str, str]):
    stranger = Subscriber(sandbox, **words)
    stranger.subscribe()
    refused = ("UNAUTHENTICATED", LEADING + "service.auth.error")
    assert stranger.refusal() == refused
    with pytest.raises(grpc.RpcError) as caught:
        stranger.stub.GetTopic(
            wire.TopicRequest(topic_name="/data/LeadChangeEvent"),
            metadata=stranger.metadata,
        )
    assert told(caught.value) == refused
    stranger.close()


def test_a_session_that_ends_ends_its_stream(control: Control, subscriber: Subscriber):
    control.post("salesforce/pubsub", habits={"keepalive_ms": 20})
    subscriber.subscribe()
    listening(control)
    control.post("salesforce/sessions/expire")
    assert subscriber.refusal()[0] == "UNAUTHENTICATED"


def test_an_object_that_is_not_selected_is_not_told_of(
    control: Control, subscriber: Subscriber
):
    control.post("salesforce/pubsub", selected=["Opportunity"])
    topic = subscriber.stub.GetTopic(
        wire.TopicRequest(topic_name="/data/LeadChangeEvent"),
        metadata=subscriber.metadata,
    )
    assert not topic.can_subscribe
    subscriber.subscribe("Lead")
    assert subscriber.refusal()[0] == "PERMISSION_DENIED"
    with pytest.raises(grpc.RpcError) as caught:
        subscriber.stub.GetTopic(
            wire.TopicRequest(topic_name="/data/NoneChangeEvent"),
            metadata=subscriber.metadata,
        )
    assert told(caught.value) == ("NOT_FOUND", LEADING + "topic.not.found")


def test_an_org_that_was_told_of_too_much_is_told_nothing(
    control: Control, subscriber: Subscriber
):
    control.post("salesforce/pubsub/trouble", kind="exhaust")
    subscriber.subscribe()
    limit = LEADING + "subscription.limit.exceeded"
    assert subscriber.refusal() == ("RESOURCE_EXHAUSTED", limit)


def test_what_is_too_much_is_told_as_a_gap(control: Control, subscriber: Subscriber):
    deal = seed_deal(control)
    subscriber.subscribe()
    listening(control)
    for kind in ("gap", "overflow"):
        control.post("salesforce/pubsub/trouble", kind=kind)
        move(control, deal, NextStep=kind)
    gap, fields = subscriber.event()
    assert (gap["changeType"], gap["recordIds"]) == ("GAP_UPDATE", [deal])
    assert gap["changedFields"] == []
    assert not any(fields.values())
    overflow, _ = subscriber.event()
    assert overflow["changeType"] == "GAP_OVERFLOW"
    assert overflow["recordIds"] == ["000000000000000AAA"]


def test_streams_can_be_cut_and_can_fall_silent(
    control: Control, sandbox: Sandbox, subscriber: Subscriber
):
    control.post("salesforce/pubsub", habits={"keepalive_ms": 20})
    subscriber.subscribe()
    subscriber.fetch()
    assert control.post("salesforce/pubsub/trouble", kind="silence")["struck"] == 1
    other = Subscriber(sandbox)
    other.subscribe()
    other.fetch()
    assert control.get("salesforce/pubsub") == {
        "listening": ["Opportunity"],
        "opened": 2,
    }
    assert control.post("salesforce/pubsub/trouble", kind="cut")["struck"] == 2
    for one in (subscriber, other):
        assert one.refusal()[0] == "UNAVAILABLE"
    other.close()


def test_a_field_of_the_orgs_own_changes_the_schema(
    control: Control, subscriber: Subscriber
):
    deal = seed_deal(control)
    subscriber.subscribe()
    listening(control)
    move(control, deal, NextStep="Call")
    before = subscriber.fetch().events[0]
    subscriber.ask_for(1)
    control.post(
        "salesforce/seed",
        fields={"Opportunity": [{"name": "Decision_Maker__c"}]},
    )
    move(control, deal, Decision_Maker__c="J. Smit")
    after = subscriber.fetch().events[0]
    assert before.event.schema_id != after.event.schema_id
    assert "Decision_Maker__c" not in subscriber.read(before)
    assert subscriber.read(after)["Decision_Maker__c"] == "J. Smit"
