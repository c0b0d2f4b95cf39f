// The check page: every file of the disc against CHECKSUM.TXT, hashed in the browser piece by piece.

const K = [], HASH = [];

(function constants() { // SHA-256 (FIPS 180-4, 4.2.2): parts of the roots of the first primes
  function part(number) { return (number - Math.floor(number)) * 4294967296 | 0; }
  for (let number = 2; K.length < 64; number++) {
    let prime = true;
    for (let by = 2; by * by <= number; by++) prime = prime && number % by !== 0;
    if (!prime) continue;
    if (HASH.length < 8) HASH.push(part(Math.sqrt(number)));
    K.push(part(Math.cbrt(number)));
  }
})();

function Sha256() {
  this.state = new Int32Array(HASH);
  this.words = new Int32Array(64);
  this.rest = new Uint8Array(64);
  this.held = this.size = 0;
}

Sha256.prototype.block = function (data, at) {
  const w = this.words, s = this.state;
  for (let t = 0; t < 16; t++, at += 4) w[t] = data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3];
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15], y = w[t - 2];
    w[t] = w[t - 16] + w[t - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3)
      + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
  }
  let a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
  for (let t = 0; t < 64; t++) {
    const one = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + K[t] + w[t] | 0;
    const two = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c) | 0;
    h = g; g = f; f = e; e = d + one | 0; d = c; c = b; b = a; a = one + two | 0;
  }
  s[0] += a; s[1] += b; s[2] += c; s[3] += d; s[4] += e; s[5] += f; s[6] += g; s[7] += h;
};

Sha256.prototype.update = function (data) {
  let at = 0;
  this.size += data.length;
  if (this.held) {
    const more = Math.min(64 - this.held, data.length);
    this.rest.set(data.subarray(0, more), this.held);
    this.held += more;
    at = more;
    if (this.held < 64) return;
    this.block(this.rest, 0);
    this.held = 0;
  }
  for (; at + 64 <= data.length; at += 64) this.block(data, at);
  this.rest.set(data.subarray(at));
  this.held = data.length - at;
};

Sha256.prototype.hex = function () {
  const tail = new Uint8Array((this.held < 56 ? 64 : 128) - this.held), size = this.size;
  tail[0] = 128;
  new DataView(tail.buffer).setUint32(tail.length - 8, Math.floor(size / 536870912));
  new DataView(tail.buffer).setUint32(tail.length - 4, size * 8 >>> 0);
  this.update(tail);
  return Array.from(this.state, function (word32) { return ("0000000" + (word32 >>> 0).toString(16)).slice(-8); }).join("");
};

const PIECE = 4 << 20;

function hashFile(file, heard) {
  const hash = new Sha256();
  function piece(at) {
    if (at >= file.size) return Promise.resolve(hash.hex());
    return new Response(file.slice(at, at + PIECE)).arrayBuffer().then(function (data) {
      hash.update(new Uint8Array(data));
      heard(data.byteLength);
      return piece(at + data.byteLength);
    });
  }
  return piece(0);
}

// { good, different: [names], missing: [names], unexpected: [names] }. `heard(done, total)` in bytes.
function checkFiles(files, heard) {
  const byName = {};
  let total = 0, done = 0;
  Array.from(files).forEach(function (file) {
    const path = (file.webkitRelativePath || file.name).split("/").slice(file.webkitRelativePath ? 1 : 0).join("/");
    byName[path.toUpperCase().replace(/;1$/, "")] = file;
    total += file.size;
  });
  const list = byName["CHECKSUM.TXT"];
  if (!list) return Promise.reject(new Error(word("noChecksums")));
  const found = { good: 0, different: [], missing: [], unexpected: [] };
  return new Response(list).text().then(function (text) {
    const lines = text.split("\n").filter(Boolean).map(function (line) { return [line.slice(0, 64), line.slice(66).trim()]; });
    const listed = {};
    lines.forEach(function (line) { listed[line[1]] = true; });
    found.unexpected = Object.keys(byName).filter(function (name) { return !listed[name] && name !== "CHECKSUM.TXT"; });
    return lines.reduce(function (before, line) {
      return before.then(function () {
        const file = byName[line[1]];
        if (!file) return void found.missing.push(line[1]);
        return hashFile(file, function (bytes) { heard(done += bytes, total); }).then(function (hex) {
          if (hex === line[0]) found.good++;
          else found.different.push(line[1]);
        }, function () { found.different.push(line[1]); }); // a file that cannot be read is damaged
      });
    }, Promise.resolve());
  }).then(function () { return found; });
}

function showCheck(parent) {
  const box = element("div", "check", parent);
  element("h1", "", box, word("checkDisc"));
  element("p", "", box, word("checkHow"));
  const input = element("input", "", box), bar = element("progress", "", box), said = element("div", "found", box);
  input.type = "file";
  input.webkitdirectory = input.multiple = true;
  input.setAttribute("aria-label", word("checkDisc"));
  said.setAttribute("role", "status");
  bar.hidden = true;
  input.addEventListener("change", function () {
    if (!input.files.length) return;
    bar.hidden = false;
    said.textContent = "";
    checkFiles(input.files, function (done, total) {
      bar.max = total;
      bar.value = done;
    }).then(function (found) {
      bar.hidden = true;
      const bad = found.different.length + found.missing.length;
      said.className = bad ? "found bad" : "found good";
      element("p", "", said, (bad ? word("damaged") : word("complete")) + " (" + found.good + ")");
      [["different", word("differentFiles")], ["missing", word("missingFiles")], ["unexpected", word("unexpectedFiles")]].forEach(function (kind) {
        if (!found[kind[0]].length) return;
        element("h2", "", said, kind[1]);
        const names = element("ul", "", said);
        found[kind[0]].forEach(function (name) { element("li", "", names, name); });
      });
    }, function (error) {
      bar.hidden = true;
      said.className = "found bad";
      said.textContent = error.message;
    });
  });
}
