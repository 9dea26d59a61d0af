"""Tokens that expire: one sign-in for all processes, and an end to it when refused.

A token lives in the process that uses it, and in Redis for the others. There it is
sealed with a key made from the credential that got it: Redis writes to disk and may be
another's, while whoever holds the credential could get a token anyway. So no key has to
be handed down here, and a changed credential leaves no token behind that can be read.
Nothing durable is in Redis: emptied, it costs one sign-in.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Protocol, TypeVar

from cryptography.fernet import Fernet, InvalidToken
from redis.exceptions import RedisError

from adapters.errors import Transient, Unauthorized

if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")

KEPT = timedelta(hours=12)
"""A token that died meanwhile costs one refused request."""
STOPPED = timedelta(minutes=5)
"""For so long nobody signs in after a refusal: vendors lock out who keeps trying."""
_SIGN_IN_S = 60.0
_RENEWALS = 2


@dataclass(frozen=True, slots=True)
class Token:
    """What opens an account, and where its API is.

    `account` and `user` are the vendor's ids of what was signed in to, and as whom.
    """

    access: str = field(repr=False)
    api_url: str
    account: str = ""
    user: str = ""


class Grant(Protocol):
    """One way to get a token, good for any number of times."""

    def secret(self) -> str:
        """Return what proves who we are."""
        ...

    def sign_in(self) -> Token:
        """Return a new token, or raise Unauthorized, Permanent or Transient."""
        ...


class TokenKeeper:
    """The token of one connection. Safe to use from several threads and processes."""

    def __init__(self, grant: Grant, *, redis: "Redis", name: str) -> None:
        """Get tokens by `grant`; `name` tells the connection from others in Redis."""
        self._grant = grant
        self._redis = redis
        self._kept, self._lock_name, self._stopped = (
            f"oauth:{name}:{part}" for part in ("token", "lock", "stopped")
        )
        self._held: Token | None = None
        self._lock = Lock()

    def token(self) -> Token:
        """Return the token in use, signing in if there is none.

        Raises Unauthorized, also for a while after a refusal; Permanent; Transient.
        """
        held = self._held
        return held if held is not None else self._renew(None)[0]

    def use(self, send: Callable[[Token], T]) -> T:
        """Send with the token, and once more with a new one if it was refused.

        `send` raises Unauthorized for a refused token; it is called again whole, with
        all that the first call carried. Raises what it raises; Unauthorized if a new
        token is refused as well: then nobody signs in for a while.
        """
        token = self.token()
        for _ in range(_RENEWALS):
            try:
                return send(token)
            except Unauthorized:
                token, is_new = self._renew(token)
            if is_new:
                break
            # One that another process left may have died since.
        try:
            return send(token)
        except Unauthorized as error:
            stop = Unauthorized(
                f"A token was refused that had just been given out. {error}",
                code=error.code,
            )
            self._stop(stop)
            raise stop from error

    def forget(self) -> None:
        """Sign in at the next use, whatever was refused: a person asks for it."""
        with self._lock:
            self._held = None
            with suppress(RedisError, OSError):
                self._redis.delete(self._kept, self._stopped)

    def _renew(self, refused: Token | None) -> tuple[Token, bool]:
        """Return a token other than the refused one, and whether it is brand new."""
        with self._lock:
            if self._held is not None and self._held != refused:
                return self._held, False
            with self._alone():
                found = self._find()
                if found is not None and found != refused:
                    self._held = found
                    return found, False
                self._check_not_stopped()
                try:
                    made = self._grant.sign_in()
                except Unauthorized as error:
                    self._stop(error)
                    raise
                self._keep(made)
                self._held = made
                return made, True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the other processes from signing in meanwhile.

        Without Redis each signs in for itself, which costs sign-ins and nothing else.
        """
        lock = self._redis.lock(
            self._lock_name, timeout=_SIGN_IN_S, blocking_timeout=_SIGN_IN_S
        )
        is_shared = True
        try:
            is_ours = lock.acquire()
        except (RedisError, OSError):
            is_shared = is_ours = False
        if is_shared and not is_ours:
            raise Transient(
                "Another process has been signing in for long. Slagboom tries again.",
                code="SIGNING_IN",
            )
        try:
            yield
        finally:
            if is_ours:
                # One that took too long is the next one's already.
                with suppress(RedisError, OSError):
                    lock.release()

    def _find(self) -> Token | None:
        try:
            sealed = self._redis.get(self._kept)
        except (RedisError, OSError):
            return None
        if not isinstance(sealed, bytes | str):
            return None
        try:
            return Token(**json.loads(self._fernet().decrypt(sealed)))
        except (InvalidToken, ValueError, TypeError):
            return None

    def _keep(self, token: Token) -> None:
        sealed = self._fernet().encrypt(json.dumps(asdict(token)).encode())
        with suppress(RedisError, OSError):
            self._redis.set(self._kept, sealed, ex=KEPT)

    def _stop(self, error: Unauthorized) -> None:
        """Have every process tell this refusal, until it is time to try again."""
        self._held = None
        told = {"by": self._fingerprint(), "message": str(error), "code": error.code}
        with suppress(RedisError, OSError):
            self._redis.set(self._stopped, json.dumps(told), ex=STOPPED)
            self._redis.delete(self._kept)

    def _check_not_stopped(self) -> None:
        try:
            raw = self._redis.get(self._stopped)
        except (RedisError, OSError):
            return
        if not isinstance(raw, bytes | str):
            return
        try:
            told = json.loads(raw)
            by, message, code = told["by"], told["message"], told["code"]
        except (ValueError, TypeError, KeyError):
            return
        # Another credential has not been refused yet.
        if by == self._fingerprint():
            raise Unauthorized(message, code=code)

    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._digest(b"slagboom.token")))

    def _fingerprint(self) -> str:
        return self._digest(b"slagboom.finger").hex()

    def _digest(self, purpose: bytes) -> bytes:
        secret = self._grant.secret().encode()
        return hashlib.blake2b(secret, digest_size=32, person=purpose).digest()
