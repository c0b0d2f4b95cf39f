"""The pages."""

from service.web.pages import discs, door, films, log, machines, queue, settings, single_sign_on, studies

ROUTERS = (
    door.router,
    single_sign_on.router,
    films.router,
    studies.router,
    discs.router,
    queue.router,
    settings.router,
    log.router,
    machines.router,
)
