"""The wiring: every service of a process, made from its configuration."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from connector.clock import Clock, SystemClock
from connector.config import Config, Urls
from connector.crypto import Vault
from connector.errors import ConfigError
from connector.metrics import Metrics
from connector.queue import Queue, open_redis
from connector.services.credentials import Credentials
from connector.store import Store, open_store
from connector.store.channels import Channel
from connector.store.connections import Connection
from connector.vendors import CHANNELS, CRMS, CrmVendor, Means

if TYPE_CHECKING:
    from adapters.ports import ChangeSource, ChangeStream, Crm, Notifier
    from connector.services.accounts import Accounts
    from connector.services.acknowledging import Acknowledging
    from connector.services.alarms import Alarms
    from connector.services.answers import Answers
    from connector.services.channels import Channels
    from connector.services.daily import Daily
    from connector.services.digests import Digests
    from connector.services.enforce import Enforce
    from connector.services.exemptions import Exemptions
    from connector.services.explaining import Explaining
    from connector.services.follow_up import FollowUps
    from connector.services.hear import Hear
    from connector.services.holds import Holds
    from connector.services.listen import Listen
    from connector.services.notify import Notify
    from connector.services.overview import Overview
    from connector.services.parking import Parking
    from connector.services.people import People
    from connector.services.permits import Permits
    from connector.services.policies import Policies
    from connector.services.previewing import Previewing
    from connector.services.publishing import Publishing
    from connector.services.receive import Afterwards, Receive
    from connector.services.reconcile import Reconcile
    from connector.services.starting import Starters
    from connector.services.storms import Storms
    from connector.services.undoing import Undo

T = TypeVar("T")

# Services are loaded when they are first used: a web process has no need of the
# judge's libraries, and a command starts in a fraction of a second.
# ruff: noqa: PLC0415


class Application:
    """The services of one process. Safe to use from several threads."""

    def __init__(self, config: Config, urls: Urls, *, clock: Clock) -> None:
        """Connect to nothing yet."""
        self.config = config
        self.urls = urls
        self.clock = clock
        self._crms: _Opened[Crm] = _Opened()
        self._streams: _Opened[ChangeStream | None] = _Opened()
        self._notifiers: _Opened[Notifier] = _Opened()

    @cached_property
    def store(self) -> Store:
        """Everything that Slagboom remembers."""
        return open_store(self.urls.database_url)

    @cached_property
    def queue(self) -> Queue:
        """Where hints for workers go."""
        return Queue(self.means.redis)

    @cached_property
    def metrics(self) -> Metrics:
        """Where events are counted."""
        return Metrics(self.means.redis)

    @cached_property
    def vault(self) -> Vault:
        """What seals and opens secrets."""
        return Vault(self.config.keys)

    @cached_property
    def means(self) -> Means:
        """What vendors may use of ours."""
        return Means(
            clock=self.clock,
            redis=open_redis(self.urls.redis_url),
            allow_private=self.config.allow_private_addresses,
            credentials=Credentials(self.store, self.vault),
        )

    def crm_for(self, connection: Connection) -> "Crm":
        """Return the CRM of a connection, the same one while its credentials are.

        Raises KeyMissing if its secrets cannot be opened.
        """
        return self._crms.get(
            connection,
            lambda: find_crm(connection.vendor).open_crm(
                connection.name,
                connection.settings,
                self.vault.open(connection.secrets),
                self.means,
            ),
        )

    def forget_refusals(self, connection: Connection) -> None:
        """Have the next use of a connection sign in, whatever was refused before.

        Raises KeyMissing if its secrets cannot be opened.
        """
        vendor = find_crm(connection.vendor)
        if vendor.forget is not None:
            secrets = self.vault.open(connection.secrets)
            vendor.forget(connection.name, connection.settings, secrets, self.means)

    def source_for(
        self, connection: Connection, secret: str | None = None
    ) -> "ChangeSource":
        """Return what understands the deliveries of a connection.

        Raises KeyMissing if its secrets cannot be opened.
        """
        return find_crm(connection.vendor).open_source(
            connection.settings,
            self.vault.open(connection.secrets),
            secret,
            connection.probe.get("user", ""),
        )

    def stream_for(self, connection: Connection) -> "ChangeStream | None":
        """Return what tells of a connection's changes as they happen, if anything does.

        The same one while its credentials are. Raises KeyMissing if its secrets cannot
        be opened, and what `adapters.errors` has.
        """
        open_stream = find_crm(connection.vendor).open_stream
        if open_stream is None:
            return None
        return self._streams.get(
            connection,
            lambda: open_stream(
                connection.name,
                connection.settings,
                self.vault.open(connection.secrets),
                self.means,
            ),
        )

    def notifier_for(self, channel: Channel) -> "Notifier":
        """Return what sends through a channel, the same while its credentials are.

        Raises KeyMissing if its secrets cannot be opened.
        """
        return self._notifiers.get(
            channel,
            lambda: CHANNELS[channel.kind].open_notifier(
                channel.settings, self.vault.open(channel.secrets), self.means
            ),
        )

    @cached_property
    def accounts(self) -> "Accounts":
        """Connecting, probing and pausing accounts."""
        from connector.services.accounts import Accounts

        return Accounts(
            self.store,
            crm_for=self.crm_for,
            forget_refusals=self.forget_refusals,
            vault=self.vault,
            clock=self.clock,
        )

    @cached_property
    def policies(self) -> "Policies":
        """The published policies."""
        from connector.services.policies import Policies

        return Policies(self.store, self.crm_for, self.clock)

    @cached_property
    def publishing(self) -> "Publishing":
        """What becomes of policies after their publication."""
        from connector.services.publishing import Publishing

        return Publishing(
            self.store,
            policies=self.policies,
            reconcile=self.reconcile,
            clock=self.clock,
        )

    @cached_property
    def starters(self) -> "Starters":
        """The policies to begin with."""
        from connector.services.starting import Starters

        return Starters(self.crm_for)

    @cached_property
    def explaining(self) -> "Explaining":
        """Saying what would happen to a record, and what it still needs."""
        from connector.services.explaining import Explaining

        return Explaining(
            self.store,
            crm_for=self.crm_for,
            policies=self.policies,
            clock=self.clock,
        )

    @cached_property
    def previewing(self) -> "Previewing":
        """Judging stored records by policies that are not in force."""
        from connector.services.previewing import Previewing

        return Previewing(self.store, crm_for=self.crm_for, clock=self.clock)

    @cached_property
    def people(self) -> "People":
        """Who is told what, in which language."""
        from connector.services.people import People

        return People(self.store, self.clock)

    @cached_property
    def hear(self) -> "Hear":
        """Storing what the accounts tell."""
        from connector.services.hear import Hear

        return Hear(self.store, self.source_for, self.clock, self.metrics)

    @cached_property
    def listen(self) -> "Listen":
        """Hearing of changes as they happen."""
        from connector.services.listen import Listen

        return Listen(
            self.store,
            stream_for=self.stream_for,
            hear=self.hear,
            hint=self.queue.hint,
            clock=self.clock,
            metrics=self.metrics,
            lease=self.config.lease,
        )

    @cached_property
    def enforce(self) -> "Enforce":
        """Looking at records that may have changed."""
        from connector.services.enforce import Enforce

        return Enforce(
            self.store,
            crm_for=self.crm_for,
            hear=self.hear,
            policies=self.policies,
            people=self.people,
            clock=self.clock,
            metrics=self.metrics,
            lease=self.config.lease,
            page_url=self.config.public_url,
        )

    @cached_property
    def answers(self) -> "Answers":
        """The texts that are answers, though they look like placeholders."""
        from connector.services.answers import Answers

        return Answers(self.store, self.policies, self.clock)

    @cached_property
    def exemptions(self) -> "Exemptions":
        """The permissions to deviate, as people handle them."""
        from connector.services.exemptions import Exemptions

        return Exemptions(self.store, self.policies, self.clock)

    @cached_property
    def acknowledging(self) -> "Acknowledging":
        """What people have seen of the follow-ups, as they say it."""
        from connector.services.acknowledging import Acknowledging

        return Acknowledging(self.store, self.policies, self.clock)

    @cached_property
    def parking(self) -> "Parking":
        """The records that are not followed up for a while, as people handle them."""
        from connector.services.parking import Parking

        return Parking(self.store, self.policies, self.clock)

    @cached_property
    def storms(self) -> "Storms":
        """The storms, and what people answer."""
        from connector.services.storms import Storms

        return Storms(
            self.store, self.policies, self.clock, page_url=self.config.public_url
        )

    @cached_property
    def permits(self) -> "Permits":
        """The announced deviations of many records."""
        from connector.services.permits import Permits

        return Permits(self.store, self.policies, self.clock)

    @cached_property
    def undo(self) -> "Undo":
        """Taking back what was done."""
        from connector.services.undoing import Undo

        return Undo(self.store, self.policies, self.clock)

    @cached_property
    def holds(self) -> "Holds":
        """The moves that wait, as people handle them."""
        from connector.services.holds import Holds

        return Holds(self.store, self.clock)

    @cached_property
    def follow_ups(self) -> "FollowUps":
        """Taking what is due on the clocks."""
        from connector.services.follow_up import FollowUps

        return FollowUps(
            self.store,
            crm_for=self.crm_for,
            policies=self.policies,
            people=self.people,
            clock=self.clock,
            metrics=self.metrics,
            lease=self.config.lease,
        )

    @cached_property
    def daily(self) -> "Daily":
        """Looking once a day for what time has made false."""
        from connector.services.daily import Daily

        return Daily(self.store, self.policies, self.clock)

    @cached_property
    def reconcile(self) -> "Reconcile":
        """Importing and sweeping accounts."""
        from connector.services.reconcile import Reconcile

        return Reconcile(
            self.store,
            crm_for=self.crm_for,
            policies=self.policies,
            people=self.people,
            clock=self.clock,
            metrics=self.metrics,
        )

    @cached_property
    def channels(self) -> "Channels":
        """The ways to reach people, as the admin handles them."""
        from connector.services.channels import Channels

        return Channels(
            self.store,
            notifier_for=self.notifier_for,
            vault=self.vault,
            clock=self.clock,
        )

    @cached_property
    def digests(self) -> "Digests":
        """What tells people together what is beyond their messages of a day."""
        from connector.services.digests import Digests

        return Digests(
            self.store, policies=self.policies, people=self.people, clock=self.clock
        )

    @cached_property
    def notify(self) -> "Notify":
        """Sending the messages that are due."""
        from connector.services.notify import Notify

        return Notify(
            self.store,
            notifier_for=self.notifier_for,
            clock=self.clock,
            metrics=self.metrics,
            lease=self.config.lease,
        )

    @cached_property
    def alarms(self) -> "Alarms":
        """Telling the admin that an account cannot be worked with."""
        from connector.services.alarms import Alarms

        return Alarms(
            self.store,
            self.policies,
            clock=self.clock,
            public_url=self.config.public_url,
        )

    @cached_property
    def overview(self) -> "Overview":
        """What the first page shows."""
        from connector.services.overview import Overview

        return Overview(
            self.store,
            policy_of=lambda tx, version: self.policies.version(tx, version).policy,
            queue=self.queue,
            clock=self.clock,
        )

    def receive(self, afterwards: "Afterwards") -> "Receive":
        """Return what takes deliveries in."""
        from connector.services.receive import Receive

        return Receive(
            self.store,
            source_for=self.source_for,
            afterwards=afterwards,
            clock=self.clock,
        )


class _Opened(Generic[T]):
    """What was opened for connections or channels, while their credentials stay."""

    def __init__(self) -> None:
        self._opened: dict[int, tuple[bytes, T]] = {}

    def get(self, row: Connection | Channel, open_it: Callable[[], T]) -> T:
        version = row.secrets + repr(sorted(row.settings.items())).encode()
        kept = self._opened.get(row.id)
        if kept is None or kept[0] != version:
            kept = self._opened[row.id] = (version, open_it())
        return kept[1]


def build(config: Config, urls: Urls, *, clock: Clock | None = None) -> Application:
    """Return the services of a process; nothing is loaded or connected yet."""
    return Application(config, urls, clock=clock or SystemClock())


def find_crm(vendor: str) -> CrmVendor:
    """Return a vendor by its key, or raise ConfigError."""
    found = CRMS.get(vendor)
    if found is None:
        raise ConfigError(
            f"{vendor!r} is no CRM that this Slagboom knows; it knows"
            f" {', '.join(sorted(CRMS))}."
        )
    return found
