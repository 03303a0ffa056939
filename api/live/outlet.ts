import type { ServerFrame } from '../client/frames.js'

/** What a subscription needs of its socket. */
export interface Outlet {
  send(frame: ServerFrame): void
  /** A frame whose rows are text already. */
  sendText(text: string): void
  /** More is waiting to be sent than may be: nothing but answers goes out until it is less. */
  congested(): boolean
}
