"""Log lines: one for each unit of work, with ids as fields and without secrets."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

from connector.config import LogFormat

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"secret|token|passw|authori[sz]ation|cookie|credential|signature|api.?key"
    r"|private.?key|session.?id|\bkeys?$|_url$",
    re.IGNORECASE,
)
# What looks like a secret inside a text, e.g. in an address or a header that a library
# quotes in its error.
_SECRET_TEXT = re.compile(
    r"(?P<keep>\bBearer\s+|://[^/\s:@]*:|/webhooks/[^/\s]+/[^/\s]+/)[^\s@'\",]+"
    r"|\b(?:pat-[a-z]{2}\d-|xox[abprs]-)[\w-]+"
    r"|\bgAAAAA[\w-]{20,}=*",
)
# Names that read like secrets but are not.
_HARMLESS = frozenset({"public_url", "key", "keys", "path_url"})
_MAX_TEXT = 2000


def get_logger(name: str) -> Any:
    """Return a logger: `log.info("step.sent", violation=..., ms=...)`.

    The event is a dotted name in the past tense, everything else is a field.
    """
    return structlog.get_logger(name)


def set_up(
    log_format: LogFormat, *, stream: TextIO | None = None, level: int = logging.INFO
) -> None:
    """Send all log lines, ours and the libraries', to `stream` (standard error).

    Call it once, when a process starts.
    """
    out = stream if stream is not None else sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.format_exc_info,
            redact,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                *shared,
                structlog.processors.format_exc_info,
                redact,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(log_format, out),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _quiet_libraries()


def redact(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    """Blank every field that is named like a secret, and what looks like one in texts.

    A structlog processor: `event` is the line's fields.
    """
    return {name: _clean(name, value) for name, value in event.items()}


def _clean(name: str, value: Any) -> Any:
    if name not in _HARMLESS and _SECRET_NAME.search(name) and value:
        return REDACTED
    if isinstance(value, str):
        return _SECRET_TEXT.sub(_blank, value)[
            : _MAX_TEXT if name != "exception" else None
        ]
    if isinstance(value, Mapping):
        return {key: _clean(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(name, item) for item in value]
    return value


def _blank(found: "re.Match[str]") -> str:
    return (found["keep"] or "") + REDACTED


def _renderer(log_format: LogFormat, out: TextIO) -> structlog.typing.Processor:
    if log_format is LogFormat.JSON:
        return structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    return structlog.dev.ConsoleRenderer(colors=out.isatty(), pad_event_to=0)


def _quiet_libraries() -> None:
    """Leave out the lines that libraries write for every request and every job.

    What they log of a request may hold a customer's text; our own line says the rest.
    """
    for name in (
        "urllib3",
        "rq.worker",
        "rq.job",
        "slack_sdk",
        "hubspot",
        "sqlalchemy",
        "mail.log",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)
