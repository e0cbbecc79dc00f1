// Questions to the service; its refusals become errors that people can read.

export class Refusal extends Error {
  /** @param {number} status HTTP status; 0 where nothing answered. */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

const MOST_PER_PAGE = 1000;
let key = "";

/** Send this key with every question from now on. */
export function useKey(text) {
  key = text;
}

/** Return the answer to a GET: parsed JSON, or bytes; null where there is nothing (204). */
export async function ask(path, { signal, as = "json" } = {}) {
  const answer = await send(path, signal);
  if (!answer.ok) throw new Refusal(answer.status, await reasonOf(answer));
  if (answer.status === 204) return null;
  return as === "bytes" ? new Uint8Array(await answer.arrayBuffer()) : answer.json();
}

/** Return all rows of a list that is answered in pages. */
export async function askAll(name) {
  const rows = [];
  let after = "";
  for (;;) {
    const page = await ask(`${name}?limit=${MOST_PER_PAGE}${after}`);
    rows.push(...page[name]);
    if (page.next_after === null) return rows;
    after = `&after=${encodeURIComponent(page.next_after)}`;
  }
}

async function send(path, signal) {
  try {
    return await fetch(path, { signal, headers: key ? { "X-API-Key": key } : {} });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "The service does not answer. Is it running?");
  }
}

async function reasonOf(answer) {
  try {
    return (await answer.json()).detail;
  } catch {
    return `The service answered with status ${answer.status}.`;
  }
}
