import { setImmediate as turn } from 'node:timers/promises'
import { Backlog } from './backlog.js'
import { Credit } from './credit.js'
import { digest, writeCursor } from './cursor.js'
import { type Entry, rowsFor } from './entry.js'
import type { Feed, Listener } from './feed.js'
import type { Hub } from './hub.js'
import type { Outlet } from './outlet.js'
import { copyOf, type Positions } from './positions.js'
import { listenedTo, Seen } from './progress.js'
import { FrameError, type FrameOf } from './requests.js'
import { Newest, type Shaped } from './rows.js'
import type { Selection } from './selection.js'

/** Where a subscription begins: what its cursor missed, or a snapshot. */
export interface Start {
  positions: Positions
  resumed: boolean
  /** Why there is a snapshot although a cursor was given. */
  reason?: string
  /** Empty when resumed. */
  snapshot: AsyncIterable<Shaped[]> | null
}

/**
 * One subscription: its snapshot, then the topic, always in order. It is either *live*, at the end of the topic, where the feed hands
 * it each record; or *behind*, reading on from its position as credit and socket allow. What does not fit is never kept here:
 * the position stays, and the log waits.
 */
export class Subscription implements Listener {
  readonly #credit: Credit
  readonly #seen: Seen
  readonly #newest: Newest | null
  readonly #positions: Positions
  readonly #backlog = new Backlog()
  readonly #who: string
  /** A record that was not decoded in time was offered. */
  #unread = false
  #live = false
  #ended = false
  #begun = false
  #behindSince: number | null
  #told = false
  #wake: () => void = () => {}
  #failure: unknown = null
  /** With `latest`: the position before the oldest row that is kept back. */
  #base: Positions | null = null

  constructor(
    private readonly hub: Hub,
    private readonly feeds: readonly Feed[],
    /** Partitions that can have rows of the selection. */
    private readonly partitions: readonly number[],
    readonly selection: Selection,
    private readonly asked: FrameOf<'sub'>,
    private readonly start: Start,
    private readonly outlet: Outlet,
    private readonly now: () => number
  ) {
    this.#credit = new Credit(asked.credit ?? hub.limits.credit)
    this.#newest = asked.policy === 'latest' ? new Newest() : null
    this.#positions = copyOf(start.positions)
    this.#seen = new Seen(selection.measure)
    this.#behindSince = now()
    this.#who = digest(selection.who)
  }

  get id(): number {
    return this.asked.id
  }

