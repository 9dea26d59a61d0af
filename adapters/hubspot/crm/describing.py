"""The account itself: its shape, its people, and whether our rights are enough."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from adapters.errors import Forbidden, OutsideError, Permanent, Unauthorized
from adapters.http import Clock
from adapters.hubspot import mapping, scopes
from adapters.hubspot.batches import next_page
from adapters.hubspot.client import HubSpotClient
from adapters.hubspot.crm.shape import Shape
from adapters.hubspot.paths import Paths
from adapters.ports import CrmUser, Probe, ProbeLine
from adapters.wire import Json, parts, text
from rules.account import Account
from rules.model import Kind

FRESH = timedelta(minutes=10)


class Describing:
    """Looks at the account as a whole."""

    def __init__(
        self,
        client: HubSpotClient,
        paths: Paths,
        shape: Shape,
        *,
        clock: Clock,
        portal_id: str,
    ) -> None:
        """Remember which account it has to be."""
        self._client = client
        self._paths = paths
        self._shape = shape
        self._clock = clock
        self._portal_id = portal_id
        self._people: tuple[datetime, Sequence[CrmUser]] | None = None
        self._lock = threading.Lock()

    def account(self, kinds: Sequence[Kind]) -> Account:
        """Return pipelines, stages and properties, afresh."""
        return Account(
            vendor="hubspot",
            kinds={kind: self._shape.describe(kind) for kind in kinds},
            asked_on=self._clock.now().date(),
        )

    def people(self) -> Sequence[CrmUser]:
        """Return everybody who can own a record, remembered for ten minutes."""
        with self._lock:
            now = self._clock.now()
            if self._people is None or now - self._people[0] > FRESH:
                raw = [*self._owners("false"), *self._owners("true")]
                users = {user.owner: user for user in map(mapping.to_user, raw[::-1])}
                self._people = (now, tuple(users.values())[::-1])
            return self._people[1]

    def _owners(self, archived: str) -> list[Json]:
        found: list[Json] = []
        after = ""
        while True:
            query = [("limit", "100"), ("archived", archived)]
            if after:
                query.append(("after", after))
            body = self._client.get(self._paths.owners(), query)
            found += parts(body, "results")
            after = next_page(body)
            if not after:
                return found

    def probe(self) -> Probe:
        """Try every right that is needed; nothing is changed."""
        lines = [self._try("the account", "know whose account it is", self._look)]
        if not lines[0].is_ok:
            return Probe(self._portal_id, tuple(lines))
        for name, scope, purpose in scopes.READS:
            lines.append(self._try(scope, purpose, self._reader(name)))
        lines += [self._optional("companies"), self._leads()]
        lines.append(
            self._try(
                scopes.OWNERS,
                "know who owns what",
                lambda: self._client.get(self._paths.owners(), [("limit", "1")]),
            )
        )
        for name, scope, purpose in scopes.WRITES:
            lines.append(self._try(scope, purpose, self._writer(name)))
        return Probe(self._portal_id, tuple(lines))

    def _look(self) -> None:
        body = self._client.get(self._paths.account())
        found = text(body, "portalId")
        if found != self._portal_id:
            raise Permanent(
                f"The token belongs to account {found}, not to {self._portal_id}. "
                "Use a token of that account, or correct the number."
            )

    def _leads(self) -> ProbeLine:
        try:
            name = self._shape.type_of(Kind.LEAD).name
        except OutsideError as error:
            return ProbeLine(_what("leads"), is_ok=False, message=str(error))
        if name != "leads":
            text = "This account has no leads; contacts in a lead's stage are followed."
            return ProbeLine(_what("leads"), is_ok=True, message=text)
        return self._optional("leads")

    def _optional(self, name: str) -> ProbeLine:
        """Try a right that only policies on such records need."""
        try:
            self._reader(name)()
        except Forbidden:
            text = f"Not granted: no policy can follow {name} until it is."
            return ProbeLine(_what(name), is_ok=True, message=text)
        except OutsideError as error:
            return ProbeLine(_what(name), is_ok=False, message=str(error))
        return ProbeLine(_what(name), is_ok=True)

    def _reader(self, name: str) -> Callable[[], object]:
        path = self._paths.objects(name, "").rstrip("/")
        return lambda: self._client.get(path, [("limit", "1")])

    def _writer(self, name: str) -> Callable[[], object]:
        """Return a call that writes nothing: rights are looked at before the rows."""
        path = self._paths.objects(name, "batch/update")

        def write_nothing() -> None:
            try:
                self._client.settle(path, {"inputs": []})
            except (Unauthorized, Forbidden):
                raise
            except Permanent:
                return

        return write_nothing

    def _try(self, what: str, purpose: str, call: Callable[[], object]) -> ProbeLine:
        try:
            call()
        except OutsideError as error:
            return ProbeLine(f"{what}: {purpose}", is_ok=False, message=str(error))
        return ProbeLine(f"{what}: {purpose}", is_ok=True)


def _what(name: str) -> str:
    return f"crm.objects.{name}.read: read {name}"
