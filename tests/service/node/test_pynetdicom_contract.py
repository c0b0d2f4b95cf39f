"""Everything inside pynetdicom that the node relies on; fails when a new version changes it.

When it fails: read what changed, adapt the node, run the comparison with stock pynetdicom, then write the new digest.
"""

import ast
import hashlib
import inspect
import textwrap
from importlib.metadata import version
from typing import Any

import pytest
from pynetdicom import (
    acse,
    ae,
    association,
    dimse,
    dimse_messages,
    dimse_primitives,
    dsutils,
    dul,
    events,
    fsm,
    service_class,
    sop_class,
    timer,
    transport,
)
from pynetdicom.dimse_primitives import DIMSEPrimitive

from service.node.primitives import UID_FIELDS

# what is overridden, called or copied in meaning: (where, name): digest of its source without docstrings
RELIED_ON: dict[tuple[str, str], str] = {
    ("acse", "ACSE._negotiate_as_acceptor"): "f80d0fd6c091cc5f",
    ("acse", "ACSE.is_aborted"): "e911dd2741527a6d",
    ("acse", "ACSE.is_release_requested"): "27b26984b8720fa5",
    ("acse", "ACSE.send_abort"): "5364d988dff7ec9f",
    ("acse", "ACSE.send_accept"): "90f06dbcc2fc2553",
    ("acse", "ACSE.send_reject"): "d07c227251330d9c",
    ("acse", "ACSE.send_release"): "336beb190abfb6f9",
    ("ae", "ApplicationEntity.active_associations"): "da15f7d6f2592e02",
    ("ae", "ApplicationEntity.make_server"): "9908b187910b48f2",
    ("association", "Association.__init__"): "b311e73e91391ad5",
    ("association", "Association._abort_blocking"): "70f8b178bf65a42e",
    ("association", "Association._bind_defaults"): "624196faa52b8837",
    ("association", "Association._check_received_status"): "19655fe28dcc91b6",
    ("association", "Association._get_valid_context"): "1a42c09c5317f39a",
    ("association", "Association._run_reactor"): "494c0a53a8e4868d",
    ("association", "Association._serve_request"): "113b0f0b689125c5",
    ("association", "Association.kill"): "f3ed32f077dd7406",
    ("association", "Association.run_reactor"): "33b0497e9e6f106c",
    ("association", "Association.send_n_event_report"): "3e78677514001d92",
    ("association", "Association.set_socket"): "888e8b6f2ff97e6d",
    ("association", "ServiceUser.maximum_length"): "9d08839fbcfe72ee",
    ("association", "ServiceUser.supported_contexts"): "95d13478e1289c17",
    ("dimse", "DIMSEServiceProvider.__init__"): "788f8676a813315e",
    ("dimse", "DIMSEServiceProvider.get_msg"): "01b7459454411ccc",
    ("dimse", "DIMSEServiceProvider.maximum_pdu_size"): "902a5291e0f757b8",
    ("dimse", "DIMSEServiceProvider.receive_primitive"): "77a1d63cd1d2eb1f",
    ("dimse", "DIMSEServiceProvider.send_msg"): "aaa5f5a5b6ebfde3",
    ("dimse_messages", "DIMSEMessage.__init__"): "796135bb0682e02d",
    ("dimse_messages", "DIMSEMessage.decode_msg"): "e631b98c299bb1a2",
    ("dimse_messages", "DIMSEMessage.encode_msg"): "43603df6aec8167f",
    ("dimse_messages", "DIMSEMessage.message_to_primitive"): "396f08b3ed783cce",
    ("dimse_messages", "DIMSEMessage.primitive_to_message"): "0242c0f87682c7c6",
    ("dsutils", "decode"): "2d76f24c510a3d10",
    ("dsutils", "encode"): "5ab95faa9e427a59",
    ("dul", "DULServiceProvider.__init__"): "ada1c3e1849be5ff",
    ("dul", "DULServiceProvider._decode_pdu"): "6b5b24e401f9d6db",
    ("dul", "DULServiceProvider._is_transport_event"): "e5166ae9850dc869",
    ("dul", "DULServiceProvider._process_recv_primitive"): "9a900a9ac3f4e43f",
    ("dul", "DULServiceProvider._read_pdu_data"): "62e0cd99c8be113c",
    ("dul", "DULServiceProvider._send"): "da4e9fdc6ae7c19b",
    ("dul", "DULServiceProvider.idle_timer_expired"): "c484bb2a4ff3ef2e",
    ("dul", "DULServiceProvider.kill_dul"): "520147596bc9924e",
    ("dul", "DULServiceProvider.peek_next_pdu"): "0f0a00067a59a3fd",
    ("dul", "DULServiceProvider.receive_pdu"): "21c88264098ed481",
    ("dul", "DULServiceProvider.run_reactor"): "abd23a8515d00da6",
    ("dul", "DULServiceProvider.send_pdu"): "fe2a120b08366f6b",
    ("dul", "DULServiceProvider.stop_dul"): "d6868fd91a8ef3a2",
    ("events", "_add_handler"): "b8abf4fce7f416fc",
    ("events", "get_default_handler"): "5ba3a60dfbdf63b4",
    ("events", "trigger"): "71751ee1a208802e",
    ("fsm", "StateMachine.do_action"): "dff973d9aad3fc03",
    ("fsm", "AE_5"): "9d639c426611c31e",
    ("fsm", "AE_6"): "5c4f0130ad74ff62",
    ("fsm", "AE_7"): "42e330f002e9135d",
    ("fsm", "AE_8"): "fbb22bb56e1591da",
    ("fsm", "DT_1"): "c4be6fbfef795438",
    ("fsm", "DT_2"): "4e57211ce23a6141",
    ("fsm", "AR_2"): "70db8aa8ccd4d709",
    ("fsm", "AR_4"): "948da0dd08d4e441",
    ("fsm", "AR_5"): "f0a7e66c4da2d881",
    ("fsm", "AR_7"): "8037c2a6a635b464",
    ("fsm", "AA_1"): "3025b4b38ed60418",
    ("fsm", "AA_2"): "b127521be763bf64",
    ("fsm", "AA_3"): "89bcd208a13f3066",
    ("fsm", "AA_4"): "42871946b51662d2",
    ("fsm", "AA_5"): "32a636ad3fbea751",
    ("fsm", "AA_6"): "8093591e46bea9ed",
    ("fsm", "AA_7"): "f330e8d9ff94b729",
    ("fsm", "AA_8"): "ed4160466a27bf92",
    ("service_class", "ServiceClass._n_action_scp"): "e8fa0b44bb422b69",
    ("service_class", "ServiceClass._n_create_scp"): "c65bce55b7721513",
    ("service_class", "ServiceClass._n_delete_scp"): "d71159fbf275975f",
    ("service_class", "ServiceClass._n_event_report_scp"): "bc32710a96e885d2",
    ("service_class", "ServiceClass._n_get_scp"): "77100384d8fd8392",
    ("service_class", "ServiceClass._n_set_scp"): "ee044ef6444915fc",
    ("service_class", "ServiceClass.validate_status"): "597b09529b29045c",
    ("service_class", "attempt"): "5acd2eb7559ceb5a",
    ("sop_class", "uid_to_service_class"): "17a39484f81e07a1",
    ("timer", "Timer"): "6f1d4be81f003c79",
    ("transport", "AssociationServer.__init__"): "95f58ac4353a281f",
    ("transport", "AssociationServer._bind_defaults"): "624196faa52b8837",
    ("transport", "AssociationServer.bind"): "436fbab73e0d721a",
    ("transport", "AssociationServer.server_bind"): "4c72da33a8f50957",
    ("transport", "AssociationServer.server_close"): "3894e530e5987b38",
    ("transport", "AssociationSocket.__init__"): "d9172c628ba85361",
    ("transport", "AssociationSocket._shutdown_socket"): "952302f39480659d",
    ("transport", "AssociationSocket.close"): "a6bf99e14566df0c",
    ("transport", "AssociationSocket.ready"): "c8836aed47e6e9d4",
    ("transport", "AssociationSocket.send"): "167a345fd1447dc0",
    ("transport", "RequestHandler._create_association"): "c572831a7ac598ba",
    ("transport", "RequestHandler.handle"): "eb88d4df65409a01",
}

