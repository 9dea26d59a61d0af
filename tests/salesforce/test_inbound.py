import hashlib
import json
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Permanent
from adapters.ports import ChangeSource, DeliveryRefused, HeardKind, Inbound
from adapters.salesforce import open_source
from rules.model import UNKNOWN_ACTOR, ActorClass, Kind, RecordId, RecordRef
from tests.salesforce.messages import (
    LEAD,
    NIL,
    OPPORTUNITY,
    ORGANIZATION,
    REP,
    ROBOT,
    message,
    notification,
)

OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
DEAL = RecordRef(Kind.DEAL, RecordId(OPPORTUNITY))
PUSH = {
    "OrganizationId": ORGANIZATION,
    "Object": "Opportunity",
    "Id": OPPORTUNITY,
    "SystemModstamp": "2026-12-01T11:59:58.000Z",
    "LastModifiedById": REP,
}


def source(**other: Any) -> ChangeSource:
    words: dict[str, Any] = {
        "secrets": ["heir", "former"],
        "organization_id": ORGANIZATION,
        "secret": "heir",
        "integration_user_id": ROBOT,
    }
    return open_source(**(words | other))


def inbound(body: bytes) -> Inbound:
    return Inbound(
        method="POST",
        url="https://slagboom.example.com/webhooks/salesforce/acme/heir",
        headers={"Content-Type": "text/xml; charset=utf-8"},
        body=body,
        received_at=NOW,
    )


def refusal(body: bytes, **other: Any) -> tuple[int, str]:
    with pytest.raises(DeliveryRefused) as refused:
        source(**other).check(inbound(body))
    return refused.value.status, refused.value.reason


def push(*changes: dict[str, Any]) -> bytes:
    return json.dumps([{**PUSH, **one} for one in changes]).encode()


@pytest.mark.parametrize("secret", ["heir", "former"])
def test_a_message_is_taken_with_the_secret_and_with_its_predecessor(secret: str):
    source(secret=secret).check(inbound(message([notification()])))


@pytest.mark.parametrize("secret", ["", "wrong", "heir ", "héir", "\udcff", None])
def test_without_the_secret_there_is_nothing_at_the_address(secret: str | None):
    assert refusal(message([notification()]), secret=secret) == (404, "secret")
    assert refusal(b"nonsense", secret=secret) == (404, "secret")


def test_the_organization_may_be_known_by_either_form_of_its_id():
    for ours in (ORGANIZATION, ORGANIZATION[:15]):
        for theirs in (ORGANIZATION, ORGANIZATION[:15]):
            body = message([notification()], organization=theirs)
            source(organization_id=ours).check(inbound(body))


@pytest.mark.parametrize("other", ["00d000000000001EAA", "00D000000000002EAA", "00D"])
def test_a_message_of_another_organization_is_refused(other: str):
    body = message([notification()], organization=other)
    assert refusal(body) == (403, "account")
    assert refusal(push({"OrganizationId": other})) == (403, "account")


def test_an_empty_secret_or_organization_is_never_used():
    with pytest.raises(Permanent, match="secret"):
        source(secrets=[])
    with pytest.raises(Permanent, match="secret"):
        source(secrets=["heir", ""])
    with pytest.raises(Permanent, match="organization"):
        source(organization_id="00D")


def test_every_record_of_a_message_is_heard_of():
    fields = {
        "Id": OPPORTUNITY,
        "LastModifiedById": REP,
        "Name": "Angebot & <Größe>",
        "StageName": "Negotiation/Review",
        "SystemModstamp": "2026-12-01T11:59:58.000Z",
    }
    body = message(
        [
            notification(1, fields=fields),
            notification(2, kind="Lead", fields={"Id": LEAD}),
        ]
    )
    source().check(inbound(body))
    first, second = source(secret=None).hear(body)
    assert (first.ref, first.kind) == (DEAL, HeardKind.CHANGED)
    assert first.occurred_at == datetime(2026, 12, 1, 11, 59, 58, tzinfo=UTC)
    assert (first.actor.kind, first.actor.user_id) == (ActorClass.PERSON, REP)
    assert second.ref == RecordRef(Kind.LEAD, RecordId(LEAD))
    assert second.actor == UNKNOWN_ACTOR


def test_a_redelivery_has_the_same_keys_and_a_second_change_another():
    once, again, later = (
        source().hear(message([notification(number)]))[0] for number in (1, 1, 2)
    )
    assert once.key == again.key
    assert once.ref == later.ref
    assert once.key != later.key


