import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { WebSocket } from 'ws'
import type { Credential, Identity } from '../../schemas/access.js'
import type { Welcome } from '../client/frames.js'
import type { Deps } from '../deps.js'
import type { Code } from '../errors.js'
import { Hub } from './hub.js'
import { told } from './limits.js'
import type { LivePorts } from './ports.js'
import { answerQuery } from './query.js'
import { FrameError, type FrameOf } from './requests.js'
import { seriesOf } from './rows.js'
import { Session } from './session.js'
import type { LineStream } from './stream.js'
import { type Who, whoOf } from './who.js'

const TICK_MS = 1000
/** Time clients have to say goodbye when the process ends. */
const GOODBYE_MS = 1000
/** Clients come back spread over this long. */
const RECONNECT_MS = 5000

/** Whoever follows the topics: a socket, or an answer without an end. */
export interface Visitor {
  /** About once a second. `known`: what shows somebody now, by the hash of its token. */
  tick(now: number, known: ReadonlyMap<string, Credential>): void
  /** The log broke. */
  broke(): void
  /** This process ends: come back so much later. */
  drain(reconnectAfterMs: number): void
  /** Resolves when nothing of it reads the store any more. */
  idle(): Promise<void>
}

/** All sockets and streams of this process. */
export class Server {
  readonly hub: Hub
  readonly now: () => number
  readonly #visitors = new Set<Visitor>()
  readonly #streams = new Map<string, number>()
  readonly #leaving = new Set<Promise<void>>()
  readonly #cuts = new Set<() => void>()
  readonly #timer: NodeJS.Timeout
  #ticking = false
  #draining = false

  constructor(
    private readonly app: FastifyInstance,
    readonly deps: Deps,
    ports: LivePorts
  ) {
    this.now = ports.now ?? Date.now
    this.hub = new Hub(ports, (error) => this.#fail(error))
    this.#timer = setInterval(() => void this.#tick(), ports.tickMs ?? TICK_MS)
    this.#timer.unref()
  }

  /** Listeners are on the socket when this returns: the first frame may be there already. */
  accept(socket: WebSocket, who: Who | null): void {
    this.#add(new Session(this, socket, who))
  }

  /** Throws FrameError when its owner has as many as a socket may have subscriptions. */
  follow(stream: LineStream): void {
    const { subscriptions } = this.hub.limits
    const running = this.#streams.get(stream.owner) ?? 0
    if (running >= subscriptions) throw new FrameError('too_many_subs', `At most ${subscriptions} streams a person: end one first.`)
    this.#streams.set(stream.owner, running + 1)
    this.#add(stream)
  }

  #add(visitor: Visitor): void {
    this.#visitors.add(visitor)
    if (this.#draining) visitor.drain(reconnectMs())
  }

  left(visitor: Visitor): void {
    if (!this.#visitors.delete(visitor)) return
    const idle = visitor.idle().finally(() => this.#leaving.delete(idle))
    this.#leaving.add(idle)
  }

  ended({ owner }: LineStream): void {
    const running = this.#streams.get(owner)! - 1
    if (running > 0) this.#streams.set(owner, running)
    else this.#streams.delete(owner)
  }

  /** A socket that was told to close: cut when it takes too long, or when this process ends. */
  closing(socket: WebSocket, patienceMs: number): void {
    const cut = () => socket.terminate()
    const timer = setTimeout(cut, patienceMs)
    this.#cuts.add(cut)
    socket.once('close', () => {
      clearTimeout(timer)
      this.#cuts.delete(cut)
    })
  }

  async whoHas(token: string): Promise<Who | null> {
    const credential = await this.deps.access.identify(token)
    return credential && whoOf(credential, token)
  }

  welcome(): Omit<Welcome, 'session'> {
    return { t: 'welcome', limits: told(this.hub.limits), serverTime: this.now(), epoch: this.hub.epoch }
  }

  async page(frame: FrameOf<'query'>, identity: Identity): Promise<string> {
    const { rows, next } = await answerQuery(this.deps, this.hub, frame, identity)
    const text = rows.map(({ json }) => json).join(',')
    return `{"t":"page","id":${frame.id},"rows":[${text}]${next === undefined ? '' : `,"next":"${next}"`}}`
  }

  /** The very answer of HTTP, through its door: same content, same rights. */
  async explain({ id, k, s, grid, zone, limit }: FrameOf<'explain'>, header: Who['header']): Promise<string> {
    const series = seriesOf(k)
    if (!series) throw new FrameError('bad_request', 'k: a series is "point|register".')
    const query: Record<string, string> = { ...series, at: new Date(s).toISOString() }
    for (const [name, value] of Object.entries({ grid, zone, limit })) if (value !== undefined) query[name] = String(value)
    const body = answered(await this.app.inject({ method: 'GET', url: '/v1/explain', query, headers: { ...header } }))
    const text = JSON.stringify({ t: 'explanation', id, explanation: body })
    if (Buffer.byteLength(text) > this.hub.limits.frameOut)
      throw new FrameError('too_large', 'The explanation is too long for a frame; ask with a smaller limit.')
    return text
  }

  /** Through the door of HTTP as well: who may, and what comes of it, is decided there. */
  async acknowledge({ id, alertKey, note }: FrameOf<'ack'>, header: Who['header']): Promise<string> {
    const payload = { alertKey, note }
    const body = answered(await this.app.inject({ method: 'POST', url: '/v1/alerts/ack', payload, headers: { ...header } }))
    return JSON.stringify({ t: 'acked', id, alert: body.alert })
  }

  report(error: unknown): void {
    this.deps.logger?.error({ err: error }, 'a websocket request failed')
  }

  async #tick(): Promise<void> {
    if (this.#ticking || this.#visitors.size === 0) return
    this.#ticking = true
    try {
      const known = new Map<string, Credential>()
      for (const credential of await this.deps.access.credentials()) known.set(credential.tokenHash, credential)
      for (const visitor of this.#visitors) visitor.tick(this.now(), known)
    } catch (error) {
      this.report(error)
    } finally {
      this.#ticking = false
    }
  }

  #fail(error: unknown): void {
    this.report(error)
    for (const visitor of [...this.#visitors]) visitor.broke()
  }

  /** Tells every client to come back, each at its own time, so that the next process is not met by all at once. */
  drain(): void {
    this.#draining = true
    for (const visitor of [...this.#visitors]) visitor.drain(reconnectMs())
  }

  /** Resolves when nothing reads the log or the store any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.drain()
    await Promise.all(this.#leaving)
    await this.hub.close()
    for (let waitedMs = 0; this.#cuts.size > 0 && waitedMs < GOODBYE_MS; waitedMs += 10) await wait(10)
    for (const cut of this.#cuts) cut()
  }
}

/** The content of an answer; an error is the same one on the socket. */
const answered = (answer: { statusCode: number; json(): Record<string, unknown> }): Record<string, unknown> => {
  const body = answer.json()
  if (answer.statusCode < 300) return body
  const { code, message, issues } = body.error as { code: Code; message: string; issues?: { path: string; message: string }[] }
  throw new FrameError(code, message, { issues })
}

const reconnectMs = (): number => Math.round(RECONNECT_MS * (0.1 + 0.9 * Math.random()))
