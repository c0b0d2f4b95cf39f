// Real values out of a pack: media/build/viewer/pack.py says how they went in.

function bytesOfBase64(text) {
  const binary = atob(text), bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

// Stored values of a frame: Uint8Array, Uint16Array or Int16Array, row by row, samples interleaved.
function unpack(text, frame) {
  const samples = frame.samples, row = frame.columns * samples, count = frame.rows * row;
  const wide = frame.bits === 16;
  const data = inflate(bytesOfBase64(text), wide ? 2 * count : count);
  const values = wide ? new Uint16Array(count) : new Uint8Array(count);
  if (wide) {
    for (let at = 0; at < count; at++) {
      const folded = data[at] | data[at + count] << 8;
      values[at] = folded >>> 1 ^ -(folded & 1);
    }
  } else {
    for (let at = 0; at < count; at++) values[at] = data[at] >>> 1 ^ -(data[at] & 1);
  }
  for (let at = samples; at < row; at++) values[at] += values[at - samples];
  for (let at = row; at < count; at++) values[at] += values[at - row];
  return frame.signed ? new Int16Array(values.buffer) : values;
}