def test_what_the_integration_user_changed_was_done_by_ourselves():
    for robot in (ROBOT, ROBOT[:15]):
        body = message(
            [notification(fields={"Id": OPPORTUNITY, "LastModifiedById": robot})]
        )
        assert source().hear(body)[0].actor.kind is ActorClass.OURSELVES
        (heard,) = source(integration_user_id=None).hear(body)
        assert heard.actor.kind is ActorClass.PERSON


def test_the_short_form_of_an_id_is_the_same_record():
    body = message([notification(fields={"Id": OPPORTUNITY[:15]})])
    assert source().hear(body)[0].ref == DEAL


def test_a_hundred_notifications_are_taken_and_one_more_is_not():
    hundred = [notification(number) for number in range(100)]
    source().check(inbound(message(hundred)))
    assert len({one.key for one in source().hear(message(hundred))}) == 100
    assert refusal(message([*hundred, notification(100)])) == (400, "shape")
    source().check(inbound(push(*({} for _ in range(100)))))
    assert refusal(push(*({} for _ in range(101)))) == (400, "shape")


@pytest.mark.parametrize(
    "session",
    [
        NIL,
        "",
        "<SessionId/>",
        "<SessionId>00D!AQ</SessionId>",
        "<SessionId ><![CDATA[00D!AQ]]><!-- AQ --> 00D!AQ</SessionId >",
        "<SessionId>00D!AQ</SessionId>" * 2,
        f'<x:SessionId xmlns:x="{OUTBOUND}">00D!AQ</x:SessionId>',
    ],
)
def test_a_session_id_is_neither_needed_nor_kept(session: str):
    body = message([notification()], session=session)
    kept = source().check(inbound(body))
    assert b"AQ" not in kept
    assert b"SessionId" not in kept
    assert source().hear(kept) == source().hear(body)
    assert source().check(inbound(kept)) == kept


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_a_session_id_is_found_in_every_encoding(encoding: str):
    name = encoding.removesuffix("-sig")
    body = message(
        [notification(fields={"Id": OPPORTUNITY, "Name": "Größe"})],
        session="<SessionId>00D!AQ</SessionId>",
        head=f'<?xml version="1.0" encoding="{name}"?>',
    )
    kept = source().check(inbound(body.decode().encode(encoding)))
    assert "AQ" not in kept.decode(encoding)
    (heard,) = source().hear(kept)
    assert heard.ref == DEAL


def test_a_session_id_holds_text_only():
    session = "<SessionId><SessionId>AQ</SessionId>AQ</SessionId>"
    assert refusal(message([], session=session)) == (400, "shape")


@pytest.mark.parametrize("name", ["SessionId", "sessionId", "Session_ID"])
def test_a_session_id_in_a_push_is_not_kept(name: str):
    body = push({name: "00D!AQ", "More": {name: "00D!AQ"}})
    kept = source().check(inbound(body))
    assert b"AQ" not in kept
    assert source().hear(kept)[0].ref == DEAL


SHOWN = b"invented certificate"
PEM = ssl.DER_cert_to_PEM_cert(SHOWN)
FINGERPRINT = hashlib.sha256(SHOWN).hexdigest()
COLONS = ":".join(FINGERPRINT[at : at + 2] for at in range(0, 64, 2)).upper()


def with_certificates(handed_on: str | None, **other: Any) -> int:
    headers = {} if handed_on is None else {"x-client-cert": handed_on}
    made = source(
        certificates=["0" * 64, FINGERPRINT],
        certificate_header="x-client-cert",
        **other,
    )
    try:
        made.check(replace(inbound(message([notification()])), headers=headers))
    except DeliveryRefused as refused:
        return refused.status
    return 200


@pytest.mark.parametrize(
    "handed_on", [FINGERPRINT, COLONS, f"sha256:{FINGERPRINT}", quote(PEM), PEM * 2]
)
def test_a_known_certificate_is_known_however_the_proxy_tells_it(handed_on: str):
    assert with_certificates(handed_on) == 200


@pytest.mark.parametrize(
    "handed_on",
    [
        None,
        "",
        "1" * 64,
        FINGERPRINT[:-1],
        quote(ssl.DER_cert_to_PEM_cert(b"another")),
        "-----BEGIN CERTIFICATE-----%%-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----é-----END CERTIFICATE-----",
    ],
)
def test_without_a_known_certificate_nothing_is_taken(handed_on: str | None):
    assert with_certificates(handed_on) == 403


