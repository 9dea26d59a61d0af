"""The web application: deliveries, health and pages in one."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from connector.clock import Clock
from connector.config import Config
from connector.errors import StoreDown
from connector.log import get_logger
from connector.services.overview import Overview
from connector.services.receive import Receive
from connector.services.vitals import Vitals
from connector.web.access import Access
from connector.web.guide import WebhookOf
from connector.web.headers import secure
from connector.web.health import health
from connector.web.pages import Pages, to_error_page
from connector.web.receiver import receiver
from connector.web.telling import Nouns

_SIGNED_IN_FOR = timedelta(hours=12)
_LARGEST_FORM = 16 * 1024
_NOT_FOUND = 404
_BROKEN = 500
_UNAVAILABLE = 503
_RETRY_SECONDS = "5"

log = get_logger(__name__)


def create_app(
    *,
    receive: Receive,
    overview: Overview,
    vitals: Vitals,
    clock: Clock,
    config: Config,
    connect_command: str,
    webhook_of: WebhookOf,
    nouns_of: Callable[[str], Nouns],
) -> Flask:
    """Return the WSGI application. Nothing is connected or started yet.

    `connect_command` is shown to who has no account connected, `webhook_of` to who has.
    `nouns_of` gives what a vendor's users call kinds of records.
    """
    app = Flask(__name__)
    over_tls = config.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=config.secret_key,
        SESSION_COOKIE_NAME="slagboom",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=over_tls,
        PERMANENT_SESSION_LIFETIME=_SIGNED_IN_FOR,
        MAX_FORM_MEMORY_SIZE=_LARGEST_FORM,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.register_blueprint(receiver(receive, clock=clock, public_url=config.public_url))
    app.register_blueprint(health(vitals))
    access = Access(
        public_url=config.public_url,
        page_key=config.page_key,
        secret=config.secret_key,
    )
    page = Pages(
        overview,
        access=access,
        clock=clock,
        public_url=config.public_url,
        connect_command=connect_command,
        webhook_of=webhook_of,
        nouns_of=nouns_of,
    )
    app.register_blueprint(page.blueprint())

    @app.after_request
    def finish(response: Response) -> Response:
        return secure(response, over_tls=over_tls)

    _answer_errors(app, clock)
    return app


def _answer_errors(app: Flask, clock: Clock) -> None:
    """Answer people with a page and programs with a line, whatever goes wrong."""

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> Response | HTTPException:
        if error.code == _NOT_FOUND and _is_for_people():
            return to_error_page(clock, "not_found", _NOT_FOUND)
        return error

    @app.errorhandler(StoreDown)
    def wait(_error: StoreDown) -> Response:
        log.warning("page.failed", path=request.path, why="store_down")
        answer = to_error_page(clock, "store_down", _UNAVAILABLE)
        answer.headers["Retry-After"] = _RETRY_SECONDS
        return answer

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        log.error("request.failed", endpoint=request.endpoint, exc_info=error)
        if _is_for_people():
            return to_error_page(clock, "broken", _BROKEN)
        return Response("An error of ours; it is logged.\n", status=_BROKEN)


def _is_for_people() -> bool:
    return not request.path.startswith(("/webhooks/", "/static/"))