  /** Resolves when it was ended; rejects when it cannot go on. */
  async run(): Promise<void> {
    const { id } = this
    const { resumed, reason, snapshot } = this.start
    this.outlet.send({ t: 'subscribed', id, resumed, ...(reason ? { reason } : {}) })
    if (snapshot) {
      for await (const rows of snapshot) {
        await this.#sendSnapshot(rows)
        if (this.#ended) return
      }
      if (!this.#ended) this.outlet.send({ t: 'live', id, cursor: this.#cursor() })
    }
    this.#begun = true
    for (let first = resumed; !this.#ended; first = false) {
      await this.#catchUp()
      if (first && !this.#ended) this.outlet.send({ t: 'live', id, cursor: this.#cursor() })
      while (this.#live && !this.#ended) await this.#woken()
    }
    if (this.#failure !== null) throw this.#failure
  }

  end(): void {
    this.#ended = true
    this.#leave()
    this.#wake()
  }

  grant(rows: number): void {
    this.#credit.grant(rows)
    this.drained()
  }

  /** The socket, or credit, may have room again. */
  drained(): void {
    if (this.#live && this.#newest && this.#newest.size > 0) this.#sendNewest()
    this.#wake()
  }

  /** Where a client that has had everything sent so far goes on; in the middle of a snapshot, nowhere. */
  resumeAt(): string | undefined {
    return this.#begun ? this.#cursor() : undefined
  }

  #cursor(): string {
    const { key, epoch } = this.hub
    const { hash } = this.selection
    return writeCursor(key, { kind: 'cursor', epoch, who: this.#who, selection: hash, positions: this.#base ?? this.#here() })
  }

  #here(): Positions {
    const here: Positions = this.#live ? { offsets: new Map(this.feeds.map((feed) => [feed.topic, feed.ends()])) } : copyOf(this.#positions)
    this.#backlog.stepBack(here)
    return here
  }

  // --- at the end of the topic

  offer(entry: Entry): void {
    // Not decoded: this subscription came to listen while the batch was. It reads the record itself.
    if (!entry.content) this.#unread = true
    const rows = entry.content ? rowsFor(this.selection, entry.content) : []
    if (rows.length > 0 || !entry.content) this.#backlog.add({ record: entry, rows })
  }

  flush(): void {
    if (!this.#live || this.#ended) return
    try {
      this.#flush()
    } catch (error) {
      // The feed and its other listeners must not suffer; `run` says what went wrong.
      this.#failure = error
      this.end()
    }
  }

  #flush(): void {
    if (!this.#unread && this.#sendBacklog()) return
    const { offsets, into } = this.#here()
    this.#positions.offsets = offsets
    this.#positions.into = into
    this.#backlog.clear()
    this.#unread = false
    this.#behindSince = this.now()
    this.#leave()
    this.#wake()
  }

  #leave(): void {
    if (!this.#live) return
    this.#live = false
    for (const feed of this.feeds) feed.unlisten(this, this.selection.points?.keys() ?? null)
  }

  #join(): void {
    this.#live = true
    this.#behindSince = null
    this.#told = false
    this.#positions.into = undefined
    for (const feed of this.feeds) feed.listen(this, this.selection.points?.keys() ?? null)
  }

  // --- behind it

  async #catchUp(): Promise<void> {
    while (!this.#ended) {
      let read = false
      for (const [feed, partition] of this.#places()) read = (await this.#readPartition(feed, partition)) || read
      // Nothing is awaited between this look and listening, or a record could slip through.
      if (!read && !this.#ended) return this.#join()
    }
  }

  /** The record that was sent half comes first: a cursor can be inside of one only. */
  #places(): [Feed, number][] {
    const places = this.feeds.flatMap((feed) => this.partitions.map((partition): [Feed, number] => [feed, partition]))
    const { into } = this.#positions
    const first = places.findIndex(([feed, partition]) => feed.topic === into?.topic && partition === into.partition)
    if (first > 0) places.unshift(...places.splice(first, 1))
    return places
  }

  async #readPartition(feed: Feed, partition: number): Promise<boolean> {
    const offsets = this.#positions.offsets.get(feed.topic)!
    if (offsets[partition] >= feed.end(partition)) return false
    const { entries, next } = await this.hub.piece(feed, this.selection.measure, partition, offsets[partition])
    for (const entry of entries) {
      if (this.#ended) return true
      if (this.selection.hasPoint(entry.key)) await this.#take(feed, entry)
      offsets[partition] = entry.offset + 1
    }
    offsets[partition] = Math.max(offsets[partition], next)
    await turn()
    return true
  }

  async #take(feed: Feed, entry: Entry): Promise<void> {
    const rows = rowsFor(this.selection, await this.hub.content(feed, entry))
    const { into } = this.#positions
    const isInto = into?.topic === entry.topic && into.partition === entry.partition
    if (isInto) this.#positions.into = undefined
    const sent = isInto ? Math.min(into.rows, rows.length) : 0
    // Read from now on: while its rows wait, the backlog holds the position back.
    this.#positions.offsets.get(feed.topic)![entry.partition] = entry.offset + 1
    if (rows.length === sent) return
    this.#backlog.add({ record: entry, rows })
    this.#backlog.skip(sent)
    while (!this.#sendBacklog() && !this.#ended) await this.#woken()
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  // --- sending

  #room(): boolean {
    return this.#credit.left > 0 && !this.outlet.congested()
  }

  /** False when rows are left that may not go out yet. */
  #sendBacklog(): boolean {
    if (this.#newest) {
      // The cursor stays before what is kept back: a row may come twice after a resume, none is lost.
      if (!this.#backlog.empty && this.#newest.size === 0) this.#base = this.#here()
      this.#newest.add(this.#backlog.all())
      this.#sendNewest()
      return true
    }
    while (!this.#backlog.empty) {
      if (!this.#room()) return false
      this.#sendData(this.#backlog.next(this.outlet.rowsAtOnce, this.#credit))
    }
    return true
  }

  #sendNewest(): void {
    const newest = this.#newest!
    while (newest.size > 0 && this.#room()) {
      const rows = newest.take(this.#credit.take(Math.min(newest.size, this.outlet.rowsAtOnce)))
      if (newest.size === 0) this.#base = null
      this.#sendData(rows)
    }
  }

  #sendData(rows: readonly Shaped[]): void {
    this.#seen.add(rows)
    const { series } = this.hub.limits
    if (this.#seen.series > series) throw new FrameError('too_large', `The selection has come to have more than ${series} series.`)
    this.outlet.sendRows('data', this.id, rows, this.#cursor())
  }

  async #sendSnapshot(rows: readonly Shaped[]): Promise<void> {
    for (let at = 0; at < rows.length; ) {
      while (!this.#room() && !this.#ended) await this.#woken()
      if (this.#ended) return
      const part = rows.slice(at, at + this.#credit.take(Math.min(rows.length - at, this.outlet.rowsAtOnce)))
      at += part.length
      this.#seen.add(part)
      this.outlet.sendRows('snapshot', this.id, part)
      await turn()
    }
  }

  // --- what is told beside the rows

  /** Called about once a second. */
  progress(): void {
    const now = this.now()
    const lagMs = this.#behindSince === null ? 0 : now - this.#behindSince
    const told = this.#seen.progress(listenedTo(this.feeds, this.partitions), lagMs, now)
    if (told) this.outlet.send({ t: 'progress', id: this.id, ...told, ...(this.#live ? { cursor: this.#cursor() } : {}) })
  }

  /** The client reads too slowly; told once for each time it falls behind. */
  lagging(since: number): void {
    if (this.#told || (this.#live && !this.#newest?.size)) return
    this.#told = true
    this.outlet.send({ t: 'lagging', id: this.id, since })
  }
}
