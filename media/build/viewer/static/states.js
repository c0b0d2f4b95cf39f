// Presentation states: windows, the displayed area, turns, shutters and annotation of the images they are for
// (PS3.3 C.10.4, C.10.5, C.11.8); media/build/viewer/presentation.py says what is told of them.

const ANNOTATION_COLOUR = "#7fd4ff";

disc.states = {};
disc.state = function (path, state) { disc.states[path] = state; };

// Whether a place, [series, first frame, how many], has the frame that is shown.
function isAt(view) {
  return function (place) {
    return place[0] === view.series.id && view.number >= place[1] && view.number < place[1] + place[2];
  };
}

// The parts of a state for the frame that is shown; those without a list are for all.
function partOf(state, kind, view) {
  return (state[kind] || []).filter(function (part) { return !part.of.length || part.of.some(isAt(view)); });
}

function isSeenBy(state, view) { return state.images.some(isAt(view)); }

// Let a view show its frame as a state wants it.
function applyState(view, state) {
  view.reset();
  view.state = state;
  const windowed = partOf(state, "windows", view)[0], area = partOf(state, "areas", view)[0];
  if (windowed) view.window = readWindow(windowed.w);
  view.turns = state.turns || 0;
  view.flipped = Boolean(state.flip);
  view.inverted = Boolean(state.invert) && !view.frame().inverted;
  if (area) view.fitArea(area.c);
  view.refresh();
}

// Zoom and pan so that the part between two pixels, counted from 1, fills the view.
View.prototype.fitArea = function (corners) {
  const frame = this.frame(), left = Math.min(corners[0], corners[2]) - 1, right = Math.max(corners[0], corners[2]);
  const top = Math.min(corners[1], corners[3]) - 1, bottom = Math.max(corners[1], corners[3]);
  const turned = this.turns % 2, pixel = window.devicePixelRatio || 1;
  const wide = this.box.clientWidth * pixel, high = this.box.clientHeight * pixel;
  function fit(columns, rows) {
    return Math.min(wide / (turned ? rows : columns), high / (turned ? columns : rows));
  }
  this.zoom = fit(right - left, (bottom - top) * frame.aspect) / fit(frame.columns, frame.rows * frame.aspect);
  this.draw(); // sizes the canvas that matrix() is for
  const middle = this.matrix().transformPoint(new DOMPoint((left + right) / 2, (top + bottom) / 2));
  this.panX += (this.canvas.width / 2 - middle.x) / pixel;
  this.panY += (this.canvas.height / 2 - middle.y) / pixel;
};

function drawState(context, view, pixel) {
  const state = view.state, frame = view.frame(), matrix = view.matrix();
  if (!state || !isSeenBy(state, view)) return;
  (state.shutters || []).forEach(function (shutter) { drawShutter(context, matrix, frame, shutter); });
  const area = (partOf(state, "areas", view)[0] || { c: [1, 1, frame.columns, frame.rows] }).c;
  function place(point, ofArea) {
    const x = ofArea ? area[0] - 1 + point[0] * (area[2] - area[0] + 1) : point[0];
    const y = ofArea ? area[1] - 1 + point[1] * (area[3] - area[1] + 1) : point[1];
    return matrix.transformPoint(new DOMPoint(x, y));
  }
  context.strokeStyle = context.fillStyle = ANNOTATION_COLOUR;
  context.lineWidth = 1.5 * pixel;
  context.font = 14 * pixel + "px sans-serif";
  context.shadowColor = "#000";
  context.shadowBlur = 3 * pixel;
  partOf(state, "graphics", view).forEach(function (layer) {
    layer.lines.forEach(function (line) { drawLine(context, line, place, pixel); });
    layer.texts.forEach(function (text) { drawText(context, text, place, pixel); });
  });
  context.shadowBlur = 0;
}

// Black outside of what a shutter leaves open.
function drawShutter(context, matrix, frame, shutter) {
  const c = shutter.c, path = new Path2D();
  path.rect(0, 0, frame.columns, frame.rows);
  if (shutter.kind === "rectangle") path.rect(c[0] - 1, c[1] - 1, c[2] - c[0] + 1, c[3] - c[1] + 1);
  else if (shutter.kind === "circle") {
    path.moveTo(c[0] - 0.5 + c[2], c[1] - 0.5);
    path.ellipse(c[0] - 0.5, c[1] - 0.5, c[2], c[2] / frame.aspect, 0, 0, 2 * Math.PI);
  } else {
    for (let at = 0; at < c.length; at += 2) path[at ? "lineTo" : "moveTo"](c[at] - 0.5, c[at + 1] - 0.5);
    path.closePath();
  }
  context.setTransform(matrix);
  context.fillStyle = "#000";
  context.fill(path, "evenodd");
  context.setTransform(1, 0, 0, 1, 0, 0);
}

function drawLine(context, line, place, pixel) {
  const points = line.points.map(function (point) { return place(point, line.d); });
  context.beginPath();
  if (line.kind === "POINT") {
    context.arc(points[0].x, points[0].y, 3 * pixel, 0, 2 * Math.PI);
  } else if (line.kind === "CIRCLE") {
    context.arc(points[0].x, points[0].y, Math.hypot(points[1].x - points[0].x, points[1].y - points[0].y), 0, 2 * Math.PI);
  } else if (line.kind === "ELLIPSE") { // ends of the major axis, then of the minor one
    const x = (points[0].x + points[1].x) / 2, y = (points[0].y + points[1].y) / 2;
    const major = Math.hypot(points[1].x - points[0].x, points[1].y - points[0].y) / 2;
    const minor = Math.hypot(points[3].x - points[2].x, points[3].y - points[2].y) / 2;
    context.ellipse(x, y, major, minor, Math.atan2(points[1].y - points[0].y, points[1].x - points[0].x), 0, 2 * Math.PI);
  } else if (line.kind === "INTERPOLATED") throughPoints(context, points);
  else points.forEach(function (point, number) { context[number ? "lineTo" : "moveTo"](point.x, point.y); });
  if (line.filled || line.kind === "POINT") context.fill();
  context.stroke();
}

// A smooth curve through all points (Catmull-Rom), as INTERPOLATED leaves to the drawer.
function throughPoints(context, points) {
  const count = points.length;
  context.moveTo(points[0].x, points[0].y);
  for (let at = 0; at + 1 < count; at++) {
    const before = points[Math.max(at - 1, 0)], from = points[at], to = points[at + 1], after = points[Math.min(at + 2, count - 1)];
    context.bezierCurveTo(
      from.x + (to.x - before.x) / 6, from.y + (to.y - before.y) / 6,
      to.x - (after.x - from.x) / 6, to.y - (after.y - from.y) / 6, to.x, to.y);
  }
}

function drawText(context, text, place, pixel) {
  const anchor = text.anchor && place(text.anchor, text.ad);
  let at = anchor && { x: anchor.x + 8 * pixel, y: anchor.y - 8 * pixel };
  if (text.box) {
    const first = place([text.box[0], text.box[1]], text.d), second = place([text.box[2], text.box[3]], text.d);
    at = { x: Math.min(first.x, second.x), y: Math.min(first.y, second.y) + 14 * pixel };
  }
  if (!at) return;
  (text.text || "").split(/\r\n|\r|\n/).forEach(function (line, number) {
    context.fillText(line, at.x, at.y + number * 18 * pixel);
  });
  if (!text.box || !anchor || !text.seen) return;
  context.beginPath();
  context.moveTo(at.x, at.y + 4 * pixel);
  context.lineTo(anchor.x, anchor.y);
  context.stroke();
}
