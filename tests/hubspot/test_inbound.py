import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.hubspot import open_source
from adapters.ports import ChangeSource, DeliveryRefused, HeardKind, Inbound
from rules.model import ActorClass, Kind
from tests.hubspot.kit import ref

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
URL = "https://slagboom.example.com/webhooks/hubspot/acme"
SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
APP = 7
EVENT: Mapping[str, Any] = {
    "eventId": 1,
    "subscriptionId": 2,
    "portalId": 62515,
    "appId": APP,
    "occurredAt": 1_764_590_000_000,
    "subscriptionType": "deal.propertyChange",
    "attemptNumber": 0,
    "objectId": 123,
    "propertyName": "dealstage",
    "propertyValue": "contractsent",
    "changeSource": "CRM_UI",
    "sourceId": "userId:74322246",
}


@pytest.fixture
def source() -> ChangeSource:
    return open_source(secrets=["new", SECRET], portal_id=62515, app_id=APP)


def inbound(
    body: bytes,
    *,
    secret: str = SECRET,
    url: str = URL,
    signed_url: str = "",
    at: datetime = NOW,
    **headers: str | None,
) -> Inbound:
    stamp = str(int(at.timestamp() * 1000))
    message = b"POST" + (signed_url or url).encode() + body + stamp.encode()
    digest = hmac.digest(secret.encode(), message, hashlib.sha256)
    given = {
        "X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
        "X-HubSpot-Request-Timestamp": stamp,
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    return Inbound(
        method="POST",
        url=url,
        headers={name: value for name, value in given.items() if value is not None},
        body=body,
        received_at=NOW,
    )


def events(*changes: Mapping[str, Any]) -> bytes:
    return json.dumps([{**EVENT, **one} for one in changes or ({},)]).encode()


def refusal(source: ChangeSource, request: Inbound) -> DeliveryRefused:
    with pytest.raises(DeliveryRefused) as refused:
        source.check(request)
    return refused.value


def test_a_signed_delivery_is_taken_by_any_of_the_secrets(source: ChangeSource):
    source.check(inbound(events()))
    source.check(inbound(events(), secret="new"))


def test_the_signature_that_hubspots_own_tests_publish_is_taken():
    # The vector of hubspot-api-client's own test of version 3.
    body = b"{'example_field':'example_value'}"
    request = Inbound(
        method="POST",
        url="https://www.example.com/webhook_uri",
        headers={
            "x-hubspot-signature-v3": "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=",
            "x-hubspot-request-timestamp": "1693657560000",
        },
        body=body,
        received_at=datetime.fromtimestamp(1_693_657_560, UTC),
    )
    source = open_source(secrets=[SECRET], portal_id=1, app_id=None)
    # The signature is good; what is signed is no JSON.
    assert refusal(source, request).status == 400


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"secret": "wrong"}, "signature"),
        ({"signed_url": URL + "/other"}, "signature"),
        ({"at": NOW - timedelta(minutes=5, seconds=1)}, "stale"),
        ({"at": NOW + timedelta(minutes=5, seconds=1)}, "stale"),
        ({"X_HubSpot_Signature_v3": None}, "signature"),
        ({"X_HubSpot_Signature_v3": "é"}, "signature"),
        ({"X_HubSpot_Signature_v3": "!"}, "signature"),
        ({"X_HubSpot_Signature_v3": ""}, "signature"),
        ({"X_HubSpot_Request_Timestamp": None}, "signature"),
        ({"X_HubSpot_Request_Timestamp": "soon"}, "signature"),
        ({"X_HubSpot_Request_Timestamp": "²"}, "signature"),
        ({"X_HubSpot_Request_Timestamp": "9" * 400}, "stale"),
    ],
)
def test_a_delivery_that_may_be_forged_is_refused(
    source: ChangeSource, change: dict[str, Any], reason: str
):
    refused = refusal(source, inbound(events(), **change))
    assert (refused.status, refused.reason) == (401, reason)


@pytest.mark.parametrize("minutes", [-4.9, 4.9])
def test_a_clock_may_be_a_little_off(source: ChangeSource, minutes: float):
    source.check(inbound(events(), at=NOW + timedelta(minutes=minutes)))


