"""What a command works with: the services, on servers that run for as long."""

import getpass
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from connector.bootstrap import Application, build
from connector.config import Config
from connector.embedded import borrow
from connector.log import set_up
from connector.store.migrate import migrate


@contextmanager
def opened(*, level: int = logging.WARNING) -> Iterator[Application]:
    """Give the services of this installation, whether it runs or not.

    Lines below `level` are not logged. Raises ConfigError, EmbeddedError and StoreDown.
    """
    config = Config.load(os.environ)
    set_up(config.log_format, level=level)
    with borrow(config) as urls:
        migrate(urls.database_url)
        application = build(config, urls)
        try:
            yield application
        finally:
            application.store.close()


def find_author() -> str:
    """Return who types this command, for the audit."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
