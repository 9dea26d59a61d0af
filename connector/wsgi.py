"""The web process: `python -m connector.wsgi [--bind HOST:PORT]`."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import Flask

from connector.bootstrap import Application, build, find_crm
from connector.config import Config
from connector.errors import ConfigError, Ending
from connector.log import set_up
from connector.metrics import Counter
from connector.services.vitals import Vitals
from connector.vendors import CRMS
from connector.web.afterwards import Afterwards
from connector.web.app import create_app
from connector.web.serving import serve

_REASONS: Mapping[int, str] = {413: "too_large", 431: "malformed", 400: "malformed"}


@dataclass(frozen=True, slots=True)
class Web:
    """A web process that is made and not started."""

    app: Flask
    afterwards: Afterwards
    config: Config

    def count_refusal(self, status: int) -> None:
        """Count a request that the server refused before the application saw it."""
        self.afterwards.count(
            Counter.DELIVERIES, vendor="none", answer=_REASONS.get(status, "malformed")
        )


def load(environ: Mapping[str, str]) -> Web:
    """Return the web process that `environ` asks for; raises ConfigError.

    Nothing is connected yet, so that it starts while its servers are still away.
    """
    config = Config.load(environ)
    set_up(config.log_format)
    return assemble(build(config, config.urls()))


def assemble(application: Application) -> Web:
    """Return a web process on these services."""
    config = application.config
    afterwards = Afterwards(application.queue, application.metrics)
    app = create_app(
        receive=application.receive(afterwards),
        overview=application.overview,
        vitals=Vitals(
            application.store,
            queue=application.queue,
            metrics=application.metrics,
            clock=application.clock,
        ),
        clock=application.clock,
        config=config,
        connect_command="\n".join(one.example for one in CRMS.values()),
        webhook_of=lambda vendor, name: find_crm(vendor).webhook(
            config.public_url, name
        ),
        nouns_of=lambda vendor: find_crm(vendor).nouns(),
    )
    return Web(app, afterwards, config)


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code.

    0: stopped when asked to; 2: wrong use or configuration; 3: the address is taken.
    """
    parser = argparse.ArgumentParser(prog="python -m connector.wsgi")
    parser.add_argument(
        "--bind",
        type=_to_address,
        metavar="HOST:PORT",
        help="where to listen; without it on every address if PORT is set, else on"
        " this machine only",
    )
    bind = parser.parse_args(arguments).bind
    try:
        web = load(os.environ)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return Ending.WRONG_USE
    host, port = bind or (
        "0.0.0.0" if os.environ.get("PORT") else "127.0.0.1",  # noqa: S104
        web.config.port,
    )
    try:
        serve(
            web.app,
            host=host,
            port=port,
            on_refusal=web.count_refusal,
            at_end=web.afterwards.drain,
        )
    except OSError as error:
        sys.stderr.write(
            f"The web process cannot listen on {host}:{port}"
            f" ({os.strerror(error.errno or 0).lower()}). Stop what uses it, or choose"
            " another one with PORT or --bind.\n"
        )
        return Ending.OUTSIDE
    return 0


def __getattr__(name: str) -> Callable[..., object]:
    """Make `app` when another WSGI server asks for `connector.wsgi:app`."""
    if name != "app":
        raise AttributeError(name)
    return load(os.environ).app


def _to_address(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
