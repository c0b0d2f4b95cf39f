"""`/metrics` for machines with a token; without one it is on the monitoring port (service.monitoring)."""

from fastapi import APIRouter, Request, Response

from service import metrics
from service.web.callers import site_of

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def numbers(request: Request) -> Response:
    """The metrics of all processes in Prometheus' text format."""
    site = site_of(request)
    return Response(metrics.exposition(site.settings, site.store), media_type=metrics.CONTENT_TYPE)
