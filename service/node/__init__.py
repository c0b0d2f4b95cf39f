"""The DICOM node: a guarded, event-driven acceptor on pynetdicom.

    node = Node(NodeSettings(port=11112), contexts, handlers, PartnerList(["PRINTER"], [Rule.of("CT1", ["10.1.2.3"])]))
    node.start()
    ...
    node.stop(timeout=10)

`contexts` and `handlers` are pynetdicom's; `service.node` alone touches pynetdicom's inside.
"""

from service.node.access import Access, Partner, PartnerList, Rule
from service.node.association import NodeAssociation
from service.node.node import Context, Handler, Node
from service.node.refusals import Refusals, printable
from service.node.settings import NodeSettings
from service.node.tls import Profile, TLSSettings

__all__ = [
    "Access",
    "Context",
    "Handler",
    "Node",
    "NodeAssociation",
    "NodeSettings",
    "Partner",
    "PartnerList",
    "Profile",
    "Refusals",
    "Rule",
    "TLSSettings",
    "printable",
]
