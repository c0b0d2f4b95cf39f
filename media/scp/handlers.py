"""The handlers of the inbox, for an acceptor that raises pynetdicom's events (service.node)."""

from collections.abc import Callable, Mapping
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt

from media.ports import Arrival, Inbox, MediaRequests
from media.scp.answers import Answer, refusal, sender_of
from media.scp.commitment import StorageCommitment
from media.scp.contexts import MEDIA_CREATION, PROCEDURE_STEP, STORAGE_COMMITMENT
from media.scp.media_creation import MediaCreation
from media.scp.procedure_step import ProcedureSteps
from media.scp.statuses import NO_SUCH_CLASS, SUCCESS
from media.scp.storage import Reception, Storage


class InboxSCP:
    """Storage, storage commitment, procedure steps and media creation for any number of associations."""

    def __init__(self, inbox: Inbox, implementation: tuple[str, str], requests: MediaRequests | None = None) -> None:
        """`implementation`: our class UID and version name, for the files; `requests`: None: no media creation."""
        self._creation = MediaCreation(requests) if requests else None
        self._storage = Storage(inbox, implementation)
        self._commitment = StorageCommitment(inbox)
        self._steps = ProcedureSteps(inbox)
        self._receptions: dict[object, Reception] = {}  # by association

    def handlers(self) -> list[tuple[evt.EventType, Callable[[evt.Event], Any]]]:
        """For one association each; EVT_REQUESTED comes first."""
        return [
            (evt.EVT_REQUESTED, self.begin),
            (evt.EVT_C_ECHO, lambda event: SUCCESS),
            (evt.EVT_C_STORE, self.c_store),
            (evt.EVT_N_ACTION, self.n_action),
            (evt.EVT_N_CREATE, self.n_create),
            (evt.EVT_N_SET, self.n_set),
            (evt.EVT_N_GET, self.n_get),
            (evt.EVT_RELEASED, self.end),
            (evt.EVT_ABORTED, self.end),
            (evt.EVT_CONN_CLOSE, self.connection_closed),
        ]

    def begin(self, event: evt.Event) -> None:
        """Have the data sets of the association go into files while they arrive."""
        assoc: Any = event.assoc  # the node's, which knows what is set here
        sender = sender_of(assoc)

        def open_file(command: Mapping[str, Any], context: Any) -> Arrival | None:
            return self._storage.open(sender, command, str(context.transfer_syntax[0]))

        def store(arrival: Arrival, command: Mapping[str, Any], context: Any) -> int | Dataset:
            assoc.afterwards(self._storage.prepare)
            uids = str(command["AffectedSOPClassUID"]), str(command["AffectedSOPInstanceUID"])
            return self._storage.store_arrived(self._reception(assoc), arrival, *uids, str(context.abstract_syntax))

        assoc.receive_into, assoc.store = open_file, store

    def c_store(self, event: evt.Event) -> int | Dataset:
        context = event.context
        return self._storage.store(
            self._reception(event.assoc), event.request, str(context.abstract_syntax), str(context.transfer_syntax)
        )

    def n_action(self, event: evt.Event) -> Answer:
        request: Any = event.request
        if request.RequestedSOPClassUID == MEDIA_CREATION and self._creation:
            return self._creation.n_action(event)
        if request.RequestedSOPClassUID != STORAGE_COMMITMENT:
            return _no_such_class()
        return self._commitment.n_action(event)

    def n_create(self, event: evt.Event) -> Answer:
        request: Any = event.request
        if request.AffectedSOPClassUID == MEDIA_CREATION and self._creation:
            return self._creation.n_create(event)
        return self._steps.n_create(event) if request.AffectedSOPClassUID == PROCEDURE_STEP else _no_such_class()

    def n_get(self, event: evt.Event) -> Answer:
        request: Any = event.request
        if request.RequestedSOPClassUID == MEDIA_CREATION and self._creation:
            return self._creation.n_get(event)
        return _no_such_class()

    def n_set(self, event: evt.Event) -> Answer:
        request: Any = event.request
        return self._steps.n_set(event) if request.RequestedSOPClassUID == PROCEDURE_STEP else _no_such_class()

    def _reception(self, assoc: Any) -> Reception:
        found = self._receptions.get(assoc)
        if found is None:
            found = self._receptions[assoc] = self._storage.begin(sender_of(assoc))
        return found

    def end(self, event: evt.Event) -> None:
        """Say in one line what came."""
        found = self._receptions.pop(event.assoc, None)
        if found is not None:
            self._storage.end(found)

    def connection_closed(self, event: evt.Event) -> None:
        """The connection went; requests that came before may still be under way, then an abort follows them."""
        if not event.assoc.is_established:
            self.end(event)


def _no_such_class() -> Answer:
    return refusal(NO_SUCH_CLASS, "expected commitment, procedure steps or media creation"), None
