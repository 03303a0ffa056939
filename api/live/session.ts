import { randomUUID } from 'node:crypto'
import type { WebSocket } from 'ws'
import type { Credential } from '../../schemas/access.js'
import { Close, PROTOCOL } from '../client/frames.js'
import { begin } from './begin.js'
import { RequestRate } from './credit.js'
import { tooMuch } from './limits.js'
import { Pipe } from './pipe.js'
import { errorFrame, type Frame, FrameError, type FrameOf, frameErrorOf, readFrame } from './requests.js'
import type { Server, Visitor } from './server.js'
import type { Subscription } from './subscription.js'
import { changedRights, lookAgain, sameRights, type Who } from './who.js'

/** How long a close handshake may take, and when the other side has stopped reading: it may still come to see why. */
const CLOSE_MS = 2000
const STUCK_CLOSE_MS = 30_000

interface Running {
  subscription: Subscription
  stop: AbortController
}

/** One socket. Everything it may do is decided here; what it gets is made elsewhere. */
export class Session implements Visitor {
  readonly id = randomUUID()
  readonly #subs = new Map<number, Running>()
  /** Ids in use: subscriptions, those being put together, and requests under way. */
  readonly #busy = new Set<number>()
  readonly #work = new Set<Promise<void>>()
  readonly #rate: RequestRate
  readonly #pipe: Pipe
  readonly #openedAt: number
  #greeted = false
  #greeting: Promise<void> = Promise.resolve()
  #warnedOf: number | null = null

