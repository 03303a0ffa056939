import type { Log, LogRecord, Processing } from '../infra/log.js'

const NOTHING = { outputs: [], states: new Map<string, Buffer | null>() }

/** Runs a sink: it writes, and only then are its offsets committed, so a crash in between writes the same rows again. */
export const runSink = (
  log: Log,
  group: string,
  topics: readonly string[],
  write: (records: readonly LogRecord[]) => Promise<void>
): Processing =>
  log.process(group, topics, {
    batch: async (_task, records) => {
      await write(records)
      return NOTHING
    }
  })
