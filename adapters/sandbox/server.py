"""Starting and stopping the whole sandbox."""

from dataclasses import dataclass

from adapters.sandbox.control import Control, register_shared
from adapters.sandbox.engine import Engine
from adapters.sandbox.httpd import Server
from adapters.sandbox.hubspot import web as hubspot_web
from adapters.sandbox.hubspot.account import DEFAULT_TOKEN, Account
from adapters.sandbox.hubspot.control import HubSpotControl
from adapters.sandbox.mail.control import MailControl
from adapters.sandbox.mail.sink import Sink
from adapters.sandbox.salesforce import web as salesforce_web
from adapters.sandbox.salesforce.control import SalesforceControl
from adapters.sandbox.salesforce.control_outbound import OutboundControl
from adapters.sandbox.salesforce.control_pubsub import PubSubControl
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.outbound import OutboundMessages
from adapters.sandbox.salesforce.pubsub import PubSub
from adapters.sandbox.salesforce.sessions import DEFAULT_TOKEN as SALESFORCE_TOKEN
from adapters.sandbox.slack import web as slack_web
from adapters.sandbox.slack.control import SlackControl
from adapters.sandbox.slack.workspace import DEFAULT_TOKEN as SLACK_TOKEN
from adapters.sandbox.slack.workspace import Workspace
from adapters.sandbox.web import create_app


@dataclass(slots=True)
class Sandbox:
    """A running sandbox. `stop` ends its threads and closes its ports."""

    engine: Engine
    hubspot: Account
    salesforce: Org
    outbound: OutboundMessages
    pubsub: PubSub
    slack: Workspace
    mail: Sink
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

    @property
    def salesforce_url(self) -> str:
        """Return what stands for an org's https://<name>.my.salesforce.com."""
        return self.url

    @property
    def salesforce_token(self) -> str:
        """Return the access token that a fresh sandbox accepts."""
        return SALESFORCE_TOKEN

    @property
    def pubsub_url(self) -> str:
        """Return what stands for https://api.pubsub.salesforce.com:7443."""
        return self.pubsub.url

    @property
    def slack_url(self) -> str:
        """Return what stands for https://slack.com/api/."""
        return f"{self.url}/api/"

    @property
    def slack_token(self) -> str:
        """Return the bot token that a fresh sandbox accepts."""
        return SLACK_TOKEN

    @property
    def smtp_port(self) -> int:
        """Return the port of the mail server, on the same host."""
        return self.mail.port

    def stop(self) -> None:
        """Stop serving and sending."""
        self.hubspot.stop()
        self.outbound.stop()
        self.pubsub.stop()
        self.server.stop()
        self.mail.stop()


def start(host: str = "127.0.0.1", port: int = 0, smtp_port: int = 0) -> Sandbox:
    """Start a sandbox in threads of this process; port 0 takes a free one."""
    engine = Engine()
    hubspot = Account(clock=engine.clock, users=engine.users)
    salesforce = Org(clock=engine.clock, users=engine.users)
    outbound = OutboundMessages(salesforce, engine.lock)
    pubsub = PubSub(salesforce, engine.lock, host)
    control = Control(engine)
    slack = Workspace(engine.clock, engine.users)
    mail = Sink(engine.clock, host, smtp_port)
    HubSpotControl(hubspot).register(control)
    SalesforceControl(salesforce).register(control)
    OutboundControl(outbound).register(control)
    PubSubControl(pubsub).register(control)
    SlackControl(slack, engine.clock).register(control)
    MailControl(mail).register(control)

    def reset() -> None:
        # Its threads may wait for the lock, so they are ended without it.
        outbound.reset()
        with engine.lock:
            engine.reset()
            hubspot.reset()
            salesforce.reset()
            pubsub.reset()
            slack.reset()
        mail.reset()

    register_shared(control, engine, reset=reset)
    app = create_app(
        engine,
        [
            hubspot_web.blueprint(hubspot, engine.lock),
            salesforce_web.blueprint(salesforce, engine.lock),
            slack_web.blueprint(slack, engine.lock),
            control.blueprint,
        ],
        {
            "hubspot": hubspot_web.refusal,
            "salesforce": salesforce_web.refusal,
            "slack": slack_web.refusal,
        },
    )
    server = Server(host, port, app.wsgi_app)
    mail.start()
    server.start()
    return Sandbox(
        engine=engine,
        hubspot=hubspot,
        salesforce=salesforce,
        outbound=outbound,
        pubsub=pubsub,
        slack=slack,
        mail=mail,
        server=server,
        host=host,
    )
