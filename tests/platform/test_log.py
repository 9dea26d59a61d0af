"""Log lines: fields, one line each, nothing secret."""

import io
import json
import logging

import pytest

from connector.config import LogFormat
from connector.log import REDACTED, get_logger, set_up

pytestmark = pytest.mark.usefixtures("root_logger")


@pytest.fixture
def out():
    stream = io.StringIO()
    set_up(LogFormat.JSON, stream=stream)
    return stream


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_unit_of_work_is_one_line_with_its_ids(out):
    get_logger("test").info("step.sent", violation=7, ms=12)
    (line,) = lines(out)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "step.sent",
        "level": "info",
        "logger": "test",
        "violation": 7,
        "ms": 12,
    }


@pytest.mark.parametrize(
    "name",
    ["token", "access_token", "client_secret", "Authorization", "password", "apiKey"],
)
def test_a_field_named_like_a_secret_is_blanked(out, name):
    get_logger("test").info(
        "account.connected", **{name: "abc", "nested": {name: "abc"}}
    )
    (line,) = lines(out)
    assert line[name] == REDACTED
    assert line["nested"] == {name: REDACTED}


@pytest.mark.parametrize(
    "text",
    [
        "Bearer abc.def",
        "postgresql://me:abc.def@db/x",
        "pat-eu1-abc.def",
        "xoxb-123-abcdef",
        "https://slagboom.example.com/webhooks/salesforce/acme/abc.def",
    ],
)
def test_what_looks_like_a_secret_in_a_text_is_blanked(out, text):
    get_logger("test").info("request.failed", why=f"refused: {text}")
    get_logger("test").warning("refused: %s", text)
    ours, theirs = lines(out)
    assert "abc" not in json.dumps([ours, theirs])


def test_an_exception_is_in_the_same_line_without_its_secrets(out):
    error = LookupError("no Bearer abc.def")
    get_logger("test").error("job.failed", exc_info=error)
    (line,) = lines(out)
    assert "LookupError" in line["exception"]
    assert "abc" not in line["exception"]


def test_lines_of_libraries_come_in_the_same_form(out):
    logging.getLogger("some.library").warning("took %s", "long", extra={"ms": 5})
    (line,) = lines(out)
    assert (line["event"], line["logger"], line["ms"]) == (
        "took long",
        "some.library",
        5,
    )


def test_libraries_do_not_log_every_request(out):
    logging.getLogger("urllib3.connectionpool").info("GET /crm/v3/objects/deals/1")
    logging.getLogger("rq.worker").info("Job OK")
    assert lines(out) == []
