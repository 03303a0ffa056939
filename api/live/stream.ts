import { Readable } from 'node:stream'
import type { Credential } from '../../schemas/access.js'
import type { ServerFrame } from '../client/frames.js'
import { iso } from '../format.js'
import { begin } from './begin.js'
import { Congestion } from './credit.js'
import type { Outlet } from './outlet.js'
import { errorFrame, FrameError, type FrameOf, frameErrorOf } from './requests.js'
import type { Shaped } from './rows.js'
import type { Server, Visitor } from './server.js'
import type { Subscription } from './subscription.js'
import { changedRights, lookAgain, sameRights, type Who } from './who.js'

/** What rows are told as, in their order; null: nothing. */
export type Tell = (rows: readonly Shaped[], signal: AbortSignal) => Promise<readonly (object | null)[]>

/** A line on its way: a row that is still to be told, or what is said beside them. */
interface Waiting {
  row?: Shaped
  line?: object
  cursor?: string
}

/** Rows that wait to be told; behind them the log waits. */
const MOST_WAITING = 1000

/**
 * An answer of JSON lines without an end: one subscription, a row a line, each with the cursor of whoever has had it. TCP is the credit:
 * what is not read is kept here up to a limit, and then waits in the log.
 */
export class LineStream implements Outlet, Visitor {
  /** So that every line has a cursor of its own. */
  readonly rowsAtOnce = 1
  readonly answer = new Readable({ read: () => this.#drained() })
  readonly #stop = new AbortController()
  readonly #congestion: Congestion
  #subscription: Subscription | null = null
  #running: Promise<void> = Promise.resolve()
  #telling: Promise<void> = Promise.resolve()
  #waiting: Waiting[] = []
  #isTelling = false
  #saidAt: number
  /** Of the last line that went out. */
  #cursor: string | undefined

  constructor(
    private readonly server: Server,
    private who: Who,
    private readonly tell: Tell
  ) {
    this.#congestion = new Congestion(server.hub.limits)
    this.#saidAt = server.now()
    server.follow(this)
    // Whoever goes away in the middle is no fault.
    this.answer.on('error', () => {}).once('close', () => this.#leave())
  }

  get owner(): string {
    return this.who.identity.name
  }

  /** Rejects with what is wrong with the question, before a byte of the answer is sent. */
  async begin(frame: FrameOf<'sub'>): Promise<void> {
    const { deps, hub, now } = this.server
    const subscription = await begin(deps, hub, frame, this.who.identity, this, this.#stop.signal, now).catch((error) => {
      this.answer.destroy()
      throw error
    })
    if (!this.#open) return
    this.#subscription = subscription
    this.#running = subscription.run().catch((error) => this.#end(error))
  }

  get #open(): boolean {
    return !this.#stop.signal.aborted
  }

  async idle(): Promise<void> {
    await Promise.all([this.#running, this.#telling])
  }

  // --- out

  send(frame: ServerFrame): void {
    if (frame.t === 'subscribed') this.#queue({ line: { t: 'begin', resumed: frame.resumed, reason: frame.reason } })
    else if (frame.t === 'live') this.#queue({ line: { t: 'live' }, cursor: frame.cursor })
    else if (frame.t === 'progress') {
      const { watermark, lagMs, cursor } = frame
      const at = iso(this.server.now())
      this.#queue({ line: { t: 'heartbeat', at, heardUntil: watermark === null ? null : iso(watermark), lagMs }, cursor })
    }
  }

  sendRows(_t: 'snapshot' | 'data', _id: number, rows: readonly Shaped[], cursor?: string): void {
    for (const row of rows) this.#queue({ row, cursor })
  }

  congested(): boolean {
    return this.answer.readableLength > this.server.hub.limits.softBytes || this.#waiting.length >= MOST_WAITING
  }

  #queue(waiting: Waiting): void {
    this.#waiting.push(waiting)
    if (this.#isTelling) return
    this.#isTelling = true
    this.#telling = this.#tellAll()
  }

  async #tellAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && this.#open) await this.#tellSome()
    } catch (error) {
      this.#end(error)
    } finally {
      // At once: what is queued from now on finds nobody at it.
      this.#isTelling = false
    }
  }

  async #tellSome(): Promise<void> {
    const batch = this.#waiting
    this.#waiting = []
    const rows = batch.flatMap(({ row }) => row ?? [])
    const told = rows.length > 0 ? (await this.tell(rows, this.#stop.signal)).values() : null
    for (const { row, line, cursor } of batch) this.#say(row ? (told!.next().value ?? null) : line!, cursor)
    this.#drained()
  }

  #say(line: object | null, cursor?: string): void {
    if (!this.#open) return
    this.#cursor = cursor ?? this.#cursor
    if (line === null) return
    this.#saidAt = this.server.now()
    this.answer.push(`${JSON.stringify({ ...line, cursor })}\n`)
  }

  #drained(): void {
    if (this.congested()) return
    this.#congestion.clear()
    this.#subscription?.drained()
  }

  // --- the end

  /** Says why; who has read to there knows that this was all, and where to go on. */
  #end(error: unknown): void {
    if (!this.#open) return
    const known = frameErrorOf(error)
    if (known.code === 'internal') this.server.report(error)
    this.#say(errorFrame(known, true, undefined, undefined), this.#cursor)
    this.#finish()
  }

  #finish(): void {
    this.answer.push(null)
    this.#leave()
  }

  #leave(): void {
    if (!this.#open) return
    this.#stop.abort()
    this.#subscription?.end()
    this.#waiting = []
    this.server.ended(this)
    this.server.left(this)
  }

  broke(): void {
    this.#end(new FrameError('internal', 'The log of the ledger broke off; come back with the cursor.'))
  }

  drain(reconnectAfterMs: number): void {
    this.#say({ t: 'draining', reconnectAfterMs }, this.#cursor)
    this.#finish()
  }

  // --- time

  tick(now: number, known: ReadonlyMap<string, Credential>): void {
    const { who, refused } = lookAgain(this.who, known.get(this.who.tokenHash), now, 0)
    if (refused) this.#end(new FrameError('unauthorized', refused))
    // What runs was clipped by the old grants.
    else if (!sameRights(who, this.who)) this.#end(changedRights())
    else if (this.#congestion.look(this.answer.readableLength, now) === 'stuck') this.answer.destroy()
    else if (!this.congested() && now - this.#saidAt >= this.server.hub.limits.pingMs) this.#beat(now)
  }

  /** A line now and then, so that whatever lies between keeps the connection open, and silence is no news. */
  #beat(now: number): void {
    this.#saidAt = now
    // Rows wait for the store: what is said out of turn has no cursor.
    if (this.#isTelling) this.#say({ t: 'heartbeat', at: iso(now) })
    else this.#subscription?.progress()
  }
}