def test_a_certificate_does_not_stand_in_for_the_secret():
    assert with_certificates(FINGERPRINT, secret="wrong") == 404


def test_a_certificate_header_is_not_looked_at_unless_certificates_are_known():
    source(certificate_header="x-client-cert").check(inbound(message([])))


def test_a_record_that_was_deleted_before_the_message_left_is_only_counted():
    body = message([notification(fields={}), notification(2)])
    source().check(inbound(body))
    gone, still = source().hear(body)
    assert (gone.kind, gone.ref) == (HeardKind.OTHER, None)
    assert still.ref == DEAL


def test_a_message_without_notifications_is_acknowledged():
    source().check(inbound(message([])))
    assert source().hear(message([])) == []


def test_prefixes_are_the_senders_own_business():
    body = message([notification(prefix="ns7")], soap="S")
    source().check(inbound(body))
    assert source().hear(body)[0].ref == DEAL


def test_a_byte_order_mark_may_come_first():
    source().check(inbound(message([notification()], head="\ufeff")))
    source().check(inbound(b"\xef\xbb\xbf" + push({})))


@pytest.mark.parametrize(
    ("kind", "record_id"),
    [
        ("Account", "001000000000001AAA"),
        ("Custom__c", "a00000000000001AAA"),
        ("Opportunity", "00Q000000000001EAA"),
        ("Opportunity", "006000000000001AAB"),
        ("Opportunity", "006'); DROP TAB"),
    ],
)
def test_other_objects_and_ids_are_stored_and_skipped(kind: str, record_id: str):
    for body in (
        message([notification(kind=kind, fields={"Id": record_id})]),
        push({"Object": kind, "Id": record_id}),
    ):
        source().check(inbound(body))
        (heard,) = source().hear(body)
        assert (heard.kind, heard.ref) == (HeardKind.OTHER, None)


@pytest.mark.parametrize(
    ("kind", "fields", "ref"),
    [
        ("Quote", {"OpportunityId": OPPORTUNITY}, (Kind.DEAL, OPPORTUNITY)),
        ("Quote", {"OpportunityId": OPPORTUNITY[:15]}, (Kind.DEAL, OPPORTUNITY)),
        ("Task", {"WhoId": LEAD}, (Kind.LEAD, LEAD)),
        ("Task", {"WhoId": REP, "WhatId": OPPORTUNITY}, (Kind.DEAL, OPPORTUNITY)),
        ("Event", {"WhatId": "001000000000001AAA"}, None),
        ("Event", {"WhatId": OPPORTUNITY[:14], "WhoId": LEAD}, (Kind.LEAD, LEAD)),
        ("EmailMessage", {"RelatedToId": OPPORTUNITY}, (Kind.DEAL, OPPORTUNITY)),
        ("OpportunityContactRole", {}, None),
        ("Case", {"OpportunityId": OPPORTUNITY}, None),
    ],
)
def test_what_hangs_on_a_record_leads_to_it(
    kind: str, fields: dict[str, str], ref: tuple[Kind, str] | None
):
    own = {"Id": "0Q0000000000001AAA", **fields}
    (heard,) = source().hear(message([notification(kind=kind, fields=own)]))
    assert heard.kind is (HeardKind.OTHER if ref is None else HeardKind.LINKED)
    assert heard.ref == (None if ref is None else RecordRef(*ref))


def test_a_record_in_the_recycle_bin_is_heard_of_as_deleted():
    body = message([notification(fields={"Id": OPPORTUNITY, "IsDeleted": "true"})])
    assert source().hear(body)[0].kind is HeardKind.DELETED
    assert source().hear(push({"IsDeleted": True}))[0].kind is HeardKind.DELETED
    assert source().hear(push({"IsDeleted": False}))[0].kind is HeardKind.CHANGED


def test_a_message_may_be_nested_by_eight_and_no_deeper():
    field = b"<sf:Name>Acme</sf:Name>"
    plain = message([notification(fields={"Id": OPPORTUNITY, "Name": "Acme"})])

    def nested(levels: int) -> bytes:
        begin = b"".join(b"<sf:A%d>" % n for n in range(levels))
        end = b"".join(b"</sf:A%d>" % n for n in reversed(range(levels)))
        return plain.replace(field, begin + field + end)

    # A field is the sixth, in its record and in what the record is in.
    source().check(inbound(nested(2)))
    with pytest.raises(DeliveryRefused, match="deeper"):
        source().check(inbound(nested(3)))


