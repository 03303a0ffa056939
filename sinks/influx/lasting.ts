import { setTimeout as sleep } from 'node:timers/promises'
import type { Processing } from '../../infra/log.js'

/**
 * A group that begins again, where it last committed, when it ended for a reason that `passes`, after a pause. Between, its tasks are
 * free for other processes: one that held on to them through an outage could write old rows over newer ones of theirs.
 */
export const lasting = (begin: () => Processing, passes: (error: unknown) => boolean, pauseMs: () => number): Processing => {
  const stopping = new AbortController()
  let current = begin()
  const run = async (): Promise<void> => {
    for (;;) {
      try {
        return await current.ended
      } catch (error) {
        if (stopping.signal.aborted) return
        if (!passes(error)) throw error
      }
      await sleep(pauseMs(), undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      current = begin()
    }
  }
  const ended = run()
  ended.catch(() => {})
  return {
    ended,
    stop: async () => {
      stopping.abort()
      await current.stop()
      await ended.catch(() => {})
    },
    drained: () => current.drained()
  }
}
