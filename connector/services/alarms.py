"""Alarms: what the admin is to know at once, sent to whom a policy names.

A notice stands on the page until somebody looks. Of those that mean that Slagboom does
not work on an account, the person is told to whom every ladder of its policies leads.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from adapters.ports import Message
from connector.clock import Clock
from connector.log import get_logger
from connector.services.directory import Directory
from connector.services.outside import EXHAUSTED, REFUSES
from connector.services.policies import Policies
from connector.store import Store, Transaction
from connector.store.notices import Notice
from connector.store.notifications import NewNotification, Purpose
from rules.wording import Alarm, MessageText, alarm_over, alarm_text

QUIET: Mapping[str, timedelta] = {
    REFUSES: timedelta(minutes=15),
    EXHAUSTED: timedelta(hours=12),
}
"""The codes of the notices that are sent, and for how long the same one is not again:
an account at its limit goes back and forth."""

_ALARMS: Mapping[str, Alarm] = {REFUSES: Alarm.REFUSED, EXHAUSTED: Alarm.EXHAUSTED}
_ZONE = "UTC"
_LOCALE = "en"

log = get_logger(__name__)


class Alarms:
    """Plans messages about notices. Several may work side by side."""

    def __init__(
        self, store: Store, policies: Policies, *, clock: Clock, public_url: str
    ) -> None:
        """Tell whom `policies` name; `public_url` is where they click."""
        self._store = store
        self._policies = policies
        self._clock = clock
        self._public_url = public_url

    def run(self) -> int:
        """Plan a message for every alarm that was not told, and one that it is over.

        Returns how many were planned. Each alarm is told in one transaction.
        """
        return self._store.run(self._tell) + self._store.run(self._take_back)

    def _tell(self, tx: Transaction) -> int:
        now = self._clock.now()
        told = 0
        for notice in tx.notices.take_untold(QUIET, now=now):
            messages = list(self._messages(tx, notice))
            told += tx.notifications.plan(
                [
                    NewNotification(one, Purpose.ADMIN, notice_id=notice.id)
                    for one in messages
                ],
                now=now,
            )
            log.info("alarm.raised", code=notice.code, told=len(messages))
        return told

    def _take_back(self, tx: Transaction) -> int:
        now = self._clock.now()
        taken = 0
        for notice in tx.notices.over():
            account = notice.connection or ""
            readers = dict(self._readers(tx, notice))
            settled: dict[int, Message] = {}
            for one in tx.notifications.alarming(notice.id):
                locale = readers.get(one.person, _LOCALE)
                text = alarm_over(account, locale=locale, zone=_ZONE)
                settled[one.id] = self._message(
                    one.key, one.person, text, notice, is_settled=True
                )
            tx.notifications.settle(settled, now=now)
            taken += len(settled)
        return taken

    def _messages(self, tx: Transaction, notice: Notice) -> Iterator[Message]:
        account = notice.connection or ""
        for email, locale in self._readers(tx, notice):
            text = alarm_text(
                _ALARMS[notice.code],
                account=account,
                reason=notice.message.removeprefix(f"{account}: "),
                locale=locale,
                zone=_ZONE,
            )
            key = f"alarm-{notice.id}-{notice.first_at.timestamp():.0f}-{email}"
            yield self._message(key, email, text, notice)

    def _message(
        self,
        key: str,
        to: str,
        text: MessageText,
        notice: Notice,
        *,
        is_settled: bool = False,
    ) -> Message:
        return Message(
            key=key,
            to=to,
            subject=text.subject,
            lines=text.lines,
            link=self._public_url,
            link_text=text.link_text,
            is_settled=is_settled,
            thread=f"alarm-{notice.id}",
        )

    def _readers(self, tx: Transaction, notice: Notice) -> Iterator[tuple[str, str]]:
        """Yield the address and language of everybody who is to know, once each."""
        if notice.connection_id is None:
            return
        directory = Directory(tx, notice.connection_id)
        told: set[str] = set()
        for active in self._policies.active(tx, notice.connection_id):
            address = active.policy.fallback or active.policy.sponsor
            known = None if address is None else directory.of_email(address)
            if known is not None and known.is_active and known.email not in told:
                told.add(known.email)
                yield known.email, known.locale or active.policy.locale
