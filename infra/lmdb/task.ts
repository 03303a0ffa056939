import type { Commit, Handlers, LogRecord, Task } from '../log.js'
import type { Records } from './records.js'

/** `between` is called this often while input is unread, and again after this long when there is none. */
const BETWEEN_MS = 10_000
/** Input that pauses for less than this is not drained yet: files of an import come one after the other, and what they ask for is answered together. */
const CALM_MS = 500

/** One batch ends at this many records, or bytes of keys and values: a few hundred thousand rows, a fraction of a second of folding. */
export interface BatchLimits {
  records: number
  bytes: number
}

/** Stores outputs, states and the next offsets as one. */
export type Store = (task: Task, commit: Commit, next: ReadonlyMap<string, number>) => Promise<void>

interface TaskPorts {
  records: Records
  limits: BatchLimits
  /** As last committed. */
  restore(task: Task): { states: Iterable<readonly [string, Buffer]>; next: Map<string, number> }
  store: Store
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Holds one partition of a group: its calls never overlap, and after each the event loop gets its turn. */
export class TaskLoop {
  #next = new Map<string, number>()
  #stopping = false
  #interruptions: (() => void)[] = []
  #drains: (() => void)[] = []
  /** `between` had nothing to do since the last input; null: it must be asked. */
  #quiet = false
  #askedAt = performance.now()
  #foldedAt = Number.NEGATIVE_INFINITY
  #wake: () => void = () => {}

  constructor(
    private readonly task: Task,
    private readonly topics: readonly string[],
    private readonly handlers: Handlers,
    private readonly ports: TaskPorts
  ) {}

  /** Resolves after `stop`; rejects when a handler or a commit threw. */
  async run(): Promise<void> {
    const unlisten = this.topics.map((topic) => this.ports.records.onAppend(topic, () => this.#wake()))
    try {
      await this.#assign()
      while (!this.#stopping) await this.#step()
      await this.handlers.revoke?.(this.task)
    } finally {
      for (const stop of unlisten) stop()
    }
  }

  stop(): void {
    this.#stopping = true
    this.#wake()
  }

  /** Revokes and assigns again between two calls. */
  interrupt(): Promise<void> {
    return new Promise((resolve) => {
      this.#interruptions.push(resolve)
      this.#wake()
    })
  }

  /** See Processing.drained. Never resolves when the loop ends before. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drains.push(resolve)
      this.#quiet = false
      this.#wake()
    })
  }

  async #assign(): Promise<void> {
    const { states, next } = this.ports.restore(this.task)
    this.#next = next
    this.#quiet = false
    await this.handlers.assign?.(this.task, states)
  }

  async #step(): Promise<void> {
    if (this.#interruptions.length > 0) return await this.#reassign()
    const records = this.#read()
    if (records.length > 0) await this.#fold(records)
    const drained = !this.#hasInput()
    const calmInMs = this.#drains.length > 0 ? 0 : this.#foldedAt + CALM_MS - performance.now()
    if ((drained && !this.#quiet && calmInMs <= 0) || this.#isDue()) await this.#between(drained)
    const waits = this.#quiet || (drained && calmInMs > 0 && this.#drains.length === 0)
    if (!this.#stopping && waits && !this.#hasInput() && this.#interruptions.length === 0)
      await this.#sleep(this.#quiet ? BETWEEN_MS : calmInMs)
    else await turn()
  }

  async #reassign(): Promise<void> {
    await this.handlers.revoke?.(this.task)
    const interrupted = this.#interruptions.splice(0)
    await this.#assign()
    for (const resolve of interrupted) resolve()
  }

  #read(): LogRecord[] {
    const records: LogRecord[] = []
    const { limits } = this.ports
    let bytes = 0
    for (const topic of this.topics) {
      const before = records.length
      this.ports.records.read(topic, this.task.partition, this.#next.get(topic)!, { ...limits, bytes: limits.bytes - bytes }, records)
      for (let i = before; i < records.length; i++) bytes += records[i].key.length + (records[i].value?.length ?? 0)
      if (records.length >= limits.records || bytes >= limits.bytes) break
    }
    return records
  }

  async #fold(records: LogRecord[]): Promise<void> {
    this.#quiet = false
    this.#foldedAt = performance.now()
    const next = new Map(this.#next)
    for (const { topic, offset } of records) next.set(topic, offset + 1)
    const commit = await this.handlers.batch(this.task, records)
    await this.ports.store(this.task, commit, next)
    this.#next = next
  }

  async #between(drained: boolean): Promise<void> {
    this.#askedAt = performance.now()
    // Whoever asked before this point asked for no more than what is committed now.
    const asked = drained ? this.#drains.splice(0) : []
    const commit = (await this.handlers.between?.(this.task, drained)) ?? null
    if (commit) await this.ports.store(this.task, commit, this.#next)
    if (commit || !drained) return void this.#drains.push(...asked)
    this.#quiet = this.#drains.length === 0
    for (const resolve of asked) resolve()
  }

  #hasInput(): boolean {
    return this.topics.some((topic) => this.ports.records.ends(topic)[this.task.partition] > this.#next.get(topic)!)
  }

  #isDue(): boolean {
    return performance.now() - this.#askedAt >= BETWEEN_MS
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), ms)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = () => {}
        resolve()
      }
    })
  }
}
