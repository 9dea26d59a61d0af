"""A web application on real servers, and a day of work to be shown on its pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from adapters.ports import Message
from connector.config import Config, LogFormat
from connector.metrics import Metrics
from connector.queue import Queue
from connector.services.overview import Overview
from connector.services.receive import Receive
from connector.services.vitals import Vitals
from connector.store import Store, Transaction
from connector.store.connections import Connection
from connector.store.interventions import (
    Ended,
    InterventionKind,
    InterventionState,
    NewIntervention,
)
from connector.store.judgements import NewJudgement
from connector.store.notifications import NewNotification, Purpose
from connector.web.afterwards import Afterwards
from connector.web.app import create_app
from connector.web.telling import Nouns
from rules.interventions import plan
from rules.judge import judge
from rules.model import Actor, ActorClass, Change, Enforcement, RecordId, RecordRef
from rules.policy import Policy
from tests.builders import a_change, a_policy, a_record, evidence_of
from tests.fakes.clock import FrozenClock
from tests.fakes.source import FakeSource

PUBLIC = "https://slagboom.example.com"
PAGE_KEY = "correct-horse-battery"


class _At(FlaskClient):
    """A client that asks for a host by its name, until it is told otherwise."""

    def __init__(self, app: Flask, host: str) -> None:
        super().__init__(app, app.response_class)
        self._base_url = f"http://{host}"

    def open(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("base_url", self._base_url)
        return super().open(*args, **kwargs)


@dataclass
class House:
    """Everything that a web process stands on."""

    store: Store
    redis: Redis
    clock: FrozenClock
    public_url: str = "http://127.0.0.1:8000"
    page_key: str | None = None
    webhook_ending: str = ""
    nouns: Nouns = field(default_factory=dict)
    source: FakeSource = field(default_factory=FakeSource)
    policy: Policy = field(default_factory=a_policy)

    def __post_init__(self) -> None:
        self.queue = Queue(self.redis)
        self.metrics = Metrics(self.redis)
        self.afterwards = Afterwards(self.queue, self.metrics)
        self.app = self._make()

    def _make(self) -> Flask:
        return create_app(
            receive=Receive(
                self.store,
                source_for=self.source_for,
                afterwards=self.afterwards,
                clock=self.clock,
            ),
            overview=Overview(
                self.store,
                policy_of=lambda _tx, _version: self.policy,
                queue=self.queue,
                clock=self.clock,
            ),
            vitals=Vitals(
                self.store, queue=self.queue, metrics=self.metrics, clock=self.clock
            ),
            clock=self.clock,
            config=Config(
                home=Path("/nowhere"),
                public_url=self.public_url,
                port=8000,
                database_url=None,
                redis_url=None,
                keys=(),
                secret_key="a long and random text",
                log_format=LogFormat.JSON,
                allow_private_addresses=False,
                page_key=self.page_key,
            ),
            connect_command="slagboom connect hubspot acme --token-file token.txt",
            webhook_of=lambda vendor, name: (
                f"{self.public_url}/webhooks/{vendor}/{name}{self.webhook_ending}"
            ),
            nouns_of=lambda _vendor: self.nouns,
        )

    def source_for(self, _connection: Connection, _secret: str | None) -> FakeSource:
        return self.source

    def client(self, *, host: str = "127.0.0.1:8000") -> FlaskClient:
        return _At(self.app, host)

    def connect(self, name: str = "acme") -> int:
        with self.store.begin() as tx:
            return tx.connections.save(
                name,
                vendor="hubspot",
                settings={},
                secrets=b"",
                now=self.clock.now(),
            )

    def counted(self) -> Mapping[tuple[str, ...], int]:
        """Return the counted deliveries, by vendor and answer."""
        assert self.afterwards.drain()
        return {
            labels: count
            for counter, counts in self.metrics.counts().items()
            if counter.name == "DELIVERIES"
            for labels, count in counts.items()
        }


@dataclass
class Day:
    """A day of work in an account, written as the services would write it."""

    house: House
    connection_id: int = 0
    version_id: int = 0
    process_id: int = 0
    numbers: int = 0

    def __post_init__(self) -> None:
        self.connection_id = self.house.connect()
        with self.house.store.begin() as tx:
            version = tx.processes.publish(
                self.connection_id,
                "new-business",
                document="",
                account={},
                note="first",
                author="anna",
                now=self.house.clock.now(),
            )
        self.version_id, self.process_id = version.id, version.process_id

    def happens(
        self,
        name: str,
        change: Change,
        *,
        state: InterventionState = InterventionState.DONE,
        error: str = "",
        enforcement: Enforcement = Enforcement.ENFORCE,
        **evidence: int,
    ) -> int:
        """Judge a change and store what came of it; return the record's row."""
        self.numbers += 1
        ref = RecordRef(change.after.ref.kind, RecordId(str(1000 + self.numbers)))
        change = _named(change, name, ref)
        policy = a_policy(enforcement=enforcement)
        judgement = judge(
            policy, change, evidence_of(**evidence), self.house.clock.now()
        )
        planned = plan(policy, judgement)
        with self.house.store.begin() as tx:
            row = tx.records.ensure(self.connection_id, {ref})[ref]
            tx.baselines.remember(self.connection_id, [change.after])
            [judgement_id] = tx.judgements.add(
                [
                    NewJudgement(
                        row, self.version_id, change, judgement.verdicts, planned
                    )
                ],
                now=self.house.clock.now(),
            )
            kinds = []
            if planned.put_back:
                kinds.append(
                    InterventionKind.RETURN
                    if planned.return_to is not None
                    else InterventionKind.RESTORE
                )
            if planned.explain:
                kinds.append(InterventionKind.NOTE)
            self._intervene(tx, row, judgement_id, kinds, state=state, error=error)
        self.house.clock.advance(timedelta(minutes=7))
        return row

    def tells(self, person: str, subject: str, *, record_id: int | None) -> None:
        """Plan a message to a person."""
        self.numbers += 1
        with self.house.store.begin() as tx:
            tx.notifications.plan(
                [
                    NewNotification(
                        Message(f"m{self.numbers}", person, subject, ("line",)),
                        Purpose.REMINDER,
                        record_id=record_id,
                    )
                ],
                now=self.house.clock.now(),
            )
        self.house.clock.advance(timedelta(minutes=7))

    def notices(self, message: str, *, times: int = 1) -> None:
        """Put a matter before the admin."""
        with self.house.store.begin() as tx:
            for _ in range(times):
                tx.notices.tell(
                    message,
                    code="duel",
                    message=message,
                    now=self.house.clock.now(),
                    connection_id=self.connection_id,
                )

    def _intervene(
        self,
        tx: Transaction,
        row: int,
        judgement_id: int,
        kinds: list[InterventionKind],
        *,
        state: InterventionState,
        error: str,
    ) -> None:
        self.numbers += 1
        rows = tx.interventions.plan(
            [
                NewIntervention(
                    f"k{self.numbers}-{kind}",
                    self.connection_id,
                    row,
                    kind,
                    process_id=self.process_id,
                    judgement_id=judgement_id,
                )
                for kind in kinds
            ],
            now=self.house.clock.now(),
        )
        if state is InterventionState.PLANNED:
            return
        tx.interventions.end(
            [
                Ended(
                    one.id,
                    state if place == 0 else InterventionState.DONE,
                    error=error if place == 0 else "",
                )
                for place, one in enumerate(rows)
            ],
            now=self.house.clock.now(),
        )


