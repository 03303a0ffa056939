import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'
import type { AccessEntry } from '../../schemas/access.js'
import { Close, type ErrorFrame, PROTOCOL, type ServerFrame } from '../client/frames.js'
import { begin } from './begin.js'
import { Congestion, RequestRate } from './credit.js'
import { answerQuery } from './query.js'
import { FrameError, type Frame, type FrameOf, readFrame } from './requests.js'
import { frameErrorOf, type Server } from './server.js'
import type { Outlet, Subscription } from './subscription.js'
import { lookAgain, sameRights, type Who } from './who.js'

/** Rows and progress are nothing to a client that does not answer pings. */
const MISSED_PINGS = 2
/** A close handshake takes as long as the other side likes; then the socket is cut. */
const CLOSE_MS = 2000

interface Running {
  subscription: Subscription
  stop: AbortController
}

/** One socket. Everything it may do is decided here; what it gets is made elsewhere. */
export class Session implements Outlet {
  readonly id = randomUUID()
  readonly #subs = new Map<number, Running>()
  /** Ids in use: subscriptions, those being put together, and requests under way. */
  readonly #busy = new Set<number>()
  readonly #work = new Set<Promise<void>>()
  readonly #rate: RequestRate
  readonly #congestion: Congestion
  readonly #openedAt: number
  #greeted = false
  #greeting: Promise<void> = Promise.resolve()
  #warnedOf: number | null = null
  #pings = 0
  #pingedAt: number
  #closing = false

