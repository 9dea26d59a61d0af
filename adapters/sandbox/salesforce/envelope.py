"""Outbound messages as XML, and what an answer to one says.

After the WSDL that an org gives for a message: document/literal, one object type,
1 to 100 notifications, one Ack for all.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from adapters.sandbox.salesforce import moments
from adapters.sandbox.salesforce.fields import Field

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
RECORDS = "urn:sobject.enterprise.soap.sforce.com"
_OK = 200
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Notification(NamedTuple):
    """One notification, with the record's fields at the time of sending.

    There are none if the record was deleted meanwhile.
    """

    id: str
    fields: Sequence[tuple[Field, Any]]


def render(
    organization_id: str,
    action_id: str,
    entity: str,
    notifications: Sequence[Notification],
    *,
    soap_url: str,
) -> bytes:
    """Return the body of a message. `soap_url` is the org's SOAP API."""
    shaped = "".join(_notification(entity, one) for one in notifications)
    short = organization_id[:15]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soapenv:Envelope xmlns:soapenv="{SOAP}" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        f' <soapenv:Body>\n  <notifications xmlns="{OUTBOUND}">\n'
        f"   <OrganizationId>{organization_id}</OrganizationId>\n"
        f"   <ActionId>{action_id}</ActionId>\n"
        '   <SessionId xsi:nil="true"/>\n'
        f"   <EnterpriseUrl>{soap_url}/c/68.0/{short}</EnterpriseUrl>\n"
        f"   <PartnerUrl>{soap_url}/u/68.0/{short}</PartnerUrl>\n"
        f"{shaped}"
        "  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>\n"
    ).encode()


def is_ack(status: int, body: bytes) -> bool:
    """Return whether an answer takes the message: 200 with a true Ack, no less."""
    if status != _OK:
        return False
    try:
        root = fromstring(body)
    except (ParseError, ValueError, DefusedXmlException):
        return False
    path = f"{{{SOAP}}}Body/{{{OUTBOUND}}}notificationsResponse/{{{OUTBOUND}}}Ack"
    return (root.findtext(path) or "").strip() in {"true", "1"}


def _notification(entity: str, one: Notification) -> str:
    opening = f'<sObject xsi:type="sf:{entity}" xmlns:sf="{RECORDS}"'
    # A field without a value is left out.
    inner = "".join(
        f"     <sf:{field.name}>{_text(field, value)}</sf:{field.name}>\n"
        for field, value in one.fields
        if value is not None
    )
    record = f"{opening}>\n{inner}    </sObject>" if inner else f"{opening}/>"
    return (
        f"   <Notification>\n    <Id>{one.id}</Id>\n    {record}\n   </Notification>\n"
    )


def _text(field: Field, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if field.type == "datetime":
        return moments.soap(value)
    return escape(_NOT_IN_XML.sub("", str(value)), quote=False)
