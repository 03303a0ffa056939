import { openArchive } from '../archive.js'
import type { Storage } from '../storage.js'
import { compactFolder } from './compact.js'
import { type Environment, openEnvironment } from './env.js'
import { checkFormat } from './format.js'
import { LmdbLog, type LogOptions } from './log.js'
import { openWire } from './schema-ids.js'
import { LmdbStore } from './store.js'
import { superseded } from './supersede.js'

export interface Embedded extends Storage {
  env: Environment
  log: LmdbLog
  store: LmdbStore
}

export type EmbeddedOptions = LogOptions

/** Log, store and wire of one data folder, for the process that owns it. */
export const openEmbedded = async (folder: string, options: EmbeddedOptions = {}): Promise<Embedded> => {
  await compactFolder(folder)
  const env = openEnvironment(folder)
  try {
    await checkFormat(env)
    const wire = await openWire(env)
    const log = await LmdbLog.open(env, { supersedes: superseded(wire), ...options })
    const store = new LmdbStore(env, wire)
    const archive = await openArchive(folder)
    const close = async () => {
      await log.close()
      await archive.close()
      await env.close()
    }
    return {
      env,
      log,
      store,
      wire,
      archive,
      shared: false,
      retire: (olderThanMs) => log.archive(olderThanMs),
      trouble: async () => null,
      close
    }
  } catch (error) {
    await env.close()
    throw error
  }
}