  constructor(
    private readonly server: Server,
    private readonly socket: WebSocket,
    private who: Who | null
  ) {
    const { limits } = server.hub
    this.#openedAt = server.now()
    this.#pingedAt = this.#openedAt
    this.#rate = new RequestRate(limits.requestsPerSecond, limits.requestBurst, this.#openedAt)
    this.#congestion = new Congestion(limits)
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary))
    socket.on('pong', () => {
      this.#pings = 0
    })
    socket.on('close', () => this.#stop())
  }

  /** Resolves when nothing of this socket reads the store any more. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled(this.#work)
  }

  // --- out

  send(frame: ServerFrame): void {
    this.sendText(JSON.stringify(frame))
  }

  sendText(text: string): void {
    if (this.#closing || this.socket.readyState !== WebSocket.OPEN) return
    const { softBytes } = this.server.hub.limits
    this.socket.send(text, () => {
      if (this.socket.bufferedAmount <= softBytes) this.#drained()
    })
  }

  congested(): boolean {
    return this.socket.bufferedAmount > this.server.hub.limits.softBytes
  }

  #drained(): void {
    this.#congestion.clear()
    for (const { subscription } of this.#subs.values()) subscription.drained()
  }

  #error(id: number | undefined, error: unknown, ends: boolean, cursor?: string): void {
    const { code, message, more } = frameErrorOf(error)
    if (code === 'internal') this.server.report(error)
    const retryable = more.retryable ?? (code === 'rate_limited' || code === 'overloaded' || code === 'internal')
    const { retryAfterMs, issues } = more
    const frame: ErrorFrame = { t: 'error', code, message, retryable, ends }
    if (id !== undefined) frame.id = id
    if (retryAfterMs !== undefined) frame.retryAfterMs = retryAfterMs
    if (issues) frame.issues = issues
    if (cursor) frame.cursor = cursor
    this.send(frame)
  }

  /** Says why, and closes; a peer that does not take part in the handshake is cut off. */
  close(code: number, reason: string): void {
    if (this.#closing) return
    this.#stop()
    this.#closing = true
    this.socket.close(code, reason)
    const cut = setTimeout(() => this.socket.terminate(), CLOSE_MS)
    this.socket.once('close', () => clearTimeout(cut))
  }

  #refuse(code: number, error: FrameError): void {
    this.#error(undefined, error, false)
    this.close(code, error.code)
  }

  drain(reconnectAfterMs: number): void {
    this.send({ t: 'draining', reconnectAfterMs })
    this.close(Close.draining, 'draining')
  }

  #stop(): void {
    for (const { subscription, stop } of this.#subs.values()) {
      stop.abort()
      subscription.end()
    }
    this.#subs.clear()
    this.server.left(this)
  }

  // --- in

  /** An error in here would reach nobody: Fastify's handlers do not see messages. */
  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#closing) return
    try {
      if (isBinary) return this.#refuse(Close.badFrame, new FrameError('bad_request', 'Frames are JSON text.'))
      if (data.length > this.server.hub.limits.frameIn)
        return this.#refuse(Close.tooLarge, new FrameError('too_large', `A frame has at most ${this.server.hub.limits.frameIn} bytes.`))
      const read = readFrame(data.toString())
      if ('broken' in read) this.#refuse(Close.badFrame, new FrameError('bad_request', read.broken))
      else if ('error' in read) this.#error(read.id, read.error, read.id !== undefined && !this.#busy.has(read.id))
      else this.#handle(read.frame)
    } catch (error) {
      this.#error(undefined, error, false)
    }
  }

  #handle(frame: Frame): void {
    // Credit is the breath of a fast reader: a tenth of a request.
    const waitMs = this.#rate.take(this.server.now(), frame.t === 'credit' ? 0.1 : 1)
    if (waitMs > 0) {
      const { requestsPerSecond } = this.server.hub.limits
      const error = new FrameError('rate_limited', `At most ${requestsPerSecond} requests a second.`, { retryAfterMs: waitMs })
      const { id } = frame
      return this.#error(id, error, id !== undefined && !this.#busy.has(id) && frame.t !== 'credit')
    }
    if (frame.t === 'hello') {
      this.#greeting = this.#greeting.then(() => this.#hello(frame))
      return this.#run(() => this.#greeting)
    }
    // What was sent together with hello waits for it.
    this.#run(() => this.#greeting.then(() => this.#serve(frame)))
  }

  #serve(frame: Exclude<Frame, FrameOf<'hello'>>): void {
    if (!this.#greeted) return this.#error(frame.id, new FrameError('unauthorized', 'Say hello first.'), true)
    switch (frame.t) {
      case 'auth.refresh':
        return this.#run(() => this.#refresh(frame))
      case 'ping':
        return this.send({ t: 'pong', id: frame.id, serverTime: this.server.now() })
      case 'credit':
        return this.#sub(frame.id)?.grant(frame.n)
      case 'unsub':
        return this.#unsubscribe(frame.id)
      case 'ack':
        return this.#error(frame.id, new FrameError('unsupported', 'This server has no alerts yet.'), true)
      default:
        return this.#begin(frame)
    }
  }

  #run(work: () => Promise<unknown>): void {
    const running = work().then(
      () => {},
      (error) => this.#error(undefined, error, false)
    )
    this.#work.add(running)
    void running.finally(() => this.#work.delete(running))
  }

  #sub(id: number): Subscription | null {
    const running = this.#subs.get(id)
    if (!running && !this.#busy.has(id)) this.#error(id, new FrameError('not_found', `No subscription has the id ${id}.`), false)
    return running?.subscription ?? null
  }

  #begin(frame: FrameOf<'sub' | 'query' | 'explain'>): void {
    const { id } = frame
    const { limits } = this.server.hub
    if (this.#busy.has(id)) return this.#error(id, new FrameError('bad_request', `id: ${id} is in use.`), false)
    const pending = this.#busy.size - this.#subs.size
    if (frame.t === 'sub' && this.#busy.size >= limits.subscriptions)
      return this.#error(id, new FrameError('too_many_subs', `At most ${limits.subscriptions} subscriptions a socket.`), true)
    if (frame.t !== 'sub' && pending >= limits.requests)
      return this.#error(id, new FrameError('rate_limited', `At most ${limits.requests} requests at a time.`, { retryAfterMs: 100 }), true)
    if (frame.t !== 'sub' && this.socket.bufferedAmount > limits.hardBytes)
      return this.#error(id, new FrameError('overloaded', 'Read what was sent before you ask for more.', { retryAfterMs: 1000 }), true)
    this.#busy.add(id)
    this.#run(async () => {
      try {
        if (frame.t === 'sub') await this.#subscribe(frame)
        else if (frame.t === 'query') await this.#query(frame)
        else await this.#explain(frame)
      } catch (error) {
        const running = this.#subs.get(id)
        this.#busy.delete(id)
        this.#error(id, error, true, running?.subscription.resumeAt())
      } finally {
        this.#busy.delete(id)
        this.#subs.delete(id)
      }
    })
  }

  // --- who

  async #hello(frame: FrameOf<'hello'>): Promise<void> {
    if (this.#greeted) return this.#error(frame.id, new FrameError('bad_request', 'hello was said already.'), frame.id !== undefined)
    if (frame.protocol !== PROTOCOL)
      return this.#refuse(Close.badFrame, new FrameError('unsupported', `protocol: this server speaks ${PROTOCOL}.`))
    const token = frame.auth?.token
    if (token !== undefined) this.who = await this.server.whoHas(token)
    const { who } = this
    if (this.#closing) return
    if (!who) return this.#refuse(Close.unauthorized, new FrameError('unauthorized', 'Send a valid token: hello {auth: {token}}.'))
    if (who.identity.role === 'device') return this.#refuse(Close.forbidden, new FrameError('forbidden', 'Devices send and do not read.'))
    this.#greeted = true
    const { subscriptions, series, frameIn, frameOut, requestsPerSecond, requestBurst, credit, pageRows, pingMs } = this.server.hub.limits
    this.send({
      t: 'welcome',
      ...(frame.id === undefined ? {} : { id: frame.id }),
      session: this.id,
      limits: { subscriptions, series, frameIn, frameOut, requestsPerSecond, requestBurst, credit, pageRows, pingMs },
      serverTime: this.server.now(),
      epoch: this.server.hub.epoch,
      ...(who.expiresAt === null ? {} : { expiresAt: who.expiresAt })
    })
  }

  async #refresh({ id, token }: FrameOf<'auth.refresh'>): Promise<void> {
    const who = await this.server.whoHas(token)
    if (!who) return this.#error(id, new FrameError('unauthorized', 'This token is nobody’s.'), true)
    if (who.identity.name !== this.who!.identity.name)
      return this.#error(id, new FrameError('forbidden', 'Another person needs another connection.'), true)
    this.#become(who)
    this.send({ t: 'auth', id, ...(who.expiresAt === null ? {} : { expiresAt: who.expiresAt }) })
  }

  /** Other grants: what runs was clipped by the old ones, so it ends, and the client asks again. */
  #become(who: Who): void {
    const changed = !sameRights(who, this.who!)
    this.who = who
    if (!changed) return
    const error = new FrameError('forbidden', 'What is open to you has changed; subscribe again.', { retryable: true })
    for (const [id, { subscription, stop }] of this.#subs) {
      stop.abort()
      subscription.end()
      this.#subs.delete(id)
      this.#error(id, error, true)
    }
  }

  // --- what

  async #subscribe(frame: FrameOf<'sub'>): Promise<void> {
    const stop = new AbortController()
    const { identity } = this.who!
    const subscription = await begin(this.server.deps, this.server.hub, frame, identity, this, stop.signal, this.server.now)
    if (this.#closing || this.socket.readyState !== WebSocket.OPEN || this.who!.identity !== identity) {
      if (!this.#closing) throw new FrameError('forbidden', 'What is open to you has changed; subscribe again.', { retryable: true })
      return
    }
    this.#subs.set(frame.id, { subscription, stop })
    await subscription.run()
  }

  #unsubscribe(id: number): void {
    const running = this.#subs.get(id)
    if (!running) return void this.#sub(id)
    running.stop.abort()
    running.subscription.end()
    this.#subs.delete(id)
    this.send({ t: 'ended', id })
  }

  async #query(frame: FrameOf<'query'>): Promise<void> {
    const { rows, next } = await answerQuery(this.server.deps, this.server.hub, frame, this.who!.identity)
    const text = rows.map(({ json }) => json).join(',')
    this.sendText(`{"t":"page","id":${frame.id},"rows":[${text}]${next === undefined ? '' : `,"next":"${next}"`}}`)
  }

  async #explain(frame: FrameOf<'explain'>): Promise<void> {
    const explanation = await this.server.explain(frame, this.who!.header)
    const text = JSON.stringify({ t: 'explanation', id: frame.id, explanation })
    if (Buffer.byteLength(text) > this.server.hub.limits.frameOut)
      throw new FrameError('too_large', 'The explanation is too long for a frame; ask with a smaller limit.')
    this.sendText(text)
  }

  // --- time

  /** About once a second. `entry`: what the ledger of access says of this socket's owner now. */
  tick(now: number, entries: ReadonlyMap<string, AccessEntry>): void {
    if (this.#closing) return
    const { limits } = this.server.hub
    if (!this.#greeted) {
      if (now - this.#openedAt >= limits.helloMs) this.#refuse(Close.initTimeout, new FrameError('unauthorized', 'Nobody said hello.'))
      return
    }
    if (!this.#mayStay(now, entries)) return
    this.#ping(now)
    this.#relieve(now)
    if (this.#closing || this.congested()) return
    for (const { subscription } of this.#subs.values()) subscription.progress()
  }

  #mayStay(now: number, entries: ReadonlyMap<string, AccessEntry>): boolean {
    const { who, refused, warn } = lookAgain(this.who!, entries.get(this.who!.identity.name), now, this.server.hub.limits.expiryMs)
    if (refused) {
      this.#refuse(Close.unauthorized, new FrameError('unauthorized', refused))
      return false
    }
    if (who !== this.who) this.#become(who)
    if (warn !== null && warn !== this.#warnedOf) {
      this.#warnedOf = warn
      this.send({ t: 'auth.expiring', expiresAt: warn })
    }
    return true
  }

  #ping(now: number): void {
    if (now - this.#pingedAt < this.server.hub.limits.pingMs) return
    if (this.#pings >= MISSED_PINGS) return this.socket.terminate()
    this.#pingedAt = now
    this.#pings++
    this.socket.ping()
  }

  /** A client that does not read is told so, and then closed, with the cursors it can come back with. */
  #relieve(now: number): void {
    const pressure = this.#congestion.look(this.socket.bufferedAmount, now)
    if (pressure === 'lagging') for (const { subscription } of this.#subs.values()) subscription.lagging(this.#congestion.since!)
    if (pressure !== 'stuck') return
    const error = new FrameError('overloaded', 'Too slow: nothing was read for a while. Come back with the cursor.', { retryAfterMs: 1000 })
    for (const [id, { subscription }] of this.#subs) this.#error(id, error, true, subscription.resumeAt())
    this.close(Close.overloaded, 'overloaded')
  }
}
