"""What a vendor is to us."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from connector.clock import Clock
from connector.config import SECRET_PLACE
from connector.vendors.options import Option, check_options

if TYPE_CHECKING:
    from redis import Redis

    from adapters.ports import ChangeSource, ChangeStream, Crm, Notifier
    from connector.services.credentials import Credentials
    from rules.model import FieldMap, Kind, Noun, PropertyName

Texts = Mapping[str, str]

PREVIOUS = "previous_"
"""Put before the name of a rotated secret: the one that was valid before it."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a vendor may use of ours."""

    clock: Clock
    redis: "Redis"
    allow_private: bool
    credentials: "Credentials"


class SignIn(Protocol):
    """A sign-in that a person does in a browser."""

    @property
    def url(self) -> str:
        """Return where the person signs in."""
        ...

    @property
    def redirect_uri(self) -> str:
        """Return where the browser goes afterwards."""
        ...

    def finish(self, pasted: str) -> Texts:
        """Return the secrets that the address the browser went to is worth, once.

        Raises what `adapters.errors` has: nothing is kept then.
        """
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """What a vendor's project is made for.

    `settings` are empty for an account that is not connected yet; `fields` are those
    that the policies name, by kind of record, and `restored` those of them that are put
    back; `before` are the texts of the project as it was last made, by path. Where the
    webhook's address has a secret, there is the name of a variable.
    """

    webhook_url: str
    redirect_uri: str
    settings: Texts
    fields: "Mapping[Kind, FieldMap]"
    restored: "Mapping[Kind, frozenset[PropertyName]]"
    before: Texts


@dataclass(frozen=True, slots=True)
class Project:
    """What is deployed to a vendor, so that nobody has to click it together.

    `to_files` gives the files, each text by its path. `commands` are typed in the
    folder; `by_hand` is what no file can do.
    """

    to_files: Callable[[Site], Texts]
    commands: tuple[str, ...]
    by_hand: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CrmVendor:
    """A CRM that can be connected. `rotated` names the secret that has a predecessor.

    `open_source` gets settings, secrets, the secret that stood in the address and our
    own user's id, if they are known. `example` is how it is connected; `after` says
    what is to be done at the vendor, with `{webhook}` for the address, which
    `has_secret_address` if the webhook's secret is its last part. `check` raises
    ConfigError for settings and secrets that do not go together. `begin` returns the
    sign-in that a person has to do in a browser, if these settings ask for one, which
    ends at the address given with them. `forget` lets the next use of a connection sign
    in, whatever was refused before. `open_stream` returns what tells of changes as they
    happen, if these settings ask for it. `nouns` returns what its users call kinds of
    records where that is not the kind's name.
    """

    key: str
    title: str
    options: tuple[Option, ...]
    open_crm: Callable[[str, Texts, Texts, Means], "Crm"]
    open_source: Callable[[Texts, Texts, str | None, str], "ChangeSource"]
    example: str
    after: tuple[str, ...] = ()
    rotated: tuple[str, ...] = ()
    has_secret_address: bool = False
    check: Callable[[Texts, Texts], None] | None = None
    begin: Callable[[Texts, Texts, Means, str], SignIn | None] | None = None
    forget: Callable[[str, Texts, Texts, Means], None] | None = None
    project: Project | None = None
    open_stream: Callable[[str, Texts, Texts, Means], "ChangeStream | None"] | None = (
        None
    )
    nouns: "Callable[[], Mapping[Kind, Noun]]" = dict

    def read(self, given: Mapping[str, str | None]) -> tuple[Texts, Texts]:
        """Return the settings and the secrets among what was given, checked.

        Raises ConfigError.
        """
        settings, secrets = check_options(self.options, given)
        if self.check is not None:
            self.check(settings, secrets)
        return settings, secrets

    def webhook(self, public_url: str, name: str, secret: str = SECRET_PLACE) -> str:
        """Return the address of a connection's deliveries, its secret left open."""
        address = f"{public_url}/webhooks/{self.key}/{name}"
        return f"{address}/{secret}" if self.has_secret_address else address

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
