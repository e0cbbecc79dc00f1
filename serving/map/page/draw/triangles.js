// Polygons cut into triangles by clipping ears; most have four corners.

/**
 * @param {Array<Array<number>>} rings The outer ring and its holes, each x, y, ...
 * @returns {Array<number>} Three point numbers a triangle; points count through all rings.
 */
export function triangulate(rings) {
  const points = rings.flat();
  let start = 0;
  const parts = rings.map((ring) => {
    const numbers = Array.from({ length: ring.length / 2 }, (_, at) => start + at);
    start += numbers.length;
    return numbers;
  });
  const [outer, ...holes] = parts.filter((numbers) => numbers.length > 2);
  if (!outer) return [];
  let outline = turned(outer, points, 1);
  for (const hole of fromTheRight(holes, points)) outline = bridged(outline, turned(hole, points, -1), points);
  return clipped(outline, points);
}

function clipped(outline, points) {
  const left = [...outline];
  const triangles = [];
  while (left.length > 2) {
    const ear = findEar(left, points);
    const [before, after] = neighbours(left, ear);
    if (turn(points, before, left[ear], after) !== 0) triangles.push(before, left[ear], after);
    left.splice(ear, 1);
  }
  return triangles;
}

/** The place of a corner that can be cut off; of an outline that crosses itself, of any. */
function findEar(left, points) {
  for (let at = 0; at < left.length; at += 1) {
    const [before, after] = neighbours(left, at);
    const bend = turn(points, before, left[at], after);
    if (bend === 0) return at;
    if (bend > 0 && !left.some((point) => isWithin(points, point, before, left[at], after))) return at;
  }
  return 0;
}

function neighbours(left, at) {
  return [left[(at + left.length - 1) % left.length], left[(at + 1) % left.length]];
}

/** Join a hole to an outline by a cut there and back, to the nearest corner that it can see. */
function bridged(outline, hole, points) {
  const from = hole[0];
  const byDistance = [...outline.keys()].sort(
    (one, other) => distance(points, outline[one], from) - distance(points, outline[other], from),
  );
  const at = byDistance.find((place) => isClear(outline, points, outline[place], from)) ?? byDistance[0];
  return [...outline.slice(0, at + 1), ...hole, from, ...outline.slice(at)];
}

function isClear(outline, points, one, other) {
  return outline.every((point, at) => {
    const next = outline[(at + 1) % outline.length];
    if ([point, next].some((end) => same(points, end, one) || same(points, end, other))) return true;
    return (
      turn(points, one, other, point) * turn(points, one, other, next) > 0 ||
      turn(points, point, next, one) * turn(points, point, next, other) > 0
    );
  });
}

function fromTheRight(holes, points) {
  const right = (hole) => Math.max(...hole.map((point) => points[point * 2]));
  return holes
    .map((hole) => {
      const at = hole.findIndex((point) => points[point * 2] === right(hole));
      return [...hole.slice(at), ...hole.slice(0, at)];
    })
    .sort((one, other) => points[other[0] * 2] - points[one[0] * 2]);
}

function turned(ring, points, direction) {
  let area = 0;
  ring.forEach((point, at) => {
    const next = ring[(at + 1) % ring.length];
    area += points[point * 2] * points[next * 2 + 1] - points[next * 2] * points[point * 2 + 1];
  });
  return area * direction < 0 ? [ring[0], ...ring.slice(1).reverse()] : ring;
}

function isWithin(points, point, a, b, c) {
  if ([a, b, c].some((corner) => same(points, corner, point))) return false;
  return turn(points, a, b, point) >= 0 && turn(points, b, c, point) >= 0 && turn(points, c, a, point) >= 0;
}

const same = (points, one, other) =>
  points[one * 2] === points[other * 2] && points[one * 2 + 1] === points[other * 2 + 1];

const distance = (points, one, other) =>
  Math.hypot(points[one * 2] - points[other * 2], points[one * 2 + 1] - points[other * 2 + 1]);

/** Twice the area of a triangle, positive where it turns from x towards y. */
const turn = (points, a, b, c) =>
  (points[b * 2] - points[a * 2]) * (points[c * 2 + 1] - points[a * 2 + 1]) -
  (points[c * 2] - points[a * 2]) * (points[b * 2 + 1] - points[a * 2 + 1]);
