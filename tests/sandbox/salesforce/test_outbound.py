import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from tests.sandbox.kit import REP, Control
from tests.sandbox.salesforce.kit import seed_deal

OUT = "{http://soap.sforce.com/2005/09/outbound}"
SF = "{urn:sobject.enterprise.soap.sforce.com}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
ACK = (
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
    b"<soapenv:Body><notificationsResponse "
    b'xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>'
    b"</notificationsResponse></soapenv:Body></soapenv:Envelope>"
)


class Listener:
    """Takes outbound messages and answers with an Ack, or as it is told."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.append((dict(self.headers.items()), body))
                status, answer = outer.answers.pop(0) if outer.answers else (200, ACK)
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/secret"

    def messages(self) -> list[Element]:
        path = f".//{OUT}notifications"
        return [fromstring(body).find(path) for _, body in self.posts]

    def notifications(self) -> list[Element]:
        return [
            one for each in self.messages() for one in each.iter(f"{OUT}Notification")
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def listener(control: Control) -> Iterator[Listener]:
    made = Listener()
    control.post(
        "salesforce/outbound",
        object="Opportunity",
        fields=["StageName", "Amount", "IsWon", "SystemModstamp", "NextStep"],
        when=["StageName"],
        target_url=made.url,
        habits={"first_retry_ms": 5},
    )
    yield made
    control.post("salesforce/outbound", target_url="")
    control.post("salesforce/outbound/clear")
    made.close()


def move(control: Control, deal: str, stage: str, **more: Any) -> None:
    more = {"user": REP, **more}
    control.post("salesforce/act", id=deal, fields={"StageName": stage}, **more)


def flush(control: Control) -> dict[str, Any]:
    done = control.post("salesforce/outbound/flush", hurry=True, timeout=10)
    assert done["done"]
    return done


def record_of(notification: Element) -> dict[str, str]:
    record = notification.find(f"{OUT}sObject")
    return {child.tag.removeprefix(SF): child.text for child in record}


def ids_of(notifications: list[Element]) -> list[str]:
    return [one.findtext(f"{OUT}Id") for one in notifications]


def test_a_move_is_told_with_the_fields_that_were_chosen(
    control: Control, listener: Listener
):
    deal = seed_deal(control, Amount=1250.5)
    move(control, deal, "Closed Won")
    flush(control)
    headers, _ = listener.posts[0]
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    (message,) = listener.messages()
    assert (
        message.findtext(f"{OUT}OrganizationId") == control.get("salesforce/org")["id"]
    )
    assert message.find(f"{OUT}SessionId").get(f"{XSI}nil") == "true"
    (one,) = listener.notifications()
    assert one.find(f"{OUT}sObject").get(f"{XSI}type") == "sf:Opportunity"
    record = record_of(one)
    stamp = record.pop("SystemModstamp")
    assert stamp.endswith(".000Z")
    assert record == {
        "Id": deal,
        "StageName": "Closed Won",
        "Amount": "1250.5",
        "IsWon": "true",
    }


def test_only_changes_of_the_fields_that_matter_are_told(
    control: Control, listener: Listener
):
    deal = seed_deal(control)
    control.post("salesforce/act", id=deal, fields={"NextStep": "Call"})
    move(control, deal, "Qualification")
    flush(control)
    assert listener.posts == []


def test_text_is_escaped(control: Control, listener: Listener):
    deal = seed_deal(control, NextStep='<Größe> & "more"\x01')
    move(control, deal, "Closed Won")
    flush(control)
    (one,) = listener.notifications()
    assert record_of(one)["NextStep"] == '<Größe> & "more"'


def test_many_changes_come_a_hundred_at_a_time(control: Control, listener: Listener):
    bulk = {"object": "Opportunity", "count": 150, "fields": {"Name": "Deal {n}"}}
    (deals,) = control.post("salesforce/seed", bulk=[bulk])["bulk"]
    control.post("salesforce/outbound/pause")
    control.post("salesforce/bulk", ids=deals, fields={"StageName": "Closed Won"})
    control.post("salesforce/outbound/pause", paused=False)
    flush(control)
    sizes = [len(one.findall(f"{OUT}Notification")) for one in listener.messages()]
    assert sorted(sizes) == [50, 100]


def test_a_message_tells_what_is_when_it_is_sent(control: Control, listener: Listener):
    deal = seed_deal(control)
    control.post("salesforce/outbound/pause")
    move(control, deal, "Closed Won")
    move(control, deal, "Needs Analysis")
    control.post("salesforce/outbound/pause", paused=False)
    flush(control)
    stages = [record_of(one)["StageName"] for one in listener.notifications()]
    assert stages == ["Needs Analysis"] * 2
    assert len(set(ids_of(listener.notifications()))) == 2


def test_a_record_deleted_before_delivery_comes_empty(
    control: Control, listener: Listener
):
    deal = seed_deal(control)
    control.post("salesforce/outbound/pause")
    move(control, deal, "Closed Won")
    control.post("salesforce/delete", id=deal, user=REP)
    control.post("salesforce/outbound/pause", paused=False)
    flush(control)
    (one,) = listener.notifications()
    assert record_of(one) == {}


@pytest.mark.parametrize(
    "answer",
    [
        (200, b""),
        (200, b"{}"),
        (200, ACK.replace(b"true", b"false")),
        (500, ACK),
    ],
    ids=["empty", "no SOAP", "a false Ack", "an error"],
)
def test_anything_but_an_ack_brings_the_same_notification_again(
    control: Control, listener: Listener, answer: tuple[int, bytes]
):
    listener.answers.append(answer)
    move(control, seed_deal(control), "Closed Won")
    assert flush(control)["attempts"] == 2
    first, second = ids_of(listener.notifications())
    assert first == second


def test_notifications_come_twice_and_out_of_order(
    control: Control, listener: Listener
):
    habits = {"duplicates": 1.0, "disorder": True, "batch_size": 1}
    control.post("salesforce/outbound", habits=habits)
    deals = [seed_deal(control, Name=f"Deal {number}") for number in range(10)]
    control.post("salesforce/outbound/pause")
    control.post("salesforce/bulk", ids=deals, fields={"StageName": "Closed Won"})
    control.post("salesforce/outbound/pause", paused=False)
    flush(control)
    found = [record_of(one)["Id"] for one in listener.notifications()]
    assert sorted(found) == sorted(deals * 2)
    assert found != [deal for deal in deals for _ in range(2)]


def test_a_user_without_the_permission_sends_nothing(
    control: Control, listener: Listener
):
    control.post("salesforce/outbound", silent=[REP])
    deal = seed_deal(control)
    move(control, deal, "Closed Won")
    move(control, deal, "Needs Analysis", user="")
    flush(control)
    assert len(listener.notifications()) == 1
