import { setTimeout as wait } from 'node:timers/promises'
import { Unavailable } from './errors.js'
import type { Log } from './log.js'

const POLL_MS = 50

/**
 * Resolves when a group, wherever its processes are, has committed what its topics hold now. Rejects with Unavailable when it has
 * committed nothing for `patienceMs`.
 */
export const caughtUp = async (log: Log, group: string, topics: readonly string[], patienceMs: number): Promise<void> => {
  const ends = await log.ends(topics)
  let before = Number.NaN
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const committed = await log.committed(group)
    const done = [...committed.values()].flat().reduce((sum, offset) => sum + offset, 0)
    if (done !== before) waitedMs = 0
    before = done
    const behind = [...ends].find(([topic, list]) => list.some((end, partition) => (committed.get(topic)?.[partition] ?? 0) < end))
    if (!behind) return
    if (waitedMs >= patienceMs)
      throw new Unavailable(`The group ${group} is behind on ${behind[0]}: see that its processes run. What was sent is safe in the log.`)
    await wait(POLL_MS)
  }
}
