"""The wiring: every service of a process, made from its configuration."""

from connector.bootstrap.application import Application
from connector.bootstrap.foundation import find_crm
from connector.clock import Clock, SystemClock
from connector.config import Config, Urls

__all__ = ["Application", "build", "find_crm"]


def build(config: Config, urls: Urls, *, clock: Clock | None = None) -> Application:
    """Return the services of a process; nothing is loaded or connected yet."""
    return Application(config, urls, clock=clock or SystemClock())
