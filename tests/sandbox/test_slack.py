import hashlib
import hmac
import time

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from adapters.sandbox import Sandbox
from adapters.sandbox.slack.workspace import DEFAULT_SIGNING_SECRET
from tests.sandbox.kit import MANAGER, REP, Control, Receiver

BUTTON = {
    "type": "actions",
    "block_id": "b",
    "elements": [
        {
            "type": "button",
            "action_id": "ack",
            "value": "7",
            "text": {"type": "plain_text", "text": "I'm on it"},
        }
    ],
}


@pytest.fixture
def client(sandbox: Sandbox) -> WebClient:
    return WebClient(token=sandbox.slack_token, base_url=sandbox.slack_url)


def test_a_message_reaches_the_colleague_with_that_address(
    client: WebClient, control: Control
):
    user = client.users_lookupByEmail(email=REP)["user"]
    channel = client.conversations_open(users=[user["id"]])["channel"]["id"]
    posted = client.chat_postMessage(
        channel=channel,
        text="Call Acme",
        blocks=[BUTTON],
        metadata={"event_type": "slagboom", "event_payload": {"key": "k1"}},
    )
    assert posted["message"]["metadata"]["event_payload"] == {"key": "k1"}
    [message] = control.get("slack/messages", to=REP)["messages"]
    assert (message["text"], message["ts"]) == ("Call Acme", posted["ts"])
    assert control.get("slack/messages", to=MANAGER)["messages"] == []


def test_opening_a_conversation_twice_gives_the_same_one(client: WebClient):
    user = client.users_lookupByEmail(email=REP)["user"]["id"]
    first = client.conversations_open(users=user)["channel"]["id"]
    again = client.conversations_open(users=user)
    assert again["channel"]["id"] == first
    assert again["already_open"]


def test_history_shows_metadata_only_if_asked_for(client: WebClient):
    user = client.users_lookupByEmail(email=REP)["user"]["id"]
    channel = client.conversations_open(users=user)["channel"]["id"]
    metadata = {"event_type": "slagboom", "event_payload": {"key": "k1"}}
    client.chat_postMessage(channel=channel, text="one", metadata=metadata)
    client.chat_postMessage(channel=channel, text="two")
    found = client.conversations_history(channel=channel, include_all_metadata=True)
    assert [one["text"] for one in found["messages"]] == ["two", "one"]
    assert found["messages"][1]["metadata"] == metadata
    bare = client.conversations_history(channel=channel)["messages"]
    assert "metadata" not in bare[1]


def test_history_goes_page_by_page_between_two_moments(client: WebClient):
    stamps = [
        client.chat_postMessage(channel="#general", text=str(number))["ts"]
        for number in range(5)
    ]
    channel = client.conversations_list()["channels"][0]["id"]
    page = client.conversations_history(channel=channel, limit=2, oldest=stamps[0])
    assert [one["text"] for one in page["messages"]] == ["4", "3"]
    assert page["has_more"]
    cursor = page["response_metadata"]["next_cursor"]
    rest = client.conversations_history(
        channel=channel, limit=9, oldest=stamps[0], cursor=cursor
    )
    assert [one["text"] for one in rest["messages"]] == ["2", "1"]


def test_an_update_replaces_and_keeps_what_was_there(
    client: WebClient, control: Control
):
    user = client.users_lookupByEmail(email=REP)["user"]["id"]
    posted = client.chat_postMessage(channel=user, text="Call Acme")
    updated = client.chat_update(
        channel=posted["channel"], ts=posted["ts"], text="Settled"
    )
    assert updated["ts"] == posted["ts"]
    [message] = control.get("slack/messages", to=REP)["messages"]
    assert (message["text"], message["edits"]) == ("Settled", ["Call Acme"])


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("users.lookupByEmail", {"email": "nobody@example.com"}, "users_not_found"),
        ("users.info", {"user": "U9"}, "user_not_found"),
        ("chat.postMessage", {"channel": "C9", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "#general"}, "no_text"),
        ("chat.update", {"channel": "#general", "ts": "1"}, "channel_not_found"),
        ("conversations.open", {"users": "U9"}, "user_not_found"),
        ("nothing.likeThis", {}, "unknown_method"),
    ],
)
def test_what_is_wrong_is_said_at_http_200(
    client: WebClient, method: str, arguments: dict[str, str], error: str
):
    with pytest.raises(SlackApiError) as refused:
        client.api_call(method, json=arguments)
    assert refused.value.response.status_code == 200
    assert refused.value.response["error"] == error


