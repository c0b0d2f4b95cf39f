"""What answers to which called AE title: each title has its own presentation contexts and handlers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pynetdicom import evt
from pynetdicom.presentation import PresentationContext

Handler = tuple[evt.EventType, Callable[[evt.Event], Any]]


@dataclass(frozen=True, slots=True)
class Application:
    """What a called AE title offers."""

    contexts: Sequence[PresentationContext]
    handlers: Sequence[Handler]


def joined(one: Application, other: Application) -> Application:
    """Both under one title. They must handle different events, and other SOP classes."""
    return Application([*one.contexts, *other.contexts], [*one.handlers, *other.handlers])


class Titles:
    """Gives every association the application of the AE title it calls, before it is negotiated."""

    def __init__(self, applications: Mapping[str, Application]) -> None:
        """`applications` by called AE title."""
        self._applications = applications

    def handlers(self) -> list[Handler]:
        """For the node."""
        return [(evt.EVT_REQUESTED, self._begin)]

    def contexts(self) -> list[PresentationContext]:
        """All contexts of all applications, for the node; an association is offered those of its own."""
        found = {context.abstract_syntax: context for one in self._applications.values() for context in one.contexts}
        return list(found.values())

    def _begin(self, event: evt.Event) -> None:
        request = event.assoc.requestor.primitive
        application = self._applications.get(str(request.called_ae_title).strip() if request else "")
        if application is None:
            return  # the node rejects it
        event.assoc.acceptor.supported_contexts = list(application.contexts)
        for what, handler in application.handlers:
            if what is evt.EVT_REQUESTED:
                handler(event)
            else:
                event.assoc.bind(what, handler)
