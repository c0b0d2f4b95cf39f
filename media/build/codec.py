"""Re-encodes one instance, frame by frame; runs in the transcoder's child process.

Lossless sources keep their UIDs and, sample by sample, their pixels; the result is decoded again and compared. Colours
are converted once only: lossy JPEG in YBR becomes RGB, as its decoder gives it (PS3.3 C.7.6.3.1.2); JPEG 2000's own
transforms end in RGB by definition (PS3.5 8.2.4). All else keeps its Photometric Interpretation.
"""

import hashlib
import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.filereader import read_file_meta_info
from pydicom.pixels.decoders.base import Decoder, DecodeRunner, get_decoder
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import UID

EXPLICIT_LE = "1.2.840.10008.1.2.1"
DEFLATED_LE = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
J2K_LOSSLESS = "1.2.840.10008.1.2.4.90"

JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
_LOSSY_METHODS = {JPEG_BASELINE: "ISO_10918_1", JPEG_EXTENDED: "ISO_10918_1", JPEG_LS_NEAR: "ISO_14495_1"}

IMPLEMENTATION_CLASS_UID = "2.25.134147076632699498702449488191355905534"
IMPLEMENTATION_VERSION_NAME = "PRINTMGR_MEDIA"
PIXEL_DATA = 0x7FE00010
MAX_PIXEL_BYTES = 0xFFFF_FFFE
"""PS3.5 7.1: a defined length has 32 bits, FFFFFFFFH is taken."""

_PLUGINS = {JPEG_EXTENDED: "decode_extended", RLE: "decode_rle_bits"}
_DEFERRED_BYTES = 1 << 20
_WORD_BYTES = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}


class TooLarge(ValueError):
    """The pixels do not fit a defined length."""


Frame = npt.NDArray[Any]


def convert(source: Path, target: Path, transfer_syntax_uid: str) -> None:
    """Write `source` to `target` in another transfer syntax, and check that its pixels are the same.

    Raises TooLarge, or whatever the decoders raise: the caller names the file and gives it up.
    """
    scratch = target.with_name(target.name + ".pixels")
    try:
        with scratch.open("wb+") as pixels:
            data_set, digests = converted(source, UID(transfer_syntax_uid), pixels)
            meta = data_set.file_meta
            meta.TransferSyntaxUID = UID(transfer_syntax_uid)
            meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
            meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
            dcmwrite(target, data_set, implicit_vr=False, little_endian=True, enforce_file_format=True)
        if digests and digests != [_digest(frame) for frame in iter_pixels(target, raw=True)]:
            raise ValueError("the pixels are not the same after decoding")
    finally:
        scratch.unlink(missing_ok=True)


def converted(source: Path, target: UID, pixels: BinaryIO) -> tuple[Dataset, list[bytes]]:
    """The data set for the target syntax, its pixel data in `pixels` or in memory, and the digests of its frames.

    No digests where the bytes of the pixels stay as they are.
    """
    deflated = read_file_meta_info(source).get("TransferSyntaxUID", "") == DEFLATED_LE
    data_set = dcmread(source, defer_size=None if deflated else _DEFERRED_BYTES)
    syntax = data_set.file_meta.TransferSyntaxUID
    if not syntax.is_little_endian:
        _swap(data_set)
    digests: list[bytes] = []
    if PIXEL_DATA in data_set:
        if syntax.is_encapsulated:
            digests = _decompress(data_set, syntax, pixels)
        elif not syntax.is_little_endian:
            digests = [_digest(frame) for frame in iter_pixels(source, raw=True)]
        else:
            _move(data_set, source, pixels)
        if target.is_encapsulated:
            digests = _compress(data_set, target)
    elif "Rows" in data_set and not {"FloatPixelData", "DoubleFloatPixelData"} & set(data_set.dir()):
        raise ValueError("an image without Pixel Data")
    for _element in data_set.iterall():
        pass  # decodes what is still as it was read, in whatever encoding that was
    return data_set, digests


