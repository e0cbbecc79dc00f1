// The programs of the layer of buildings: a polygon's state in the month shown gives its colour.

/** States lie in rows of this many, in a texture. */
export const ROW = 2048;

/** Most states there are; colours are given for each. */
export const MOST_STATES = 16;

const VERTEX = `#version 300 es
precision highp float;
precision highp int;
uniform mat4 u_matrix;
uniform highp usampler2D u_states;
uniform int u_month;
uniform int u_count;
uniform vec4 u_colours[${MOST_STATES}];
in vec2 a_place;
in uint a_owner;
flat out vec4 v_colour;
flat out uint v_state;
void main() {
  int at = u_month * u_count + int(a_owner);
  v_state = texelFetch(u_states, ivec2(at % ${ROW}, at / ${ROW}), 0).r;
  v_colour = u_colours[v_state];
  gl_Position = v_colour.a == 0.0 ? vec4(2.0, 2.0, 2.0, 1.0) : u_matrix * vec4(a_place, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
precision highp int;
uniform uint u_hatched;
uniform float u_ratio;
flat in vec4 v_colour;
flat in uint v_state;
out vec4 colour;
void main() {
  if (v_state == u_hatched && mod(gl_FragCoord.x + gl_FragCoord.y, 6.0 * u_ratio) > 2.0 * u_ratio) discard;
  colour = vec4(v_colour.rgb * v_colour.a, v_colour.a);
}`;

const UNIFORMS = ["u_matrix", "u_states", "u_month", "u_count", "u_colours", "u_hatched", "u_ratio"];

/** Make the program; it tells the state of each corner to whoever listens (transform feedback). */
export function makeProgram(gl) {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.bindAttribLocation(program, 0, "a_place");
  gl.bindAttribLocation(program, 1, "a_owner");
  gl.transformFeedbackVaryings(program, ["v_state"], gl.SEPARATE_ATTRIBS);
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`the layer of buildings cannot be drawn: ${gl.getProgramInfoLog(program)}`);
  }
  const places = UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]);
  return { program, at: Object.fromEntries(places) };
}
