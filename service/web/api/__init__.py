"""The REST interface, `/api/v1`."""

from service.web.api import audit, discs, films, jobs, settings, studies

ROUTERS = (films.router, studies.router, discs.router, jobs.router, settings.router, audit.router)
