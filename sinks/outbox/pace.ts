/** Pause after a delivery that failed; it doubles up to `longestMs`. */
export interface Pace {
  firstMs: number
  longestMs: number
}

/** Ms. `lastMs`: the pause after the failure before; absent: it is the first. */
export const nextPause = ({ firstMs, longestMs }: Pace, lastMs = firstMs / 2): number => Math.min(2 * lastMs, longestMs)
