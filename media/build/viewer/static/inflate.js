// Raw deflate (RFC 1951), whole and at once: works in every browser, also where DecompressionStream does not.

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
const DISTANCE_BITS = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const MOST_BITS = 15;

// A table from the next bits to (symbol << 4 | bits of its code), for codes of the given lengths.
function huffman(lengths) {
  let longest = 1;
  const count = new Uint16Array(MOST_BITS + 1);
  for (const length of lengths) {
    count[length]++;
    if (length > longest) longest = length;
  }
  count[0] = 0;
  const next = new Uint16Array(MOST_BITS + 2);
  for (let bits = 1; bits <= MOST_BITS; bits++) next[bits + 1] = (next[bits] + count[bits]) << 1;
  const table = new Uint32Array(1 << longest);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol];
    if (!length) continue;
    let code = next[length]++, reversed = 0;
    for (let bit = 0; bit < length; bit++, code >>= 1) reversed = reversed << 1 | code & 1;
    for (let at = reversed; at < table.length; at += 1 << length) table[at] = symbol << 4 | length;
  }
  return { table: table, mask: table.length - 1 };
}

let fixed = null;

function fixedCodes() {
  if (!fixed) {
    const lengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
    fixed = [huffman(lengths), huffman(new Uint8Array(30).fill(5))];
  }
  return fixed;
}

function inflate(data, size) {
  const out = new Uint8Array(size);
  let at = 0, position = 0, hold = 0, held = 0, last = 0;

  function bits(count) {
    while (held < count) {
      if (position >= data.length) throw new Error("deflate: the data end too early");
      hold |= data[position++] << held;
      held += 8;
    }
    const value = hold & (1 << count) - 1;
    hold >>>= count;
    held -= count;
    return value;
  }

  function symbol(code) {
    while (held < MOST_BITS && position < data.length) {
      hold |= data[position++] << held;
      held += 8;
    }
    const entry = code.table[hold & code.mask], length = entry & 15;
    if (!length || length > held) throw new Error("deflate: no such code");
    hold >>>= length;
    held -= length;
    return entry >> 4;
  }

  function dynamicCodes() {
    const literals = bits(5) + 257, distances = bits(5) + 1, given = bits(4) + 4;
    const codeLengths = new Uint8Array(19);
    for (let number = 0; number < given; number++) codeLengths[CODE_ORDER[number]] = bits(3);
    const code = huffman(codeLengths), lengths = new Uint8Array(literals + distances);
    for (let number = 0; number < lengths.length;) {
      const found = symbol(code);
      if (found < 16) {
        lengths[number++] = found;
        continue;
      }
      const value = found === 16 ? lengths[number - 1] : 0;
      let repeat = found === 16 ? bits(2) + 3 : found === 17 ? bits(3) + 3 : bits(7) + 11;
      while (repeat-- && number < lengths.length) lengths[number++] = value;
    }
    return [huffman(lengths.subarray(0, literals)), huffman(lengths.subarray(literals))];
  }

  function block(literalCode, distanceCode) {
    for (;;) {
      const found = symbol(literalCode);
      if (found < 256) {
        out[at++] = found;
        continue;
      }
      if (found === 256) return;
      const length = LENGTH_BASE[found - 257] + bits(LENGTH_BITS[found - 257]);
      const far = symbol(distanceCode);
      const distance = DISTANCE_BASE[far] + bits(DISTANCE_BITS[far]);
      if (!(distance <= at)) throw new Error("deflate: a distance before the beginning");
      for (let end = Math.min(at + length, size); at < end; at++) out[at] = out[at - distance];
    }
  }

  while (!last) {
    last = bits(1);
    const kind = bits(2);
    if (kind === 0) {
      position -= held >> 3;
      hold = held = 0;
      const length = data[position] | data[position + 1] << 8;
      out.set(data.subarray(position + 4, position + 4 + length), at);
      position += 4 + length;
      at += length;
    } else if (kind === 3) {
      throw new Error("deflate: no such block");
    } else {
      const codes = kind === 1 ? fixedCodes() : dynamicCodes();
      block(codes[0], codes[1]);
    }
  }
  if (at !== size) throw new Error("deflate: " + at + " bytes; expected " + size);
  return out;
}
