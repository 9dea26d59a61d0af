"""Accounts that deliver a hundred changes at a time, as each CRM writes them."""

import json
import time
from collections.abc import Mapping
from typing import Protocol

from adapters.sandbox.hubspot.signatures import headers
from adapters.sandbox.salesforce import envelope, ids
from adapters.sandbox.salesforce.catalog import fresh_types
from adapters.sandbox.salesforce.envelope import Notification

EVENTS = 100
FIRST_MS = 1_796_083_200_000
SECRET = "the bench's own secret"


class Sender(Protocol):
    """A connected account that is never asked anything."""

    vendor: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str]
    path: str

    def body(self, seed: int) -> bytes:
        """Return a delivery of EVENTS changes, another one for each seed."""
        ...

    def headers(self, url: str, body: bytes) -> Mapping[str, str]:
        """Return what goes with a delivery that leaves now."""
        ...


class HubSpotSender:
    """HubSpot: about 28 kB of JSON, signed."""

    vendor = "hubspot"
    settings: Mapping[str, str] = {"portal_id": "62515"}
    secrets: Mapping[str, str] = {"token": "none", "webhook_secret": SECRET}
    path = "/webhooks/hubspot/bench"

    def body(self, seed: int) -> bytes:
        events = [
            {
                "eventId": seed * EVENTS + number,
                "subscriptionId": 3810442,
                "portalId": 62515,
                "appId": 1160452,
                "occurredAt": FIRST_MS + seed * EVENTS + number,
                "subscriptionType": "deal.propertyChange",
                "attemptNumber": 0,
                "objectId": 40_000_000_000 + seed * EVENTS + number,
                "propertyName": "dealstage",
                "propertyValue": "contractsent",
                "changeSource": "CRM_UI",
                "sourceId": f"userId:{70_000_000 + number}",
                "isSensitive": False,
            }
            for number in range(EVENTS)
        ]
        return json.dumps(events).encode()

    def headers(self, url: str, body: bytes) -> Mapping[str, str]:
        at_ms = time.time_ns() // 1_000_000
        return headers(SECRET, url=url, body=body, at_ms=at_ms)


class SalesforceSender:
    """Salesforce: about 40 kB of XML, with the secret in the address."""

    vendor = "salesforce"
    settings: Mapping[str, str] = {
        "instance_url": "https://acme.my.salesforce.com",
        "login_url": "https://acme.my.salesforce.com",
        "api_url": "https://acme.my.salesforce.com",
        "client_id": "bench",
        "org_id": ids.make("00D", 1),
    }
    secrets: Mapping[str, str] = {"client_secret": "none", "webhook_secret": "bench"}
    path = "/webhooks/salesforce/bench/bench"

    def __init__(self) -> None:
        self._fields = fresh_types()["Opportunity"].fields

    def body(self, seed: int) -> bytes:
        return envelope.render(
            self.settings["org_id"],
            ids.make("04k", 1),
            "Opportunity",
            [self._notification(seed * EVENTS + one) for one in range(EVENTS)],
            soap_url="https://acme.my.salesforce.com/services/Soap",
        )

    def headers(self, _url: str, _body: bytes) -> Mapping[str, str]:
        return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}

    def _notification(self, number: int) -> Notification:
        values = {
            "Id": ids.make("006", number),
            "StageName": "Negotiation",
            "LastModifiedById": ids.make("005", 1),
            "SystemModstamp": FIRST_MS + number * 1000,
        }
        fields = [(self._fields[name], value) for name, value in values.items()]
        return Notification(ids.make("04l", number), fields)


SENDERS: Mapping[str, Sender] = {
    one.vendor: one for one in (HubSpotSender(), SalesforceSender())
}
