// Polygons of a tile as numbers for the graphics card.

import { triangulate } from "./triangles.js";

/**
 * @param {Array} features Features of a tile, each with `rings`.
 * @returns {{places: Int16Array, owners: Uint32Array, triangles: Uint32Array, edges: Uint32Array}}
 *   `places` are x, y of each corner in units of the tile; `owners` are the features they belong to;
 *   `triangles` and `edges` name corners.
 */
export function shapesOf(features) {
  const places = [];
  const owners = [];
  const triangles = [];
  const edges = [];
  features.forEach(({ rings }, feature) => {
    const start = owners.length;
    for (const corner of triangulate(rings)) triangles.push(start + corner);
    for (const ring of rings) {
      const first = owners.length;
      const corners = ring.length / 2;
      for (let corner = 0; corner < corners; corner += 1) {
        places.push(ring[corner * 2], ring[corner * 2 + 1]);
        owners.push(feature);
        edges.push(first + corner, first + ((corner + 1) % corners));
      }
    }
  });
  return {
    places: new Int16Array(places),
    owners: new Uint32Array(owners),
    triangles: new Uint32Array(triangles),
    edges: new Uint32Array(edges),
  };
}
