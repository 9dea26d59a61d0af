"""Whether our rights are enough: they are described, nothing is tried on records."""

from collections.abc import Callable, Mapping

from adapters.errors import OutsideError, Permanent
from adapters.ports import Probe, ProbeLine
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.crm.people import LEADER
from adapters.salesforce.crm.shape import Shape
from adapters.salesforce.ids import is_same
from adapters.salesforce.kinds import OPPORTUNITIES
from adapters.salesforce.rights import RIGHTS, WRITTEN, Access, Right
from adapters.wire import Json, parts, text

_WITHOUT = {
    "FeedItem": "Slagboom explains in a completed task instead.",
    "LeadHistory": "Salesforce tracks no fields of leads, so only hints tell who moved"
    " one.",
}


class Probing:
    """Looks at what our user may do."""

    def __init__(
        self, client: SalesforceClient, shape: Shape, *, organization_id: str
    ) -> None:
        """Remember which organisation it has to be."""
        self._client = client
        self._shape = shape
        self._organization_id = organization_id

    def probe(self) -> Probe:
        """Look at every right that is needed; nothing is changed."""
        described: dict[str, Json] = {}

        def look() -> None:
            self._look()
            answer = self._client.get("sobjects")
            described.update(
                {text(one, "name"): one for one in parts(answer, "sobjects")}
            )

        lines = [_try("the organization: know whose it is", look)]
        if lines[0].is_ok:
            lines += [_line(right, described) for right in RIGHTS]
            if all(line.is_ok for line in lines):
                lines.append(
                    _try("Opportunity: set the fields of a return", self._fields)
                )
                lines.append(self._leaders())
        user = self._client.user if lines[0].is_ok else ""
        return Probe(self._organization_id, tuple(lines), user=user)

    def _look(self) -> None:
        found = self._client.organization
        if found and not is_same(found, self._organization_id):
            raise Permanent(
                f"The app signs in to organization {found}, not to"
                f" {self._organization_id}. Use an app of that organization, or correct"
                " the id."
            )

    def _leaders(self) -> ProbeLine:
        described = self._shape.read("User")
        message = ""
        if described is None or LEADER not in described.types:
            message = (
                "Not shown to this user. Give the permission set of the integration"
                " user Read on the field Manager of users, or say who leads whom with"
                " `slagboom people import`."
            )
        return ProbeLine("User: know who leads whom", is_ok=True, message=message)

    def _fields(self) -> None:
        described = self._shape.read(OPPORTUNITIES.name)
        may_set = {
            text(one, "name")
            for one in parts(described.raw if described else None, "fields")
            if one.get("updateable") is True
        }
        missing = [name for name in WRITTEN if name not in may_set]
        if missing:
            raise Permanent(
                f"This user may not set {', '.join(missing)} of an opportunity. Give"
                " the permission set of the integration user the right to edit them."
            )


def _line(right: Right, described: Mapping[str, Json]) -> ProbeLine:
    what = f"{right.object}: {right.purpose}"
    found = described.get(right.object)
    if found is not None and found.get(right.access) is True:
        return ProbeLine(what, is_ok=True)
    if right.is_optional:
        words = _WITHOUT.get(right.object, "No policy can use it until it is.")
        return ProbeLine(what, is_ok=True, message=f"Not there or not granted. {words}")
    names = {Access.READ: "Read", Access.CREATE: "Create", Access.EDIT: "Edit"}
    return ProbeLine(
        what,
        is_ok=False,
        message=f"Not granted: add {names[right.access]} on {right.object} to the"
        " permission set of the integration user.",
    )


def _try(what: str, call: Callable[[], object]) -> ProbeLine:
    try:
        call()
    except OutsideError as error:
        return ProbeLine(what, is_ok=False, message=str(error))
    return ProbeLine(what, is_ok=True)
