"""The control paths of a sandbox, as somebody beside it uses them."""

from typing import Any

import urllib3

Json = dict[str, Any]
_SECONDS = 60.0


class Remote:
    """Seeds, acts as people, breaks and inspects; see `adapters.sandbox.control`."""

    def __init__(self, url: str) -> None:
        """Use the sandbox at `url`."""
        self._url = url
        self._pool = urllib3.PoolManager(retries=False, timeout=_SECONDS)

    def post(self, path: str, /, **body: Any) -> Json:
        """Do something; raises ValueError with what the sandbox says against it."""
        return self._read(
            self._pool.request("POST", f"{self._url}/_sandbox/{path}", json=body)
        )

    def get(self, path: str, /, **query: str) -> Json:
        """Look at something; raises ValueError as `post` does."""
        return self._read(
            self._pool.request("GET", f"{self._url}/_sandbox/{path}", fields=query)
        )

    def close(self) -> None:
        """Close the connections that are kept."""
        self._pool.clear()

    @staticmethod
    def _read(answer: urllib3.BaseHTTPResponse) -> Json:
        found: Json = answer.json()
        if answer.status != 200:  # noqa: PLR2004
            raise ValueError(str(found.get("error", found)))
        return found
