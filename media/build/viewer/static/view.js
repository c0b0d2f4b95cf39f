// One view: a canvas that shows a frame of a series, turned and zoomed, with its texts, letters and measures.

function element(tag, className, parent, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  if (parent) parent.appendChild(made);
  return made;
}

function View(parent) {
  const view = this;
  view.box = element("div", "view", parent);
  view.box.tabIndex = 0;
  view.canvas = element("canvas", "", view.box);
  view.texts = ["tl", "tr", "bl", "br"].map(function (corner) { return element("div", "text " + corner, view.box); });
  view.sides = ["t", "r", "b", "l"].map(function (side) { return element("div", "side " + side, view.box); });
  view.source = document.createElement("canvas"); // the frame in its own pixels, out of its values
  view.backdrop = document.createElement("canvas"); // and out of its JPEG, which taints a canvas for reading
  view.series = null;
  view.told = null; // what the list says of the series
  view.number = 0;
  view.measures = {}; // by frame
  view.reset();
}

View.prototype.reset = function () {
  this.zoom = 1;
  this.panX = this.panY = 0;
  this.turns = 0;
  this.flipped = this.inverted = false;
  this.window = null; // null: as the image means it
  this.state = null; // a presentation state
  this.brightness = this.contrast = 1; // of pictures without values
};

View.prototype.show = function (told, series, number) {
  this.told = told;
  this.series = series;
  this.measures = {};
  this.reset();
  this.goTo(number || 0);
};

View.prototype.frame = function () { return this.series && this.series.frames[this.number]; };

// Show another frame; `turned`, where somebody set it, hears of it.
View.prototype.turnTo = function (number) {
  this.goTo(number);
  if (this.series && this.turned) this.turned();
};

View.prototype.goTo = function (number) {
  if (!this.series) return;
  this.number = Math.max(0, Math.min(number, this.series.frames.length - 1));
  this.refresh();
};

View.prototype.windowNow = function () {
  const frame = this.frame();
  return this.window || frame.windows[0] || null;
};

// Paint the frame anew: its values when they are there, its picture until then.
View.prototype.refresh = function () {
  const view = this, frame = view.frame();
  if (!frame) return;
  let values = null;
  try {
    values = valuesOf(view.series, view.number, function () { if (view.frame() === frame) view.refresh(); });
  } catch (error) {
    view.broken = String(error.message || error);
  }
  view.exact = Boolean(values);
  if (values) view.paintValues(frame, values);
  else view.paintPicture(frame);
  view.draw();
};

function sized(canvas, frame) {
  if (canvas.width !== frame.columns || canvas.height !== frame.rows) {
    canvas.width = frame.columns;
    canvas.height = frame.rows;
  }
  return canvas.getContext("2d");
}

View.prototype.paintValues = function (frame, values) {
  const context = sized(this.source, frame), pixels = context.createImageData(frame.columns, frame.rows);
  paint(pixels, values, frame, this.windowNow(), this.inverted);
  context.putImageData(pixels, 0, 0);
};

View.prototype.paintPicture = function (frame) {
  const view = this;
  const picture = pictureOf(view.series, view.number, function () { if (view.frame() === frame && !view.exact) view.refresh(); });
  if (!picture) return;
  const context = sized(view.backdrop, frame);
  context.filter = "brightness(" + view.brightness + ") contrast(" + view.contrast + ")" + (view.inverted ? " invert(1)" : "");
  context.drawImage(picture, 0, 0, frame.columns, frame.rows);
  context.filter = "none";
};

// From the frame's pixels to the canvas': scale to fit, turn, flip, zoom, pan.
View.prototype.matrix = function () {
  const frame = this.frame(), canvas = this.canvas;
  const high = frame.rows * frame.aspect, wide = frame.columns, turned = this.turns % 2;
  const fit = Math.min(canvas.width / (turned ? high : wide), canvas.height / (turned ? wide : high));
  const scale = fit * this.zoom, pixel = window.devicePixelRatio || 1;
  return new DOMMatrix()
    .translate(canvas.width / 2 + this.panX * pixel, canvas.height / 2 + this.panY * pixel)
    .rotate(90 * this.turns)
    .scale(this.flipped ? -scale : scale, scale * frame.aspect)
    .translate(-frame.columns / 2, -frame.rows / 2);
};

View.prototype.pointOf = function (event) {
  const box = this.canvas.getBoundingClientRect(), pixel = this.canvas.width / box.width;
  return this.matrix().inverse().transformPoint(
    new DOMPoint((event.clientX - box.left) * pixel, (event.clientY - box.top) * pixel));
};

