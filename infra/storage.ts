import type { Wire } from '../schemas/wire.js'
import type { Archive } from './archive.js'
import type { Log } from './log.js'
import type { Store } from './store.js'

/** Log, store, wire and raw archive of one deployment, wherever they are. */
export interface Storage {
  log: Log
  store: Store
  wire: Wire
  archive: Archive
  /** Other processes work on the same log and store. */
  shared: boolean
  /** A step of moving records older than this out of the way, where the log does not do that itself; false: nothing was left. */
  retire(olderThanMs: number): Promise<boolean>
  /** Why requests cannot be answered now; null when they can. */
  trouble(): Promise<string | null>
  close(): Promise<void>
}
