"""What a vendor is to us."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.clock import Clock
from connector.vendors.options import Option

if TYPE_CHECKING:
    from redis import Redis

    from adapters.ports import ChangeSource, Crm, Notifier

Texts = Mapping[str, str]

PREVIOUS = "previous_"
"""Put before the name of a rotated secret: the one that was valid before it."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a vendor may use of ours."""

    clock: Clock
    redis: "Redis"
    allow_private: bool


@dataclass(frozen=True, slots=True)
class CrmVendor:
    """A CRM that can be connected. `rotated` names the secret that has a predecessor.

    `example` is how it is connected; `after` says what is to be done at the vendor,
    with `{webhook}` for the address.
    """

    key: str
    title: str
    options: tuple[Option, ...]
    open_crm: Callable[[str, Texts, Texts, Means], "Crm"]
    open_source: Callable[[Texts, Texts, str | None], "ChangeSource"]
    example: str
    after: tuple[str, ...] = ()
    rotated: tuple[str, ...] = ()

    def rotate(self, before: Texts, after: Texts) -> Texts:
        """Return the secrets to keep: what was replaced stays valid beside its heir.

        The vendor may go on signing with the former one for a while.
        """
        kept = dict(after)
        for name in self.rotated:
            former = before.get(name)
            if former == after.get(name):
                former = before.get(PREVIOUS + name)
            if former is not None:
                kept[PREVIOUS + name] = former
        return kept


@dataclass(frozen=True, slots=True)
class ChannelVendor:
    """A way to reach people."""

    key: str
    title: str
    options: tuple[Option, ...]
    open_notifier: Callable[[Texts, Texts, Means], "Notifier"]
    defaults: Texts = field(default_factory=dict)
