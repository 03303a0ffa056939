import { setTimeout as sleep } from 'node:timers/promises'
import type { Running } from '../whole/child.js'

/** A process that is started again whenever it ends, as supervisors do. */
export interface Supervised {
  readonly name: string
  /** What runs now; between two runs, what ran last. */
  now(): Running
  /** Sends a signal to what runs, if it does. */
  signal(signal: NodeJS.Signals): void
  /** How runs ended that nobody had told to end, with the last words of each. */
  readonly byItself: string[]
  /** SIGTERM, and it is not started again; killed when that takes half a minute. */
  stop(): Promise<void>
}

const PAUSE_MS = 500
const STOP_MS = 30_000
const LAST_WORDS = 300

export const supervised = (name: string, start: () => Running): Supervised => {
  const byItself: string[] = []
  let running = start()
  let [told, over] = [false, false]
  const signal: Supervised['signal'] = (which) => {
    told ||= which === 'SIGTERM' || which === 'SIGKILL'
    running.process.kill(which)
  }
  const watched = (async () => {
    for (;;) {
      const { code, signal: by, stderr } = await running.ended
      if (!told) byItself.push(`${name} ended with ${code ?? by}: ${stderr.slice(-LAST_WORDS)}`)
      if (over) return
      await sleep(PAUSE_MS)
      told = over
      if (over) return
      running = start()
    }
  })()
  return {
    name,
    now: () => running,
    signal,
    byItself,
    stop: async () => {
      over = true
      signal('SIGCONT')
      signal('SIGTERM')
      const killing = setTimeout(() => signal('SIGKILL'), STOP_MS)
      await watched
      clearTimeout(killing)
    }
  }
}
