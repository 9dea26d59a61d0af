"""All of HubSpot's paths in one blueprint."""

from threading import RLock

from flask import Blueprint

from adapters.sandbox.hubspot import (
    web_associations,
    web_batch,
    web_objects,
    web_settings,
)
from adapters.sandbox.hubspot.account import Account
from adapters.sandbox.hubspot.web_call import Frame


def blueprint(account: Account, lock: RLock) -> Blueprint:
    """Return the blueprint that serves an account."""
    made = Blueprint("hubspot", __name__)
    frame = Frame(account, lock, made)
    web_batch.register(frame)
    web_objects.register(frame)
    web_associations.register(frame)
    web_settings.register(frame)
    return made
