"""External client apps, the sessions they open and their refresh tokens."""

from dataclasses import dataclass, field

DEFAULT_CLIENT = "sandbox-consumer-key"
DEFAULT_SECRET = "sandbox-consumer-secret"  # noqa: S105 - opens the sandbox only
DEFAULT_TOKEN = "00DQy0000000001!sandbox-session"  # noqa: S105 - opens the sandbox only
DEFAULT_REFRESH = "sandbox-refresh-token"


@dataclass(slots=True)
class ClientApp:
    """An external client app. `run_as` is a username; `public_key` is PEM for JWT.

    `flows` are the grants it may use: client_credentials, jwt, web_server,
    refresh_token. With `rotates` a refresh token is good for once.
    """

    client_id: str
    name: str
    secret: str
    run_as: str
    public_key: str = ""
    flows: set[str] = field(
        default_factory=lambda: {
            "client_credentials",
            "jwt",
            "web_server",
            "refresh_token",
        }
    )
    rotates: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """What a person allowed: good for one refresh token. `challenge` is S256."""

    client_id: str
    user_id: str
    redirect_uri: str
    challenge: str


@dataclass(slots=True)
class Session:
    """An access token in use. `expires_at` is epoch ms, None for never."""

    token: str
    user_id: str
    client_id: str
    expires_at: int | None = None
    refresh_token: str = ""
