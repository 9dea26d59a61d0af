"""What every service stands on: the store, the queue, and the doors to the outside."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from connector.clock import Clock
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
    from connector.services.people import People
    from connector.services.policies import Policies

T = TypeVar("T")

# Services are loaded when they are first used: a web process has no need of the
# judge's libraries, and a command starts in a fraction of a second.
# ruff: noqa: PLC0415


class Foundation:
    """The base of a process' services. Safe to use from several threads."""

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
    def policies(self) -> "Policies":
        """The published policies."""
        from connector.services.policies import Policies

        return Policies(self.store, self.crm_for, self.clock)

    @cached_property
    def people(self) -> "People":
        """Who is told what, in which language."""
        from connector.services.people import People

        return People(self.store, self.clock)


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


def find_crm(vendor: str) -> CrmVendor:
    """Return a vendor by its key, or raise ConfigError."""
    found = CRMS.get(vendor)
    if found is None:
        raise ConfigError(
            f"{vendor!r} is no CRM that this Slagboom knows; it knows"
            f" {', '.join(sorted(CRMS))}."
        )
    return found
