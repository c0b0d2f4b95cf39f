"""TABLE. Kinds of errors to HTTP answers, by the names of their classes: importing them all would make the start slow.

The first kind of an error's ancestors that stands here counts; what has none is a fault of ours.
"""

from typing import NamedTuple

from service.web.words import N_


class Answer(NamedTuple):
    """How a kind of error is answered (RFC 9457)."""

    status: int
    title: str
    kind: str  # the last part of the problem's type


ANSWERS: dict[str, Answer] = {
    "NotSignedIn": Answer(401, N_("Not signed in"), "not-signed-in"),
    "WrongPassword": Answer(401, N_("Wrong name or password"), "wrong-password"),
    "WrongSecret": Answer(403, N_("Wrong secret"), "wrong-secret"),
    "NotAllowed": Answer(403, N_("Not allowed"), "not-allowed"),
    "Forged": Answer(403, N_("Request from elsewhere"), "forged"),
    "NotFound": Answer(404, N_("Not found"), "not-found"),
    "NoSuchPrint": Answer(404, N_("No such film"), "no-such-film"),
    "NoSuchStudy": Answer(404, N_("No such study"), "no-such-study"),
    "NoSuchDisc": Answer(404, N_("No such disc"), "no-such-disc"),
    "NoSuchJob": Answer(404, N_("No such job"), "no-such-job"),
    "NoSuchPerson": Answer(404, N_("No such person"), "no-such-person"),
    "NoSuchToken": Answer(404, N_("No such token"), "no-such-token"),
    "FileNotFoundError": Answer(404, N_("No longer there"), "gone"),
    "NotSo": Answer(409, N_("Not as things stand"), "not-so"),
    "NoSuchDelivery": Answer(404, N_("No such delivery"), "no-such-delivery"),
    "NotNow": Answer(409, N_("Not in this state"), "not-now"),
    "NameTaken": Answer(409, N_("Name is taken"), "name-taken"),
    "LastAdministrator": Answer(409, N_("The last administrator"), "last-administrator"),
    "NeedsConfirmation": Answer(409, N_("To be confirmed"), "needs-confirmation"),
    "BadValue": Answer(422, N_("Value cannot be used"), "bad-value"),
    "BadName": Answer(422, N_("Name cannot be used"), "bad-name"),
    "BadPassword": Answer(422, N_("Password cannot be used"), "bad-password"),
    "BadOrder": Answer(422, N_("Order cannot be carried out"), "bad-order"),
    "Locked": Answer(423, N_("Locked"), "locked"),
    "TryLater": Answer(429, N_("Too many attempts"), "try-later"),
    "NoRoom": Answer(507, N_("No room on the disk"), "no-room"),
    "ResourceLimit": Answer(507, N_("No room on the disk"), "no-room"),
    "TestFailed": Answer(502, N_("The other side did not answer well"), "test-failed"),
    "SendFailed": Answer(502, N_("The other side did not answer well"), "test-failed"),
    "DeliveryFailed": Answer(502, N_("The other side did not answer well"), "test-failed"),
    "ArchiveDown": Answer(503, N_("The archive does not answer"), "archive-down"),
    "ArchiveRefused": Answer(502, N_("The archive refused"), "archive-refused"),
    "BadPixels": Answer(500, N_("Picture cannot be drawn"), "bad-pixels"),
    "DamagedSpool": Answer(500, N_("Stored data are damaged"), "damaged"),
    "MediaError": Answer(500, N_("Disc cannot be made"), "media"),
    "PrintError": Answer(500, N_("Film cannot be made"), "print"),
}
OUR_FAULT = Answer(500, N_("Something went wrong here"), "our-fault")
PROBLEM_TYPES = "https://printmgr.invalid/problems/"


def answer_of(error: BaseException) -> Answer | None:
    """How an error is answered; None when it was not foreseen."""
    for kind in type(error).__mro__:
        if kind.__name__ in ANSWERS:
            return ANSWERS[kind.__name__]
    return None


class NotSignedIn(Exception):
    """Nobody is signed in, or the token is not valid."""

    def __init__(self) -> None:
        super().__init__("sign in first, or give a valid token as Authorization: Bearer")


class NotAllowed(Exception):
    """The caller's role does not allow it."""

    def __init__(self, role: str) -> None:
        super().__init__(f"the role {role} does not allow this")


class Forged(Exception):
    """The request was not made by one of our pages."""

    def __init__(self) -> None:
        super().__init__("this request does not come from our own page; load the page again")


class Locked(Exception):
    """The page is locked until the password is typed again."""

    def __init__(self) -> None:
        super().__init__("the page is locked; type the password again")


class NotFound(Exception):
    """There is no such thing."""


class BadValue(Exception):
    """A value of the request cannot be used; the message says why."""


class LastAdministrator(Exception):
    """Nobody could administrate afterwards."""

    def __init__(self) -> None:
        super().__init__("this is the last administrator; make another one first")


class NeedsConfirmation(Exception):
    """Somebody must say that this is meant."""


class TestFailed(Exception):
    """A test of the other side did not go well; the message says how."""