  constructor(
    private readonly server: Server,
    private readonly socket: WebSocket,
    private who: Who | null
  ) {
    const { limits } = server.hub
    this.#openedAt = server.now()
    this.#pipe = new Pipe(socket, limits, this.#openedAt, () => this.#drained())
    this.#rate = new RequestRate(limits.requestsPerSecond, limits.requestBurst, this.#openedAt)
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary))
    socket.on('close', () => this.#stop())
  }

  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled(this.#work)
  }

  #drained(): void {
    for (const { subscription } of this.#subs.values()) subscription.drained()
  }

  #error(id: number | undefined, error: unknown, ends: boolean, cursor?: string): void {
    const known = frameErrorOf(error)
    if (known.code === 'internal') this.server.report(error)
    this.#pipe.send(errorFrame(known, ends, id, cursor))
  }

  /** Says why, and closes; a peer that does not take part in the handshake is cut off. */
  close(code: number, reason: string, patienceMs = CLOSE_MS): void {
    this.#stop()
    if (this.#pipe.close(code, reason)) this.server.closing(this.socket, patienceMs)
  }

  #refuse(code: number, error: FrameError): void {
    this.#error(undefined, error, false)
    this.close(code, error.code)
  }

  broke(): void {
    this.close(Close.internal, 'internal')
  }

  drain(reconnectAfterMs: number): void {
    this.#pipe.send({ t: 'draining', reconnectAfterMs })
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
    if (!this.#pipe.open) return
    const { frameIn } = this.server.hub.limits
    try {
      if (isBinary) this.#refuse(Close.badFrame, new FrameError('bad_request', 'Frames are JSON text.'))
      else if (data.length > frameIn) this.#refuse(Close.tooLarge, new FrameError('too_large', `A frame has at most ${frameIn} bytes.`))
      else this.#read(data.toString())
    } catch (error) {
      this.#error(undefined, error, false)
    }
  }

  #read(text: string): void {
    const read = readFrame(text)
    if ('broken' in read) this.#refuse(Close.badFrame, new FrameError('bad_request', read.broken))
    else if ('error' in read) this.#error(read.id, read.error, read.id !== undefined && !this.#busy.has(read.id))
    else if (this.#mayAsk(read.frame)) this.#take(read.frame)
  }

  /** Credit is the breath of a fast reader: a tenth of a request. */
  #mayAsk({ t, id }: Frame): boolean {
    const waitMs = this.#rate.take(this.server.now(), t === 'credit' ? 0.1 : 1)
    if (waitMs === 0) return true
    const { requestsPerSecond } = this.server.hub.limits
    const error = new FrameError('rate_limited', `At most ${requestsPerSecond} requests a second.`, { retryAfterMs: waitMs })
    this.#error(id, error, id !== undefined && !this.#busy.has(id) && t !== 'credit')
    return false
  }

  #take(frame: Frame): void {
    if (frame.t === 'hello') {
      this.#greeting = this.#greeting.then(() => this.#hello(frame)).catch((error) => this.#refuse(Close.internal, frameErrorOf(error)))
      this.#run(() => this.#greeting)
    } else if (this.#greeted) this.#serve(frame)
    // What was sent together with hello waits for it.
    else this.#run(() => this.#greeting.then(() => this.#serve(frame)))
  }

  #serve(frame: Exclude<Frame, FrameOf<'hello'>>): void {
    const { id } = frame
    if (!this.#greeted) this.#error(id, new FrameError('unauthorized', 'Say hello first.'), true)
    else if (frame.t === 'auth.refresh') this.#run(() => this.#refresh(frame))
    else if (frame.t === 'ping') this.#pipe.send({ t: 'pong', id, serverTime: this.server.now() })
    else if (frame.t === 'credit') this.#sub(id)?.grant(frame.n)
    else if (frame.t === 'unsub') this.#unsubscribe(id)
    else this.#begin(frame)
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

  #begin(frame: FrameOf<'sub' | 'query' | 'explain' | 'ack'>): void {
    const { id } = frame
    const error = this.#busy.has(id)
      ? new FrameError('bad_request', `id: ${id} is in use.`)
      : tooMuch(frame.t, this.#busy.size, this.#subs.size, this.#pipe.waitingBytes, this.server.hub.limits)
    if (error) this.#error(id, error, !this.#busy.has(id))
    else {
      this.#busy.add(id)
      this.#run(() => this.#answer(frame))
    }
  }

  async #answer(frame: FrameOf<'sub' | 'query' | 'explain' | 'ack'>): Promise<void> {
    const { id } = frame
    try {
      if (frame.t === 'sub') await this.#subscribe(frame)
      else if (frame.t === 'query') this.#pipe.sendText(await this.server.page(frame, this.who!.identity))
      else if (frame.t === 'ack') this.#pipe.sendText(await this.server.acknowledge(frame, this.who!.header))
      else this.#pipe.sendText(await this.server.explain(frame, this.who!.header))
    } catch (error) {
      this.#error(id, error, true, this.#subs.get(id)?.subscription.resumeAt())
    } finally {
      this.#busy.delete(id)
      this.#subs.delete(id)
    }
  }

  // --- who

  async #hello(frame: FrameOf<'hello'>): Promise<void> {
    if (this.#greeted) {
      this.#error(frame.id, new FrameError('bad_request', 'hello was said already.'), frame.id !== undefined)
      return
    }
    if (frame.protocol !== PROTOCOL) {
      this.#refuse(Close.badFrame, new FrameError('unsupported', `protocol: this server speaks ${PROTOCOL}.`))
      return
    }
    const token = frame.auth?.token
    if (token !== undefined) this.who = await this.server.whoHas(token)
    const { who } = this
    if (!who) this.#refuse(Close.unauthorized, new FrameError('unauthorized', 'Send a valid token: hello {auth: {token}}.'))
    else if (who.identity.role === 'device') this.#refuse(Close.forbidden, new FrameError('forbidden', 'Devices send and do not read.'))
    else this.#welcome(frame.id, who)
  }

  #welcome(id: number | undefined, { expiresAt }: Who): void {
    this.#greeted = true
    this.#pipe.send({
      ...this.server.welcome(),
      ...(id === undefined ? {} : { id }),
      ...(expiresAt === null ? {} : { expiresAt }),
      session: this.id
    })
  }

  async #refresh({ id, token }: FrameOf<'auth.refresh'>): Promise<void> {
    const who = await this.server.whoHas(token)
    if (!who) this.#error(id, new FrameError('unauthorized', 'This token is nobody’s.'), true)
    else if (who.identity.name !== this.who!.identity.name)
      this.#error(id, new FrameError('forbidden', 'Another person needs another connection.'), true)
    else {
      this.#become(who)
      this.#pipe.send({ t: 'auth', id, ...(who.expiresAt === null ? {} : { expiresAt: who.expiresAt }) })
    }
  }

  /** Other grants: what runs was clipped by the old ones, so it ends, and the client asks again. */
  #become(who: Who): void {
    const changed = !sameRights(who, this.who!)
    this.who = who
    if (!changed) return
    for (const [id, { subscription, stop }] of this.#subs) {
      stop.abort()
      subscription.end()
      this.#subs.delete(id)
      this.#error(id, changedRights(), true)
    }
  }

  // --- what

  async #subscribe(frame: FrameOf<'sub'>): Promise<void> {
    const stop = new AbortController()
    const who = this.who!
    const { deps, hub, now } = this.server
    const subscription = await begin(deps, hub, frame, who.identity, this.#pipe, stop.signal, now)
    if (!this.#pipe.open) return
    if (!sameRights(who, this.who!)) throw changedRights()
    this.#subs.set(frame.id, { subscription, stop })
    await subscription.run()
  }

  #unsubscribe(id: number): void {
    const running = this.#subs.get(id)
    if (!running) {
      this.#sub(id)
      return
    }
    running.stop.abort()
    running.subscription.end()
    this.#subs.delete(id)
    this.#pipe.send({ t: 'ended', id })
  }

  // --- time

  tick(now: number, known: ReadonlyMap<string, Credential>): void {
    const { helloMs } = this.server.hub.limits
    if (!this.#greeted) {
      if (now - this.#openedAt >= helloMs) this.#refuse(Close.initTimeout, new FrameError('unauthorized', 'Nobody said hello.'))
      return
    }
    if (!this.#mayStay(now, known)) return
    this.#relieve(now)
    if (!this.#pipe.open || this.#pipe.congested()) return
    for (const { subscription } of this.#subs.values()) subscription.progress()
  }

  #mayStay(now: number, known: ReadonlyMap<string, Credential>): boolean {
    const { who, refused, warn } = lookAgain(this.who!, known.get(this.who!.tokenHash), now, this.server.hub.limits.expiryMs)
    if (refused) {
      this.#refuse(Close.unauthorized, new FrameError('unauthorized', refused))
      return false
    }
    if (who !== this.who) this.#become(who)
    if (warn !== null && warn !== this.#warnedOf) {
      this.#warnedOf = warn
      this.#pipe.send({ t: 'auth.expiring', expiresAt: warn })
    }
    return true
  }

  /** A client that does not read is told so, and then closed, with the cursors it can come back with. */
  #relieve(now: number): void {
    const pressure = this.#pipe.look(now)
    if (pressure === 'lagging') for (const { subscription } of this.#subs.values()) subscription.lagging(this.#pipe.since)
    if (pressure !== 'stuck') return
    const error = new FrameError('overloaded', 'Too slow: nothing was read for a while. Come back with the cursor.', { retryAfterMs: 1000 })
    for (const [id, { subscription }] of this.#subs) this.#error(id, error, true, subscription.resumeAt())
    this.close(Close.overloaded, 'overloaded', STUCK_CLOSE_MS)
  }
}
