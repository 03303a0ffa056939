/** Full jitter: anywhere between nothing and a bound that doubles, so that a thousand clients do not come back together. */
const FIRST_MS = 250
const LONGEST_MS = 30_000

export const waitMs = (attempt: number, random: () => number = Math.random): number =>
  Math.round(random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 20)))
