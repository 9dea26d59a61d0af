"""Ways to encrypt a connection to a mail server."""

from enum import StrEnum


class Tls(StrEnum):
    """How a connection is encrypted. Certificates are verified in every case."""

    OFFERED = "offered"
    REQUIRED = "required"
    IMPLICIT = "implicit"
