"""The REST interface, `/api/v1`."""

from service.web.api import archives, audit, discs, films, jobs, settings, studies

ROUTERS = (films.router, studies.router, archives.router, discs.router, jobs.router, settings.router, audit.router)
