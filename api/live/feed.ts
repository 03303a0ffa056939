import { setImmediate as turn } from 'node:timers/promises'
import type { LogRecord } from '../../infra/log.js'
import type { Readings } from '../../schemas/generated.js'
import type { Measure } from '../client/frames.js'
import { type Decode, decodeBlock, Entry, isAlert } from './entry.js'
import type { LivePorts } from './ports.js'
import { Ring } from './ring.js'

/** Whoever follows a topic at its end. */
export interface Listener {
  /** A record of a point it listens for. Its content is there unless it came while others were being decoded. */
  offer(entry: Entry): void
  /** All records of a batch have been offered. */
  flush(): void
}

/** What is kept of a partition: a few minutes of a busy site. */
const RING = { records: 4096, bytes: 4 * 1024 * 1024 }
/** Rows kept shaped; a record that was let go is decoded again when somebody needs it. */
const KEPT_ROWS = 50_000

/** The one tail of a topic in this process: it keeps recent records, and hands each to whoever listens for its point. */
export class Feed {
  readonly #rings: Ring<Entry>[]
  readonly #byPoint = new Map<string, Set<Listener>>()
  readonly #toAll = new Set<Listener>()
  readonly #shaped = new Map<Entry, number>()
  #shapedRows = 0
  /** Newest heartbeat by partition, event time. */
  readonly beats: (number | null)[]
  /** Rejects when the log ends the tail by itself. */
  readonly ended: Promise<void>

  constructor(
    readonly topic: string,
    private readonly measure: Measure,
    private readonly log: LivePorts['log'],
    private readonly decode: Decode,
    from: readonly number[],
    private readonly signal: AbortSignal
  ) {
    this.#rings = from.map((offset) => new Ring<Entry>(offset, RING))
    this.beats = from.map(() => null)
    this.ended = this.#follow([...from])
  }

  /** One past the newest record handed out. */
  end(partition: number): number {
    return this.#rings[partition].end
  }

  ends(): number[] {
    return this.#rings.map((ring) => ring.end)
  }

  recent(partition: number, from: number, most: number): Entry[] | null {
    return this.#rings[partition].from(from, most)
  }

  listen(listener: Listener, points: Iterable<string> | null): void {
    if (points === null) this.#toAll.add(listener)
    else
      for (const point of points) {
        const listeners = this.#byPoint.get(point)
        if (listeners) listeners.add(listener)
        else this.#byPoint.set(point, new Set([listener]))
      }
  }

  unlisten(listener: Listener, points: Iterable<string> | null): void {
    this.#toAll.delete(listener)
    for (const point of points ?? []) {
      const listeners = this.#byPoint.get(point)
      listeners?.delete(listener)
      if (listeners?.size === 0) this.#byPoint.delete(point)
    }
  }

  /** Remembers that an entry holds its content, and lets the oldest go. */
  shaped(entry: Entry): void {
    if (this.#shaped.has(entry)) return
    const rows = entry.content?.rows.length ?? 0
    this.#shaped.set(entry, rows)
    this.#shapedRows += rows
    for (const [oldest, count] of this.#shaped) {
      if (this.#shapedRows <= KEPT_ROWS || oldest === entry) break
      this.#shaped.delete(oldest)
      this.#shapedRows -= count
      oldest.content = null
    }
  }

  async #follow(from: number[]): Promise<void> {
    for await (const records of this.log.tail(this.topic, from, this.signal)) {
      const entries = await this.#entries(records)
      this.#handOut(entries)
      await turn()
    }
  }

  /** Decodes what somebody listens for now, and heartbeats. */
  async #entries(records: readonly LogRecord[]): Promise<Entry[]> {
    const entries: Entry[] = []
    for (const record of records) {
      if (record.value === null) continue
      const entry = new Entry(this.topic, record.partition, this.measure, record)
      entries.push(entry)
      if (entry.key === '') await this.#beat(entry)
      else if (this.#toAll.size > 0 || this.#byPoint.has(entry.key)) {
        await entry.read(this.decode)
        this.shaped(entry)
      }
    }
    return entries
  }

  /** Nothing is awaited here: between the ring and the listeners nobody may come to listen, or they would get a record twice. */
  #handOut(entries: readonly Entry[]): void {
    const touched = new Set<Listener>()
    for (const entry of entries) this.#rings[entry.partition].push(entry)
    for (const entry of entries) {
      if (entry.key === '') continue
      for (const listeners of [this.#byPoint.get(entry.key), this.#toAll]) {
        for (const listener of listeners ?? []) {
          listener.offer(entry)
          touched.add(listener)
        }
      }
    }
    for (const listener of touched) listener.flush()
  }

  async #beat(entry: Entry): Promise<void> {
    const block = await decodeBlock(this.decode, this.measure, entry.value)
    const at =
      block === null || isAlert(block) || block.rows > 0 ? null : 'beat' in block ? block.beat : ((block as Readings).at[0] ?? null)
    if (at !== null && at > 0) this.beats[entry.partition] = Math.max(this.beats[entry.partition] ?? at, at)
  }
}
