import { setTimeout as wait } from 'node:timers/promises'
import { DiskFull, Unavailable } from './errors.js'

export interface Waiting {
  /** After this long, the last error is the answer. */
  patienceMs: number
  firstMs: number
  longestMs: number
  /** Told the first error of an outage that is waited for. */
  onWaiting?(error: Unavailable): void
}

/** Does it again, with growing pauses that differ from one process to the next, while it is Unavailable. A full disk is not waited for. */
export const whileAway = async <Value>(work: () => Promise<Value>, how: Waiting): Promise<Value> => {
  const { patienceMs, firstMs, longestMs, onWaiting } = how
  for (let waited = 0, pause = firstMs; ; pause = Math.min(2 * pause, longestMs)) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Unavailable) || error instanceof DiskFull || waited >= patienceMs) throw error
      if (waited === 0) onWaiting?.(error)
      await wait(pause * (0.5 + Math.random()))
      waited += pause
    }
  }
}
