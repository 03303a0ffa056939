import type { Message } from 'node-rdkafka'
import type { Commit, Handlers, LogRecord, Task } from '../log.js'
import { recordOf } from './reader.js'

/** `between` is called this often while input is unread, and again after this long when there is none. */
const BETWEEN_MS = 10_000
/** Input that pauses for less than this is not drained yet. */
const CALM_MS = 500
/** One batch ends at this many records, or bytes of keys and values. */
const BATCH = { records: 5000, bytes: 1024 * 1024 }
/** Of one input partition as much is held as fills a few batches; then it is paused, so that the other topics are not behind it. */
const HELD = { records: 4 * BATCH.records, bytes: 4 * BATCH.bytes }

/** What a call of a handler left to be committed. */
export interface Ready {
  commit: Commit | null
  /** Next offsets once it is. */
  next: Map<string, number>
  /** When `between` was asked with all input read; null for other calls. */
  askedAt: number | null
}

/** One partition of a topic: what was fetched and is not folded yet. */
class Input {
  records: LogRecord[] = []
  bytes = 0
  paused = false
  /** No more was there when last heard. */
  ended = false

  /** `fetched`: next offset to come. */
  constructor(public fetched: number) {}

  get full(): boolean {
    return this.records.length >= HELD.records || this.bytes >= HELD.bytes
  }

  get low(): boolean {
    return this.records.length * 4 < HELD.records && this.bytes * 4 < HELD.bytes
  }
}

const sizeOf = ({ key, value }: LogRecord): number => key.length + (value?.length ?? 0)

/** One partition of a group while this process holds it: its input, and which call of the handlers comes next. */
export class HeldTask {
  readonly #inputs: Map<string, Input>
  #next: Map<string, number>
  #ready: Ready | null = null
  #busy: Promise<void> | null = null
  #failed = false
  /** `between` had nothing to do since the last input. */
  #quiet = false
  #askedAt = performance.now()
  #quietAt = Number.NEGATIVE_INFINITY
  #foldedAt = Number.NEGATIVE_INFINITY

  /** `next`: where each topic goes on, in the order of `process`. `wake` is called when a handler has answered. */
  constructor(
    readonly task: Task,
    private readonly handlers: Handlers,
    next: ReadonlyMap<string, number>,
    private readonly wake: () => void
  ) {
    this.#next = new Map(next)
    this.#inputs = new Map([...next].map(([topic, offset]) => [topic, new Input(offset)]))
  }

  get next(): ReadonlyMap<string, number> {
    return this.#next
  }

  get ready(): Ready | null {
    return this.#ready
  }

  /** A call of a handler threw; `settled` tells what. */
  get failed(): boolean {
    return this.#failed
  }

  /** Records from before a rebalance or a seek come once more: they are behind what was fetched, and dropped. */
  take(message: Message): void {
    const input = this.#inputs.get(message.topic)
    if (!input || message.offset < input.fetched) return
    const record = recordOf(message)
    input.records.push(record)
    input.bytes += sizeOf(record)
    input.fetched = message.offset + 1
    input.ended = false
  }

  end(topic: string, offset: number): void {
    const input = this.#inputs.get(topic)
    if (input && offset >= input.fetched) input.ended = true
  }

  /** Topics to be paused and to be resumed now. */
  flow(): { pause: string[]; resume: string[] } {
    const [pause, resume]: [string[], string[]] = [[], []]
    for (const [topic, input] of this.#inputs) {
      if (input.paused ? !input.low : !input.full) continue
      input.paused = !input.paused
      if (input.paused) pause.push(topic)
      else resume.push(topic)
    }
    return { pause, resume }
  }

  /** Someone waits until the offsets `ends` are committed and `between` has nothing to do. */
  hurry(ends: ReadonlyMap<string, number>, since: number): void {
    for (const [topic, input] of this.#inputs) if (input.fetched >= ends.get(topic)!) input.ended = true
    if (this.#quietAt < since) this.#quiet = false
  }

  isDrained(ends: ReadonlyMap<string, number>, since: number): boolean {
    return this.#quietAt >= since && [...ends].every(([topic, end]) => this.#next.get(topic)! >= end)
  }

  /** Calls a handler when there is something for one. `hurried`: no waiting for calm. */
  begin(hurried: boolean): void {
    if (this.#busy || this.#ready) return
    const now = performance.now()
    const drained = [...this.#inputs.values()].every(({ ended, records }) => ended && records.length === 0)
    const due = now - this.#askedAt >= BETWEEN_MS
    const calm = hurried || now - this.#foldedAt >= CALM_MS
    if (due || (drained && !this.#quiet && calm)) return this.#call(() => this.#between(drained))
    const records = this.#batch()
    if (records.length > 0) this.#call(() => this.#fold(records))
  }

  /** Resolves when no call is open. Rejects when one threw. */
  async settled(): Promise<void> {
    await this.#busy
  }

  /** What was ready is committed. */
  committed(): void {
    const { commit, next, askedAt } = this.#ready!
    this.#ready = null
    this.#next = next
    if (askedAt === null || commit !== null) return
    this.#quiet = true
    this.#quietAt = askedAt
  }

  #call(handler: () => Promise<Ready>): void {
    this.#busy = handler()
      .then((ready) => {
        this.#busy = null
        this.#ready = ready
      })
      .finally(this.wake)
    this.#busy.catch(() => {
      this.#failed = true
    })
  }

  async #fold(records: LogRecord[]): Promise<Ready> {
    this.#quiet = false
    this.#foldedAt = performance.now()
    const next = new Map(this.#next)
    for (const { topic, offset } of records) next.set(topic, offset + 1)
    return { commit: await this.handlers.batch(this.task, records), next, askedAt: null }
  }

  async #between(drained: boolean): Promise<Ready> {
    const askedAt = performance.now()
    this.#askedAt = askedAt
    const commit = (await this.handlers.between?.(this.task, drained)) ?? null
    return { commit, next: this.#next as Map<string, number>, askedAt: drained ? askedAt : null }
  }

  #batch(): LogRecord[] {
    const batch: LogRecord[] = []
    let bytes = 0
    for (const input of this.#inputs.values()) {
      let count = 0
      while (count < input.records.length && batch.length < BATCH.records && bytes < BATCH.bytes) {
        const record = input.records[count++]
        batch.push(record)
        bytes += sizeOf(record)
        input.bytes -= sizeOf(record)
      }
      input.records = count === input.records.length ? [] : input.records.slice(count)
      if (batch.length >= BATCH.records || bytes >= BATCH.bytes) break
    }
    return batch
  }
}
