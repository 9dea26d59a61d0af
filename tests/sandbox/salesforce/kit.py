import json
from typing import Any

import urllib3
from urllib3.response import BaseHTTPResponse

from adapters.sandbox import Sandbox
from tests.sandbox.kit import Control

Json = dict[str, Any]
DATA = "/services/data/v68.0"


class Api:
    """An org's REST API, as a program without a library asks it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.salesforce_url
        self.token = sandbox.salesforce_token
        self._pool = urllib3.PoolManager()

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: dict[str, str] | None = None,
        *,
        redirect: bool = True,
        **headers: str,
    ) -> BaseHTTPResponse:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        full = path if path.startswith("/services") else DATA + path
        return self._pool.request(
            method,
            self.url + full,
            body=None if body is None else json.dumps(body),
            fields=query,
            headers=headers,
            retries=False,
            redirect=redirect,
        )

    def get(self, path: str, /, **query: str) -> Any:
        answer = self.ask("GET", path, query=query)
        assert answer.status == 200, answer.data
        return answer.json()

    def query(self, soql: str, *values: str) -> list[Json]:
        """Return rows; each ? stands for one of the values."""
        for value in values:
            soql = soql.replace("?", f"'{value}'", 1)
        return self.get("/query", q=soql)["records"]

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Return the status and the code of a request that must be refused."""
        answer = self.ask(method, path, body)
        assert answer.status >= 400, answer.data
        return answer.status, answer.json()[0]["errorCode"]

    def query_refused(self, soql: str) -> str:
        answer = self.ask("GET", "/query", query={"q": soql})
        assert answer.status == 400, answer.data
        return answer.json()[0]["errorCode"]

    def form(self, path: str, /, **fields: str) -> tuple[int, Json]:
        answer = self._pool.request(
            "POST", self.url + path, fields=fields, encode_multipart=False
        )
        return answer.status, answer.json() if answer.data else {}

    def close(self) -> None:
        self._pool.clear()


def seed_deal(control: Control, /, **fields: Any) -> str:
    """Have an opportunity in the org that nobody is told of; return its id."""
    one = {
        "key": "one",
        "at": "-3d",
        "fields": {"Name": "Acme", "StageName": "Qualification", **fields},
    }
    return str(control.post("salesforce/seed", records=[one])["ids"]["one"])
