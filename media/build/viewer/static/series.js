// The series of the disc: what was told by the data scripts, loaded when it is wanted.
// A data script calls disc.list, disc.series or disc.pack (media/build/viewer/site.py writes them).

const KEPT_VALUES = 256e6; // bytes of unpacked frames kept
const KEPT_PACKS = 200e6; // characters of packs kept

const disc = { patients: [], series: {}, wanted: {} };

disc.list = function (list) { disc.told = list; };
disc.meta = function (id, meta) { disc.series[id] = readSeries(id, meta); };
disc.pack = function (id, number, frames) { disc.series[id].packs[number] = frames; };

// Load a data script once; `done` hears whether it came.
function load(path, done) {
  const waiting = disc.wanted[path];
  if (waiting) {
    waiting.push(done);
    return;
  }
  disc.wanted[path] = [done];
  const script = document.createElement("script");
  function ended(good) {
    const all = disc.wanted[path];
    delete disc.wanted[path];
    script.remove();
    all.forEach(function (each) { each(good); });
  }
  script.onload = function () { ended(true); };
  script.onerror = function () { ended(false); };
  script.src = disc.root + path;
  document.head.appendChild(script);
}

// A series with its frames in one row: every frame has all facts, those of its instance and the series below it.
function readSeries(id, meta) {
  const series = { id: id, frames: [], packs: {}, kept: [], keptSize: 0, packsKept: [], packsSize: 0 };
  meta.images.forEach(function (image) {
    image.f.forEach(function (own) {
      series.frames.push(readFrame(Object.assign({}, meta.base, image, own), series.frames.length));
    });
  });
  series.firstOfPack = meta.packs || [];
  return series;
}

function readFrame(facts, number) {
  const rescale = facts.m || [1, 0, ""];
  return {
    number: number, instance: facts.n || "", rows: facts.r, columns: facts.c, samples: facts.s || 1, bits: facts.b,
    signed: Boolean(facts.g), inverted: Boolean(facts.i), slope: rescale[0], intercept: rescale[1], unit: rescale[2],
    windows: (facts.w || []).map(readWindow), letters: facts.o || null, spacing: facts.p || null,
    aspect: facts.a || 1, regions: facts.u || [], location: facts.q, thickness: facts.z, view: facts.v || "",
    normal: facts.e || null, reference: facts.x || "", overlays: facts.h || 0, time: facts.t || 0, clock: facts.k || "", lossy: Boolean(facts.y), picture: facts.J,
  };
}

function readWindow(told) {
  const window = { centre: told[0], width: told[1], kind: told[2], label: told[3] };
  if (told[2] === "LUT") {
    window.first = told[4];
    window.lut = new Uint8Array(told[5].match(/../g).map(function (hex) { return parseInt(hex, 16); }));
  }
  return window;
}

function wantSeries(id, done) {
  if (disc.series[id]) done(disc.series[id]);
  else load(id + "/META.JS", function (good) { done(good ? disc.series[id] : null); });
}

function packOf(series, number) {
  let pack = series.firstOfPack.length - 1;
  while (pack >= 0 && series.firstOfPack[pack] > number) pack--;
  return pack;
}

function packName(pack) { return "D" + ("0000" + (pack + 1)).slice(-4) + ".JS"; }

// The stored values of a frame if they are at hand; otherwise null, and `later` is called once they are.
function valuesOf(series, number, later) {
  const frame = series.frames[number];
  if (frame.values) return frame.values;
  const pack = packOf(series, number);
  if (pack < 0) return null;
  const texts = series.packs[pack];
  if (texts) {
    frame.values = unpack(texts[number - series.firstOfPack[pack]], frame);
    keepValues(series, frame);
    return frame.values;
  }
  load(series.id + "/" + packName(pack), function (good) {
    if (!good) return;
    keepPack(series, pack);
    if (later) later();
  });
  return null;
}

function keepValues(series, frame) {
  series.kept.push(frame);
  series.keptSize += frame.values.byteLength;
  while (series.keptSize > KEPT_VALUES && series.kept.length > 2) {
    const oldest = series.kept.shift();
    series.keptSize -= oldest.values.byteLength;
    oldest.values = null;
  }
}

function keepPack(series, pack) {
  const size = series.packs[pack].reduce(function (sum, text) { return sum + text.length; }, 0);
  series.packsKept.push([pack, size]);
  series.packsSize += size;
  while (series.packsSize > KEPT_PACKS && series.packsKept.length > 2) {
    const oldest = series.packsKept.shift();
    series.packsSize -= oldest[1];
    delete series.packs[oldest[0]];
  }
}

// What everybody sees first: the JPEG picture of a frame.
function pictureOf(series, number, done) {
  const frame = series.frames[number];
  if (frame.image && frame.image.complete && frame.image.naturalWidth) return frame.image;
  if (!frame.image) {
    frame.image = new Image();
    frame.image.src = disc.root + series.id + "/" + frame.picture;
  }
  frame.image.onload = done;
  return null;
}
