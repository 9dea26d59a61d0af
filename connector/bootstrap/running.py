"""The services that run by themselves: receiving, looking, following up, telling."""

from functools import cached_property
from typing import TYPE_CHECKING

from connector.bootstrap.foundation import Foundation

if TYPE_CHECKING:
    from connector.services.alarms import Alarms
    from connector.services.daily import Daily
    from connector.services.digests import Digests
    from connector.services.enforce import Enforce
    from connector.services.follow_up import FollowUps
    from connector.services.hear import Hear
    from connector.services.listen import Listen
    from connector.services.notify import Notify
    from connector.services.publishing import Publishing
    from connector.services.receive import Afterwards, Receive
    from connector.services.reconcile import Reconcile

# Services are loaded when they are first used: a web process has no need of the
# judge's libraries, and a command starts in a fraction of a second.
# ruff: noqa: PLC0415


class Running(Foundation):
    """What web, workers, clock and listeners do."""

    @cached_property
    def hear(self) -> "Hear":
        """Storing what the accounts tell."""
        from connector.services.hear import Hear

        return Hear(self.store, self.source_for, self.clock, self.metrics)

    @cached_property
    def listen(self) -> "Listen":
        """Hearing of changes as they happen."""
        from connector.services.listen import Listen

        return Listen(
            self.store,
            stream_for=self.stream_for,
            hear=self.hear,
            hint=self.queue.hint,
            clock=self.clock,
            metrics=self.metrics,
            lease=self.config.lease,
        )

    @cached_property
    def enforce(self) -> "Enforce":
        """Looking at records that may have changed."""
        from connector.services.enforce import Enforce

        return Enforce(
            self.store,
            crm_for=self.crm_for,
            hear=self.hear,
            policies=self.policies,
            people=self.people,
            clock=self.clock,
            metrics=self.metrics,
            lease=self.config.lease,
            page_url=self.config.public_url,
        )

    @cached_property
    def follow_ups(self) -> "FollowUps":
        """Taking what is due on the clocks."""
        from connector.services.follow_up import FollowUps

        return FollowUps(
            self.store,
            crm_for=self.crm_for,
            policies=self.policies,
            people=self.people,
            clock=self.clock,
            metrics=self.metrics,
            lease=self.config.lease,
        )

    @cached_property
    def daily(self) -> "Daily":
        """Looking once a day for what time has made false."""
        from connector.services.daily import Daily

        return Daily(self.store, self.policies, self.clock)

    @cached_property
    def reconcile(self) -> "Reconcile":
        """Importing and sweeping accounts."""
        from connector.services.reconcile import Reconcile

        return Reconcile(
            self.store,
            crm_for=self.crm_for,
            policies=self.policies,
            people=self.people,
            clock=self.clock,
            metrics=self.metrics,
        )

    @cached_property
    def publishing(self) -> "Publishing":
        """What becomes of policies after their publication."""
        from connector.services.publishing import Publishing

        return Publishing(
            self.store,
            policies=self.policies,
            reconcile=self.reconcile,
            clock=self.clock,
        )

    @cached_property
    def digests(self) -> "Digests":
        """What tells people together what is beyond their messages of a day."""
        from connector.services.digests import Digests

        return Digests(
            self.store, policies=self.policies, people=self.people, clock=self.clock
        )

    @cached_property
    def notify(self) -> "Notify":
        """Sending the messages that are due."""
        from connector.services.notify import Notify

        return Notify(
            self.store,
            notifier_for=self.notifier_for,
            clock=self.clock,
            metrics=self.metrics,
            lease=self.config.lease,
        )

    @cached_property
    def alarms(self) -> "Alarms":
        """Telling the admin that an account cannot be worked with."""
        from connector.services.alarms import Alarms

        return Alarms(
            self.store,
            self.policies,
            clock=self.clock,
            public_url=self.config.public_url,
        )

    def receive(self, afterwards: "Afterwards") -> "Receive":
        """Return what takes deliveries in."""
        from connector.services.receive import Receive

        return Receive(
            self.store,
            source_for=self.source_for,
            afterwards=afterwards,
            clock=self.clock,
        )
