import { waitMs } from './backoff.js'
import { LiveError } from './error.js'
import type { ErrorFrame, ExplainRequest, QueryRequest, Row, ServerFrame, Welcome } from './frames.js'
import { Following, type Handlers, type Subscription, type SubscriptionOptions } from './subscription.js'

export { LiveError } from './error.js'
export type { Handlers, Subscription, SubscriptionOptions } from './subscription.js'
export { Table } from './table.js'

/** The part of a browser's WebSocket that is used; the `ws` package has the same. */
export interface SocketLike {
  readyState: number
  send(text: string): void
  close(code?: number, reason?: string): void
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
}
export type SocketConstructor = new (url: string) => SocketLike

export interface ConnectOptions {
  /** `ws://host:port/v1/live`, or wss. */
  url: string
  /** Absent: the browser's cookie speaks. A function is asked at each connection, and again before the token expires. */
  token?: string | (() => string | Promise<string>)
  /** Name of the program, for the server's log. */
  client?: string
  /** Absent: the global one. Node 20 has none: api/client/node.ts brings it. */
  WebSocket?: SocketConstructor
  /** Connected, and welcome. */
  onWelcome?(welcome: Welcome): void
  /** The connection went; it is tried again after so long. */
  onDisconnect?(code: number, retryMs: number): void
  /** It is not tried again: 4400, 4401 and 4403 do not mend themselves. */
  onGiveUp?(code: number, reason: string): void
}

interface Pending {
  request: object
  resolve(frame: ServerFrame): void
  reject(error: LiveError): void
}

const FATAL = new Set([4400, 4401, 4403])
const OPEN = 1
/** Without an answer to a ping for this long, the other side is gone, whatever the socket says. */
const SILENCE_MS = 60_000
const PING_MS = 20_000

/**
 * A connection to `metering.v1` that stays: it comes back after every loss, with new ids for the old handlers, and goes on from the
 * cursors. docs/websocket.md has an example of ten lines.
 */
export class LiveClient {
  #socket: SocketLike | null = null
  #welcome = false
  #closed = false
  #attempt = 0
  #nextId = 1
  #retry: ReturnType<typeof setTimeout> | null = null
  #pinging: ReturnType<typeof setInterval> | null = null
  #heardAt = 0
  #drainMs: number | null = null
  readonly #followings = new Set<Following>()
  readonly #byId = new Map<number, Following>()
  readonly #pending = new Map<number, Pending>()
  readonly #unsent = new Set<Pending>()

  constructor(private readonly options: ConnectOptions) {
    this.#connect()
  }

