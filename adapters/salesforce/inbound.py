"""Outbound Messages and JSON pushes: whether one is ours, and what it says. Pure.

Salesforce signs neither. What speaks for a message is the secret in its address, and
the organisation it names; and it is no more than a hint: the record is read afresh
before anything is done, so that a forged one could at worst cause a read.
developer.salesforce.com/docs/atlas.en-us.api.meta/api/
sforce_api_om_outboundmessaging_security.htm
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from adapters.errors import Permanent
from adapters.ports import DeliveryRefused, Heard, HeardKind, Inbound
from adapters.salesforce import certificates, pushes, soap
from adapters.salesforce.actors import to_actor
from adapters.salesforce.ids import prefix_of, to_18
from adapters.salesforce.kinds import KINDS, TYPES
from adapters.salesforce.links import to_linked_ref
from adapters.salesforce.soap import MalformedError, Notification, Told
from adapters.salesforce.values import to_instant
from rules.model import RecordId, RecordRef

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes: a hundred records with a few short fields are a fiftieth of it."""

_ORGANIZATION = 15
"""So many characters of an organisation's id count; the rest only repeats them."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_EPOCH = datetime.fromtimestamp(0, UTC)


class SalesforceSource:
    """Deliveries of one connected organisation.

    One is opened for each delivery, with the secret of the address it came to, and
    answers in the format of what it checked.
    """

    def __init__(
        self,
        *,
        secrets: Sequence[str],
        organization_id: str,
        secret: str | None,
        integration_user_id: str | None = None,
        certificates: Sequence[str] = (),
        certificate_header: str = "",
    ) -> None:
        """Accept any of `secrets` in the address, so that it can be changed.

        `secret` is what stood in it, None where a stored delivery is taken apart. What
        the user `integration_user_id` changed, we did ourselves. With `certificates`
        (SHA-256 fingerprints) the header must tell of one of them.
        """
        if not secrets or not all(secrets):
            raise Permanent(
                "The secret of the address is empty: enter one of your own making."
            )
        if len(organization_id) < _ORGANIZATION:
            raise Permanent(
                "The organization id is too short: it has 15 or 18 characters and"
                " stands in Setup under Company Information."
            )
        self._secrets = tuple(one.encode() for one in secrets)
        self._secret = None if secret is None else secret.encode(errors="surrogatepass")
        self._organization_id = organization_id[:_ORGANIZATION]
        self._integration_user_id = integration_user_id
        self._certificates = tuple(certificates)
        self._certificate_header = certificate_header
        self._answer = (soap.ACKNOWLEDGEMENT, soap.CONTENT_TYPE)

    def admit(self, headers: Mapping[str, str]) -> None:
        """Verify the secret of the address, and the certificate that was shown.

        Raises DeliveryRefused.
        """
        if not self._is_known_secret():
            # Word for word what an address says that was never given out, so that
            # nobody learns which connections there are.
            raise DeliveryRefused(
                "No account is connected at this address. Compare the address of the"
                " webhook with the one that `slagboom connections` shows.",
                reason="secret",
                status=404,
            )
        if self._certificates and not certificates.is_known(
            headers.get(self._certificate_header) or "", self._certificates
        ):
            raise DeliveryRefused(
                "No client certificate was shown that is known here. Compare its"
                " SHA-256 fingerprint with those that the account was connected with,"
                " and look whether the proxy hands it on.",
                reason="certificate",
                status=403,
            )

    def check(self, inbound: Inbound) -> bytes:
        """Verify secret, shape and organisation, or raise DeliveryRefused.

        Returns the body without a session id.
        """
        self.admit(inbound.headers)
        told = _read(inbound.body)
        if told.organization_id[:_ORGANIZATION] != self._organization_id:
            raise DeliveryRefused(
                "The message is that of another organization. Production and sandbox"
                " have different ids: compare them under Company Information.",
                reason="account",
                status=403,
            )
        if _is_push(inbound.body):
            self._answer = (pushes.ACKNOWLEDGEMENT, pushes.CONTENT_TYPE)
        return told.kept

    def hear(self, body: bytes) -> Sequence[Heard]:
        """Return what a checked delivery says, one hint for each record.

        What hangs on a record that is followed leads to that record. Other objects
        come as `other`, and so does a record that was deleted before the message left:
        Salesforce no longer says which one it was.
        """
        return [self._heard(one) for one in _read(body).notifications]

    def acknowledgement(self) -> tuple[bytes, str]:
        """Return the only answer that keeps Salesforce from sending it again.

        One stands for all notifications of the message.
        """
        return self._answer

    def _is_known_secret(self) -> bool:
        if self._secret is None:
            return False
        is_known = False
        for one in self._secrets:
            is_known |= hmac.compare_digest(one, self._secret)
        return is_known

    def _heard(self, told: Notification) -> Heard:
        ref = _to_ref(told)
        fields = told.fields
        at = to_instant(fields.get("SystemModstamp")) or to_instant(
            fields.get("LastModifiedDate")
        )
        kind = HeardKind.OTHER
        if ref is not None:
            is_deleted = fields.get("IsDeleted") == "true"
            kind = HeardKind.DELETED if is_deleted else HeardKind.CHANGED
        elif (ref := to_linked_ref(told.object, fields)) is not None:
            kind = HeardKind.LINKED
        return Heard(
            # Not the record's id: that would swallow its second change.
            key=told.id,
            kind=kind,
            ref=ref,
            occurred_at=at or _EPOCH,
            actor=to_actor(
                fields.get("LastModifiedById", ""), ours=self._integration_user_id
            ),
        )


def _to_ref(told: Notification) -> RecordRef | None:
    kind = KINDS.get(told.object)
    if kind is None:
        return None
    try:
        record_id = to_18(told.fields.get("Id", ""))
    except ValueError:
        return None
    if prefix_of(record_id) != TYPES[kind].prefix:
        return None
    return RecordRef(kind, RecordId(record_id))


def _is_push(body: bytes) -> bool:
    return body.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1] in {b"{", b"["}


def _read(body: bytes) -> Told:
    if len(body) > LARGEST_BODY:
        raise DeliveryRefused(
            "The body is too large: have the message carry short fields only.",
            reason="size",
            status=413,
        )
    try:
        return pushes.read_push(body) if _is_push(body) else soap.read_message(body)
    except MalformedError as error:
        raise DeliveryRefused(str(error), reason="shape", status=400) from None
