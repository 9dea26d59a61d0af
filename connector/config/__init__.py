"""Settings: read once from the environment, checked, and frozen."""

from connector.config.keys import KEYS_FILE
from connector.config.settings import Config, LogFormat, Urls

__all__ = ["KEYS_FILE", "Config", "LogFormat", "Urls"]
