// The page: the list of what is on the disc, the views, the tools, keys and touch.

const TOOLS = [ // drag with the main button; key
  ["stack", "s", "\u2195"], ["window", "w", "\u25d0"], ["pan", "p", "\u2725"], ["zoom", "z", "\u2315"],
  ["length", "l", "\u2194"], ["angle", "a", "\u2220"],
];
const LAYOUTS = [[1, 1], [2, 1], [2, 2]]; // columns, rows

const PARALLEL = 0.99; // cosine between the normals of series that scroll together: 8 degrees

const app = { views: [], tool: "window", layout: 0, playing: null, overlays: true, together: true, told: {} };
Object.assign(disc, { app: app, words: WORDS, measureText: measureText });

function start() {
  if (!disc.told) return;
  disc.root = disc.told.root;
  document.documentElement.lang = language;
  document.body.className = "viewer";
  const plain = document.getElementById("plain");
  if (plain) plain.hidden = true;
  app.box = element("div", "app", document.body);
  app.toolbar = element("div", "toolbar", app.box);
  app.toolbar.setAttribute("role", "toolbar");
  app.list = element("nav", "list", app.box);
  app.list.setAttribute("aria-label", word("list"));
  app.main = element("main", "views", app.box);
  app.foot = element("footer", "", app.box, word("notForDiagnosis"));
  makeToolbar();
  makeList();
  setLayout(0);
  window.addEventListener("resize", drawAll);
  document.addEventListener("keydown", keyed);
  const first = app.list.querySelector("[data-images]");
  if (first) first.click();
  else {
    app.box.classList.add("open");
    const other = app.list.querySelector("button");
    if (other) other.click();
  }
}

// --- the list

function makeList() {
  disc.told.patients.forEach(function (patient) {
    const texts = patient.texts;
    element("h2", "", app.list, personName(texts.PatientName) || "\u2014");
    element("p", "", app.list, [texts.PatientID, dateText(texts.PatientBirthDate), texts.PatientSex].filter(Boolean).join("  "));
    patient.studies.forEach(function (study) {
      element("h3", "", app.list, [dateText(study.texts.StudyDate), study.texts.StudyDescription].filter(Boolean).join("  ") || "\u2014");
      study.series.forEach(function (series) { makeEntry(Object.assign({}, texts, study.texts, series.texts), series); });
    });
  });
  const check = element("button", "entry", app.list, word("checkDisc"));
  check.addEventListener("click", function () { showPlain(check, showCheck); });
  element("p", "by", app.list, disc.told.by);
}

function makeEntry(texts, series) {
  app.told[series.id] = texts;
  const entry = element("button", "entry", app.list);
  if (series.thumb) {
    const picture = element("img", "", entry);
    picture.src = disc.root + series.id + "/" + series.thumb;
    picture.alt = "";
  }
  const label = element("span", "", entry);
  element("b", "", label, [texts.Modality, texts.SeriesNumber].filter(Boolean).join(" "));
  element("span", "", label, texts.SeriesDescription || texts.ProtocolName || texts.BodyPartExamined || "");
  if (series.images) element("small", "", label, series.images + " " + word(series.images === 1 ? "image" : "images"));
  if (series.images) {
    entry.dataset.images = series.images;
    entry.addEventListener("click", function () { showSeries(entry, series.id, texts); });
  }
  series.others.forEach(function (other, number) {
    const to = series.images || number ? element("button", "entry other", app.list) : entry;
    if (to !== entry) element("span", "", to, other.title);
    else element("small", "", label, other.title);
    to.addEventListener("click", function () { showOther(to, series.id, other); });
  });
}

function choose(entry) {
  app.list.querySelectorAll(".chosen").forEach(function (each) { each.classList.remove("chosen"); });
  entry.classList.add("chosen");
  app.box.classList.remove("open");
  stop();
}

function showSeries(entry, id, texts) {
  choose(entry);
  showViews();
  const view = app.active;
  view.box.classList.add("waits");
  view.box.focus({ preventScroll: true }); // keys are for the images from now on
  wantSeries(id, function (series) {
    view.box.classList.remove("waits");
    if (!series) return say(word("notRead"));
    view.show({ texts: texts }, series, Math.floor((series.frames.length - 1) / 2));
    app.views.some(function (other) { return follow(other, view); });
    if (series.frames.length > 1 && series.frames[0].time) play();
    makePresets();
  });
}

