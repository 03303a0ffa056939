import { setTimeout as wait } from 'node:timers/promises'
import { DiskFull, Unavailable } from '../infra/errors.js'
import type { Log, LogRecord, Processing } from '../infra/log.js'

const NOTHING = { outputs: [], states: new Map<string, Buffer | null>() }
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 10_000
/** A store that is away for longer than this ends the group: whoever watches the process starts it again. */
const PATIENCE_MS = 120_000

/**
 * Runs a sink: it writes, and only then are its offsets committed, so a crash in between writes the same rows again. While the store
 * is away, the log keeps what waits, and the same batch is tried again; a full disk is not waited for.
 */
export const runSink = (
  log: Log,
  group: string,
  topics: readonly string[],
  write: (records: readonly LogRecord[]) => Promise<void>
): Processing =>
  log.process(group, topics, {
    batch: async (_task, records) => {
      await patiently(() => write(records))
      return NOTHING
    }
  })

const patiently = async (work: () => Promise<void>): Promise<void> => {
  for (let waited = 0, pause = FIRST_WAIT_MS; ; pause = Math.min(2 * pause, LONGEST_WAIT_MS)) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Unavailable) || error instanceof DiskFull || waited >= PATIENCE_MS) throw error
      await wait(pause * (0.5 + Math.random()))
      waited += pause
    }
  }
}
