"""Settings: read once from the environment, checked, and frozen."""

from connector.config.addresses import LOOPBACK, SECRET_PLACE, is_loopback
from connector.config.keys import KEYS_FILE
from connector.config.settings import Config, LogFormat, Urls

__all__ = [
    "KEYS_FILE",
    "LOOPBACK",
    "SECRET_PLACE",
    "Config",
    "LogFormat",
    "Urls",
    "is_loopback",
]
