"""PURE. What a profile says of one instance: take it as it is, transcode it, or refuse it."""

from typing import NamedTuple

from media.fileset import transfer_syntaxes as ts
from media.fileset.media import LARGEST_FILE_BYTES, FileSystem
from media.fileset.model import Action, Instance, Keys, Reason
from media.fileset.order import DiscOrder
from media.fileset.profiles import Profile, Rule
from media.fileset.record_keys import Fault

ROWS, COLUMNS, FRAMES = 0x00280010, 0x00280011, 0x00280008
SAMPLES, PHOTOMETRIC = 0x00280002, 0x00280004
BITS_ALLOCATED = 0x00280100
RANGES = frozenset({ROWS, COLUMNS})
SMALLEST_COMPRESSED = 32  # rows and columns: five halvings of JPEG 2000
MOST_PIXEL_BYTES = 0xFFFFFFFE  # of a 32-bit length, and even

DECODED_PHOTOMETRIC = {"YBR_RCT": "RGB", "YBR_ICT": "RGB", "YBR_FULL_422": "RGB", "YBR_PARTIAL_420": "RGB"}
"""What colour images are once decompressed."""


class Verdict(NamedTuple):
    """What happens to an instance, and the bytes it will have, at most when transcoded."""

    action: Action
    transfer_syntax_uid: str
    size_bytes: int


class Judge:
    """Decides by one order's profile; remembers what it decided for images of one kind."""

    def __init__(self, order: DiscOrder, profile: Profile, file_system: FileSystem) -> None:
        self.profile = profile
        self.file_system = file_system
        self.compress = order.compress
        self.largest_file_bytes = LARGEST_FILE_BYTES.get(file_system, 1 << 62)
        self.watched = tuple(
            {tag: None for rule in profile.rules for tag in (*rule.limits, *rule.required)}
            | ({PHOTOMETRIC: None} if any(rule.photometric for rule in profile.rules) else {})
            | ({BITS_ALLOCATED: None, SAMPLES: None, ROWS: None, COLUMNS: None} if self.may_compress() else {})
        )
        self.seen: dict[tuple[object, ...], str | Fault] = {}

    def may_compress(self) -> bool:
        """Whether some instance may be compressed: asked for, or the profile allows a class nothing else."""
        return bool(self.compress) or any(
            rule.transfer_syntaxes and ts.EXPLICIT_LE not in rule.transfer_syntaxes for rule in self.profile.rules
        )

    def verdict(self, instance: Instance) -> Verdict | Fault:
        """The verdict on one instance."""
        own = instance.own
        kind: tuple[object, ...] = (instance.sop_class_uid, instance.transfer_syntax_uid)
        if self.watched:
            kind = (*kind, *[own.get(tag) for tag in self.watched])
        target = self.seen.get(kind)
        if target is None:
            target = self.seen[kind] = self.target(instance)
        if isinstance(target, Fault):
            return target
        if target == instance.transfer_syntax_uid:
            action, size = Action.ACCEPT, instance.source.size_bytes
        else:
            action, size = Action.TRANSCODE, transcoded_bytes(instance, target)
            if native_bytes(own) > MOST_PIXEL_BYTES and target in ts.NATIVE:
                return Fault(Reason.TOO_LARGE, f"{native_bytes(own)} bytes of Pixel Data once decompressed")
        if size > self.largest_file_bytes:
            most = self.largest_file_bytes
            return Fault(Reason.TOO_LARGE, f"{size} bytes; {self.file_system} holds files up to {most}")
        return Verdict(action, target, size)

    def target(self, instance: Instance) -> str | Fault:
        """The transfer syntax on the disc."""
        rule = self.rule(instance.sop_class_uid)
        if rule is None:
            detail = f"{self.profile.name} does not allow SOP class {instance.sop_class_uid}"
            return Fault(Reason.PROFILE_SOP_CLASS, detail)
        now = instance.transfer_syntax_uid
        if self.is_to_compress(rule, instance):
            return self.compress
        if rule.transfer_syntaxes is None:
            return now
        if now in rule.transfer_syntaxes and not (fault := image_fault(rule, instance.own, now, False)):
            return now
        for target in targets(rule, now, instance.own):
            if not (fault := image_fault(rule, instance.own, target, True)):
                return target
        if now in rule.transfer_syntaxes or targets(rule, now, instance.own):
            return Fault(Reason.PROFILE_IMAGE, f"{self.profile.name}: {fault}")
        detail = f"{self.profile.name} does not allow transfer syntax {now}, and it cannot be transcoded to one it does"
        return Fault(Reason.PROFILE_TRANSFER_SYNTAX, detail)

    def is_to_compress(self, rule: Rule, instance: Instance) -> bool:
        """Whether the order asks to compress, the rule allows it and the codec takes the image."""
        return (
            bool(self.compress)
            and instance.transfer_syntax_uid in ts.NATIVE
            and self.compress in (rule.transfer_syntaxes or ())
            and is_compressible(instance.own)
            and not image_fault(rule, instance.own, self.compress, True)
        )

    def rule(self, sop_class_uid: str) -> Rule | None:
        """The first rule of the profile that names the class."""
        for rule in self.profile.rules:
            if rule.sop_classes is None or sop_class_uid in rule.sop_classes:
                return rule
        return None