View.prototype.draw = function () {
  const frame = this.frame(), canvas = this.canvas, pixel = window.devicePixelRatio || 1;
  if (!this.box.clientWidth) return;
  const width = Math.round(this.box.clientWidth * pixel), height = Math.round(this.box.clientHeight * pixel);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  if (!frame) return;
  const matrix = this.matrix();
  context.setTransform(matrix);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(this.exact ? this.source : this.backdrop, 0, 0);
  const view = this, planes = app.overlays && overlaysOf(view.series, view.number, function () { view.draw(); });
  if (planes) {
    context.imageSmoothingEnabled = Math.hypot(matrix.a, matrix.b) < 1; // its bits are as large as pixels, no larger
    context.drawImage(planes, 0, 0);
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  drawState(context, view, pixel);
  drawMeasures(context, matrix, frame, this.measures[this.number] || [], pixel);
  this.write(frame);
};

// The texts in the corners and the letters at the sides.
View.prototype.write = function (frame) {
  const told = this.told, texts = told.texts, window = this.windowNow();
  const shownWindow = this.exact && frame.samples === 1 && window
    ? "C " + rounded(window.centre) + " W " + rounded(window.width) + (frame.unit ? " " + frame.unit : "")
      + (window.label ? " (" + window.label + ")" : "")
    : "";
  const lines = [
    [personName(texts.PatientName), texts.PatientID, dateText(texts.PatientBirthDate), texts.PatientSex],
    [texts.InstitutionName, dateText(texts.StudyDate), texts.StudyDescription, texts.SeriesDescription],
    [
      word("image") + " " + (this.number + 1) + " / " + this.series.frames.length,
      frame.location === undefined ? "" : word("position") + " " + frame.location + " mm",
      shownWindow, frame.view, Math.round(this.zoom * 100) + " %",
    ],
    [
      this.state && isSeenBy(this.state, this) && this.state.left ? word("notAllDrawn") : "",
      this.exact ? "" : word("pictureOnly"), frame.lossy ? word("lossy") : "",
      frame.letters ? "" : word("noOrientation"), word("notForDiagnosis"),
    ],
  ];
  this.texts.forEach(function (box, corner) { box.textContent = lines[corner].filter(Boolean).join("\n"); });
  const letters = lettersAround(frame, this.turns, this.flipped) || ["", "", "", ""];
  this.sides.forEach(function (box, side) { box.textContent = letters[side]; });
};

function rounded(number) { return Math.abs(number) < 10 ? Math.round(number * 100) / 100 : Math.round(number); }

function personName(name) {
  return (name || "").split("=").map(function (group) {
    return group.split("^").filter(Boolean).join(" ");
  }).filter(Boolean).join(" / ");
}

function dateText(date) {
  if (!/^\d{8}$/.test(date || "")) return date || "";
  const day = new Date(+date.slice(0, 4), +date.slice(4, 6) - 1, +date.slice(6));
  try {
    return day.toLocaleDateString(locale, { year: "numeric", month: "2-digit", day: "2-digit" });
  } catch (error) {
    return date.slice(0, 4) + "-" + date.slice(4, 6) + "-" + date.slice(6);
  }
}

// Change the window by a drag: to the right wider, downwards brighter.
View.prototype.dragWindow = function (dx, dy) {
  const frame = this.frame(), now = this.windowNow();
  if (!frame) return;
  if (this.exact && frame.samples === 1 && now) {
    const step = Math.max(now.width, 1) / 300;
    const kind = now.lut ? "LINEAR" : now.kind;
    this.window = { centre: now.centre - dy * step, width: Math.max(now.width + dx * step, kind === "LINEAR" ? 1 : step), kind: kind, label: "" };
  } else {
    this.contrast = Math.max(0.1, this.contrast + dx / 200);
    this.brightness = Math.max(0.1, this.brightness - dy / 200);
  }
  this.refresh();
};

View.prototype.zoomBy = function (factor, at) {
  const before = this.zoom;
  this.zoom = Math.max(0.1, Math.min(before * factor, 40));
  if (at) {
    const box = this.box.getBoundingClientRect(), part = this.zoom / before;
    const x = at.clientX - box.left - box.width / 2, y = at.clientY - box.top - box.height / 2;
    this.panX = x + (this.panX - x) * part;
    this.panY = y + (this.panY - y) * part;
  }
  this.draw();
};

View.prototype.turn = function () {
  this.turns = (this.turns + 1) % 4;
  this.draw();
};

// Flip left and right as they are seen now; `upright` flips top and bottom.
View.prototype.flip = function (upright) {
  if (this.turns % 2 ? !upright : upright) this.turns = (this.turns + 2) % 4;
  this.flipped = !this.flipped;
  this.draw();
};

View.prototype.invert = function () {
  this.inverted = !this.inverted;
  this.refresh();
};
