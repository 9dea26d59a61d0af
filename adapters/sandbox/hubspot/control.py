"""`/_sandbox/hubspot/...`: seed, act, break and inspect the HubSpot account."""

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.control import Control, View
from adapters.sandbox.hubspot import acts, seeding, writes
from adapters.sandbox.hubspot.account import DEFAULT_APP, DEFAULT_SECRET, Account
from adapters.sandbox.hubspot.apps import App, Token
from adapters.sandbox.hubspot.catalog import SCOPES
from adapters.sandbox.hubspot.present import whole
from adapters.sandbox.hubspot.records import Record

Json = dict[str, Any]
FLUSH_SECONDS = 30.0


class HubSpotControl:
    """The control paths of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def register(self, control: Control) -> None:
        """Serve them below `/_sandbox/hubspot`."""
        views: dict[str, View] = {
            "seed": self.seed,
            "settings": self.settings,
            "create": self.create,
            "act": self.act,
            "bulk": self.bulk,
            "log": self.log,
            "complete": self.complete,
            "delete": self.delete,
            "restore": self.restore,
            "merge": self.merge,
            "associate": self.associate,
            "rules": self.rules,
            "stages/archive": self.archive_stage,
            "webhooks": self.webhooks,
            "webhooks/pause": self.pause,
            "webhooks/clear": self.clear_webhooks,
            "tokens": self.tokens,
            "tokens/expire": self.expire,
            "tokens/scopes": self.scopes,
            "apps": self.add_app,
        }
        for name, view in views.items():
            control.post(f"hubspot/{name}", view, after=self._account.publish)
        control.post("hubspot/webhooks/flush", self.flush, locked=False)
        control.get("hubspot/webhooks", self.deliveries)
        control.get("hubspot/account", self.overview)
        control.get("hubspot/objects/<object_type>", self.objects)
        control.get("hubspot/objects/<object_type>/<record_id>", self.one)

    def seed(self, raw: Json) -> Json:
        """Fill the account."""
        return seeding.seed(self._account, raw)

    def settings(self, raw: Json) -> Json:
        """Change settings."""
        self._account.settings.change(raw)
        return {}

    def create(self, raw: Json) -> Json:
        """Make a record as a person."""
        return {"id": acts.make(self._account, raw).id}

    def act(self, raw: Json) -> Json:
        """Change a record as a person, a workflow, an import or another app."""
        return {"id": acts.change(self._account, raw).id}

    def bulk(self, raw: Json) -> Json:
        """Change many records at once."""
        return {"changed": acts.change_many(self._account, raw)}

    def log(self, raw: Json) -> Json:
        """Log an activity or make a quote."""
        return {"id": acts.log(self._account, raw).id}

    def complete(self, raw: Json) -> Json:
        """Complete a task."""
        done = {"object": "tasks", "properties": {"hs_task_status": "COMPLETED"}}
        return self.act({**raw, **done})

    def delete(self, raw: Json) -> Json:
        """Put a record into the recycling bin."""
        record = self._record(raw)
        source = acts.source_of(self._account, raw)
        at = self._account.clock.moment(raw.get("at"))
        writes.archive(self._account, record, source=source, at=at)
        return {"id": record.id}

    def restore(self, raw: Json) -> Json:
        """Take a record out of the recycling bin."""
        kind = acts.kind_of(self._account, raw.get("object"))
        record = self._account.records[kind.name].get(str(raw.get("id")))
        if record is None or not record.is_archived or record.merged_into:
            raise acts.Refused(f"no {kind.singular} {raw.get('id')} in the bin")
        source = acts.source_of(self._account, raw)
        at = self._account.clock.moment(raw.get("at"))
        writes.restore(self._account, record, source=source, at=at)
        return {"id": record.id}

    def merge(self, raw: Json) -> Json:
        """Merge `other` into `id`; both ids then lead to a new one."""
        primary = self._record(raw)
        other = self._record({**raw, "id": raw.get("other")})
        merged = writes.merge(
            self._account,
            primary,
            other,
            source=acts.source_of(self._account, raw),
            at=self._account.clock.moment(raw.get("at")),
        )
        return {"id": merged.id}

    def associate(self, raw: Json) -> Json:
        """Associate a record with another: object, id, to {object, id}."""
        account, to = self._account, raw.get("to") or {}
        here, there = self._record(raw), self._record(to)
        link = acts.link_of(here.type, there.type, to.get("type"))
        writes.associate(
            account,
            (here.type.name, here.id),
            (there.type.name, there.id),
            link,
            source=acts.source_of(account, raw),
            at=account.clock.moment(raw.get("at")),
        )
        return {}

    def rules(self, raw: Json) -> Json:
        """Add an admin's rule, or clear them all."""
        if raw.get("clear"):
            self._account.rules.clear()
        else:
            seeding.add_rule(self._account, raw)
        return {"rules": len(self._account.rules)}

    def archive_stage(self, raw: Json) -> Json:
        """Archive a stage, with whatever stands in it."""
        kind = acts.kind_of(self._account, raw.get("object"))
        home = self._account.pipelines.home_of(kind.name, str(raw.get("stage")))
        if home is None:
            raise acts.Refused(f"there is no stage {raw.get('stage')!r}")
        stage = home.stages[str(raw["stage"])]
        stage.archived_at = self._account.clock.now_ms()
        return {"pipeline": home.id}

    def webhooks(self, raw: Json) -> Json:
        """Set where an app's webhooks go, what it hears of and how they are sent."""
        app = self._app(raw)
        if "target_url" in raw:
            app.target_url = str(raw["target_url"] or "")
        if raw.get("secret"):
            app.secret = str(raw["secret"])
        app.channel.habits.change(raw.get("habits") or {})
        if raw.get("subscriptions") is not None:
            app.subscribe(raw["subscriptions"])
        elif not app.subscriptions:
            app.subscribe_usual()
        return {"app_id": app.id, "subscriptions": len(app.subscriptions)}

    def pause(self, raw: Json) -> Json:
        """Hold webhooks back, or let them go on (`"paused": false`)."""
        self._app(raw).channel.pause(paused=bool(raw.get("paused", True)))
        return {}

    def clear_webhooks(self, raw: Json) -> Json:
        """Drop what waits and forget what was sent."""
        self._app(raw).channel.clear()
        return {}

    def flush(self, raw: Json) -> Json:
        """Wait until every webhook is accepted or given up."""
        seconds = float(raw.get("timeout", FLUSH_SECONDS))
        hurry = bool(raw.get("hurry"))
        apps = list(self._account.apps.values())
        done = [app.channel.flush(seconds, hurry=hurry) for app in apps]
        return {"done": all(done), **self._app(raw).channel.summary()}

    def deliveries(self, query: Mapping[str, str]) -> Json:
        """Return what was sent and what came back."""
        channel = self._app(query).channel
        return {"summary": channel.summary(), "attempts": channel.attempts()}

    def tokens(self, raw: Json) -> Json:
        """Add or replace a token: token, app_id, scopes, expires_in (seconds)."""
        value = str(raw["token"])
        scopes = raw.get("scopes")
        expires = raw.get("expires_in")
        now = self._account.clock.now_ms()
        self._account.tokens[value] = Token(
            value,
            self._app(raw).id,
            set(SCOPES if scopes is None else scopes),
            None if expires is None else now + int(float(expires) * 1000),
        )
        return {}

    def expire(self, raw: Json) -> Json:
        """Let a token (or all) expire now."""
        for token in self._tokens(raw):
            token.expires_at = self._account.clock.now_ms() - 1
        return {}

    def scopes(self, raw: Json) -> Json:
        """Take scopes from a token (or all), or give them: remove, add."""
        for token in self._tokens(raw):
            token.scopes -= set(raw.get("remove") or ())
            token.scopes |= set(raw.get("add") or ())
        return {}

    def add_app(self, raw: Json) -> Json:
        """Install another app: app_id, name, secret, token."""
        app = self._account.add_app(
            int(raw["app_id"]),
            name=str(raw.get("name") or "Another app"),
            secret=str(raw.get("secret") or DEFAULT_SECRET),
        )
        if raw.get("token"):
            self.tokens({"token": raw["token"], "app_id": app.id})
        return {"app_id": app.id}

    def overview(self, _query: Mapping[str, str]) -> Json:
        """Return how many records there are, and the settings."""
        account = self._account
        return {
            "portal_id": account.settings.portal_id,
            "apps": [
                {"app_id": app.id, "name": app.name, "target_url": app.target_url}
                for app in account.apps.values()
            ],
            "owners": {user.email: account.owner_id(user) for user in account.users},
            "users": {user.email: account.user_id(user) for user in account.users},
            "records": {
                kind: sum(1 for _ in account.living(kind)) for kind in account.records
            },
        }

    def objects(self, query: Mapping[str, str]) -> Json:
        """Return the records of a type; `on=deals:123` those on one record.

        With `since`, those made at or after a moment.
        """
        kind = acts.kind_of(self._account, query["object_type"])
        found = list(self._account.living(kind.name))
        if query.get("on"):
            other, _, record_id = query["on"].partition(":")
            name = acts.kind_of(self._account, other).name
            ids = set(self._account.links.ids((name, record_id), kind.name))
            found = [record for record in found if record.id in ids]
        if query.get("since"):
            since = self._account.clock.moment(query["since"])
            found = [record for record in found if record.created_at >= since]
        return {"results": [self._shape(record, brief=True) for record in found]}

    def one(self, query: Mapping[str, str]) -> Json:
        """Return one record with its history and associations."""
        kind = acts.kind_of(self._account, query["object_type"])
        record = self._account.records[kind.name].get(query["record_id"])
        if record is None:
            raise acts.Refused(f"there is no {kind.singular} {query['record_id']}")
        return self._shape(record)

    def _shape(self, record: Record, *, brief: bool = False) -> Json:
        shaped = whole(record)
        around: dict[str, list[str]] = {}
        for other, record_id in self._account.links.around(
            (record.type.name, record.id)
        ):
            around.setdefault(other, []).append(record_id)
        shaped["associations"] = around
        shaped["mergedInto"] = record.merged_into
        if not brief:
            shaped["history"] = {
                name: [one.shape() for one in versions]
                for name, versions in record.history.items()
            }
        return shaped

    def _record(self, raw: Json) -> Record:
        kind = acts.kind_of(self._account, raw.get("object"))
        return acts.record_of(self._account, kind, raw.get("id"))

    def _app(self, raw: Mapping[str, Any]) -> App:
        app = self._account.apps.get(int(raw.get("app_id") or DEFAULT_APP))
        if app is None:
            raise acts.Refused(f"no app {raw.get('app_id')} is installed")
        return app

    def _tokens(self, raw: Json) -> list[Token]:
        if not raw.get("token"):
            return list(self._account.tokens.values())
        token = self._account.tokens.get(str(raw["token"]))
        if token is None:
            raise acts.Refused("there is no such token")
        return [token]
