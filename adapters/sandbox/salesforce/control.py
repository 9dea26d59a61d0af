"""`/_sandbox/salesforce/...`: seed, act, break and inspect the org."""

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.control import Control, View
from adapters.sandbox.salesforce import acts, seeding, writes
from adapters.sandbox.salesforce.errors import ApiError
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.records import Record
from adapters.sandbox.salesforce.sessions import ClientApp, Session

Json = dict[str, Any]


class SalesforceControl:
    """The control paths of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def register(self, control: Control) -> None:
        """Serve them below `/_sandbox/salesforce`."""
        views: dict[str, View] = {
            "seed": self.seed,
            "settings": self.settings,
            "create": self.create,
            "act": self.act,
            "bulk": self.bulk,
            "log": self.log,
            "complete": self.complete,
            "convert": self.convert,
            "delete": self.delete,
            "restore": self.restore,
            "lock": self.lock,
            "products": self.products,
            "rules": self.rules,
            "fields": self.fields,
            "objects/access": self.object_access,
            "merge": self.merge,
            "stages/retire": self.retire_stage,
            "sessions": self.sessions,
            "sessions/expire": self.expire,
            "refresh-tokens": self.refresh_tokens,
            "apps": self.apps,
            "calls": self.calls,
            "cursors/expire": self.expire_cursors,
        }
        for name, view in views.items():
            control.post(f"salesforce/{name}", view, after=self._org.publish)
        control.get("salesforce/org", self.overview)
        control.get("salesforce/objects/<entity>", self.objects)
        control.get("salesforce/records/<record_id>", self.one)

    def seed(self, raw: Json) -> Json:
        """Fill the org."""
        return seeding.seed(self._org, raw)

    def settings(self, raw: Json) -> Json:
        """Change settings."""
        self._org.settings.change(raw)
        return {}

    def create(self, raw: Json) -> Json:
        """Make a record as a person."""
        return {"id": acts.make(self._org, raw).id}

    def act(self, raw: Json) -> Json:
        """Change a record as a person or as another program."""
        return {"id": acts.change(self._org, raw).id}

    def bulk(self, raw: Json) -> Json:
        """Change many records (`ids`) in the same way."""
        found = [acts.change(self._org, {**raw, "id": one}).id for one in raw["ids"]]
        return {"changed": len(found)}

    def log(self, raw: Json) -> Json:
        """Log an activity or make a quote."""
        return {"id": acts.log(self._org, raw).id}

    def complete(self, raw: Json) -> Json:
        """Complete a task."""
        return self.act({**raw, "fields": {"Status": "Completed"}})

    def convert(self, raw: Json) -> Json:
        """Convert a lead."""
        return acts.convert(self._org, raw)

    def delete(self, raw: Json) -> Json:
        """Put a record into the recycle bin."""
        record = acts.record_of(self._org, raw.get("id"))
        author = acts.author_of(self._org, raw)
        at = self._org.clock.moment(raw.get("at"))
        try:
            writes.delete(self._org, record, author=author, at=at)
        except ApiError as error:
            raise acts.Refused(f"{error.code}: {error.message}") from error
        return {"id": record.id}

    def restore(self, raw: Json) -> Json:
        """Take a record out of the recycle bin."""
        record = acts.any_record_of(self._org, raw.get("id"))
        if not record.is_deleted:
            raise acts.Refused(f"{record.id} is not in the bin")
        author = acts.author_of(self._org, raw)
        at = self._org.clock.moment(raw.get("at"))
        writes.restore(self._org, record, author=author, at=at)
        return {"id": record.id}

    def lock(self, raw: Json) -> Json:
        """Lock a record as an approval does, or unlock it (`"locked": false`)."""
        record = acts.record_of(self._org, raw.get("id"))
        record.is_locked = bool(raw.get("locked", True))
        return {}

    def products(self, raw: Json) -> Json:
        """Give an opportunity products worth `amount`."""
        record = acts.record_of(self._org, raw.get("id"))
        acts.change(self._org, {**raw, "fields": {"Amount": raw["amount"]}})
        record.values["HasOpportunityLineItem"] = True
        return {}

    def rules(self, raw: Json) -> Json:
        """Add a validation rule, or clear them all."""
        if raw.get("clear"):
            self._org.rules.clear()
        else:
            seeding.add_rule(self._org, raw)
        return {"rules": len(self._org.rules)}

    def fields(self, raw: Json) -> Json:
        """Hide a field from us, or make it read-only: object, field, access.

        `access` is none, read or edit.
        """
        kind, name = acts.kind_of(self._org, raw.get("object")), str(raw["field"])
        if name not in kind.fields:
            raise acts.Refused(f"{kind.name} has no field {name!r}")
        kind.hidden.discard(name)
        kind.read_only.discard(name)
        match raw.get("access"):
            case "none":
                kind.hidden.add(name)
            case "read":
                kind.read_only.add(name)
        return {}

    def object_access(self, raw: Json) -> Json:
        """Let us write records of an object, or only read them: object, access.

        `access` is read or edit.
        """
        kind = acts.kind_of(self._org, raw.get("object"))
        kind.is_read_only = raw.get("access") == "read"
        return {}

    def merge(self, raw: Json) -> Json:
        """Merge a lead, contact or account (`other`) into another one (`id`)."""
        return {"id": acts.merge(self._org, raw).id}

    def retire_stage(self, raw: Json) -> Json:
        """Make a stage inactive, with whatever stands in it."""
        stage = self._org.stage(str(raw["stage"]))
        if stage is None:
            raise acts.Refused(f"there is no stage {raw['stage']!r}")
        stage.values["IsActive"] = False
        return {}

    def sessions(self, raw: Json) -> Json:
        """Open a session: token, user, client_id, expires_in (seconds)."""
        org, token = self._org, str(raw["token"])
        author = acts.author_of(org, raw)
        seconds = raw.get("expires_in")
        org.sessions[token] = Session(
            token,
            author.user_id,
            str(raw.get("client_id") or next(iter(org.apps))),
            None if seconds is None else org.clock.now_ms() + int(seconds * 1000),
        )
        return {"user_id": author.user_id}

    def expire(self, raw: Json) -> Json:
        """End a session (`token`), or all."""
        if token := raw.get("token"):
            self._org.sessions.pop(str(token), None)
        else:
            self._org.sessions.clear()
        return {}

    def refresh_tokens(self, raw: Json) -> Json:
        """Give an app a refresh token for a user, or revoke it: token, revoked."""
        token = str(raw["token"])
        if raw.get("revoked"):
            self._org.refresh_tokens.pop(token, None)
        else:
            client = str(raw.get("client_id") or next(iter(self._org.apps)))
            user_id = acts.author_of(self._org, raw).user_id
            self._org.refresh_tokens[token] = (client, user_id)
        return {}

    def apps(self, raw: Json) -> Json:
        """Add or change an app.

        client_id, secret, run_as, public_key, flows, rotates.
        """
        org = self._org
        client_id = str(raw.get("client_id") or next(iter(org.apps)))
        known = org.apps.get(client_id)
        app = known or ClientApp(client_id, client_id, "", "")
        app.secret = str(raw.get("secret") or app.secret)
        app.run_as = str(raw.get("run_as") or app.run_as)
        app.public_key = str(raw.get("public_key") or app.public_key)
        app.rotates = bool(raw.get("rotates", app.rotates))
        if "flows" in raw:
            app.flows = set(raw["flows"])
        org.apps[client_id] = app
        return {"client_id": client_id}

    def calls(self, raw: Json) -> Json:
        """Set how many of the day's API requests are used."""
        self._org.calls.set(int(raw["used"]), self._org.clock.now_ms())
        return {}

    def expire_cursors(self, _raw: Json) -> Json:
        """Let every query that is under way expire."""
        for cursor in self._org.cursors.values():
            cursor.is_expired = True
        return {}

    def overview(self, _query: Mapping[str, str]) -> Json:
        """Return who is there, and how many records of each object that is there."""
        org = self._org
        org.sync_users()
        return {
            "id": org.id,
            "users": {row.values["Email"]: row.id for row in org.living("User")},
            "calls_used": org.calls.used(org.clock.now_ms()),
            "records": {
                name: sum(1 for _ in org.living(name))
                for name in org.types
                if org.type(name) is not None
            },
        }

    def objects(self, query: Mapping[str, str]) -> Json:
        """Return the records of a type; with `on` those that refer to a record."""
        kind, on = acts.kind_of(self._org, query["entity"]), query.get("on")
        found = [
            self._shape(record)
            for record in self._org.living(kind.name)
            if not on or on in record.values.values()
        ]
        return {"results": found}

    def one(self, query: Mapping[str, str]) -> Json:
        """Return one record, deleted or not."""
        return self._shape(acts.any_record_of(self._org, query["record_id"]))

    def _shape(self, record: Record) -> Json:
        fields = self._org.types[record.type].fields
        shaped = {name: field.wire(record.get(name)) for name, field in fields.items()}
        return {**shaped, "is_locked": record.is_locked}
