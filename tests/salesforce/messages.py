"""Outbound messages as Salesforce writes them, with invented content."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

ORGANIZATION = "00D000000000001EAA"
OPPORTUNITY = "006000000000001AAA"
LEAD = "00Q000000000001EAA"
REP = "005000000000001AAA"
ROBOT = "005000000000002AAA"
NIL = '<SessionId xsi:nil="true"/>'


def notification(
    number: int = 1,
    *,
    kind: str = "Opportunity",
    fields: Mapping[str, str] | None = None,
    prefix: str = "sf",
) -> str:
    given = {"Id": OPPORTUNITY} if fields is None else fields
    inner = "".join(
        f"<{prefix}:{name}>{escape(text)}</{prefix}:{name}>"
        for name, text in given.items()
    )
    return (
        f"<Notification><Id>04l{number:012d}AAA</Id>"
        f'<sObject xsi:type="{prefix}:{kind}"'
        f' xmlns:{prefix}="urn:sobject.enterprise.soap.sforce.com">'
        f"{inner}</sObject></Notification>"
    )


def message(
    notifications: Sequence[str],
    *,
    organization: str = ORGANIZATION,
    session: str = NIL,
    head: str = '<?xml version="1.0" encoding="UTF-8"?>',
    soap: str = "soapenv",
) -> bytes:
    return (
        f"{head}"
        f'<{soap}:Envelope xmlns:{soap}="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<{soap}:Body>"
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{organization}</OrganizationId>"
        f"<ActionId>04k000000000001AAA</ActionId>{session}"
        "<EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/68.0/"
        "00D000000000001</EnterpriseUrl>"
        "<PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/68.0/"
        "00D000000000001</PartnerUrl>"
        f"{''.join(notifications)}</notifications></{soap}:Body></{soap}:Envelope>"
    ).encode()
