"""The project that sets an organisation up: messages, flows, rights and the app. Pure.

Its files are in the folder `metadata` beside this one, in source format; what depends
on the installation is filled in here. No secret is among it: the deploying tool puts
`SLAGBOOM_WEBHOOK_SECRET` into the address when it deploys ("replacements" of
sfdx-project.json, developer.salesforce.com/docs/atlas.en-us.sfdx_dev.meta/sfdx_dev/
sfdx_dev_ws_string_replace.htm).
"""

from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from xml.sax.saxutils import escape  # writes, and reads nothing

from adapters.salesforce import permissions
from adapters.salesforce.permissions import Fields, Names

PERMISSION_SET = "force-app/main/default/permissionsets/Slagboom.permissionset-meta.xml"
QUOTES = "quotes/main/default/permissionsets/Slagboom_Quotes.permissionset-meta.xml"


def to_files(
    *, webhook_url: str, redirect_uri: str, fields: Fields, restored: Names
) -> Mapping[str, str]:
    """Return the project's files, each text by its path.

    `webhook_url` has the name of a variable where its secret goes. `fields` are those
    that policies name, by the kind of record that they are on; of them `restored` are
    put back.
    """
    found = {
        path: text.replace("{webhook}", escape(webhook_url)).replace(
            "{redirect}", escape(redirect_uri)
        )
        for path, text in _read(resources.files(__package__) / "metadata", "")
    }
    found[PERMISSION_SET] = permissions.grant(
        found[PERMISSION_SET], fields=fields, restored=restored
    )
    found[QUOTES] = permissions.grant_apart(found[QUOTES])
    return dict(sorted(found.items()))


def _read(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _read(one, f"{path}{one.name}/")
        else:
            yield f"{path}{one.name}", one.read_text("utf-8")
