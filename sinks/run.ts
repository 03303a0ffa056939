import type { Log, LogRecord, Processing } from '../infra/log.js'
import { whileAway } from '../infra/while-away.js'

const NOTHING = { outputs: [], states: new Map<string, Buffer | null>() }
/** A store that is away for longer than two minutes ends the group: whoever watches the process starts it again. */
export const STORE_AWAY = { patienceMs: 120_000, firstMs: 250, longestMs: 10_000 }

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
      await whileAway(() => write(records), STORE_AWAY)
      return NOTHING
    }
  })