function showOther(entry, id, other) {
  if (other.state) return showState(entry, id + "/" + other.state);
  showPlain(entry, function (parent) {
    if (other.file && /\.PDF$/.test(other.file)) {
      element("h1", "", parent, other.title);
      const link = element("a", "button", parent, word("report") + " (PDF)");
      link.href = disc.root + id + "/" + other.file;
      link.target = "_blank";
      const frame = element("iframe", "document", parent);
      frame.title = other.title;
      frame.src = link.href;
    } else if (other.file) {
      const frame = element("iframe", "document", parent);
      frame.title = other.title;
      frame.src = disc.root + id + "/" + other.file;
    } else {
      element("h1", "", parent, word("cannotShow"));
      element("p", "", parent, other.reason);
    }
  });
}

// Show the first image of a presentation state as the state wants it.
function showState(entry, path) {
  choose(entry);
  showViews();
  load(path, function () {
    const state = disc.states[path], place = state && state.images[0];
    if (!place) return say(word(state ? "notOnDisc" : "notRead"));
    wantSeries(place[0], function (series) {
      if (!series) return say(word("notRead"));
      app.active.show({ texts: app.told[place[0]] }, series, place[1]);
      applyState(app.active, state);
      makePresets();
    });
  });
}

function showPlain(entry, fill) {
  choose(entry);
  if (app.page) app.page.remove();
  app.main.hidden = true;
  app.page = element("section", "page", app.box);
  fill(app.page);
}

function showViews() {
  if (app.page) app.page.remove();
  app.page = null;
  app.main.hidden = false;
  drawAll();
}

function say(text) {
  const note = element("div", "note", app.box, text);
  note.setAttribute("role", "alert");
  setTimeout(function () { note.remove(); }, 8000);
}

// --- views

function setLayout(number) {
  app.layout = number;
  const size = LAYOUTS[number], count = size[0] * size[1];
  while (app.views.length < count) addView();
  app.views.forEach(function (view, at) { view.box.hidden = at >= count; });
  if (!app.active || app.active.box.hidden) activate(app.views[0]);
  app.main.style.gridTemplateColumns = "repeat(" + size[0] + ", minmax(0, 1fr))";
  app.main.style.gridTemplateRows = "repeat(" + size[1] + ", minmax(0, 1fr))";
  drawAll();
}

function addView() {
  const view = new View(app.main);
  app.views.push(view);
  view.turned = function () {
    app.views.forEach(function (other) { if (!other.box.hidden) follow(view, other); });
  };
  listen(view);
}

function activate(view) {
  app.views.forEach(function (each) { each.box.classList.toggle("active", each === view); });
  app.active = view;
  makePresets();
}

// Let a view show the slice that lies where the other's does, if both are of parallel series of one frame of reference.
function follow(view, other) {
  if (!app.together || other === view || view.box.hidden || !view.series || !other.series) return false;
  const frame = view.frame(), along = frame.location;
  let nearest = -1, least = Infinity;
  if (along === undefined || !frame.normal || !frame.reference) return false;
  other.series.frames.forEach(function (each, number) {
    if (each.reference !== frame.reference || !each.normal || each.location === undefined) return;
    const cosine = each.normal[0] * frame.normal[0] + each.normal[1] * frame.normal[1] + each.normal[2] * frame.normal[2];
    const away = Math.abs((cosine < 0 ? -each.location : each.location) - along);
    if (Math.abs(cosine) > PARALLEL && away < least) {
      least = away;
      nearest = number;
    }
  });
  if (nearest >= 0 && nearest !== other.number) other.goTo(nearest);
  return nearest >= 0;
}

function drawAll() { app.views.forEach(function (view) { if (!view.box.hidden) view.draw(); }); }

function step(by) {
  const view = app.active;
  if (!view.series) return;
  view.turnTo(view.number + by);
}

function play() {
  const view = app.active;
  if (!view.series || view.series.frames.length < 2) return;
  const rest = Math.max(view.frame().time || 100, 20);
  app.playing = setInterval(function () { view.turnTo((view.number + 1) % view.series.frames.length); }, rest);
  app.buttons.cine.setAttribute("aria-pressed", "true");
}

function stop() {
  clearInterval(app.playing);
  app.playing = null;
  app.buttons.cine.setAttribute("aria-pressed", "false");
}

// --- tools and keys

