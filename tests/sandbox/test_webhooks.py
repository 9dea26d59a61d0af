import hashlib
import json

from hubspot.utils.signature import Signature

from adapters.sandbox.hubspot.account import DEFAULT_APP, DEFAULT_SECRET
from tests.sandbox.kit import REP, Control, Receiver, seed_deal


def test_a_move_by_a_person_is_told_with_the_fields_that_hubspot_sends(
    control: Control, receiver: Receiver
):
    deal = seed_deal(control)
    control.post(
        "hubspot/act", id=deal, user=REP, properties={"dealstage": "contractsent"}
    )
    assert control.post("hubspot/webhooks/flush")["done"]
    [event] = receiver.events()
    assert event.pop("eventId") > 0
    assert event.pop("subscriptionId") > 0
    assert event.pop("occurredAt") > 1_700_000_000_000
    assert event == {
        "portalId": 4_711_001,
        "appId": DEFAULT_APP,
        "subscriptionType": "deal.propertyChange",
        "attemptNumber": 0,
        "objectId": int(deal),
        "propertyName": "dealstage",
        "propertyValue": "contractsent",
        "changeSource": "CRM_UI",
        "sourceId": "userId:70000001",
    }


def test_every_post_carries_a_signature_that_hubspots_own_client_accepts(
    control: Control, receiver: Receiver
):
    deal = seed_deal(control)
    control.post("hubspot/act", id=deal, user=REP, properties={"amount": 5})
    control.post("hubspot/webhooks/flush")
    [(headers, body)] = receiver.posts
    assert Signature.is_valid(
        signature=headers["X-HubSpot-Signature-v3"],
        client_secret=DEFAULT_SECRET,
        request_body=body.decode(),
        http_uri=receiver.url,
        http_method="POST",
        signature_version="v3",
        timestamp=headers["X-HubSpot-Request-Timestamp"],
    )
    v1 = hashlib.sha256(DEFAULT_SECRET.encode() + body).hexdigest()
    assert headers["X-HubSpot-Signature"] == v1
    assert headers["X-HubSpot-Signature-Version"] == "v1"


def test_a_refused_post_comes_again_with_a_growing_attempt_number(
    control: Control, receiver: Receiver
):
    receiver.answers = [500, 401, 200]
    deal = seed_deal(control)
    control.post("hubspot/act", id=deal, user=REP, properties={"amount": 5})
    summary = control.post("hubspot/webhooks/flush")
    assert [event["attemptNumber"] for event in receiver.events()] == [0, 1, 2]
    assert (summary["attempts"], summary["accepted"]) == (3, 1)


def test_a_post_is_given_up_after_the_last_retry(control: Control, receiver: Receiver):
    control.post("hubspot/webhooks", habits={"max_retries": 2})
    receiver.answers = [500] * 9
    deal = seed_deal(control)
    control.post("hubspot/act", id=deal, user=REP, properties={"amount": 5})
    summary = control.post("hubspot/webhooks/flush", hurry=True)
    assert (summary["done"], summary["given_up"]) == (True, 1)
    assert len(receiver.posts) == 3


def test_a_bulk_edit_comes_in_arrays_of_at_most_a_hundred(
    control: Control, receiver: Receiver
):
    made = control.post("hubspot/seed", bulk=[{"object": "deals", "count": 250}])
    control.post(
        "hubspot/bulk",
        ids=made["bulk"][0],
        user=REP,
        properties={"dealstage": "contractsent"},
    )
    summary = control.post("hubspot/webhooks/flush")
    sizes = sorted(len(json.loads(body)) for _, body in receiver.posts)
    assert sum(sizes) == 250
    assert max(sizes) <= 100
    assert summary["most_in_flight"] <= 10
    assert {event["changeSource"] for event in receiver.events()} == {
        "CRM_UI_BULK_ACTION"
    }


def test_duplicates_and_disorder_are_the_same_with_the_same_seed(
    control: Control, receiver: Receiver
):
    control.post(
        "hubspot/webhooks",
        habits={"duplicates": 0.5, "disorder": True, "max_in_flight": 1},
    )
    control.post("hubspot/webhooks/clear")
    made = control.post("hubspot/seed", bulk=[{"object": "deals", "count": 40}])
    ids = made["bulk"][0]
    orders = []
    for stage in ("contractsent", "qualifiedtobuy"):
        control.post("hubspot/bulk", ids=ids, properties={"dealstage": stage})
        control.post("hubspot/webhooks/flush")
        orders.append([event["objectId"] for event in receiver.events()])
        receiver.posts.clear()
        control.post("hubspot/webhooks/clear")
    assert orders[0] == orders[1]
    assert len(orders[0]) > 40
    assert list(dict.fromkeys(orders[0])) != sorted(set(orders[0]))


