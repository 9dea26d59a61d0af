"""Health for machines: alive, ready, and figures. Open to everybody."""

from flask import Blueprint, Response

from connector.services.vitals import Vitals

_UNAVAILABLE = 503
_PLAIN = "text/plain; charset=utf-8"
# https://prometheus.io/docs/instrumenting/exposition_formats/
_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


def health(vitals: Vitals) -> Blueprint:
    """Return the addresses that a supervisor, a balancer and a scraper ask."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/livez")
    def live() -> Response:
        """Answer as long as this process can."""
        return Response("alive\n", content_type=_PLAIN)

    @blueprint.get("/readyz")
    def ready() -> Response:
        """Say whether deliveries can be taken, and what else is wrong, in words.

        Without Redis they can: sending the CRM elsewhere would lose them.
        """
        obstacles = vitals.obstacles()
        limitations = vitals.limitations()
        lines = [*obstacles, *limitations] or ["ready"]
        return Response(
            "".join(f"{line}\n" for line in lines),
            status=_UNAVAILABLE if obstacles else None,
            content_type=_PLAIN,
        )

    @blueprint.get("/metrics")
    def metrics() -> Response:
        """Return all counts and figures; none of them names a customer."""
        return Response(vitals.exposition(), content_type=_EXPOSITION)

    return blueprint
