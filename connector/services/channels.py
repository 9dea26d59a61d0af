"""Channels: the ways to reach people, as the admin handles them."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace

from adapters.errors import OutsideError
from adapters.ports import Message, Notifier, Probe
from connector.clock import Clock, new_id
from connector.crypto import Vault
from connector.errors import ConfigError
from connector.services.audit import AuditAction
from connector.store import Store
from connector.store.channels import Channel

NotifierFor = Callable[[Channel], Notifier]


class ChannelMissing(ConfigError):
    """There is no channel of this name."""


class Channels:
    """The ways to reach people."""

    def __init__(
        self, store: Store, *, notifier_for: NotifierFor, vault: Vault, clock: Clock
    ) -> None:
        """Send through `notifier_for` a channel, seal credentials in `vault`."""
        self._store = store
        self._notifier_for = notifier_for
        self._vault = vault
        self._clock = clock

    def all(self) -> list[Channel]:
        """Return every channel, in the order they are tried."""
        with self._store.begin() as tx:
            return tx.channels.all()

    def find(self, name: str) -> Channel:
        """Return the channel of this name, or raise ChannelMissing."""
        with self._store.begin() as tx:
            found = tx.channels.find(name)
            if found is not None:
                return found
            names = [one.name for one in tx.channels.all()]
        known = f"There are: {', '.join(names)}." if names else "There is none yet."
        raise ChannelMissing(
            f"There is no channel {name!r}. {known} Add one with `slagboom channels"
            " add`."
        )

    def add(
        self,
        name: str,
        *,
        kind: str,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        rank: int,
        author: str,
    ) -> Channel:
        """Add a channel, or give the one of this name other credentials.

        `rank`: those of a lower one are tried first.
        """
        now = self._clock.now()
        with self._store.begin() as tx:
            channel = tx.channels.add(
                name,
                kind=kind,
                settings=settings,
                secrets=self._vault.seal(secrets),
                rank=rank,
                now=now,
            )
            tx.audit.add(
                actor=author,
                action=AuditAction.CHANNEL_SAVED,
                target=name,
                after={"kind": kind, **settings},
                now=now,
            )
            # What could not be delivered before may pass through this one.
            tx.notifications.wake(now=now)
        return channel

    def remove(self, name: str, *, author: str) -> None:
        """Forget a channel and its credentials; raises ChannelMissing."""
        channel = self.find(name)
        now = self._clock.now()
        with self._store.begin() as tx:
            tx.channels.remove(channel.name)
            tx.audit.add(
                actor=author,
                action=AuditAction.CHANNEL_REMOVED,
                target=name,
                before={"kind": channel.kind, **channel.settings},
                now=now,
            )

    def enable(self, name: str, *, author: str) -> None:
        """Use a channel again; what waited goes out. Raises ChannelMissing."""
        self._switch(name, is_enabled=True, author=author)

    def disable(self, name: str, *, author: str) -> None:
        """Leave a channel out, and keep its credentials; raises ChannelMissing."""
        self._switch(name, is_enabled=False, author=author)

    def _switch(self, name: str, *, is_enabled: bool, author: str) -> None:
        if self.find(name).is_enabled == is_enabled:
            return
        action = (
            AuditAction.CHANNEL_ENABLED if is_enabled else AuditAction.CHANNEL_DISABLED
        )
        now = self._clock.now()
        with self._store.begin() as tx:
            tx.channels.enable(name, is_enabled=is_enabled)
            tx.audit.add(actor=author, action=action, target=name, now=now)
            if is_enabled:
                tx.notifications.wake(now=now)

    def probe(self, name: str) -> Probe:
        """Try the credentials without sending anything, and keep how that went.

        Raises ChannelMissing, KeyMissing and what `adapters.errors` has.
        """
        channel = self.find(name)
        try:
            probe = self._notifier_for(channel).probe()
        except OutsideError as error:
            self._keep(channel, is_ok=False, message=str(error))
            raise
        with self._store.begin() as tx:
            tx.channels.mark_tested(channel.name, asdict(probe))
            if probe.is_ok:
                tx.notices.resolve(f"channel/{channel.name}", now=self._clock.now())
        return probe

    def test(self, name: str, message: Message, *, author: str) -> None:
        """Send a message on the real path, and keep how that went.

        `message.key` is made unique. Raises as `probe` does.
        """
        channel = self.find(name)
        unique = replace(message, key=f"test-{new_id()}")
        try:
            self._notifier_for(channel).send(unique)
        except OutsideError as error:
            self._keep(channel, is_ok=False, message=str(error))
            raise
        self._keep(channel, is_ok=True, message="")
        now = self._clock.now()
        with self._store.begin() as tx:
            tx.audit.add(
                actor=author,
                action=AuditAction.CHANNEL_TESTED,
                target=name,
                after={"to": message.to},
                now=now,
            )

    def _keep(self, channel: Channel, *, is_ok: bool, message: str) -> None:
        with self._store.begin() as tx:
            tx.channels.mark_tested(channel.name, {"is_ok": is_ok, "message": message})
