"""Waveforms drawn: each channel of a multiplex group as a line over paper of 5 mm squares (PS3.3 C.10.9)."""

from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import Dataset

MM_A_SECOND = 25.0
MM_A_MILLIVOLT = 10.0
CHANNEL_MM = 25.0
MARGIN_MM = 12.0
MOST_POINTS = 12_000  # of one line: beyond it the extremes of each stretch are drawn
MILLIVOLTS = {"mV": 1.0, "uV": 0.001, "V": 1000.0, "nV": 1e-6}


def title(instance: Dataset) -> str:
    """What the recording is called."""
    return str(instance.get("SeriesDescription") or instance.get("Modality") or "Waveform")


def as_page(instance: Dataset) -> str:
    """Every multiplex group as a picture in millimetres, the body of an XHTML page."""
    parts = [f"<h1>{escape(title(instance))}</h1>"]
    for number, group in enumerate(instance.WaveformSequence):
        label = str(group.get("MultiplexGroupLabel") or "")
        parts.append(f"<h2>{escape(label)}</h2>" if label else "")
        parts += drawing(group, instance.waveform_array(number))
    return "".join(parts)


def drawing(group: Dataset, samples: npt.NDArray[np.float64]) -> Iterator[str]:
    """One multiplex group as SVG. `samples` (samples, channels) in the channels' own units."""
    rate = float(group.SamplingFrequency)
    seconds = len(samples) / rate
    width = seconds * MM_A_SECOND + 2 * MARGIN_MM
    height = CHANNEL_MM * samples.shape[1] + MARGIN_MM
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wave" width="{width:.1f}mm" height="{height:.1f}mm" '
        f'viewBox="0 0 {width:.1f} {height:.1f}">'
    )
    yield from _paper(width, height)
    for channel in range(samples.shape[1]):
        definition = group.ChannelDefinitionSequence[channel]
        middle = CHANNEL_MM * (channel + 0.5) + MARGIN_MM / 2
        scale, said = _scale(definition, samples[:, channel])
        yield f'<text x="2" y="{middle - 6:.1f}">{escape(_name(definition) + said)}</text>'
        yield f'<polyline points="{_points(samples[:, channel], rate, middle, scale)}" />'
    yield "</svg>"
    yield f"<p>{MM_A_SECOND:g} mm/s, {MM_A_MILLIVOLT:g} mm/mV, {rate:g} Hz, {seconds:.1f} s</p>"


def _paper(width: float, height: float) -> Iterator[str]:
    lines = [f"M{x:g} 0V{height:.1f}" for x in np.arange(0, width, 5.0)]
    lines += [f"M0 {y:g}H{width:.1f}" for y in np.arange(0, height, 5.0)]
    yield f'<path class="paper" d="{"".join(lines)}" />'


def _scale(definition: Dataset, samples: npt.NDArray[np.float64]) -> tuple[float, str]:
    """Millimetres a unit, and what to say when it is not that of the paper."""
    units = (definition.get("ChannelSensitivityUnitsSequence") or [Dataset()])[0]
    unit = str(units.get("CodeValue") or "")
    if unit in MILLIVOLTS:
        return MILLIVOLTS[unit] * MM_A_MILLIVOLT, ""
    largest = float(np.abs(samples[np.isfinite(samples)]).max(initial=0.0)) or 1.0
    return CHANNEL_MM / 2 / largest, f" (\u00b1{largest:g} {unit})".rstrip()


def _name(definition: Dataset) -> str:
    source = (definition.get("ChannelSourceSequence") or [Dataset()])[0]
    return str(definition.get("ChannelLabel") or source.get("CodeMeaning") or "")


def _points(samples: npt.NDArray[np.float64], rate: float, middle: float, scale: float) -> str:
    step = max(1, -(-2 * len(samples) // MOST_POINTS))
    times = np.arange(len(samples)) / rate * MM_A_SECOND + MARGIN_MM
    if step > 1:
        samples, times = _extremes(samples, times, step)
    heights = middle - np.nan_to_num(samples) * scale
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in zip(times, heights, strict=True))


def _extremes(samples: npt.NDArray[Any], times: npt.NDArray[Any], step: int) -> tuple[npt.NDArray[Any], ...]:
    """The lowest and the highest of every stretch of `step` samples, in their order."""
    whole = samples[: len(samples) // step * step].reshape(-1, step)
    places = np.sort(np.stack([whole.argmin(1), whole.argmax(1)], 1), 1)
    index = (places + np.arange(len(whole))[:, None] * step).ravel()
    return samples[index], times[index]