GOOD = message([notification()])
DEEP = b"<a>" * 200_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<a/>",
        GOOD[:-1],
        GOOD + b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + message([notification()], head=""),
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + message([], head=""),
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b'<?xml version="1.0" encoding="cp932"?><a/>',
        DEEP,
        message([notification(fields={"Id": "<" * 9})], session=f"{'<b>' * 9}"),
        message([], session=f"<SessionId>{'<b>' * 9}{'</b>' * 9}</SessionId>"),
        message([], session="<b/>" * 50_001),
        GOOD.replace(b"schemas.xmlsoap.org/soap/envelope", b"www.w3.org/2003/05/soap"),
        GOOD.replace(b"soap.sforce.com/2005/09/outbound", b"example.com/outbound"),
        GOOD.replace(b"urn:sobject.enterprise", b"urn:sobject.other"),
        GOOD.replace(b"soap.sforce.com", b"soap.sforce.com}x"),
        GOOD.replace(b"enterprise.soap.sforce.com", b"enterprise.soap.sforce.com}x"),
        GOOD.replace(b"sf:Id>", b"Id>"),
        GOOD.replace(b'xsi:type="sf:Opportunity"', b""),
        GOOD.replace(b'xsi:type="sf:Opportunity"', b'xsi:type="Opportunity"'),
        GOOD.replace(b"<Id>04l000000000001AAA</Id>", b""),
        GOOD.replace(b"<Id>04l000000000001AAA</Id>", b"<Id>%s</Id>" % (b"0" * 256)),
        GOOD.replace(b"OrganizationId>", b"Organization>"),
        message([], organization=""),
        GOOD.replace(b"<ActionId>", b"<OrganizationId>x</OrganizationId><ActionId>"),
    ],
)
def test_what_is_no_message_of_salesforce_is_refused(body: bytes):
    assert refusal(body) == (400, "shape")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"[1]",
        b"[" * 100_000,
        b'{"OrganizationId": 1}',
        push({"Id": None}),
        push({"Object": ""}),
        push({"SystemModstamp": None}),
        push({"SystemModstamp": "0" * 255}),
        push({"NotificationId": "0" * 256}),
        push({"NotificationId": ["0"]}),
        push({}, {"OrganizationId": "00D000000000002EAA"}),
    ],
)
def test_what_is_no_push_of_ours_is_refused(body: bytes):
    assert refusal(body) == (400, "shape")


def test_a_body_that_is_too_large_is_refused():
    assert refusal(b" " * (4 * 1024 * 1024 + 1)) == (413, "size")


def test_a_push_speaks_of_one_record_or_of_several():
    one = json.dumps(PUSH).encode()
    source().check(inbound(one))
    (heard,) = source().hear(one)
    assert (heard.ref, heard.kind, heard.actor.user_id) == (
        DEAL,
        HeardKind.CHANGED,
        REP,
    )
    later = push({}, {"SystemModstamp": "2026-12-01T11:59:59.000Z"})
    assert [found.key == heard.key for found in source().hear(later)] == [True, False]
    named = push({"SystemModstamp": None, "NotificationId": "guid-1"})
    assert source().hear(named)[0].key == "push|guid-1"


def test_a_push_is_kept_without_what_cannot_be_stored():
    body = source().check(inbound(push({"NotificationId": "half \ud83d, NUL \0"})))
    assert source().hear(body)[0].key == "push|half \ufffd, NUL \ufffd"


def test_the_answer_is_the_one_that_stops_salesforce_from_repeating():
    asked = source()
    asked.check(inbound(message([notification()])))
    body, content_type = asked.acknowledgement()
    assert body == (
        b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
        b"<soapenv:Body><notificationsResponse"
        b' xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>'
        b"</notificationsResponse></soapenv:Body></soapenv:Envelope>"
    )
    assert content_type == "text/xml; charset=utf-8"


def test_a_push_is_answered_in_json():
    asked = source()
    asked.check(inbound(push({})))
    assert asked.acknowledgement() == (b'{"accepted":true}', "application/json")


@given(st.binary(max_size=300), st.sampled_from([b"", b"<", b"{", b"[", GOOD[:200]]))
def test_no_body_does_more_than_be_refused(body: bytes, start: bytes):
    with pytest.raises(DeliveryRefused):
        source().check(inbound(start + body))
