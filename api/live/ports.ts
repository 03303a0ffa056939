import type { Log } from '../../infra/log.js'
import type { Wire } from '../../schemas/wire.js'
import type { LiveLimits } from './limits.js'

/** What the websocket needs beside the rest of the API; main.ts puts it together. */
export interface LivePorts {
  log: Pick<Log, 'tail' | 'committed' | 'ends' | 'partitions'>
  wire: Wire
  /** Consumer group that writes the store: its offsets are where a snapshot stands. */
  storeGroup: string
  /** Producers, whose topics hold readings. */
  sources: readonly string[]
  /** The data folder: the key that signs cursors is kept there, unless there is a secret for it. */
  folder: string
  /** The same in every process that answers for this ledger, so that a cursor of one is good at the others. */
  cursorSecret?: string
  limits?: Partial<LiveLimits>
  /** Absent: the clock, and every second. */
  now?: () => number
  tickMs?: number
  /** Origins besides the server's own that pages may connect from. */
  origins?: readonly string[]
}