def test_only_hubspots_own_escapes_of_the_address_are_undone(source: ChangeSource):
    escaped = f"{URL}?a=%3A%2f%3F%40%21%24%27%28%29%2A%2C%3B&b=%20%25&c=?"
    signed = f"{URL}?a=:/?@!$'()*,;&b=%20%25&c=?"
    source.check(inbound(events(), url=escaped, signed_url=signed))
    assert refusal(source, inbound(events(), url=escaped)).status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}",
        b"[1]",
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps([EVENT] * 1001).encode(),
    ],
    ids=["empty", "cut", "object", "number", "bytes", "deep", "many"],
)
def test_a_malformed_body_is_refused(source: ChangeSource, body: bytes):
    refused = refusal(source, inbound(body))
    assert (refused.status, refused.reason) == (400, "shape")


def test_another_account_is_refused_even_if_one_event_is_its(source: ChangeSource):
    refused = refusal(source, inbound(events({}, {"portalId": 1})))
    assert (refused.status, refused.reason) == (403, "account")


def test_a_huge_body_is_refused_before_anything_is_computed(source: ChangeSource):
    assert refusal(source, inbound(b" " * 5_000_000)).status == 413


def test_a_move_by_a_person_is_heard(source: ChangeSource):
    [heard] = source.hear(events())
    assert heard.kind is HeardKind.CHANGED
    assert heard.ref == ref(123)
    assert (heard.property, heard.value) == ("dealstage", "contractsent")
    assert heard.occurred_at == datetime.fromtimestamp(1_764_590_000, UTC)
    assert heard.actor.kind is ActorClass.PERSON
    assert heard.actor.user_id == "74322246"


@pytest.mark.parametrize(
    ("name", "source_id", "kind"),
    [
        ("INTEGRATION", str(APP), ActorClass.OURSELVES),
        ("INTEGRATION", "8", ActorClass.INTEGRATION),
        ("API", "", ActorClass.INTEGRATION),
        ("AUTOMATION_PLATFORM", "enrollmentId:1;action:2", ActorClass.WORKFLOW),
        ("SOME_WORKFLOWS", "", ActorClass.WORKFLOW),
        ("IMPORT", "12", ActorClass.IMPORT),
        ("CRM_UI_BULK_ACTION", "userId:1", ActorClass.PERSON),
        ("MOBILE_ANDROID", "userId:1", ActorClass.PERSON),
        ("BREEZE_AGENT", "", ActorClass.AGENT),
        ("CALCULATED", "x", ActorClass.UNKNOWN),
        ("NEVER_HEARD_OF", "userId:1", ActorClass.PERSON),
        ("NEVER_HEARD_OF", "", ActorClass.UNKNOWN),
        ("", "", ActorClass.UNKNOWN),
    ],
)
def test_who_did_it_is_told_by_the_source(
    source: ChangeSource, name: str, source_id: str, kind: ActorClass
):
    [heard] = source.hear(events({"changeSource": name, "sourceId": source_id}))
    assert heard.actor.kind is kind


def test_without_an_app_id_nothing_is_taken_for_our_own():
    source = open_source(secrets=[SECRET], portal_id=62515, app_id=None)
    [heard] = source.hear(events({"changeSource": "INTEGRATION", "sourceId": "7"}))
    assert heard.actor.kind is ActorClass.INTEGRATION