function makeToolbar() {
  app.buttons = {};
  button("list", "\u2630", "c", function () { app.box.classList.toggle("open"); });
  TOOLS.forEach(function (tool) { button(tool[0], tool[2], tool[1], function () { setTool(tool[0]); }); });
  app.presets = element("select", "", app.toolbar);
  app.presets.setAttribute("aria-label", word("presets"));
  app.presets.addEventListener("change", function () { usePreset(+app.presets.value); app.presets.blur(); });
  button("turn", "\u21bb", "r", function () { app.active.series && app.active.turn(); });
  button("flipH", "\u21c6", "h", function () { app.active.series && app.active.flip(false); });
  button("flipV", "\u21c5", "v", function () { app.active.series && app.active.flip(true); });
  button("invert", "\u25d1", "i", function () { app.active.series && app.active.invert(); });
  button("cine", "\u25b6", " ", function () { if (app.playing) stop(); else play(); });
  button("layout", "\u25eb", "n", function () { setLayout((app.layout + 1) % LAYOUTS.length); });
  button("together", "\u21c8", "y", function () {
    app.together = !app.together;
    pressed();
    if (app.active.turned) app.active.turned();
  });
  button("overlays", "\u25f0", "o", function () {
    app.overlays = !app.overlays;
    pressed();
    drawAll();
  });
  button("texts", "T", "t", function () { app.box.classList.toggle("bare"); });
  button("reset", "\u2302", "Escape", function () {
    const view = app.active;
    if (!view.series) return;
    view.reset();
    view.measures = {};
    view.refresh();
  });
  button("print", "\u2399", "", function () { window.print(); });
  button("fullScreen", "\u26f6", "f", fullScreen);
  setTool(app.tool);
  pressed();
}

function pressed() {
  ["together", "overlays"].forEach(function (name) { app.buttons[name].setAttribute("aria-pressed", String(app[name])); });
}

function button(name, sign, key, act) {
  const made = element("button", "", app.toolbar, sign);
  made.title = word(name) + (key ? " [" + (key === " " ? "\u2423" : key) + "]" : "");
  made.setAttribute("aria-label", word(name));
  made.dataset.name = name;
  made.addEventListener("click", act);
  app.buttons[name] = made;
  if (key) app.keys = Object.assign(app.keys || {}, { [key]: act });
}

function setTool(name) {
  app.tool = name;
  TOOLS.forEach(function (tool) { app.buttons[tool[0]].setAttribute("aria-pressed", String(tool[0] === name)); });
  app.box.dataset.tool = name;
}

function presetsOf(view) {
  const frame = view.frame();
  if (!frame || frame.samples === 3) return [];
  const own = frame.windows.map(function (window, number) { return [window.label || word("asSent") + (number ? " " + (number + 1) : ""), window]; });
  const usual = (PRESETS[view.told.texts.Modality] || []).map(function (preset) {
    return [word(preset[0]), { centre: preset[1], width: preset[2], kind: "LINEAR", label: word(preset[0]) }];
  });
  return own.concat(usual, [[word("fullRange"), null]]);
}

function makePresets() {
  app.presets.textContent = "";
  if (!app.active) return;
  presetsOf(app.active).forEach(function (preset, number) { element("option", "", app.presets, preset[0]).value = number; });
  app.presets.disabled = !app.presets.options.length;
}

function usePreset(number) {
  const view = app.active, preset = presetsOf(view)[number];
  if (!preset) return;
  app.presets.value = number;
  view.window = preset[1] || fullRange(view);
  view.refresh();
}

function fullRange(view) {
  const frame = view.frame(), values = frame.values;
  if (!values) return null;
  let low = Infinity, high = -Infinity;
  for (let at = 0; at < values.length; at++) {
    if (values[at] < low) low = values[at];
    if (values[at] > high) high = values[at];
  }
  low = low * frame.slope + frame.intercept;
  high = high * frame.slope + frame.intercept;
  return { centre: (low + high) / 2, width: Math.max(Math.abs(high - low), 1e-6), kind: "LINEAR_EXACT", label: word("fullRange") };
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (app.box.requestFullscreen) app.box.requestFullscreen();
}

const MOVES = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, ArrowRight: 1, ArrowLeft: -1, Home: -1e9, End: 1e9 };

function keyed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || app.page) return;
  if (/^(SELECT|INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (event.target.tagName === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
  const view = app.active;
  if (MOVES[event.key]) step(MOVES[event.key]);
  else if (/^[1-9]$/.test(event.key)) usePreset(+event.key - 1);
  else if (event.key === "+" || event.key === "=") view.zoomBy(1.25);
  else if (event.key === "-") view.zoomBy(0.8);
  else if (app.keys[event.key]) app.keys[event.key]();
  else return;
  event.preventDefault();
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