def a_usual_day(house: House) -> Day:
    """Write a day in which a bit of everything happens."""
    day = Day(house)
    jan = Actor(ActorClass.PERSON, "Jan")
    flow = Actor(ActorClass.WORKFLOW, "Set stage on reply")
    day.happens("Vermeer Logistics", a_change("lead", "negotiation", actor=jan))
    bakker = day.happens(
        "Bakkerij De Wit", a_change("qualification", "demo", actor=jan)
    )
    day.happens(
        "Hotel Zuiderzee",
        a_change("lead", "qualification", fields={"decision_maker": "nvt"}, actor=flow),
    )
    day.happens(
        "Van Dijk & Zonen <script>alert(1)</script>",
        a_change("demo", "quote_sent", fields={"amount": 1200.0}),
        state=InterventionState.REFUSED,
        error="PROPERTY_LOCKED: the stage is read-only for this app",
    )
    day.happens(
        "Kaasboerderij Jansen",
        a_change(
            a_record("demo", fields={"amount": 4500.0}),
            a_record("demo", fields={"amount": -4500.0}),
        ),
    )
    day.happens(
        "Rijwielhandel Smit",
        a_change("lead", "demo"),
        enforcement=Enforcement.OBSERVE,
    )
    day.happens(
        "Molen Techniek",
        a_change("negotiation", "lead"),
        enforcement=Enforcement.FLAG,
    )
    day.tells("jan@example.com", "Call Bakkerij De Wit", record_id=bakker)
    return day


def _named(change: Change, name: str, ref: RecordRef) -> Change:
    before = change.before
    return replace(
        change,
        before=None if before is None else replace(before, ref=ref, name=name),
        after=replace(
            change.after,
            ref=ref,
            name=name,
            url=f"https://crm.example.com/deals/{ref.id}",
        ),
    )