MODULES: dict[str, Any] = {
    module.__name__.partition(".")[2]: module
    for module in (
        acse,
        ae,
        association,
        dimse,
        dimse_messages,
        dsutils,
        dul,
        events,
        fsm,
        service_class,
        sop_class,
        timer,
        transport,
    )
}


def digest(module: str, name: str) -> str:
    """Of the source without docstrings, blank lines and indentation, so that every Python gives the same."""
    found = MODULES[module]
    for part in name.split("."):
        found = inspect.getattr_static(found, part)
    code = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
    source = textwrap.dedent(inspect.getsource(code))
    lines: list[str | None] = [line.strip() for line in source.splitlines()]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            first, last = node.body[0].lineno, node.body[0].end_lineno
            lines[first - 1 : last] = [None] * ((last or first) - first + 1)
    return hashlib.sha256("\n".join(line for line in lines if line).encode()).hexdigest()[:16]


def test_the_version_is_the_one_that_was_read() -> None:
    assert version("pynetdicom").startswith("3.0.")


@pytest.mark.parametrize(("module", "name"), RELIED_ON)
def test_what_we_rely_on_has_not_changed(module: str, name: str) -> None:
    assert digest(module, name) == RELIED_ON[module, name], f"pynetdicom.{module}.{name} changed: read it again"


