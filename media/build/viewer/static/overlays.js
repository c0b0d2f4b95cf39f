// Overlay planes (PS3.3 C.9.2), drawn over a frame in a colour of their own; a button switches them off.

const OVERLAY_COLOUR = 0xff8cf0a0; // 160, 240, 140, as ImageData has its bytes

disc.overlays = function (id, planes) { disc.series[id].overlays = planes; };

// The planes of a frame as canvases of its size, null while they are on their way; then `later` is called.
function overlaysOf(series, number, later) {
  const frame = series.frames[number];
  if (!frame.overlays) return null;
  if (!series.overlays) {
    load(series.id + "/O0001.JS", function (good) { if (good) later(); });
    return null;
  }
  const kept = series.overlaysDrawn;
  if (kept && kept.number === number) return kept.canvas;
  const canvas = sizedCanvas(frame);
  (series.overlays[number] || []).forEach(function (plane) { drawPlane(canvas.getContext("2d"), plane); });
  series.overlaysDrawn = { number: number, canvas: canvas };
  return canvas;
}

function sizedCanvas(frame) {
  const canvas = document.createElement("canvas");
  canvas.width = frame.columns;
  canvas.height = frame.rows;
  return canvas;
}

// A plane is [rows, columns, top, left, label, bits].
function drawPlane(context, plane) {
  const rows = plane[0], columns = plane[1], bits = inflate(bytesOfBase64(plane[5]), rows * columns + 7 >> 3);
  const part = sizedCanvas({ rows: rows, columns: columns }), pixels = new ImageData(columns, rows);
  const out = new Uint32Array(pixels.data.buffer);
  for (let at = 0; at < out.length; at++) if (bits[at >> 3] >> (at & 7) & 1) out[at] = OVERLAY_COLOUR;
  part.getContext("2d").putImageData(pixels, 0, 0);
  context.drawImage(part, plane[3], plane[2]); // over what other planes drew
}
