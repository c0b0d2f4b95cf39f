// Lengths and angles on a frame. A measure is { kind, points } in the frame's pixels.

const COLOUR = "#ffd34d";

function measureText(frame, measure) {
  const points = measure.points;
  if (measure.kind === "angle") return points.length < 3 ? "" : angleAt(frame, points[0], points[1], points[2]).toFixed(1) + "\u00b0";
  const length = lengthBetween(frame, points[0], points[1]);
  return length.value.toFixed(1) + " " + length.unit + (length.note ? " " + word(length.note) : "");
}

function drawMeasures(context, matrix, frame, measures, pixel) {
  context.lineWidth = 1.5 * pixel;
  context.font = 13 * pixel + "px sans-serif";
  measures.forEach(function (measure) {
    const points = measure.points.map(function (point) { return matrix.transformPoint(new DOMPoint(point.x, point.y)); });
    context.strokeStyle = context.fillStyle = COLOUR;
    context.shadowColor = "#000";
    context.shadowBlur = 3 * pixel;
    context.beginPath();
    points.forEach(function (point, number) { context[number ? "lineTo" : "moveTo"](point.x, point.y); });
    context.stroke();
    points.forEach(function (point) { context.fillRect(point.x - 2 * pixel, point.y - 2 * pixel, 4 * pixel, 4 * pixel); });
    const last = points[points.length - 1];
    if (points.length > 1) context.fillText(measureText(frame, measure), last.x + 8 * pixel, last.y - 8 * pixel);
    context.shadowBlur = 0;
  });
}

// Begin, change and end a measure by pointer: a length by a drag, an angle by a drag and a click.
function Measuring(view, kind) {
  this.view = view;
  this.kind = kind;
}

Measuring.prototype.down = function (event) {
  const view = this.view, point = view.pointOf(event), all = view.measures[view.number] = view.measures[view.number] || [];
  const open = all[all.length - 1];
  if (open && open.kind === "angle" && open.points.length === 2 && this.kind === "angle") {
    open.points.push(point);
    this.now = open;
  } else {
    this.now = { kind: this.kind, points: [point, point] };
    all.push(this.now);
  }
  view.draw();
};

Measuring.prototype.move = function (event) {
  if (!this.now) return;
  this.now.points[this.now.points.length - 1] = this.view.pointOf(event);
  this.view.draw();
};

Measuring.prototype.up = function () {
  const view = this.view, now = this.now, first = now && now.points[0], last = now && now.points[now.points.length - 1];
  if (now && Math.hypot(first.x - last.x, first.y - last.y) < 0.5) view.measures[view.number].pop();
  this.now = null;
  view.draw();
};
