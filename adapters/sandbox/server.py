"""Starting and stopping the whole sandbox."""

from dataclasses import dataclass

from adapters.sandbox.control import Control, register_shared
from adapters.sandbox.engine import Engine
from adapters.sandbox.httpd import Server
from adapters.sandbox.hubspot import web as hubspot_web
from adapters.sandbox.hubspot.account import DEFAULT_TOKEN, Account
from adapters.sandbox.hubspot.control import HubSpotControl
from adapters.sandbox.web import create_app


@dataclass(slots=True)
class Sandbox:
    """A running sandbox. `stop` ends its threads and closes its ports."""

    engine: Engine
    hubspot: Account
    server: Server
    host: str

    @property
    def url(self) -> str:
        """Return the address of everything that speaks HTTP."""
        return f"http://{self.host}:{self.server.port}"

    @property
    def hubspot_url(self) -> str:
        """Return what stands for https://api.hubapi.com."""
        return self.url

    @property
    def hubspot_token(self) -> str:
        """Return the access token that a fresh sandbox accepts."""
        return DEFAULT_TOKEN

    def stop(self) -> None:
        """Stop serving and sending."""
        self.hubspot.stop()
        self.server.stop()


def start(host: str = "127.0.0.1", port: int = 0) -> Sandbox:
    """Start a sandbox in threads of this process; port 0 takes a free one."""
    engine = Engine()
    hubspot = Account(clock=engine.clock, users=engine.users)
    control = Control(engine)
    HubSpotControl(hubspot).register(control)

    def reset() -> None:
        with engine.lock:
            engine.reset()
            hubspot.reset()

    register_shared(control, engine, reset=reset)
    app = create_app(
        engine, [hubspot_web.blueprint(hubspot, engine.lock), control.blueprint]
    )
    server = Server(host, port, app.wsgi_app)
    server.start()
    return Sandbox(engine=engine, hubspot=hubspot, server=server, host=host)
