"""Icons of the directory; drawn in the transcoder's child process."""

from pathlib import Path

import cv2
import numpy as np
from pydicom import dcmread
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut

from media.build.codec import decoder_of


def draw_icon(source: Path, target: Path, size: int) -> None:
    """Write the icon of an image: its middle frame, fitted into `size` x `size` bytes of MONOCHROME2 (PS3.3 F.7)."""
    data_set = dcmread(source)
    frames = int(data_set.get("NumberOfFrames", 1) or 1)
    syntax = data_set.file_meta.TransferSyntaxUID
    frame, attributes = next(iter(decoder_of(syntax).iter_array(data_set, indices=[frames // 2], as_rgb=True)))
    kind = str(attributes["photometric_interpretation"])
    if kind == "PALETTE COLOR":
        frame = apply_color_lut(frame, data_set)
        kind = "RGB"
    if frame.ndim == 3:
        gray = frame.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    else:
        gray = np.asarray(apply_voi_lut(apply_modality_lut(frame, data_set), data_set)).astype(np.float32)
    low, high = float(gray.min()), float(gray.max())
    gray = (gray - low) * (255.0 / (high - low)) if high > low else np.zeros_like(gray)
    if kind == "MONOCHROME1":
        gray = 255.0 - gray
    scale = size / max(gray.shape)
    height, width = (max(1, round(length * scale)) for length in gray.shape)
    small = cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    icon = np.zeros((size, size), np.uint8)
    top, left = (size - height) // 2, (size - width) // 2
    icon[top : top + height, left : left + width] = np.clip(np.rint(small), 0, 255).astype(np.uint8)
    target.write_bytes(icon.tobytes())
