"""All services of one process, with those that people ask for."""

from functools import cached_property
from typing import TYPE_CHECKING

from connector.bootstrap.running import Running

if TYPE_CHECKING:
    from connector.services.accounts import Accounts
    from connector.services.acknowledging import Acknowledging
    from connector.services.answers import Answers
    from connector.services.channels import Channels
    from connector.services.exemptions import Exemptions
    from connector.services.explaining import Explaining
    from connector.services.holds import Holds
    from connector.services.overview import Overview
    from connector.services.parking import Parking
    from connector.services.permits import Permits
    from connector.services.previewing import Previewing
    from connector.services.resealing import Resealing
    from connector.services.starting import Starters
    from connector.services.storms import Storms
    from connector.services.undoing import Undo

# Services are loaded when they are first used: a web process has no need of the
# judge's libraries, and a command starts in a fraction of a second.
# ruff: noqa: PLC0415


class Application(Running):
    """The services of one process. Safe to use from several threads."""

    @cached_property
    def accounts(self) -> "Accounts":
        """Connecting, probing and pausing accounts."""
        from connector.services.accounts import Accounts

        return Accounts(
            self.store,
            crm_for=self.crm_for,
            stream_for=self.stream_for,
            forget_refusals=self.forget_refusals,
            vault=self.vault,
            clock=self.clock,
        )

    @cached_property
    def starters(self) -> "Starters":
        """The policies to begin with."""
        from connector.services.starting import Starters

        return Starters(self.crm_for)

    @cached_property
    def explaining(self) -> "Explaining":
        """Saying what would happen to a record, and what it still needs."""
        from connector.services.explaining import Explaining

        return Explaining(
            self.store,
            crm_for=self.crm_for,
            policies=self.policies,
            clock=self.clock,
        )

    @cached_property
    def previewing(self) -> "Previewing":
        """Judging stored records by policies that are not in force."""
        from connector.services.previewing import Previewing

        return Previewing(self.store, crm_for=self.crm_for, clock=self.clock)

    @cached_property
    def answers(self) -> "Answers":
        """The texts that are answers, though they look like placeholders."""
        from connector.services.answers import Answers

        return Answers(self.store, self.policies, self.clock)

    @cached_property
    def exemptions(self) -> "Exemptions":
        """The permissions to deviate, as people handle them."""
        from connector.services.exemptions import Exemptions

        return Exemptions(self.store, self.policies, self.clock)

    @cached_property
    def acknowledging(self) -> "Acknowledging":
        """What people have seen of the follow-ups, as they say it."""
        from connector.services.acknowledging import Acknowledging

        return Acknowledging(self.store, self.policies, self.clock)

    @cached_property
    def parking(self) -> "Parking":
        """The records that are not followed up for a while, as people handle them."""
        from connector.services.parking import Parking

        return Parking(self.store, self.policies, self.clock)

    @cached_property
    def storms(self) -> "Storms":
        """The storms, and what people answer."""
        from connector.services.storms import Storms

        return Storms(
            self.store, self.policies, self.clock, page_url=self.config.public_url
        )

    @cached_property
    def permits(self) -> "Permits":
        """The announced deviations of many records."""
        from connector.services.permits import Permits

        return Permits(self.store, self.policies, self.clock)

    @cached_property
    def undo(self) -> "Undo":
        """Taking back what was done."""
        from connector.services.undoing import Undo

        return Undo(self.store, self.policies, self.clock)

    @cached_property
    def resealing(self) -> "Resealing":
        """Sealing secrets anew."""
        from connector.services.resealing import Resealing

        return Resealing(self.store, self.vault, self.clock)

    @cached_property
    def holds(self) -> "Holds":
        """The moves that wait, as people handle them."""
        from connector.services.holds import Holds

        return Holds(self.store, self.clock)

    @cached_property
    def channels(self) -> "Channels":
        """The ways to reach people, as the admin handles them."""
        from connector.services.channels import Channels

        return Channels(
            self.store,
            notifier_for=self.notifier_for,
            vault=self.vault,
            clock=self.clock,
        )

    @cached_property
    def overview(self) -> "Overview":
        """What the first page shows."""
        from connector.services.overview import Overview

        return Overview(
            self.store,
            policy_of=lambda tx, version: self.policies.version(tx, version).policy,
            queue=self.queue,
            clock=self.clock,
        )
