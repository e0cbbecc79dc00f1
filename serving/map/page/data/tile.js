// Reads Mapbox vector tiles (specification, version 2.1): what protobuf needs for it, no more.

const POLYGON = 3;
const MOVE_TO = 1;
const LINE_TO = 2;

/**
 * Read a tile.
 * @param {Uint8Array} bytes
 * @returns {Object<string, {extent: number, features: Array}>} Layers by name; a feature has `id`,
 *   `properties` and, where it is a polygon, `rings`: lists of x, y, ... in units of the extent.
 */
export function readTile(bytes) {
  const layers = {};
  for (const [field, part] of fieldsOf(bytes)) {
    if (field !== 3) continue;
    const layer = readLayer(part);
    layers[layer.name] = layer;
  }
  return layers;
}

function readLayer(bytes) {
  const layer = { name: "", extent: 4096, features: [] };
  const keys = [];
  const values = [];
  const raw = [];
  for (const [field, part] of fieldsOf(bytes)) {
    if (field === 1) layer.name = textOf(part);
    else if (field === 2) raw.push(part);
    else if (field === 3) keys.push(textOf(part));
    else if (field === 4) values.push(readValue(part));
    else if (field === 5) layer.extent = part;
  }
  layer.features = raw.map((part) => readFeature(part, keys, values));
  return layer;
}

function readFeature(bytes, keys, values) {
  const feature = { id: null, properties: {}, rings: [] };
  let type = 0;
  let geometry = null;
  for (const [field, part] of fieldsOf(bytes)) {
    if (field === 1) feature.id = part;
    else if (field === 2) {
      const tags = [...numbersOf(part)];
      for (let at = 0; at < tags.length; at += 2) {
        feature.properties[keys[tags[at]]] = values[tags[at + 1]];
      }
    } else if (field === 3) type = part;
    else if (field === 4) geometry = part;
  }
  if (type === POLYGON && geometry) feature.rings = readRings(geometry);
  return feature;
}

function readRings(bytes) {
  const rings = [];
  const numbers = numbersOf(bytes);
  let x = 0;
  let y = 0;
  for (let next = numbers.next(); !next.done; next = numbers.next()) {
    const command = next.value & 7;
    if (command === MOVE_TO) rings.push([]);
    if (command !== MOVE_TO && command !== LINE_TO) continue;
    for (let left = next.value >> 3; left > 0; left -= 1) {
      x += signed(numbers.next().value);
      y += signed(numbers.next().value);
      rings[rings.length - 1].push(x, y);
    }
  }
  return rings;
}

function readValue(bytes) {
  for (const [field, part] of fieldsOf(bytes)) {
    if (field === 1) return textOf(part);
    if (field === 2) return viewOf(part).getFloat32(0, true);
    if (field === 3) return viewOf(part).getFloat64(0, true);
    if (field === 6) return part % 2 ? -(part + 1) / 2 : part / 2;
    if (field === 7) return part === 1;
    return part;
  }
  return null;
}

/** Yield number and contents of each field: a number for varints, else bytes. */
function* fieldsOf(bytes) {
  const reader = { bytes, at: 0 };
  while (reader.at < bytes.length) {
    const tag = varint(reader);
    const kind = tag & 7;
    if (kind === 0) {
      yield [tag >> 3, varint(reader)];
      continue;
    }
    const size = { 1: 8, 2: 0, 5: 4 }[kind];
    if (size === undefined) throw new Error(`the tile holds a field of unknown kind ${kind}`);
    const length = kind === 2 ? varint(reader) : size;
    yield [tag >> 3, bytes.subarray(reader.at, reader.at + length)];
    reader.at += length;
  }
}

function* numbersOf(bytes) {
  const reader = { bytes, at: 0 };
  while (reader.at < bytes.length) yield varint(reader);
}

/** A number of up to 53 bits, which is what JavaScript counts exactly. */
function varint(reader) {
  let value = 0;
  let factor = 1;
  for (;;) {
    const byte = reader.bytes[reader.at];
    reader.at += 1;
    value += (byte & 127) * factor;
    if (byte < 128) return value;
    factor *= 128;
  }
}

const signed = (value) => (value % 2 ? -(value + 1) / 2 : value / 2);
const decoder = new TextDecoder();
const textOf = (bytes) => decoder.decode(bytes);
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
