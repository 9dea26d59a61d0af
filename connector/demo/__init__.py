"""The demo: a company that works carelessly, and what Slagboom does about it."""

from connector.demo.play import play

__all__ = ["play"]
