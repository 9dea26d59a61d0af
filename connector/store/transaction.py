"""One transaction, and through it every table."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError

from connector.errors import Unstorable
from connector.store.acknowledgements import Acknowledgements
from connector.store.answers import Answers
from connector.store.audit import Audit
from connector.store.baselines import Baselines
from connector.store.changes import Changes
from connector.store.channels import Channels
from connector.store.clocks import Clocks
from connector.store.connections import Connections
from connector.store.daily import Daily
from connector.store.deliveries import Deliveries
from connector.store.digests import Digests
from connector.store.exemptions import Exemptions
from connector.store.feed import Feed
from connector.store.health import Health
from connector.store.holds import Holds
from connector.store.interventions import Interventions
from connector.store.judgements import Judgements
from connector.store.notices import Notices
from connector.store.notifications import Notifications
from connector.store.parks import Parks
from connector.store.people import People
from connector.store.permits import Permits
from connector.store.processes import Processes
from connector.store.records import Records
from connector.store.reversals import Reversals
from connector.store.setup import Setup
from connector.store.storms import Storms
from connector.store.streams import Streams
from connector.store.texts import Texts
from connector.store.violations import Violations

# PostgreSQL, appendix A: class 54, such as a key that is too long for its index.
_LIMITS = "54"


class Transaction:
    """What can be read and written between a begin and a commit."""

    def __init__(self, connection: Connection) -> None:
        """Work on `connection`, which has begun."""
        self._connection = connection

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Have what is stored in here stand or fall by itself.

        Raises Unstorable if the database cannot hold it: then nothing of it is stored,
        and the transaction goes on.
        """
        try:
            with self._connection.begin_nested():
                yield
        except (DBAPIError, UnicodeEncodeError) as error:
            if not is_unstorable(error):
                raise
            raise Unstorable from error

    @cached_property
    def connections(self) -> Connections:
        """The connected CRM accounts."""
        return Connections(self._connection)

    @cached_property
    def streams(self) -> Streams:
        """What the accounts tell as it happens, and how far we have listened."""
        return Streams(self._connection)

    @cached_property
    def deliveries(self) -> Deliveries:
        """What the CRMs sent, as it came."""
        return Deliveries(self._connection)

    @cached_property
    def changes(self) -> Changes:
        """The single hints out of the deliveries."""
        return Changes(self._connection)

    @cached_property
    def records(self) -> Records:
        """The records we follow, and when to look at them."""
        return Records(self._connection)

    @cached_property
    def baselines(self) -> Baselines:
        """What is known of the CRMs' records."""
        return Baselines(self._connection)

    @cached_property
    def processes(self) -> Processes:
        """The published policies, in versions."""
        return Processes(self._connection)

    @cached_property
    def answers(self) -> Answers:
        """The texts that are answers, though they look like placeholders."""
        return Answers(self._connection)

    @cached_property
    def texts(self) -> Texts:
        """How many records have the same answer."""
        return Texts(self._connection)

    @cached_property
    def daily(self) -> Daily:
        """The daily rounds of the processes."""
        return Daily(self._connection)

    @cached_property
    def judgements(self) -> Judgements:
        """What was judged, and how."""
        return Judgements(self._connection)

    @cached_property
    def violations(self) -> Violations:
        """The failed verdicts that stand."""
        return Violations(self._connection)

    @cached_property
    def interventions(self) -> Interventions:
        """What is done to records, planned first."""
        return Interventions(self._connection)

    @cached_property
    def holds(self) -> Holds:
        """The wanted moves that wait."""
        return Holds(self._connection)

    @cached_property
    def parks(self) -> Parks:
        """The records that are not followed up for a while."""
        return Parks(self._connection)

    @cached_property
    def exemptions(self) -> Exemptions:
        """The permissions to deviate."""
        return Exemptions(self._connection)

    @cached_property
    def storms(self) -> Storms:
        """The times at which too much was to be put back."""
        return Storms(self._connection)

    @cached_property
    def permits(self) -> Permits:
        """The announced deviations of many records."""
        return Permits(self._connection)

    @cached_property
    def reversals(self) -> Reversals:
        """What somebody asked to be put back or undone."""
        return Reversals(self._connection)

    @cached_property
    def clocks(self) -> Clocks:
        """The follow-ups that run."""
        return Clocks(self._connection)

    @cached_property
    def acknowledgements(self) -> Acknowledgements:
        """What people have seen of the follow-ups."""
        return Acknowledgements(self._connection)

    @cached_property
    def notifications(self) -> Notifications:
        """The messages to people, and the attempts to deliver them."""
        return Notifications(self._connection)

    @cached_property
    def digests(self) -> Digests:
        """The messages that are told together."""
        return Digests(self._connection)

    @cached_property
    def channels(self) -> Channels:
        """The ways to reach people."""
        return Channels(self._connection)

    @cached_property
    def people(self) -> People:
        """The people, and which CRM owners they are."""
        return People(self._connection)

    @cached_property
    def notices(self) -> Notices:
        """What the admin should know."""
        return Notices(self._connection)

    @cached_property
    def audit(self) -> Audit:
        """Who changed what in Slagboom, and why."""
        return Audit(self._connection)

    @cached_property
    def health(self) -> Health:
        """Figures about the queues and the database itself."""
        return Health(self._connection)

    @cached_property
    def feed(self) -> Feed:
        """What has been happening."""
        return Feed(self._connection)

    @cached_property
    def setup(self) -> Setup:
        """How far the set-up has come."""
        return Setup(self._connection)


def is_unstorable(error: BaseException) -> bool:
    """Return whether it is the values that the database has something against."""
    if isinstance(error, DBAPIError):
        sqlstate = getattr(error.orig, "sqlstate", None) or ""
        return isinstance(error, DataError) or sqlstate.startswith(_LIMITS)
    return isinstance(error, UnicodeEncodeError)