@pytest.mark.parametrize(
    ("change", "kind", "record"),
    [
        ({"subscriptionType": "deal.creation"}, HeardKind.CREATED, ref(123)),
        ({"subscriptionType": "deal.deletion"}, HeardKind.DELETED, ref(123)),
        ({"subscriptionType": "deal.restore"}, HeardKind.RESTORED, ref(123)),
        (
            {"subscriptionType": "contact.privacyDeletion"},
            HeardKind.DELETED,
            ref(123, Kind.CONTACT),
        ),
        (
            {"subscriptionType": "company.associationChange"},
            HeardKind.LINKED,
            ref(123, Kind.COMPANY),
        ),
        (
            {
                "subscriptionType": "deal.associationChange",
                "objectId": None,
                "fromObjectId": 7,
                "toObjectId": 8,
            },
            HeardKind.LINKED,
            ref(7),
        ),
        (
            {
                "subscriptionType": "object.associationChange",
                "objectId": None,
                "fromObjectTypeId": "0-136",
                "fromObjectId": 7,
                "toObjectId": 8,
            },
            HeardKind.LINKED,
            ref(7, Kind.LEAD),
        ),
        (
            {"subscriptionType": "object.propertyChange", "objectTypeId": "0-136"},
            HeardKind.CHANGED,
            ref(123, Kind.LEAD),
        ),
        (
            {"subscriptionType": None, "eventType": "deal.creation"},
            HeardKind.CREATED,
            ref(123),
        ),
        (
            {"subscriptionType": "object.creation", "objectTypeId": "0-27"},
            HeardKind.OTHER,
            None,
        ),
        ({"subscriptionType": "conversation.creation"}, HeardKind.OTHER, None),
        ({"subscriptionType": "deal.shaken"}, HeardKind.OTHER, None),
        ({"subscriptionType": 5}, HeardKind.OTHER, None),
        ({"objectId": None}, HeardKind.OTHER, None),
    ],
)
def test_every_event_is_heard_in_our_words(
    source: ChangeSource, change: dict[str, Any], kind: HeardKind, record: object
):
    [heard] = source.hear(events({**change, "isSensitive": False, "later": {}}))
    assert (heard.kind, heard.ref) == (kind, record)


def test_a_merge_names_the_record_that_lives_on(source: ChangeSource):
    merge = {
        "subscriptionType": "deal.merge",
        "objectId": 1,
        "primaryObjectId": 1,
        "mergedObjectIds": [2, 3],
        "newObjectId": 9,
    }
    [heard] = source.hear(events(merge))
    assert (heard.kind, heard.ref) == (HeardKind.MERGED, ref(9))
    assert heard.merged == (ref(1), ref(2), ref(3))


def test_contacts_are_leads_where_an_account_has_no_leads():
    source = open_source(secrets=[SECRET], portal_id=62515, app_id=APP, has_leads=False)
    [heard] = source.hear(events({"subscriptionType": "contact.creation"}))
    assert heard.ref == ref(123, Kind.LEAD)


def test_two_links_made_at_once_are_two_facts(source: ChangeSource):
    link = {"subscriptionType": "deal.associationChange", "fromObjectId": 7}
    body = events(link | {"toObjectId": 8}, link | {"toObjectId": 9})
    assert len({heard.key for heard in source.hear(body)}) == 2


def test_a_redelivery_has_the_same_key_and_another_fact_another(source: ChangeSource):
    changes: list[dict[str, Any]] = [
        {},
        {"attemptNumber": 4},
        {"occurredAt": 1_764_590_000_001},
        {"objectId": 124},
        {"propertyName": "amount"},
        {"subscriptionType": "deal.creation"},
        {"eventId": 2},
    ]
    keys = [heard.key for heard in source.hear(events(*changes))]
    assert keys[0] == keys[1]
    assert len(set(keys)) == len(keys) - 1


@pytest.mark.parametrize("value", [None, "", "soon", [], 10**30])
def test_a_strange_moment_does_not_stop_a_delivery(source: ChangeSource, value: object):
    [heard] = source.hear(events({"occurredAt": value}))
    assert heard.occurred_at.tzinfo is not None


@pytest.mark.parametrize("record_id", [0, -1, "x", "1 ", [1], {}, 10**30, None])
def test_what_is_no_id_names_no_record(source: ChangeSource, record_id: object):
    [heard] = source.hear(events({"objectId": record_id}))
    assert (heard.kind, heard.ref) == (HeardKind.OTHER, None)


def test_a_value_holds_nothing_that_cannot_be_stored(source: ChangeSource):
    [heard] = source.hear(events({"propertyValue": "half \ud83d, NUL \0"}))
    assert heard.value == "half \ufffd, NUL \ufffd"


def test_the_acknowledgement_is_empty(source: ChangeSource):
    assert source.acknowledgement() == (b"", "text/plain")