  subscribe(options: SubscriptionOptions, handlers: Handlers): Subscription {
    const following = new Following(
      options,
      handlers,
      (frame) => this.#send(frame),
      (each) => this.#unsubscribe(each)
    )
    this.#followings.add(following)
    if (this.#welcome) this.#follow(following)
    return following
  }

  /** Rows of a past range, page after page, all of one version. */
  async *query(request: Omit<QueryRequest, 'page'>): AsyncGenerator<Row[]> {
    let page: string | undefined
    do {
      const answer = await this.#ask({ t: 'query', ...request, page })
      if (answer.t !== 'page') throw new Error(`query was answered with ${answer.t}`)
      yield answer.rows
      page = answer.next
    } while (page !== undefined)
  }

  /** Where a figure comes from: readings, rules, revisions. The same as over HTTP. */
  async explain(request: ExplainRequest): Promise<Record<string, unknown>> {
    const answer = await this.#ask({ t: 'explain', ...request })
    if (answer.t !== 'explanation') throw new Error(`explain was answered with ${answer.t}`)
    return answer.explanation
  }

  /** Acknowledges an alert, `rule~since~register~subject`, for which it takes an admin; resolves with the alert as it stands then. */
  async ack(alertKey: string, note?: string): Promise<Record<string, unknown>> {
    const answer = await this.#ask({ t: 'ack', alertKey, ...(note === undefined ? {} : { note }) })
    if (answer.t !== 'acked') throw new Error(`ack was answered with ${answer.t}`)
    return answer.alert
  }

  close(): void {
    this.#closed = true
    if (this.#retry) clearTimeout(this.#retry)
    this.#lose()
    this.#rejectAll('The client was closed.')
    this.#socket?.close(1000)
    this.#socket = null
  }

  // --- the connection

  #connect(): void {
    this.#retry = null
    const Socket = this.options.WebSocket ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket
    if (!Socket) throw new Error('There is no WebSocket here: pass one, or connect with api/client/node.ts.')
    const socket = new Socket(this.options.url)
    this.#socket = socket
    // All listeners before anything is awaited: the server may speak first.
    socket.onopen = () => void this.#hello(socket)
    socket.onmessage = (event: never) => {
      if (socket === this.#socket) this.#take(JSON.parse(String((event as { data: unknown }).data)) as ServerFrame)
    }
    socket.onclose = (event: never) => {
      if (socket === this.#socket) this.#lost(event as { code: number; reason: string })
    }
    socket.onerror = () => {}
  }

  async #hello(socket: SocketLike): Promise<void> {
    const { token, client } = this.options
    try {
      const text = typeof token === 'function' ? await token() : token
      if (socket !== this.#socket || socket.readyState !== OPEN) return
      const auth = text === undefined ? {} : { auth: { token: text } }
      socket.send(JSON.stringify({ t: 'hello', protocol: 'metering.v1', ...auth, ...(client ? { client } : {}) }))
    } catch {
      // No token now; perhaps at the next attempt.
      socket.close()
    }
  }

  #welcomed(welcome: Welcome): void {
    this.#welcome = true
    this.#attempt = 0
    this.#drainMs = null
    this.#heardAt = Date.now()
    this.#pinging = setInterval(() => this.#ping(), PING_MS)
    this.options.onWelcome?.(welcome)
    for (const following of [...this.#followings]) this.#follow(following)
    for (const pending of this.#unsent) this.#request(pending)
    this.#unsent.clear()
  }

  /** Browsers neither see pings nor send them: this one tells a dead connection from a quiet one. */
  #ping(): void {
    if (Date.now() - this.#heardAt > SILENCE_MS) {
      const socket = this.#socket
      socket?.close()
      if (socket) this.#lost({ code: 1006, reason: 'silence' })
    } else this.#send({ t: 'ping', id: this.#nextId++ })
  }

  #lose(): void {
    this.#welcome = false
    if (this.#pinging) clearInterval(this.#pinging)
    this.#pinging = null
    this.#byId.clear()
    for (const following of this.#followings) following.id = null
    // Questions change nothing, and what is acknowledged twice is acknowledged: they can be asked again.
    for (const pending of this.#pending.values()) this.#unsent.add(pending)
    this.#pending.clear()
  }

  #lost({ code, reason }: { code: number; reason: string }): void {
    this.#socket = null
    this.#lose()
    if (this.#closed) return
    if (FATAL.has(code)) {
      this.#closed = true
      this.#rejectAll(`The server closed the connection for good (${code} ${reason}).`)
      this.options.onGiveUp?.(code, reason)
      return
    }
    const retryMs = this.#drainMs ?? waitMs(this.#attempt)
    this.#drainMs = null
    this.#attempt++
    this.#retry = setTimeout(() => this.#connect(), retryMs)
    this.options.onDisconnect?.(code, retryMs)
  }

  // --- frames

  #take(frame: ServerFrame): void {
    this.#heardAt = Date.now()
    if (frame.t === 'welcome') this.#welcomed(frame)
    else if (frame.t === 'draining') this.#drainMs = frame.reconnectAfterMs
    else if (frame.t === 'auth.expiring') void this.#refresh()
    else if (frame.t === 'error') this.#refused(frame)
    else if (frame.t === 'page' || frame.t === 'explanation' || frame.t === 'acked') this.#answered(frame.id)?.resolve(frame)
    else if (frame.t !== 'ended' && frame.t !== 'pong' && frame.t !== 'auth') this.#byId.get(frame.id)?.take(frame)
  }

  #answered(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  #refused(frame: ErrorFrame): void {
    const { id } = frame
    if (id === undefined || !frame.ends) return
    const following = this.#byId.get(id)
    if (following) this.#ended(following, id, frame)
    else this.#answered(id)?.reject(new LiveError(frame))
  }

  #ended(following: Following, id: number, frame: ErrorFrame): void {
    this.#byId.delete(id)
    following.id = null
    if (frame.cursor !== undefined) following.cursor = frame.cursor
    if (frame.retryable) {
      setTimeout(() => this.#again(following), frame.retryAfterMs ?? waitMs(2))
      return
    }
    this.#followings.delete(following)
    following.refused(frame)
  }

  #again(following: Following): void {
    if (this.#welcome && following.id === null && this.#followings.has(following)) this.#follow(following)
  }

  #follow(following: Following): void {
    const id = this.#nextId++
    this.#byId.set(id, following)
    this.#send(following.request(id))
  }

  #unsubscribe(following: Following): void {
    this.#followings.delete(following)
    const { id } = following
    following.id = null
    if (id === null) return
    this.#byId.delete(id)
    this.#send({ t: 'unsub', id })
  }

  async #refresh(): Promise<void> {
    const { token } = this.options
    if (typeof token !== 'function') return
    try {
      this.#send({ t: 'auth.refresh', id: this.#nextId++, token: await token() })
    } catch {
      // The old one ends when it ends; the next connection asks again.
    }
  }

  #ask(request: object): Promise<ServerFrame> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new LiveError({ code: 'internal', message: 'The client was closed.', retryable: false }))
      const pending = { request, resolve, reject }
      if (this.#welcome) this.#request(pending)
      else this.#unsent.add(pending)
    })
  }

  #request(pending: Pending): void {
    const id = this.#nextId++
    this.#pending.set(id, pending)
    this.#send({ ...pending.request, id })
  }

  #rejectAll(message: string): void {
    const error = new LiveError({ code: 'internal', message, retryable: false })
    for (const pending of [...this.#pending.values(), ...this.#unsent]) pending.reject(error)
    this.#pending.clear()
    this.#unsent.clear()
  }

  #send(frame: object): void {
    if (this.#welcome && this.#socket?.readyState === OPEN) this.#socket.send(JSON.stringify(frame))
  }
}

export const connect = (options: ConnectOptions): LiveClient => new LiveClient(options)
