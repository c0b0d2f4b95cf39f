// Values to grey levels (PS3.3 C.11.2.1.2 and C.11.2.1.3), rounded half up as media/build/viewer/values.py does.

function greyOf(value, window) {
  const centre = window.centre, width = window.width;
  if (window.lut) {
    const index = Math.floor(value + 0.5) - window.first;
    return window.lut[Math.min(Math.max(index, 0), window.lut.length - 1)];
  }
  let part;
  if (window.kind === "SIGMOID") part = 1 / (1 + Math.exp(-4 * (value - centre) / Math.max(width, 1e-9)));
  else if (window.kind === "LINEAR_EXACT") part = (value - centre) / Math.max(width, 1e-9) + 0.5;
  else if (width <= 1) part = value > centre - 0.5 ? 1 : 0;
  else part = (value - (centre - 0.5)) / (width - 1) + 0.5;
  return Math.min(Math.max(Math.floor(part * 255 + 0.5), 0), 255);
}

// Grey levels of all stored values, by their bits as unsigned.
function greyTable(frame, window, inverted) {
  const size = frame.bits === 16 ? 65536 : 256, table = new Uint8Array(size);
  const flip = inverted !== frame.inverted ? 255 : 0;
  for (let stored = 0; stored < size; stored++) {
    const number = frame.signed && stored > 32767 ? stored - 65536 : stored;
    table[stored] = greyOf(number * frame.slope + frame.intercept, window) ^ flip;
  }
  return table;
}

// Fill the pixels of an ImageData with a frame.
function paint(pixels, values, frame, window, inverted) {
  const out = new Uint32Array(pixels.data.buffer), opaque = 0xff000000;
  if (frame.samples === 3) {
    const flip = inverted ? 0xffffff : 0;
    for (let at = 0, from = 0; at < out.length; at++, from += 3) {
      out[at] = (opaque | values[from + 2] << 16 | values[from + 1] << 8 | values[from]) ^ flip;
    }
    return;
  }
  const table = greyTable(frame, window, inverted);
  const bits = values.BYTES_PER_ELEMENT === 2 ? new Uint16Array(values.buffer, values.byteOffset, values.length) : values;
  for (let at = 0; at < out.length; at++) out[at] = opaque | table[bits[at]] * 0x10101;
}

const PRESETS = {
  CT: [["abdomen", 50, 350], ["mediastinum", 40, 400], ["lung", -600, 1500], ["bone", 400, 1800], ["brain", 40, 80]],
};