def targets(rule: Rule, now: str, own: Keys) -> tuple[str, ...]:
    """Syntaxes of the rule that a lossless transcoder reaches from `now`."""
    if rule.transfer_syntaxes is None or now not in ts.NATIVE | ts.DECODABLE:
        return ()
    plain = (ts.EXPLICIT_LE,) if now != ts.EXPLICIT_LE else ()
    packed = ts.LOSSLESS_TARGETS if is_compressible(own) else ()
    return tuple(target for target in (*plain, *packed) if target in rule.transfer_syntaxes and target != now)


def image_fault(rule: Rule, own: Keys, syntax: str, is_transcoded: bool) -> str:
    """What of an image the rule does not allow, '' when nothing."""
    for tag in rule.required:
        if not own.get(tag):
            return f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is missing"
    if ROWS not in own:
        return ""
    photometric = own.get(PHOTOMETRIC, b"").decode("latin-1")
    if is_transcoded:
        photometric = DECODED_PHOTOMETRIC.get(photometric, photometric)
    allowed = rule.photometric.get(syntax, rule.photometric.get(""))
    if allowed is not None and photometric not in allowed:
        return f"Photometric Interpretation {photometric}, allowed {', '.join(sorted(allowed))}"
    for tag, numbers in rule.limits.items():
        value = number(own, tag)
        fits = numbers[0] <= value <= numbers[1] if tag in RANGES else value in numbers
        if not fits:
            return f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is {value}, allowed {numbers}"
    return ""


def is_compressible(own: Keys) -> bool:
    """Whether JPEG lossless and JPEG 2000 take the image: whole bytes, gray or three colours, no stamp."""
    is_stamp = min(number(own, ROWS), number(own, COLUMNS)) < SMALLEST_COMPRESSED
    return not is_stamp and number(own, BITS_ALLOCATED) in {8, 16} and number(own, SAMPLES, 1) in {1, 3}


def number(own: Keys, tag: int, absent: int = 0) -> int:
    """An unsigned short, or an integer string (Number of Frames), as a number."""
    value = own.get(tag, b"")
    if not value:
        return absent
    if tag == FRAMES:
        return int(value) if value.strip().isdigit() else absent
    return int.from_bytes(value[:2], "little")


def native_bytes(own: Keys) -> int:
    """Bytes of the pixel data without compression, 0 without an image."""
    if ROWS not in own:
        return 0
    pixels = number(own, ROWS) * number(own, COLUMNS) * max(1, number(own, FRAMES, 1)) * number(own, SAMPLES, 1)
    return (pixels * number(own, BITS_ALLOCATED) + 7) // 8


def transcoded_bytes(instance: Instance, target: str) -> int:
    """The most bytes an instance can have in another transfer syntax.

    Explicit VR headers are up to half longer than implicit ones; a lossless codec adds little to noise it cannot press.
    """
    pixels = native_bytes(instance.own)
    source = instance.source.size_bytes
    if instance.header_bytes:
        header = instance.header_bytes
    elif instance.transfer_syntax_uid == ts.DEFLATED_LE:
        header = 4 * source
    elif instance.transfer_syntax_uid in ts.NATIVE and pixels < source:
        header = source - pixels
    else:
        header = source
    if instance.transfer_syntax_uid == ts.IMPLICIT_LE:
        header += header // 2
    if target not in ts.NATIVE:
        pixels += pixels // 20 + 1024 * max(1, number(instance.own, FRAMES, 1))
    return header + pixels + 1024
