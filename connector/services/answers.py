"""Answers that look like placeholders: a company may really be called Test."""

from collections.abc import Iterable

from connector.clock import Clock
from connector.errors import ConfigError
from connector.services.audit import AuditAction
from connector.services.policies import Active, Policies
from connector.store import Store
from connector.store.answers import AllowedAnswer
from connector.store.connections import Connection
from rules.document.problems import did_you_mean, listed
from rules.model import FieldName
from rules.placeholders import normal


class AnswerMissing(ConfigError):
    """There is no allowed answer of this id that still holds."""


class Answers:
    """The texts that are answers after all, as the admin handles them."""

    def __init__(self, store: Store, policies: Policies, clock: Clock) -> None:
        """Know the fields by the policies in force."""
        self._store = store
        self._policies = policies
        self._clock = clock

    def allow(
        self, connection: Connection, field: str, text: str, *, why: str, author: str
    ) -> FieldName:
        """Have `text` count as an answer in a field of every record, from now on.

        `field` is one that a policy requires, by its name or label. What stands
        against the policy for its sake is looked at again. Returns the field's name.
        Raises ConfigError.
        """
        said = normal(text)
        if not said:
            raise ConfigError("An empty field is no answer. Write the text.")
        if not why.strip():
            raise ConfigError("Say why it is an answer, with --why.")
        now = self._clock.now()
        with self._store.begin() as tx:
            name = _find_field(field, self._policies.active(tx, connection.id))
            answer_id = tx.answers.allow(
                connection.id,
                name,
                text=text.strip(),
                said=said,
                why=why.strip(),
                by=author,
                now=now,
            )
            if answer_id is None:
                return name
            waiting = tx.violations.requiring(connection.id, name)
            tx.records.hint(waiting, due_at=now)
            tx.audit.add(
                actor=author,
                action=AuditAction.ANSWER_ALLOWED,
                target=f"{connection.name}/{name}",
                after={"id": answer_id, "text": text.strip()},
                reason=why.strip(),
                now=now,
            )
        return name

    def revoke(self, answer_id: int, *, why: str, author: str) -> AllowedAnswer:
        """Have a text count as a placeholder again. Raises AnswerMissing."""
        now = self._clock.now()
        with self._store.begin() as tx:
            revoked = tx.answers.revoke(answer_id, by=author, now=now)
            if revoked is None:
                raise AnswerMissing(
                    f"No allowed answer has the id {answer_id}. See `slagboom"
                    " placeholders list`."
                )
            tx.audit.add(
                actor=author,
                action=AuditAction.ANSWER_REVOKED,
                target=f"{revoked.connection}/{revoked.field}",
                before={"id": answer_id, "text": revoked.text},
                reason=why,
                now=now,
            )
        return revoked

    def latest(self, *, is_all: bool, limit: int) -> list[AllowedAnswer]:
        """Return what was allowed, newest first."""
        with self._store.begin() as tx:
            return tx.answers.latest(is_all=is_all, limit=limit)


def _find_field(field: str, actives: Iterable[Active]) -> FieldName:
    """Return the required field of this name or label. Raises ConfigError."""
    names: dict[str, FieldName] = {}
    for active in actives:
        for stage in active.policy.stages:
            for name in stage.requires:
                names[active.policy.labels.get(name, name).casefold()] = name
                names[name.casefold()] = name
    found = names.get(field.strip().casefold())
    if found is not None:
        return found
    required = sorted(set(names.values()))
    known = f"Required are: {listed(required)}." if required else "None is required."
    raise ConfigError(
        f"No policy in force requires a field “{field}”.{did_you_mean(field, names)}"
        f" {known}"
    )
