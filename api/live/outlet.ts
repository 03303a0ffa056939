import type { ServerFrame } from '../client/frames.js'
import type { Shaped } from './rows.js'

/** What a subscription needs of whatever its rows go to: a socket, or an answer without an end. */
export interface Outlet {
  send(frame: ServerFrame): void
  /** Whoever has had these rows goes on from the cursor; in the middle of a snapshot there is none. */
  sendRows(t: 'snapshot' | 'data', id: number, rows: readonly Shaped[], cursor?: string): void
  /** Most rows that are sent at once. */
  readonly rowsAtOnce: number
  /** More is waiting to be sent than may be: nothing but answers goes out until it is less. */
  congested(): boolean
}
