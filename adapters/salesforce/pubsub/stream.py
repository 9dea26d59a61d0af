"""Listening to an organisation's change events, over gRPC.

A subscription asks for events as it can take them, a hundred under way at most, and
for more only when the former are stored. The replay id of the last one is the cursor.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from contextlib import closing
from queue import SimpleQueue
from typing import Any

import grpc

from adapters.errors import (
    Expired,
    Forbidden,
    NotFound,
    OutsideError,
    Transient,
    Unauthorized,
)
from adapters.eventbus import pubsub_api_pb2 as wire
from adapters.eventbus.pubsub_api_pb2_grpc import PubSubStub
from adapters.oauth import Token, TokenKeeper
from adapters.ports import Fetched, Heard, ProbeLine
from adapters.salesforce.pubsub.bitmaps import Schema
from adapters.salesforce.pubsub.channel import Resolve, open_channel, resolve_name
from adapters.salesforce.pubsub.events import UnreadableError, read_event, to_schema
from adapters.salesforce.pubsub.hearing import hear, is_whole
from adapters.salesforce.pubsub.refusals import denied, to_error

MOST_UNDER_WAY = 100
"""More than that may not be asked for at once."""
_FEW = 50
"""So few left to come, and more are asked for."""
_TIMEOUT_S = 20.0

Metadata = tuple[tuple[str, str], ...]


class PubSubStream:
    """The change events of one organisation. Safe to use from several threads."""

    def __init__(
        self,
        *,
        keeper: TokenKeeper,
        organization_id: str,
        pubsub_url: str,
        objects: Sequence[str],
        allow_private: bool,
        resolve: Resolve = resolve_name,
    ) -> None:
        """Listen to these objects at `pubsub_url`; nothing is connected yet."""
        self._keeper = keeper
        self._organization_id = organization_id
        self._url = pubsub_url
        self._objects = tuple(objects)
        self._allow_private = allow_private
        self._resolve = resolve
        self._schemas: dict[str, Schema] = {}

    @property
    def topics(self) -> Sequence[str]:
        """Return the objects that are listened to."""
        return self._objects

    def probe(self) -> Sequence[ProbeLine]:
        """Look every object up as `subscribe` does; see `ChangeStream`."""
        try:
            with closing(self._open()) as channel:
                stub = PubSubStub(channel)
                return [self._look_up(stub, topic) for topic in self._objects]
        except OutsideError as error:
            # It is the address or the session: no object would answer otherwise.
            what = "the Pub/Sub API: hear of changes as they happen"
            return [ProbeLine(what, is_ok=False, message=str(error))]

    def subscribe(self, topic: str, cursor: str | None) -> "PubSubSubscription":
        """Listen to an object, on a channel of its own; see `ChangeStream`."""
        replay_id = None if cursor is None else _to_replay_id(cursor, topic)
        channel = self._open()
        try:
            stub = PubSubStub(channel)
            token = self._keeper.use(lambda token: self._admit(stub, topic, token))
            return PubSubSubscription(
                channel,
                stub,
                topic,
                replay_id,
                metadata=self._metadata(token),
                ours=token.user,
                schemas=self._schemas,
            )
        except BaseException:
            channel.close()
            raise

    def _open(self) -> grpc.Channel:
        return open_channel(
            self._url, allow_private=self._allow_private, resolve=self._resolve
        )

    def _look_up(self, stub: Any, topic: str) -> ProbeLine:
        what = f"{topic}: hear of changes as they happen"
        try:
            self._keeper.use(lambda token: self._admit(stub, topic, token))
        except (Forbidden, NotFound) as error:
            return ProbeLine(what, is_ok=False, message=str(error))
        return ProbeLine(what, is_ok=True)

    def _admit(self, stub: Any, topic: str, token: Token) -> Token:
        """Return the token, after seeing that it opens this topic.

        A refused one is then told before a stream is open that would end with it.
        """
        try:
            found: wire.TopicInfo = stub.GetTopic(
                wire.TopicRequest(topic_name=_to_path(topic)),
                metadata=self._metadata(token),
                timeout=_TIMEOUT_S,
            )
        except grpc.RpcError as error:
            raise to_error(error, topic) from None
        if not found.can_subscribe:
            raise denied(topic)
        return token

    def _metadata(self, token: Token) -> Metadata:
        return (
            ("accesstoken", token.access),
            ("instanceurl", token.api_url),
            ("tenantid", token.account or self._organization_id),
        )


class PubSubSubscription:
    """One open subscription; see `Subscription`."""

    def __init__(
        self,
        channel: grpc.Channel,
        stub: Any,
        topic: str,
        replay_id: bytes | None,
        *,
        metadata: Metadata,
        ours: str,
        schemas: dict[str, Schema],
    ) -> None:
        """Begin behind `replay_id`. `schemas` are those that are known, by id."""
        self._channel = channel
        self._stub = stub
        self._topic = topic
        self._metadata = metadata
        self._ours = ours
        self._schemas = schemas
        self._is_closed = False
        self._under_way = MOST_UNDER_WAY
        self._asked: SimpleQueue[wire.FetchRequest | None] = SimpleQueue()
        self._asked.put(
            wire.FetchRequest(
                topic_name=_to_path(topic),
                replay_preset=wire.LATEST if replay_id is None else wire.CUSTOM,
                replay_id=replay_id or b"",
                num_requested=MOST_UNDER_WAY,
            )
        )
        self._answers = stub.Subscribe(iter(self._asked.get, None), metadata=metadata)

    def __iter__(self) -> Iterator[Fetched]:
        """Yield what comes; asking for the next says that the last is stored."""
        try:
            for answer in self._answers:
                yield self._fetched(answer)
                self._ask_for_more(len(answer.events))
            if not self._is_closed:
                raise _again(self._topic, "ENDED")
        except grpc.RpcError as error:
            if not self._is_closed:
                raise self._told(error) from None
        finally:
            self.close()

    def close(self) -> None:
        """Cancel the call and give its connection back, from any thread."""
        self._is_closed = True
        self._answers.cancel()
        # Its own thread waits for what is asked next.
        self._asked.put(None)
        self._channel.close()

    def _ask_for_more(self, came: int) -> None:
        """Keep events under way, now that so many have come and are stored.

        Counted here: what an answer says is under way leaves out what was asked for
        since it was sent.
        """
        self._under_way -= came
        if self._under_way <= _FEW:
            more = MOST_UNDER_WAY - self._under_way
            self._under_way = MOST_UNDER_WAY
            self._asked.put(wire.FetchRequest(num_requested=more))

    def _fetched(self, answer: wire.FetchResponse) -> Fetched:
        heard: list[Heard] = []
        gap = ""
        for one in answer.events:
            try:
                schema = self._schema(one.event.schema_id)
                event = read_event(one.event.payload, schema)
            except UnreadableError as error:
                gap = str(error)
                continue
            heard += hear(event, ours=self._ours)
            if not is_whole(event):
                gap = f"An event of {event.entity} names not all that changed."
        # An answer without events says how far the stream has come.
        last = answer.events[-1].replay_id if answer.events else answer.latest_replay_id
        cursor = base64.b64encode(last).decode() if last else None
        return Fetched(tuple(heard), cursor, gap)

    def _schema(self, schema_id: str) -> Schema:
        found = self._schemas.get(schema_id)
        if found is None:
            answer = self._ask_for_schema(schema_id)
            found = self._schemas[schema_id] = to_schema(answer.schema_json)
        return found

    def _ask_for_schema(self, schema_id: str) -> wire.SchemaInfo:
        try:
            found: wire.SchemaInfo = self._stub.GetSchema(
                wire.SchemaRequest(schema_id=schema_id),
                metadata=self._metadata,
                timeout=_TIMEOUT_S,
            )
        except grpc.RpcError as error:
            if isinstance(to_error(error, self._topic), NotFound):
                raise UnreadableError("A schema is not there.") from None
            raise
        except ValueError:
            # The channel was closed meanwhile.
            raise _again(self._topic, "CLOSED") from None
        return found

    def _told(self, error: grpc.RpcError) -> OutsideError:
        """Return what ended the stream: a session that did is only opened again."""
        told = to_error(error, self._topic)
        if isinstance(told, Unauthorized):
            return _again(self._topic, told.code)
        return told


def _again(topic: str, code: str) -> Transient:
    return Transient(
        f"The stream of {topic} ended ({code}). Slagboom opens it again.", code=code
    )


def _to_path(topic: str) -> str:
    return f"/data/{topic}ChangeEvent"


def _to_replay_id(cursor: str, topic: str) -> bytes:
    try:
        return base64.b64decode(cursor, validate=True)
    except (binascii.Error, ValueError):
        raise Expired(f"The place kept for {topic} cannot be read.") from None
