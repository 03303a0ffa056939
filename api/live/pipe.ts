import { WebSocket } from 'ws'
import type { ServerFrame } from '../client/frames.js'
import { Congestion, type Pressure } from './credit.js'
import type { LiveLimits } from './limits.js'
import type { Outlet } from './outlet.js'
import { Pulse } from './pulse.js'
import type { Shaped } from './rows.js'

/** The way out of a socket: `send` of a websocket never refuses, so what waits in it is watched here. */
export class Pipe implements Outlet {
  #closing = false
  readonly #congestion: Congestion
  readonly #pulse: Pulse

  constructor(
    private readonly socket: WebSocket,
    private readonly limits: LiveLimits,
    now: number,
    /** There is room again. */
    private readonly drained: () => void
  ) {
    this.#congestion = new Congestion(limits)
    this.#pulse = new Pulse(limits.pingMs, now, () => socket.ping())
    socket.on('pong', () => this.#pulse.heard())
  }

  get open(): boolean {
    return !this.#closing && this.socket.readyState === WebSocket.OPEN
  }

  get rowsAtOnce(): number {
    return this.limits.frameRows
  }

  get waitingBytes(): number {
    return this.socket.bufferedAmount
  }

  /** Since when the reader has been too slow. */
  get since(): number {
    return this.#congestion.since ?? 0
  }

  send(frame: ServerFrame): void {
    this.sendText(JSON.stringify(frame))
  }

  /** Their texts are there already. */
  sendRows(t: 'snapshot' | 'data', id: number, rows: readonly Shaped[], cursor?: string): void {
    const texts = rows.map(({ json }) => json).join(',')
    this.sendText(`{"t":"${t}","id":${id},"rows":[${texts}]${cursor === undefined ? '' : `,"cursor":"${cursor}"`}}`)
  }

  sendText(text: string): void {
    if (!this.open) return
    this.socket.send(text, () => {
      if (this.congested()) return
      this.#congestion.clear()
      this.drained()
    })
  }

  congested(): boolean {
    return this.socket.bufferedAmount > this.limits.softBytes
  }

  /** False when it was closing already. */
  close(code: number, reason: string): boolean {
    if (this.#closing) return false
    this.#closing = true
    this.socket.close(code, reason)
    return true
  }

  /** About once a second; a connection that answers no pings is cut. */
  look(now: number): Pressure {
    if (this.#pulse.beat(now) === 'lost') this.socket.terminate()
    return this.#congestion.look(this.socket.bufferedAmount, now)
  }
}