def _swap(data_set: Dataset) -> None:
    """Turn the words of a big endian data set, which pydicom leaves as they are, around (PS3.5 7.3)."""
    for element in data_set:
        if element.VR == "SQ":
            for item in element.value:
                _swap(item)
        elif element.VR in _WORD_BYTES and isinstance(element.value, bytes):
            width = _WORD_BYTES[element.VR]
            if element.tag == PIXEL_DATA:
                width = max(width, data_set.BitsAllocated // 8)
            element.value = np.frombuffer(element.value, f"u{width}").byteswap().tobytes()


def _move(data_set: Dataset, source: Path, pixels: BinaryIO) -> None:
    """Bring native pixel data that reading has deferred into the scratch file, without holding them in memory."""
    element = data_set.get_item(PIXEL_DATA, keep_deferred=True)
    if not isinstance(element, RawDataElement) or element.value is not None:
        return
    left = element.length
    with source.open("rb") as file:
        file.seek(element.value_tell)
        while left:
            chunk = file.read(min(left, _DEFERRED_BYTES))
            if not chunk:
                raise ValueError("Pixel Data ends before its length")
            pixels.write(chunk)
            left -= len(chunk)
    _set_native(data_set, pixels)


def _set_native(data_set: Dataset, pixels: BinaryIO) -> None:
    """Make the scratch file the native Pixel Data (PS3.5 8.1.1, A.2)."""
    length = pixels.tell()
    if length % 2:
        pixels.write(b"\0")
    if length > MAX_PIXEL_BYTES:
        raise TooLarge(f"{length} bytes of Pixel Data; at most {MAX_PIXEL_BYTES} fit")
    pixels.flush()
    pixels.seek(0)
    vr = "OB" if data_set.BitsAllocated <= 8 and data_set.get("PixelRepresentation", 0) == 0 else "OW"
    data_set[PIXEL_DATA] = DataElement(PIXEL_DATA, vr, pixels)
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in data_set:
            del data_set[keyword]


def spool(data_set: Dataset, pixels: BinaryIO) -> None:
    """Bring native pixel data that are in memory into the scratch file, where they can be changed."""
    value = data_set[PIXEL_DATA].value
    if value is not pixels:
        pixels.write(value)
        _set_native(data_set, pixels)


def _decompress(data_set: Dataset, syntax: UID, pixels: BinaryIO) -> list[bytes]:
    """Decode frame by frame into the scratch file; give the digests of the frames."""
    lossy_jpeg = syntax in (JPEG_BASELINE, JPEG_EXTENDED)
    total = _native_length(data_set)
    if total > MAX_PIXEL_BYTES:
        raise TooLarge(f"{total} bytes of Pixel Data after decompression; at most {MAX_PIXEL_BYTES} fit")
    digests, bits = [], []
    frames = range(int(data_set.get("NumberOfFrames", 1) or 1))  # asked for one by one, pydicom makes them writable
    decoded = decoder_of(syntax).iter_array(data_set, indices=frames, raw=not lossy_jpeg, as_rgb=lossy_jpeg)
    for frame, attributes in decoded:  # noqa: B007  # the last one's are used below
        digests.append(_digest(frame))
        if data_set.BitsAllocated == 1:
            bits.append(frame.ravel() != 0)
        else:
            pixels.write(_little(frame))
    if not digests:
        raise ValueError("Pixel Data without a frame")
    if bits:
        pixels.write(np.packbits(np.concatenate(bits), bitorder="little").tobytes())  # PS3.5 8.1.1
    data_set.PhotometricInterpretation = str(attributes["photometric_interpretation"])
    if data_set.SamplesPerPixel > 1:
        data_set.PlanarConfiguration = attributes["planar_configuration"]
    if syntax in _LOSSY_METHODS and data_set.get("LossyImageCompression") != "01":
        # what only the transfer syntax said has to be said by the image from now on (PS3.3 C.7.6.1.1.5)
        data_set.LossyImageCompression = "01"
        data_set.LossyImageCompressionMethod = _LOSSY_METHODS[syntax]
    _set_native(data_set, pixels)
    return digests


def decoder_of(syntax: UID) -> Decoder:
    """pydicom's decoder with our plugins behind its own: for what its own do not take."""
    decoder = get_decoder(syntax)
    plugin = _PLUGINS.get(syntax)
    if plugin and plugin not in decoder.available_plugins:
        decoder.add_plugin(plugin, (__name__, plugin))
    return decoder


def is_available(_transfer_syntax_uid: str) -> bool:
    """What pydicom asks a module with a decoding plugin."""
    return True


def decode_rle_bits(encoded: bytes, runner: DecodeRunner) -> bytes:
    """A pydicom decoding plugin: one frame of RLE whose pixels are bits, a segment of packed bytes (PS3.5 G)."""
    if runner.bits_allocated != 1 or runner.samples_per_pixel != 1:
        raise NotImplementedError("RLE of whole bytes")
    (start,) = struct.unpack_from("<I", encoded, 4)
    packed = np.frombuffer(_unpack(encoded[start:], -(-runner.rows * runner.columns // 8)), np.uint8)
    runner.set_option("bits_allocated", 8)
    return np.unpackbits(packed, bitorder="little")[: runner.rows * runner.columns].tobytes()


def _unpack(segment: bytes, length: int) -> bytes:
    """The `length` bytes of an RLE segment (PS3.5 G.3.2)."""
    out, at = bytearray(), 0
    while len(out) < length:
        count = segment[at]
        if count < 128:
            out += segment[at + 1 : at + 2 + count]
            at += 2 + count
        elif count > 128:
            out += segment[at + 1 : at + 2] * (257 - count)
            at += 2
        else:
            at += 1
    return bytes(out[:length])


def decode_extended(encoded: bytes, runner: DecodeRunner) -> bytes:
    """A pydicom decoding plugin: one frame of JPEG Extended by GDCM.

    pydicom holds GDCM back for samples of 12 bits; there it gives the bytes that DCMTK gives.
    """
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(encoded)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(runner.photometric_interpretation)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(JPEG_EXTENDED)))
    bits = runner.bits_stored
    image.SetPixelFormat(
        gdcm.PixelFormat(runner.samples_per_pixel, runner.bits_allocated, bits, bits - 1, runner.pixel_representation)
    )
    return bytes(image.GetBuffer().encode("utf-8", "surrogateescape"))  # GDCM gives char* as str


def _native_length(data_set: Dataset) -> int:
    """Bytes of Pixel Data after decompression (PS3.5 8.1.1)."""
    samples = data_set.Rows * data_set.Columns * data_set.SamplesPerPixel * int(data_set.get("NumberOfFrames", 1) or 1)
    return int(samples) * int(data_set.BitsAllocated) // 8


def _compress(data_set: Dataset, target: UID) -> list[bytes]:
    """Encode the native frames losslessly; give their digests."""
    data_set.file_meta.TransferSyntaxUID = UID(EXPLICIT_LE)
    digests, encoded = [], []
    for frame, attributes in get_decoder(UID(EXPLICIT_LE)).iter_array(data_set, raw=True):
        digests.append(_digest(frame))
        encoded.append(_ENCODERS[target](frame, attributes))
    data_set.PhotometricInterpretation = str(attributes["photometric_interpretation"])
    if data_set.SamplesPerPixel > 1:
        data_set.PlanarConfiguration = 0
    large = sum(map(len, encoded)) > MAX_PIXEL_BYTES
    if large:
        value, data_set.ExtendedOffsetTable, data_set.ExtendedOffsetTableLengths = encapsulate_extended(encoded)
    else:
        value = encapsulate(encoded)
    data_set[PIXEL_DATA] = DataElement(PIXEL_DATA, "OB", value)
    data_set[PIXEL_DATA].is_undefined_length = True
    return digests


def _encode_j2k(frame: Frame, attributes: dict[str, Any]) -> bytes:
    """JPEG 2000 reversible, without a colour transform, so that the Photometric Interpretation stays."""
    from openjpeg.utils import encode_array

    return bytes(
        encode_array(
            frame,
            bits_stored=attributes["bits_stored"],
            photometric_interpretation=0,
            use_mct=False,
            codec_format=0,
        )
    )


def _encode_sv1(frame: Frame, attributes: dict[str, Any]) -> bytes:
    """JPEG lossless, first-order prediction: libjpeg-turbo writes the stored bits as they are."""
    from imagecodecs import jpeg_encode

    unsigned = frame.view(f"u{frame.dtype.itemsize}")
    bits = attributes["bits_stored"]
    return bytes(
        jpeg_encode(
            np.ascontiguousarray(unsigned & ((1 << bits) - 1)).astype(unsigned.dtype),
            lossless=True,
            predictor=1,
            bitspersample=bits,
            colorspace="RGB" if frame.ndim == 3 else None,
            outcolorspace="RGB" if frame.ndim == 3 else None,
        )
    )


_ENCODERS = {UID(J2K_LOSSLESS): _encode_j2k, UID(JPEG_LOSSLESS_SV1): _encode_sv1}


def _digest(frame: Frame) -> bytes:
    return hashlib.sha256(repr(frame.shape).encode() + _little(frame)).digest()


def _little(frame: Frame) -> bytes:
    """The samples in little endian, row by row."""
    return frame.astype(frame.dtype.newbyteorder("<"), copy=False).tobytes()