def test_form_bodies_are_taken_as_well(client: WebClient):
    posted = client.api_call(
        "chat.postMessage",
        data={
            "channel": "#general",
            "text": "x",
            "metadata": '{"event_type":"a","event_payload":{"b":1}}',
        },
    )
    assert posted["message"]["metadata"]["event_payload"] == {"b": 1}


def test_a_wrong_token_and_a_missing_scope_are_told_apart(
    sandbox: Sandbox, control: Control
):
    control.post("slack/tokens", token="xoxb-poor", scopes=["chat:write"])
    for token, error in (
        ("xoxb-wrong", "invalid_auth"),
        ("", "not_authed"),
        ("xoxb-poor", "missing_scope"),
    ):
        client = WebClient(token=token, base_url=sandbox.slack_url)
        with pytest.raises(SlackApiError) as refused:
            client.users_lookupByEmail(email=REP)
        assert refused.value.response["error"] == error
    assert refused.value.response["needed"] == "users:read.email"


def test_a_colleague_without_an_account_is_not_found(
    client: WebClient, control: Control
):
    control.post(
        "users",
        users=[
            {"email": "gone@example.com", "is_active": False},
            {"email": "mail@example.com", "ids": {"slack": "-"}},
        ],
    )
    for email in ("gone@example.com", "mail@example.com"):
        with pytest.raises(SlackApiError, match="users_not_found"):
            client.users_lookupByEmail(email=email)


def test_slack_can_be_broken_and_overloaded(client: WebClient, control: Control):
    control.post("faults", kind="status", path="/api/chat", status=503)
    with pytest.raises(SlackApiError) as broken:
        client.chat_postMessage(channel="#general", text="x")
    assert broken.value.response.status_code == 503
    control.post(
        "faults",
        kind="status",
        path="/api/chat",
        status=429,
        headers={"Retry-After": "7"},
    )
    with pytest.raises(SlackApiError) as limited:
        client.chat_postMessage(channel="#general", text="x")
    assert limited.value.response.headers["Retry-After"] == "7"
    assert limited.value.response["error"] == "ratelimited"
    assert client.chat_postMessage(channel="#general", text="x")["ok"]


def test_a_channel_takes_only_so_many_messages_a_second(
    client: WebClient, control: Control
):
    control.post("slack/settings", per_second=2)
    for _ in range(2):
        client.chat_postMessage(channel="#general", text="x")
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="#general", text="x")
    assert refused.value.response.status_code == 429


def test_an_ephemeral_message_stays_out_of_the_history(client: WebClient):
    user = client.users_lookupByEmail(email=REP)["user"]["id"]
    channel = client.conversations_list()["channels"][0]["id"]
    assert client.chat_postEphemeral(channel=channel, user=user, text="psst")["ok"]
    assert client.conversations_history(channel=channel)["messages"] == []


def test_a_pressed_button_comes_signed(
    client: WebClient, control: Control, receiver: Receiver
):
    user = client.users_lookupByEmail(email=REP)["user"]["id"]
    posted = client.chat_postMessage(channel=user, text="x", blocks=[BUTTON])
    answer = control.post(
        "slack/press",
        url=receiver.url,
        user=REP,
        channel=posted["channel"],
        ts=posted["ts"],
        action_id="ack",
    )
    assert answer["status"] == 200
    [(headers, body)] = receiver.posts
    stamp = headers["X-Slack-Request-Timestamp"]
    assert abs(time.time() - int(stamp)) < 60
    signed = hmac.new(
        DEFAULT_SIGNING_SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256
    )
    assert headers["X-Slack-Signature"] == f"v0={signed.hexdigest()}"
    assert b"block_actions" in body


def test_every_answer_lists_the_scopes_of_the_token(sandbox: Sandbox, control: Control):
    control.post("slack/tokens", token="xoxb-poor", scopes=["im:write", "chat:write"])
    client = WebClient(token="xoxb-poor", base_url=sandbox.slack_url)
    assert client.auth_test().headers["X-OAuth-Scopes"] == "chat:write,im:write"
