"""What the routes share: settings, database, passwords, pictures, what changed."""

from dataclasses import dataclass

from service.config import Settings
from service.people import FirstAdministrator, Passwords, SignIn
from service.store.engine import Store
from service.web.archives import Archives
from service.web.live import Live
from service.web.pictures import Pictures
from service.web.planning import Planner
from service.web.worklist import LiveWorklist


@dataclass(frozen=True, slots=True)
class Site:
    """One process's pages."""

    settings: Settings
    store: Store
    passwords: Passwords
    sign_in: SignIn
    first_administrator: FirstAdministrator
    live: Live
    pictures: Pictures
    planner: Planner
    archives: Archives
    worklist: LiveWorklist


def open_site(settings: Settings) -> Site:
    """The site of these settings."""
    store = Store(settings.database)
    passwords = Passwords()
    return Site(
        settings=settings,
        store=store,
        passwords=passwords,
        sign_in=SignIn(store, passwords),
        first_administrator=FirstAdministrator(store, passwords),
        live=Live(store),
        pictures=Pictures(settings, store),
        planner=Planner(settings),
        archives=Archives(settings, store),
        worklist=LiveWorklist(settings.identity.worklist),
    )
