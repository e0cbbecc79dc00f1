// The layer of buildings: all months lie on the graphics card, the month shown is a uniform.
// A filter of MapLibre's would cut the tile anew at each step of the slider.

import { isSeen, HIDDEN } from "../data/states.js";
import { makeProgram, MOST_STATES, ROW } from "./shaders.js";
import { shapesOf } from "./shapes.js";

const TILES = 2 ** 13;

export class Buildings {
  id = "buildings";
  type = "custom";
  renderingMode = "2d";
  #gl = null;
  #map = null;
  #program = null;
  #drawn = null;
  #waiting = null;
  #month = 0;
  #asked = [];
  #colours = { fill: new Float32Array(MOST_STATES * 4), line: new Float32Array(MOST_STATES * 4) };

  onAdd(map, gl) {
    this.#map = map;
    this.#gl = gl;
    this.#program = makeProgram(gl);
    if (this.#waiting) this.#upload(this.#waiting);
  }

  onRemove() {
    this.clear();
    this.#gl.deleteProgram(this.#program.program);
    this.#gl = null;
  }

  /**
   * Show a chip's buildings.
   * @param {{x: number, y: number}} tile The chip's tile of zoom 13.
   * @param {{extent: number, features: Array}} layer
   * @param {{count: number, states: Uint8Array}} months As `statesOf` gives them.
   */
  show(tile, layer, months) {
    this.clear();
    this.#waiting = { tile, layer, months };
    if (this.#gl) this.#upload(this.#waiting);
    this.#map?.triggerRepaint();
  }

  clear() {
    this.#waiting = null;
    if (!this.#drawn) return;
    const gl = this.#gl;
    gl.deleteVertexArray(this.#drawn.fill.array);
    gl.deleteVertexArray(this.#drawn.line.array);
    this.#drawn.buffers.forEach((buffer) => gl.deleteBuffer(buffer));
    gl.deleteTexture(this.#drawn.texture);
    this.#drawn = null;
    this.#map.triggerRepaint();
  }

  /** Show another month of the chip, counted from its first one. */
  setMonth(month) {
    this.#month = month;
    this.#map?.triggerRepaint();
  }

  /** Colours by state, red, green, blue, alpha from 0 to 1; alpha 0 is not drawn. */
  setColours(fill, line) {
    this.#colours.fill.set(fill.flat());
    this.#colours.line.set(line.flat());
    this.#map?.triggerRepaint();
  }

  render(gl, { defaultProjectionData }) {
    const drawn = this.#drawn;
    if (!drawn) return;
    this.#use(matrixOf(defaultProjectionData.mainMatrix, drawn.tile, drawn.extent));
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    for (const [part, kind] of [["fill", gl.TRIANGLES], ["line", gl.LINES]]) {
      gl.uniform4fv(this.#program.at.u_colours, this.#colours[part]);
      gl.bindVertexArray(drawn[part].array);
      gl.drawElements(kind, drawn[part].length, gl.UNSIGNED_INT, 0);
    }
    gl.bindVertexArray(null);
    this.#asked.splice(0).forEach((answer) => answer(this.#countSeen()));
  }

  /**
   * Promise how many buildings the graphics card itself shows as seen in the month of the next
   * redraw: those with a triangle of which it finds the state to be one of being seen.
   */
  countDrawn() {
    return new Promise((answer) => {
      this.#asked.push(answer); // MapLibre expects its own settings of the card outside `render`
      this.#map.triggerRepaint();
    });
  }

  #countSeen() {
    const found = this.#statesOnCard();
    const { owners, triangles } = this.#drawn;
    const seen = new Set();
    for (const corner of triangles) if (isSeen(found[corner])) seen.add(owners[corner]);
    return seen.size;
  }

  #statesOnCard() {
    const gl = this.#gl;
    const { owners, fill } = this.#drawn;
    const listened = gl.createBuffer();
    this.#use(new Float32Array(16));
    gl.bindVertexArray(fill.array);
    gl.bindBuffer(gl.TRANSFORM_FEEDBACK_BUFFER, listened);
    gl.bufferData(gl.TRANSFORM_FEEDBACK_BUFFER, owners.byteLength, gl.STREAM_READ);
    gl.bindBufferBase(gl.TRANSFORM_FEEDBACK_BUFFER, 0, listened);
    gl.enable(gl.RASTERIZER_DISCARD);
    gl.beginTransformFeedback(gl.POINTS);
    gl.drawArrays(gl.POINTS, 0, owners.length);
    gl.endTransformFeedback();
    gl.disable(gl.RASTERIZER_DISCARD);
    const found = new Uint32Array(owners.length);
    gl.getBufferSubData(gl.TRANSFORM_FEEDBACK_BUFFER, 0, found);
    gl.bindBufferBase(gl.TRANSFORM_FEEDBACK_BUFFER, 0, null);
    gl.bindVertexArray(null);
    gl.deleteBuffer(listened);
    return found;
  }

  #use(matrix) {
    const gl = this.#gl;
    const { program, at } = this.#program;
    gl.useProgram(program);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.#drawn.texture);
    gl.uniform1i(at.u_states, 0);
    gl.uniform1i(at.u_month, this.#month);
    gl.uniform1i(at.u_count, this.#drawn.count);
    gl.uniform1ui(at.u_hatched, HIDDEN);
    gl.uniform1f(at.u_ratio, globalThis.devicePixelRatio || 1);
    gl.uniformMatrix4fv(at.u_matrix, false, matrix);
  }

  #upload({ tile, layer, months }) {
    const gl = this.#gl;
    const { places, owners, triangles, edges } = shapesOf(layer.features);
    const buffers = [];
    const buffer = (target, data) => {
      const made = gl.createBuffer();
      buffers.push(made);
      gl.bindBuffer(target, made);
      gl.bufferData(target, data, gl.STATIC_DRAW);
      return made;
    };
    gl.bindVertexArray(null);
    const corners = buffer(gl.ARRAY_BUFFER, places);
    const owned = buffer(gl.ARRAY_BUFFER, owners);
    const arrayOf = (elements) => {
      const array = gl.createVertexArray();
      gl.bindVertexArray(array);
      gl.bindBuffer(gl.ARRAY_BUFFER, corners);
      gl.enableVertexAttribArray(0);
      gl.vertexAttribPointer(0, 2, gl.SHORT, false, 0, 0);
      gl.bindBuffer(gl.ARRAY_BUFFER, owned);
      gl.enableVertexAttribArray(1);
      gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_INT, 0, 0);
      buffer(gl.ELEMENT_ARRAY_BUFFER, elements);
      gl.bindVertexArray(null);
      return { array, length: elements.length };
    };
    this.#drawn = {
      tile, extent: layer.extent, count: months.count, owners, triangles, buffers,
      fill: arrayOf(triangles), line: arrayOf(edges), texture: textureOf(gl, months.states),
    };
  }
}

function textureOf(gl, states) {
  const rows = Math.max(1, Math.ceil(states.length / ROW));
  const padded = new Uint8Array(rows * ROW);
  padded.set(states);
  const texture = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  // MapLibre leaves its own ways of unpacking behind.
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, ROW, rows, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, padded);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  return texture;
}

/** From units of a tile to the screen; multiplied in doubles, as single ones shake when near. */
function matrixOf(world, tile, extent) {
  const scale = 1 / TILES / extent;
  const made = Array.from(world);
  for (let row = 0; row < 4; row += 1) {
    made[12 + row] += (world[row] * tile.x + world[4 + row] * tile.y) / TILES;
    made[row] *= scale;
    made[4 + row] *= scale;
  }
  return new Float32Array(made);
}
