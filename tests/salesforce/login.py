"""A login server of the tests' own, written from Salesforce's documentation."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

CLIENT_ID = "3MVG9invented"
CLIENT_SECRET = "D0ub1e"
ORGANIZATION = "00D000000000001EAA"
ROBOT = "005000000000002AAA"
USERNAME = "robot@acme.example"
REDIRECT = "https://slagboom.example.com/oauth/salesforce"

HANGING_UP = 0
"""For a status: the request is taken, and never answered."""

Form = dict[str, str]
Answer = tuple[int, dict[str, Any] | bytes]


@cache
def invented_key() -> RSAPrivateKey:
    """A private key; making one takes half a second."""
    return generate_private_key(65537, 2048)


class LoginServer:
    """Gives out tokens; `answers` come first, one for each request."""

    def __init__(self) -> None:
        self.url = ""
        self.forms: list[Form] = []
        self.answers: list[Answer] = []
        self.refresh = "5Aep-0"
        self.is_rotating = False
        self.challenges: dict[str, str] = {}
        self.key = invented_key()
        self.organization = ORGANIZATION
        self.valid: set[str] = set()
        self.before: Callable[[], object] = lambda: None
        self._lock = Lock()

    @property
    def pem(self) -> str:
        return self.key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode()

    def allow(self, url: str) -> str:
        """Be the admin who allows the app at this address; return the code."""
        query = dict(parse_qsl(urlsplit(url).query))
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["redirect_uri"] == REDIRECT
        assert query["scope"] == "api refresh_token"
        assert query["code_challenge_method"] == "S256"
        code = f"aPrx{len(self.challenges)}"
        self.challenges[code] = query["code_challenge"]
        return code

    def answer(self, form: Form) -> Answer:
        self.before()
        with self._lock:
            self.forms.append(form)
            if self.answers:
                return self.answers.pop(0)
            if form.get("client_id") != CLIENT_ID:
                return refused("invalid_client_id", "client identifier invalid")
            problem = self._problem(form)
            return problem or (200, self._token(form))

    def _problem(self, form: Form) -> Answer | None:
        match form.get("grant_type"):
            case "client_credentials":
                is_good = form.get("client_secret") == CLIENT_SECRET
                return None if is_good else refused("invalid_client", "invalid client")
            case "urn:ietf:params:oauth:grant-type:jwt-bearer":
                return self._check_assertion(form["assertion"])
            case "refresh_token":
                is_good = form["refresh_token"] == self.refresh
                return None if is_good else refused("invalid_grant", "expired token")
            case "authorization_code":
                return self._check_code(form)
            case _:
                return refused("unsupported_grant_type", "grant type not supported")

    def _check_code(self, form: Form) -> Answer | None:
        assert form["redirect_uri"] == REDIRECT
        made = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(made).rstrip(b"=").decode()
        # A code is good for once.
        is_good = self.challenges.pop(form["code"], "") == challenge
        return None if is_good else refused("invalid_grant", "invalid code verifier")

    def _check_assertion(self, assertion: str) -> Answer | None:
        head, claims, signature = assertion.split(".")
        # Raises InvalidSignature, and the test fails.
        self.key.public_key().verify(
            _decode(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256()
        )
        assert json.loads(_decode(head)) == {"alg": "RS256"}
        told = json.loads(_decode(claims))
        if told["aud"] != "https://login.salesforce.com":
            return refused("invalid_grant", "audience is invalid")
        if told["sub"] != USERNAME or told["iss"] != CLIENT_ID:
            return refused("invalid_grant", "user hasn't approved this consumer")
        return None

    def _token(self, form: Form) -> dict[str, Any]:
        access = f"{self.organization[:15]}!AQ{len(self.forms)}"
        self.valid = {access}
        answer = {
            "access_token": access,
            "signature": "c2ln",
            "scope": "api",
            "instance_url": self.url,
            "id": f"{self.url}/id/{self.organization}/{ROBOT}",
            "token_type": "Bearer",
            "issued_at": "1796126400000",
        }
        grant = form["grant_type"]
        if grant == "authorization_code":
            answer["refresh_token"] = self.refresh
        if grant == "refresh_token" and self.is_rotating:
            self.refresh = f"5Aep-{len(self.forms)}"
            answer["refresh_token"] = self.refresh
        return answer


def refused(error: str, description: str) -> Answer:
    return 400, {"error": error, "error_description": description}


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@contextmanager
def running() -> Iterator[LoginServer]:
    login = LoginServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/services/oauth2/token"
            status, body = login.answer(dict(parse_qsl(raw.decode())))
            if status == HANGING_UP:
                self.close_connection = True
                return
            sent = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{login.url}/services/oauth2/token")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    login.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield login
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
