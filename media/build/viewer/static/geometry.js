// Orientation letters that follow flips and turns, and what a distance is in.

const OPPOSITE = { R: "L", L: "R", A: "P", P: "A", H: "F", F: "H" };

function oppositeOf(letters) {
  return letters.split("").map(function (letter) { return OPPOSITE[letter] || ""; }).join("");
}

// Letters at the top, right, bottom and left of an image shown with a turn (quarter turns clockwise) and a flip.
function lettersAround(frame, turns, flipped) {
  if (!frame.letters) return null;
  const right = frame.letters[0], bottom = frame.letters[1];
  let sides = [oppositeOf(bottom), right, bottom, oppositeOf(right)];
  if (flipped) sides = [sides[0], sides[3], sides[2], sides[1]];
  for (let turn = 0; turn < turns; turn++) sides = [sides[3], sides[0], sides[1], sides[2]];
  return sides;
}

function regionAt(frame, point) {
  return frame.regions.filter(function (region) {
    return point.x >= region[0] && point.y >= region[1] && point.x <= region[2] && point.y <= region[3];
  })[0];
}

// How steps in x and y count at these points: { x, y, unit, note }, note a key of WORDS.
function scaleAt(frame, points) {
  const region = regionAt(frame, points[0]);
  if (region && points.every(function (point) { return regionAt(frame, point) === region; })) {
    if (region[6] === "cm" && region[7] === "cm") return { x: region[4] * 10, y: region[5] * 10, unit: "mm", note: "" };
  } else if (!region && frame.spacing) {
    const note = { detector: "atDetector", calibrated: "calibrated", patient: "" }[frame.spacing[2]];
    return { x: frame.spacing[1], y: frame.spacing[0], unit: "mm", note: note };
  }
  return { x: 1, y: frame.aspect, unit: "px", note: "" };
}

function lengthBetween(frame, from, to) {
  const scale = scaleAt(frame, [from, to]);
  return { value: Math.hypot((to.x - from.x) * scale.x, (to.y - from.y) * scale.y), unit: scale.unit, note: scale.note };
}

// Degrees between two legs that meet in `corner`.
function angleAt(frame, first, corner, second) {
  const scale = scaleAt(frame, [corner]);
  function direction(point) { return Math.atan2((point.y - corner.y) * scale.y, (point.x - corner.x) * scale.x); }
  const turn = Math.abs(direction(first) - direction(second)) * 180 / Math.PI;
  return turn > 180 ? 360 - turn : turn;
}
