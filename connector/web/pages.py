"""The pages for people: the first page, its living parts, and the way in."""

from collections.abc import Callable

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
)
from werkzeug.wrappers import Response as BaseResponse

from connector.clock import Clock
from connector.services.overview import Overview
from connector.store.health import has_failed
from connector.store.setup import Account
from connector.web.access import Access, Decision, Throttle
from connector.web.guide import WebhookOf, to_entry, to_sentence
from connector.web.reader import Reader, to_code, to_language
from connector.web.telling import Nouns, to_line
from connector.web.words import LANGUAGES

_SEE_OTHER = 303
_FORBIDDEN = 403
_UNAUTHORIZED = 401
_MISDIRECTED = 421
_TOO_MANY = 429


class Pages:
    """The addresses that people open."""

    def __init__(
        self,
        overview: Overview,
        *,
        access: Access,
        clock: Clock,
        public_url: str,
        connect_command: str,
        webhook_of: WebhookOf,
        nouns_of: Callable[[str], Nouns],
    ) -> None:
        """Show `overview` to whom `access` lets in."""
        self._overview = overview
        self._access = access
        self._clock = clock
        self._public_url = public_url
        self._connect_command = connect_command
        self._webhook_of = webhook_of
        self._nouns_of = nouns_of
        self._throttle = Throttle()

    def blueprint(self) -> Blueprint:
        """Return the addresses, guarded."""
        blueprint = Blueprint("pages", __name__)
        blueprint.add_app_template_filter(to_code, "code")
        blueprint.add_app_template_filter(to_badge, "badge")
        blueprint.before_request(self.guard)
        blueprint.get("/")(self.first)
        blueprint.get("/live")(self.live)
        blueprint.get("/sign-in")(self.ask_for_key)
        blueprint.post("/sign-in")(self.sign_in)
        blueprint.post("/sign-out")(self.sign_out)
        blueprint.get("/oauth/<vendor>")(self.back_from_vendor)
        return blueprint

    def guard(self) -> Response | None:
        """Stop a request that may not go on."""
        reader = to_reader(self._clock)
        match self._access.decide(request.environ, session):
            case Decision.WRONG_HOST:
                detail = reader.say("wrong_host_why", url=self._public_url)
                return _message(reader, "wrong_host", _MISDIRECTED, detail=detail)
            case Decision.CLOSED:
                return _message(reader, "closed", _FORBIDDEN)
            case Decision.NEEDS_KEY if request.path != "/sign-in":
                return _sign_in(reader, _UNAUTHORIZED)
            case _:
                return None

    def first(self) -> Response:
        """Return the first page."""
        return self._show("first.html")

    def live(self) -> Response:
        """Return the living parts of the first page, for its script."""
        return self._show("_live.html")

    def ask_for_key(self) -> Response:
        """Return the form."""
        return _sign_in(to_reader(self._clock), 200)

    def sign_in(self) -> BaseResponse:
        """Let in whoever has the key."""
        reader = to_reader(self._clock)
        address = request.remote_addr or ""
        if not self._access.is_own_form(request.environ):
            return _sign_in(reader, _FORBIDDEN)
        if self._throttle.is_closed(address, reader.now):
            return _sign_in(reader, _TOO_MANY, fault="too_many")
        if not self._access.is_key(request.form.get("key", "")):
            self._throttle.note(address, reader.now)
            return _sign_in(reader, _FORBIDDEN, fault="key_wrong")
        self._access.let_in(session)
        session.permanent = True
        return redirect(_home(), _SEE_OTHER)

    def sign_out(self) -> BaseResponse:
        """Forget that the key was given."""
        if self._access.is_own_form(request.environ):
            session.clear()
        return redirect(_home(), _SEE_OTHER)

    def back_from_vendor(self, vendor: str) -> Response:  # noqa: ARG002
        """Return what to do with an address that a sign-in at a vendor ended at."""
        return _message(to_reader(self._clock), "signed_in", 200)

    def _show(self, template: str) -> Response:
        reader = to_reader(self._clock)
        snapshot = self._overview.look()
        nouns = {one.name: self._nouns_of(one.vendor) for one in snapshot.accounts}
        return _page(
            reader,
            template,
            snapshot=snapshot,
            lines=[
                to_line(event, reader, nouns.get(event.connection, {}))
                for event in snapshot.events
            ],
            entries=[
                to_entry(
                    step,
                    reader,
                    public_url=self._public_url,
                    connect_command=self._connect_command,
                    webhook_of=self._webhook_of,
                )
                for step in snapshot.steps
            ],
            problems=[(one, to_sentence(one, reader)) for one in snapshot.problems],
            has_signed_in=bool(session),
        )


def to_reader(clock: Clock) -> Reader:
    """Return who reads the answer to the present request."""
    return Reader(to_language(request), clock.now())


def to_error_page(clock: Clock, title: str, status: int) -> Response:
    """Return a page that says what is wrong and what to do about it."""
    return _message(to_reader(clock), title, status)


def to_badge(account: Account) -> str:
    """Return the state of an account as one word of the catalogue."""
    if account.paused_at is not None:
        return "paused"
    if account.probed_at is None:
        return "untested"
    return "failing" if has_failed(account.probe) else "working"


def _home() -> str:
    asked = request.args.get("lang", "")
    return f"/?lang={asked}" if asked in LANGUAGES else "/"


def _message(reader: Reader, title: str, status: int, *, detail: str = "") -> Response:
    return _page(
        reader,
        "message.html",
        status=status,
        title=reader.say(title),
        detail=detail or reader.tell(f"{title}_why"),
    )


def _sign_in(reader: Reader, status: int, *, fault: str = "") -> Response:
    return _page(
        reader,
        "sign_in.html",
        status=status,
        fault=reader.say(fault) if fault else "",
    )


def _page(
    reader: Reader, template: str, *, status: int = 200, **context: object
) -> Response:
    html = render_template(
        template,
        reader=reader,
        say=reader.say,
        languages=LANGUAGES,
        lang_query=f"?lang={reader.language}" if request.args.get("lang") else "",
        **context,
    )
    answer = make_response(html, status)
    answer.headers["Content-Language"] = reader.language
    answer.vary.update({"Accept-Language", "Cookie"})
    return current_app.make_response(answer)
