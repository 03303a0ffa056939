import { setImmediate as turn } from 'node:timers/promises'

const SLICE_MS = 6

/**
 * For long work of many steps: awaited between them, it lets everything else have its turn when some milliseconds have passed. Null
 * before, which steps of a few microseconds need not await.
 */
export const pace = (): (() => Promise<void> | null) => {
  let since = performance.now()
  const rest = async () => {
    await turn()
    since = performance.now()
  }
  return () => (performance.now() - since < SLICE_MS ? null : rest())
}
