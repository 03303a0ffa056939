import { WebSocket } from 'ws'
import { type ConnectOptions, connect as connectWith, type LiveClient, type SocketConstructor } from './client.js'

export { type LiveClient, LiveError, Table } from './client.js'
export type * from './frames.js'

/** The client for Node, whose version 20 has no WebSocket of its own. */
export const connect = (options: ConnectOptions): LiveClient =>
  connectWith({ WebSocket: WebSocket as unknown as SocketConstructor, ...options })
