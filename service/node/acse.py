"""Negotiation: pynetdicom's, after our rules let the caller in."""

from typing import Any

from pynetdicom import evt
from pynetdicom.acse import ACSE


class NodeACSE(ACSE):
    """pynetdicom's negotiation, after our rules let the caller in."""

    def _negotiate_as_acceptor(self) -> None:
        assoc: Any = self.assoc
        reject = assoc.admit()
        if reject is None:
            self._negotiate()
            return
        self.requestor.ae_title = self.requestor.primitive.calling_ae_title  # type: ignore[union-attr]
        self.send_reject(*reject)
        evt.trigger(assoc, evt.EVT_REJECTED, {})
        assoc.kill()

    def _negotiate(self) -> None:
        try:
            super()._negotiate_as_acceptor()
        except Exception as wrong:  # noqa: BLE001  # hostile requests raise anything there
            assoc: Any = self.assoc
            assoc.refused("association request cannot be negotiated", repr(wrong))
            assoc.abort(block=False)
            assoc.kill()
