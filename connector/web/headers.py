"""HTTP headers: those that come in, by any spelling, and those that go out."""

from collections.abc import Iterator, Mapping

from flask import Response

SECURITY = {
    # Nothing from elsewhere, nothing inline, in no frame, and forms only to ourselves.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_A_YEAR = "max-age=31536000"


class Headers(Mapping[str, str]):
    """Request headers, found by their name in any case."""

    def __init__(self, environ: Mapping[str, object]) -> None:
        """Take them from a WSGI environment."""
        self._values = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in {"CONTENT_TYPE", "CONTENT_LENGTH"}
        }

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def secure(response: Response, *, over_tls: bool) -> Response:
    """Add the security headers; `over_tls` says whether people come by https."""
    for name, value in SECURITY.items():
        response.headers.setdefault(name, value)
    if over_tls:
        response.headers.setdefault("Strict-Transport-Security", _A_YEAR)
    # Pages show customers' names; nothing between here and the reader may keep them.
    response.headers.setdefault("Cache-Control", "no-store")
    return response
