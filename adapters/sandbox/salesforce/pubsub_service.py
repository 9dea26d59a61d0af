"""The Pub/Sub API itself: topics, schemas and subscriptions, over gRPC.

Errors carry Salesforce's own code in the trailing metadata `error-code`.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock, Thread
from typing import Any, NoReturn

import grpc

from adapters.eventbus import pubsub_api_pb2 as wire
from adapters.eventbus.pubsub_api_pb2_grpc import PubSubServicer
from adapters.sandbox.salesforce import ids
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.pubsub_bus import (
    LARGEST_BATCH,
    Bus,
    Event,
    Line,
    to_replay_id,
)
from adapters.sandbox.salesforce.pubsub_events import Changes

Requests = Iterator[wire.FetchRequest]
Context = grpc.ServicerContext

_CODES = "sfdc.platform.eventbus.grpc"
_SUBSCRIPTION = f"{_CODES}.subscription"
_LOOK_SECONDS = 0.2
_PREFIX, _SUFFIX = "/data/", "ChangeEvent"


class Service(PubSubServicer):
    """What subscribers ask of an org. `selected` are the objects that it tells of."""

    def __init__(
        self, org: Org, bus: Bus, changes: Changes, lock: RLock, selected: set[str]
    ) -> None:
        self._org = org
        self._bus = bus
        self._changes = changes
        self._lock = lock
        self._selected = selected

    def GetTopic(  # noqa: N802 - the generated base calls it so
        self, request: wire.TopicRequest, context: Context
    ) -> wire.TopicInfo:
        """Return what may be done with a topic, and the schema of its events."""
        self._admit(context)
        entity = self._entity(request.topic_name, context)
        with self._lock:
            schema = self._changes.schema(entity)
        return wire.TopicInfo(
            topic_name=request.topic_name,
            tenant_guid=self._org.id,
            can_subscribe=entity in self._selected,
            schema_id=schema.id,
            rpc_id="sandbox",
        )

    def GetSchema(  # noqa: N802
        self, request: wire.SchemaRequest, context: Context
    ) -> wire.SchemaInfo:
        """Return a schema that some event was written in."""
        self._admit(context)
        found = self._changes.schemas.get(request.schema_id)
        if found is None:
            _abort(context, grpc.StatusCode.NOT_FOUND, f"{_CODES}.schema.not.found")
        return wire.SchemaInfo(schema_json=found.json, schema_id=found.id)

    def Subscribe(  # noqa: N802
        self, requests: Requests, context: Context
    ) -> Iterator[wire.FetchResponse]:
        """Yield events as they happen, as many as were asked for."""
        token = self._admit(context)
        first = next(requests, None)
        if first is None:
            return
        entity = self._entity(first.topic_name, context)
        if entity not in self._selected:
            _abort(
                context,
                grpc.StatusCode.PERMISSION_DENIED,
                f"{_SUBSCRIPTION}.topic.denied",
            )
        self._demand_allowance(context)
        line = Line(entity, self._start(first, context))
        with self._listening(line, first, requests, context):
            yield from self._answers(line, token, context)

    @contextmanager
    def _listening(
        self, line: Line, first: wire.FetchRequest, requests: Requests, context: Context
    ) -> Iterator[None]:
        """Have what is asked for meanwhile taken in by a thread of its own."""
        bus = self._bus
        with bus.changed:
            bus.lines.append(line)
            bus.opened += 1
        context.add_callback(lambda: _wake(bus))
        reader = Thread(target=self._read, args=(line, first, requests), daemon=True)
        reader.start()
        try:
            yield
        finally:
            with bus.changed:
                bus.lines.remove(line)

    def _read(self, line: Line, first: wire.FetchRequest, requests: Requests) -> None:
        self._take(line, first, first.topic_name)
        try:
            for request in requests:
                self._take(line, request, first.topic_name)
        except grpc.RpcError:
            # The subscriber is gone.
            _wake(self._bus)

    def _take(self, line: Line, request: wire.FetchRequest, topic: str) -> None:
        with self._bus.changed:
            line.pending += request.num_requested
            if request.num_requested <= 0 or line.pending > LARGEST_BATCH:
                line.problem = f"{_SUBSCRIPTION}.fetch.requested.events.limit.exceeded"
            if request.topic_name not in {"", topic}:
                line.problem = f"{_SUBSCRIPTION}.fetch.topic.mismatch"
            self._bus.changed.notify_all()

    def _answers(
        self, line: Line, token: str, context: Context
    ) -> Iterator[wire.FetchResponse]:
        habits = self._bus.habits
        told_at = time.monotonic()
        while context.is_active():
            if line.is_cut:
                _abort(context, grpc.StatusCode.UNAVAILABLE, f"{_CODES}.service.down")
            if line.problem:
                _abort(context, grpc.StatusCode.INVALID_ARGUMENT, line.problem)
            if not line.is_silent and not self._is_open(token):
                _refuse(context)
            waited_ms = (time.monotonic() - told_at) * 1000
            events = self._due(line)
            if events or (waited_ms >= habits.keepalive_ms and not line.is_silent):
                told_at = time.monotonic()
                yield self._answer(line, events)
            elif line.pending <= 0 and waited_ms >= habits.idle_ms:
                _abort(
                    context,
                    grpc.StatusCode.DEADLINE_EXCEEDED,
                    f"{_SUBSCRIPTION}.fetch.requested.events.none",
                )
            else:
                self._wait(line, (habits.keepalive_ms - waited_ms) / 1000)

    def _wait(self, line: Line, seconds: float) -> None:
        bus = self._bus
        with bus.changed:
            if not line.is_cut and not line.problem and not self._due(line):
                bus.changed.wait(min(max(seconds, 0.001), _LOOK_SECONDS))

    def _due(self, line: Line) -> list[Event]:
        if line.is_silent:
            return []
        limit = min(line.pending, self._bus.habits.batch_size)
        with self._bus.changed:
            return self._bus.after(line.entity, line.position, limit=limit)

    def _answer(self, line: Line, events: list[Event]) -> wire.FetchResponse:
        with self._bus.changed:
            line.pending -= len(events)
            if events:
                line.position = events[-1].number
            elif not self._bus.after(line.entity, line.position, limit=1):
                line.position = self._bus.latest()
            return wire.FetchResponse(
                events=[
                    wire.ConsumerEvent(
                        event=wire.ProducerEvent(
                            id=f"sandbox-{one.number}",
                            schema_id=one.schema_id,
                            payload=one.payload,
                        ),
                        replay_id=to_replay_id(one.number),
                    )
                    for one in events
                ],
                latest_replay_id=to_replay_id(line.position),
                pending_num_requested=line.pending,
                rpc_id="sandbox",
            )

    def _demand_allowance(self, context: Context) -> None:
        with self._bus.changed:
            is_used_up = self._bus.exhaustions > 0
            if is_used_up:
                self._bus.exhaustions -= 1
        if is_used_up:
            _abort(
                context,
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"{_SUBSCRIPTION}.limit.exceeded",
            )

    def _start(self, first: wire.FetchRequest, context: Context) -> int:
        bus = self._bus
        with bus.changed:
            if first.replay_preset == wire.EARLIEST:
                return bus.earliest()
            if first.replay_preset != wire.CUSTOM:
                return bus.latest()
            place = bus.find_place(first.replay_id)
        if place is None:
            _abort(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                f"{_SUBSCRIPTION}.fetch.replayid.corrupted",
            )
        return place

    def _admit(self, context: Context) -> str:
        """Return the access token of a call that names this org; refuse any other."""
        told: dict[str, Any] = {one.key: one.value for one in _metadata(context)}
        token = str(told.get("accesstoken", ""))
        tenant = str(told.get("tenantid", ""))
        is_ours = tenant[: ids.SHORT] == self._org.id[: ids.SHORT]
        with self._bus.changed:
            is_refused = self._bus.refusals > 0
            if is_refused:
                self._bus.refusals -= 1
        if is_refused or not is_ours or not told.get("instanceurl"):
            _refuse(context)
        if not self._is_open(token):
            _refuse(context)
        return token

    def _is_open(self, token: str) -> bool:
        with self._lock:
            session = self._org.sessions.get(token)
            now = self._org.clock.now_ms()
            return session is not None and (
                session.expires_at is None or session.expires_at > now
            )

    def _entity(self, topic: str, context: Context) -> str:
        """Return the object of a topic such as /data/OpportunityChangeEvent."""
        name = topic.removeprefix(_PREFIX).removesuffix(_SUFFIX)
        with self._lock:
            kind = self._org.type(name)
        if kind is None or topic != f"{_PREFIX}{kind.name}{_SUFFIX}":
            _abort(context, grpc.StatusCode.NOT_FOUND, f"{_CODES}.topic.not.found")
        return kind.name


def _metadata(context: Context) -> Any:
    return context.invocation_metadata() or ()


def _wake(bus: Bus) -> None:
    with bus.changed:
        bus.changed.notify_all()


def _refuse(context: Context) -> NoReturn:
    _abort(context, grpc.StatusCode.UNAUTHENTICATED, f"{_CODES}.service.auth.error")


def _abort(context: Context, status: grpc.StatusCode, code: str) -> NoReturn:
    """End a call as Salesforce does. Raises."""
    context.set_trailing_metadata((("error-code", code),))
    context.abort(status, f"sandbox: {code}")
    raise AssertionError("abort raises")
