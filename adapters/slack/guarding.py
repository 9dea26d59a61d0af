"""Encrypted connections that lead into no private network."""

import socket
import ssl
from typing import Any

from adapters.errors import Permanent
from adapters.http import is_public


class GuardedContext(ssl.SSLContext):
    """Refuses to begin to encrypt where a connection ends in a private network.

    Slack's SDK takes no connections of ours, but it takes this. The peer's own address
    is looked at, after its name was resolved, and before anything is sent.
    """

    def wrap_socket(
        self, sock: socket.socket, *arguments: Any, **words: Any
    ) -> ssl.SSLSocket:
        """Encrypt, or raise Permanent."""
        if not is_public(str(sock.getpeername()[0])):
            sock.close()
            raise Permanent(
                "Slack's address leads into a private network; nothing was sent. Set"
                " SLAGBOOM_ALLOW_PRIVATE_ADDRESSES=1 if that is intended.",
                code="PRIVATE_ADDRESS",
            )
        return super().wrap_socket(sock, *arguments, **words)


def make_context(*, allow_private: bool) -> ssl.SSLContext:
    """Return what checks certificates as Python does unless told otherwise."""
    if allow_private:
        return ssl.create_default_context()
    context = GuardedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    return context
