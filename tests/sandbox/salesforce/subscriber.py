"""A subscriber of the tests' own: what it asks for and gets, without an adapter."""

import json
import queue
from io import BytesIO
from typing import Any

import fastavro
import grpc

from adapters.eventbus import pubsub_api_pb2 as wire
from adapters.eventbus.pubsub_api_pb2_grpc import PubSubStub
from adapters.sandbox import Sandbox

Json = dict[str, Any]
SECONDS = 60


class Subscriber:
    """One channel, and at most one subscription on it."""

    def __init__(self, sandbox: Sandbox, **other: str) -> None:
        self._channel = grpc.insecure_channel(
            sandbox.pubsub_url.removeprefix("http://")
        )
        self.stub = PubSubStub(self._channel)
        words = {
            "accesstoken": sandbox.salesforce_token,
            "instanceurl": sandbox.salesforce_url,
            "tenantid": sandbox.salesforce.id,
        }
        self.metadata = tuple((words | other).items())
        self._asked: queue.SimpleQueue[wire.FetchRequest | None] = queue.SimpleQueue()
        self._answers: Any = iter(())
        self._unread: list[wire.ConsumerEvent] = []

    def subscribe(
        self,
        entity: str = "Opportunity",
        *,
        count: int = 100,
        preset: int = wire.LATEST,
        replay_id: bytes = b"",
    ) -> None:
        self._asked.put(
            wire.FetchRequest(
                topic_name=f"/data/{entity}ChangeEvent",
                replay_preset=preset,
                replay_id=replay_id,
                num_requested=count,
            )
        )
        self._answers = self.stub.Subscribe(
            iter(self._asked.get, None), metadata=self.metadata, timeout=SECONDS
        )

    def ask_for(self, count: int) -> None:
        self._asked.put(wire.FetchRequest(num_requested=count))

    def fetch(self) -> wire.FetchResponse:
        return next(self._answers)

    def refusal(self) -> tuple[str, str]:
        """Return how the subscription ended: status and Salesforce's own code."""
        try:
            while True:
                self.fetch()
        except grpc.RpcError as error:
            return told(error)

    def read(self, one: wire.ConsumerEvent) -> Json:
        found = self.stub.GetSchema(
            wire.SchemaRequest(schema_id=one.event.schema_id), metadata=self.metadata
        )
        schema = fastavro.parse_schema(json.loads(found.schema_json))
        return fastavro.schemaless_reader(BytesIO(one.event.payload), schema)

    def event(self) -> tuple[Json, Json]:
        """Return the header and the fields of the next event."""
        while not self._unread:
            self._unread += self.fetch().events
        event = self.read(self._unread.pop(0))
        return event.pop("ChangeEventHeader"), event

    def close(self) -> None:
        self._asked.put(None)
        self._channel.close()


def told(error: grpc.RpcError) -> tuple[str, str]:
    codes = {one.key: one.value for one in error.trailing_metadata()}
    return error.code().name, str(codes.get("error-code"))