def test_the_state_machine_is_the_standards() -> None:
    """The events and states the node names itself (PS3.8 table 9-10)."""
    assert fsm.TRANSITION_TABLE["Evt9", "Sta6"] == "DT-1"
    assert fsm.TRANSITION_TABLE["Evt9", "Sta8"] == "AR-7"
    assert fsm.TRANSITION_TABLE["Evt10", "Sta6"] == "DT-2"
    assert fsm.TRANSITION_TABLE["Evt17", "Sta6"] == "AA-4"
    assert fsm.TRANSITION_TABLE["Evt18", "Sta2"] == "AA-2"
    assert fsm.TRANSITION_TABLE["Evt19", "Sta2"] == "AA-1"
    assert fsm.TRANSITION_TABLE["Evt19", "Sta6"] == "AA-8"
    assert len(fsm.TRANSITION_TABLE) == 123


@pytest.mark.parametrize(("keyword", "field"), UID_FIELDS.items())
def test_uids_are_kept_in_these_fields(keyword: str, field: str) -> None:
    assert getattr(DIMSEPrimitive, field) is None
    primitive = dimse_primitives.N_SET()
    setattr(primitive, field, "1.2.3")
    for name in (keyword, f"_{keyword}"):
        if hasattr(primitive, name):
            assert getattr(primitive, name) == "1.2.3"


def test_attributes_that_are_read_or_replaced_exist() -> None:
    application = ae.ApplicationEntity()
    assoc = association.Association(application, "acceptor")
    for name in ("_accepted_cx", "_handlers", "_is_paused", "_kill", "_reactor_checkpoint", "_sent_release", "_server"):
        assert hasattr(assoc, name), name
    for name in ("_dul_ready", "_abort_blocking", "_abort_nonblocking", "acse", "dimse", "dul"):
        assert hasattr(assoc, name), name
    for name in ("_idle_timer", "_kill_thread", "_recv_pdu", "artim_timer", "event_queue", "socket", "state_machine"):
        assert hasattr(assoc.dul, name), name
    for name in ("to_provider_queue", "to_user_queue"):
        assert hasattr(assoc.dul, name), name
    for name in ("cancel_req", "msg_queue"):
        assert hasattr(assoc.dimse, name), name
    assert application._servers == []