def test_creation_deletion_and_restoration_are_told(
    control: Control, receiver: Receiver
):
    deal = control.post(
        "hubspot/create", object="deals", user=REP, properties={"dealname": "Acme"}
    )["id"]
    control.post("hubspot/delete", object="deals", id=deal, user=REP)
    control.post("hubspot/restore", object="deals", id=deal, user=REP)
    control.post("hubspot/webhooks/flush")
    told = {
        event["subscriptionType"]: event.get("changeFlag", "")
        for event in receiver.events()
    }
    assert told["deal.creation"] == "CREATED"
    assert told["deal.deletion"] == "DELETED"
    assert told["deal.restore"] == ""


def test_a_merge_names_the_old_ids_and_the_new_one(
    control: Control, receiver: Receiver
):
    one, other = seed_deal(control), seed_deal(control)
    merged = control.post("hubspot/merge", object="deals", id=one, other=other)["id"]
    control.post("hubspot/webhooks/flush")
    [event] = [
        event
        for event in receiver.events()
        if event["subscriptionType"] == "deal.merge"
    ]
    assert event["primaryObjectId"] == int(one)
    assert event["mergedObjectIds"] == [int(other)]
    assert event["newObjectId"] == int(merged)
    assert merged not in {one, other}


def test_a_generic_subscription_names_the_object_type(
    control: Control, receiver: Receiver
):
    control.post(
        "hubspot/webhooks",
        subscriptions=[
            {
                "event": "object.propertyChange",
                "object": "deals",
                "properties": ["amount"],
            }
        ],
    )
    deal = seed_deal(control)
    control.post("hubspot/act", id=deal, user=REP, properties={"amount": 7})
    control.post("hubspot/webhooks/flush")
    [event] = receiver.events()
    assert event["subscriptionType"] == "object.propertyChange"
    assert event["objectTypeId"] == "0-3"


def test_nothing_is_told_of_a_property_nobody_subscribed_to(
    control: Control, receiver: Receiver
):
    deal = seed_deal(control)
    control.post("hubspot/act", id=deal, user=REP, properties={"description": "x"})
    assert control.post("hubspot/webhooks/flush")["attempts"] == 0
    assert receiver.posts == []


def test_both_sides_of_a_new_association_are_told(control: Control, receiver: Receiver):
    deal = seed_deal(control)
    control.post(
        "hubspot/create",
        object="contacts",
        properties={"email": "jo@example.com"},
        associations=[{"object": "deals", "id": deal}],
    )
    control.post("hubspot/webhooks/flush")
    told = [
        (event["subscriptionType"], event["associationType"])
        for event in receiver.events()
        if "associationType" in event
    ]
    assert sorted(told) == [
        ("contact.associationChange", "CONTACT_TO_DEAL"),
        ("deal.associationChange", "DEAL_TO_CONTACT"),
    ]


def test_an_association_event_names_its_two_records_and_none_of_its_own(
    control: Control, receiver: Receiver
):
    deal = seed_deal(control)
    events = ("deal.associationChange", "object.associationChange")
    control.post(
        "hubspot/webhooks",
        subscriptions=[{"event": one, "object": "deal"} for one in events],
    )
    contact = control.post(
        "hubspot/create",
        object="contacts",
        properties={"email": "jo@example.com"},
        associations=[{"object": "deals", "id": deal}],
    )["id"]
    control.post("hubspot/webhooks/flush")
    told = {event["subscriptionType"]: event for event in receiver.events()}
    for event in told.values():
        assert not {"objectId", "objectTypeId"} & event.keys()
        assert (event["fromObjectId"], event["toObjectId"]) == (int(deal), int(contact))
    generic = told["object.associationChange"]
    assert (generic["fromObjectTypeId"], generic["toObjectTypeId"]) == ("0-3", "0-1")
    assert "fromObjectTypeId" not in told["deal.associationChange"]
