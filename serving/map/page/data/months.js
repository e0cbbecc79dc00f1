// Months: as keys (year * 100 + month), as numbers that can be counted, as words.

const NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Months since year 0. */
export const numberOf = (key) => Math.floor(key / 100) * 12 + (key % 100) - 1;

export const keyOf = (number) => Math.floor(number / 12) * 100 + (number % 12) + 1;

/** "Mar 2019". */
export const nameOf = (key) => `${NAMES[(key % 100) - 1]} ${Math.floor(key / 100)}`;

/** All month keys from one to another, both included. */
export function between(first, last) {
  const keys = [];
  for (let number = numberOf(first); number <= numberOf(last); number += 1) keys.push(keyOf(number));
  return keys;
}
