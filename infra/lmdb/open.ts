import type { Wire } from '../../schemas/wire.js'
import { type Environment, openEnvironment } from './env.js'
import { LmdbLog, type LogOptions } from './log.js'
import { openWire } from './schema-ids.js'
import { LmdbStore } from './store.js'

export interface Embedded {
  env: Environment
  log: LmdbLog
  store: LmdbStore
  wire: Wire
  /** Ends groups and tails, waits for open writes, closes the file. */
  close(): Promise<void>
}

export type EmbeddedOptions = LogOptions

/** Log, store and wire of one data folder, for the process that owns it. */
export const openEmbedded = async (folder: string, options: EmbeddedOptions = {}): Promise<Embedded> => {
  const env = openEnvironment(folder)
  try {
    const log = await LmdbLog.open(env, options)
    const wire = await openWire(env)
    const store = new LmdbStore(env, wire)
    const close = async () => {
      await log.close()
      await env.close()
    }
    return { env, log, store, wire, close }
  } catch (error) {
    await env.close()
    throw error
  }
}
