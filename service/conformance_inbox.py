"""What CONFORMANCE.md says of the study inbox: storage, storage commitment, performed procedure steps."""

from collections.abc import Iterator

from pydicom.uid import UID

from media.scp import contexts, statuses
from service.conformance_print import Section

ROLES = """\
Studies are received at an AE title of their own (`[inbox]`). Data sets are written as they come, in the transfer syntax
they come in, and answered when they are as safe as `durable` asks. The same instance again is 0000H; another one
under its UID is 0000H too, kept apart and flagged.

Storage commitment reports on the association that asked for it while that lasts, else on one of our own, for partners
with a `port`, with the SCP role for ourselves (PS3.7 D.3.3.4). A procedure step tells which instances a study is to
have and when it is complete."""

C_STORE = (
    (statuses.SUCCESS, "kept"),
    (statuses.INVALID_INSTANCE, "SOP Class or Instance UID is no UID"),
    (statuses.CLASS_NOT_SUPPORTED, "another SOP class than the context's"),
    (statuses.PROCESSING_FAILURE, "cannot be written or read again"),
    (statuses.OUT_OF_RESOURCES, "no room, or longer than `max_instance_bytes`"),
    (
        statuses.DOES_NOT_MATCH_CLASS,
        "a key of the directory is missing or bad, or the UIDs are not the request's",
    ),
    (statuses.CANNOT_UNDERSTAND, "the data set cannot be read"),
)


def sections() -> Iterator[Section]:
    """Heading and text, or heading and table."""
    yield "Services, as SCP", (("SOP class", "UID", "services"), _services())
    yield "What is kept and reported", ROLES
    yield "C-STORE", (("status", "when"), [(f"{status:04X}H", when) for status, when in C_STORE])
    yield "Transfer syntaxes of storage", ", ".join(map(_named, contexts.TRANSFER_SYNTAXES)) + "."
    yield (
        f"Storage classes, {len(contexts.STORAGE_CLASSES)}",
        (", ".join(map(_named, contexts.STORAGE_CLASSES)) + "; `private_classes` adds those of vendors."),
    )


def _services() -> list[tuple[str, str, str]]:
    served = {
        contexts.STORAGE_COMMITMENT: "N-ACTION, N-EVENT-REPORT",
        contexts.PROCEDURE_STEP: "N-CREATE, N-SET",
        contexts.MEDIA_CREATION: "N-CREATE, N-ACTION, N-GET (see Media Creation Management)",
        contexts.VERIFICATION: "C-ECHO",
    }
    rows = [(UID(uid).name, uid, services) for uid, services in served.items()]
    return [("the storage classes below", "", "C-STORE"), *rows]


def _named(uid: str) -> str:
    name = UID(uid).name
    return uid if name == uid else f"{name} ({uid})"
