import { setTimeout as wait } from 'node:timers/promises'
import type { LogRecord } from '../../infra/log.js'
import { decoding } from '../../schemas/decoding.js'
import { backfillTopic, readingsTopic, Topics } from '../../schemas/topics.js'
import type { Measure } from '../client/frames.js'
import { type Content, type Decode, Entry } from './entry.js'
import { Feed } from './feed.js'
import { LIMITS, type LiveLimits } from './limits.js'
import type { LivePorts } from './ports.js'
import { type Positions, positionsOf, reaches } from './positions.js'
import { epochOf, keyOf, openSecret } from './secret.js'

/** Records of a partition from a position on, and where to read next. */
export interface Piece {
  entries: Entry[]
  next: number
}

/** Readers of old records at a time; others wait for their turn. */
const READERS = 4
const PIECE = 256
const CATCH_UP_MS = 200
const CATCH_UP_POLL_MS = 5
const PASS_POLL_MS = 50

/** What all subscriptions of a process share: the feeds, a few readers for what is older, the key of cursors. */
export class Hub {
  readonly limits: LiveLimits
  readonly decode: Decode
  readonly key: Buffer
  readonly epoch: string
  readonly #feeds = new Map<string, Promise<Feed>>()
  readonly #stop = new AbortController()
  #reading = 0
  readonly #waiting: (() => void)[] = []

  constructor(
    private readonly ports: LivePorts,
    private readonly failed: (error: unknown) => void
  ) {
    this.limits = { ...LIMITS, ...ports.limits }
    this.decode = decoding(ports.wire)
    this.key = ports.cursorSecret === undefined ? openSecret(ports.folder) : keyOf(ports.cursorSecret)
    this.epoch = epochOf(this.key)
  }

  get partitions(): number {
    return this.ports.log.partitions
  }

  topicsOf(measure: Measure): string[] {
    if (measure === 'intervals') return [Topics.intervals]
    if (measure === 'slots') return [Topics.slots]
    if (measure === 'power') return [Topics.power]
    if (measure === 'alerts') return [Topics.alerts]
    return this.ports.sources.flatMap((source) => [readingsTopic(source), backfillTopic(source)])
  }

  /** Where the store stands: taken before the store is read, it splits what a snapshot shows from what the topic brings. */
  async stored(measure: Measure): Promise<Positions> {
    return positionsOf(await this.ports.log.committed(this.ports.storeGroup), this.topicsOf(measure), this.partitions)
  }

  /** Waits a moment until the store has what its topics hold now: who has seen a row live finds it when asking. A back-fill is not waited for. */
  async catchUp(measure: Measure): Promise<void> {
    const ends = await this.ends(measure)
    for (let waitedMs = 0; waitedMs < CATCH_UP_MS; waitedMs += CATCH_UP_POLL_MS) {
      if (reaches(await this.stored(measure), ends)) return
      await wait(CATCH_UP_POLL_MS)
    }
  }

  /** Resolves when the store has what its topics hold now, however long that takes. */
  async passed(measure: Measure, signal: AbortSignal): Promise<void> {
    const ends = await this.ends(measure)
    while (!reaches(await this.stored(measure), ends)) await wait(PASS_POLL_MS, undefined, { signal })
  }

  async ends(measure: Measure): Promise<Map<string, readonly number[]>> {
    return this.ports.log.ends(this.topicsOf(measure))
  }

  /** The tails of a measure, begun when first asked for. */
  feeds(measure: Measure): Promise<Feed[]> {
    return Promise.all(this.topicsOf(measure).map((topic) => this.#feed(topic, measure)))
  }

  #feed(topic: string, measure: Measure): Promise<Feed> {
    let feed = this.#feeds.get(topic)
    if (!feed) {
      feed = this.#open(topic, measure)
      this.#feeds.set(topic, feed)
    }
    return feed
  }

  async #open(topic: string, measure: Measure): Promise<Feed> {
    // From where the store stands, so that the first snapshots find what they need in the ring.
    const from = positionsOf(await this.ports.log.committed(this.ports.storeGroup), [topic], this.partitions).offsets.get(topic)!
    const feed = new Feed(topic, measure, this.ports.log, this.decode, from, this.#stop.signal)
    feed.ended.catch((error) => {
      // Whoever comes next begins a new one: better loud again than silent.
      this.#feeds.delete(topic)
      if (!this.#stop.signal.aborted) this.failed(error)
    })
    return feed
  }

  async content(feed: Feed, entry: Entry): Promise<Content> {
    const content = await entry.read(this.decode)
    feed.shaped(entry)
    return content
  }

  /** Records from a position that is below the end of the topic: from the ring, or else from the log. */
  async piece(feed: Feed, measure: Measure, partition: number, from: number): Promise<Piece> {
    const recent = feed.recent(partition, from, PIECE)
    if (recent && recent.length > 0) return { entries: recent, next: recent[recent.length - 1].offset + 1 }
    const records = await this.#read(feed.topic, partition, from)
    if (records.length === 0) return { entries: [], next: from }
    const entries = records.filter(({ value }) => value !== null).map((record) => new Entry(feed.topic, partition, measure, record))
    return { entries, next: records[records.length - 1].offset + 1 }
  }

  /** One batch by a reader of its own, so that a slow client holds none while it is waited for. */
  async #read(topic: string, partition: number, from: number): Promise<LogRecord[]> {
    while (this.#reading >= READERS) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#reading++
    try {
      const next = Array.from({ length: this.partitions }, () => from)
      for await (const records of this.ports.log.tail(topic, next, this.#stop.signal, partition)) return records
      return []
    } finally {
      this.#reading--
      this.#waiting.shift()?.()
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
    for (const feed of [...this.#feeds.values()]) await (await feed).ended.catch(() => {})
  }
}
