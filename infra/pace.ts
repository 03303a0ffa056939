import { setImmediate as turn } from 'node:timers/promises'

const SLICE_MS = 6

/** For long work of many steps: awaited between them, it lets everything else have its turn when some milliseconds have passed. */
export const pace = (): (() => Promise<void>) => {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < SLICE_MS) return
    await turn()
    since = performance.now()
  }
}
