import type { Commit, Handlers, LogRecord, Task } from '../log.js'
import type { Gate, Ticket } from './gate.js'
import type { Records } from './records.js'

/** `between` is called this often while input is unread, and again after this long when there is none. */
const BETWEEN_MS = 10_000
/** Input that pauses for less than this is not drained yet: files of an import come one after the other, and what they ask for is answered together. */
const CALM_MS = 500

/** A batch this small goes at once; whoever has more to fold takes turns with the other tasks, or a live record would wait for all of them. */
const LITTLE: BatchLimits = { records: 64, bytes: 8 * 1024 }
/** Large batches are cut until one takes about this long, because a live record of the same partition waits for the one under way. */
const BATCH_MS = 15
const LEAST_SHARE = 1 / 64

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
  /** Shared by all tasks of the process: who may fold a large batch. */
  gate: Gate
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
  /** Our place among those with a large batch, and the topics that had input when it was taken. */
  #ticket: Ticket | null = null
  #queued: readonly string[] = []
  /** Of the limits, what a large batch may hold. */
  #share = 1

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
      this.#giveBack()
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
    const records = this.#take()
    if (records.length > 0) await this.#fold(records)
    const drained = !this.#hasInput()
    const calmInMs = this.#drains.length > 0 ? 0 : this.#foldedAt + CALM_MS - performance.now()
    if ((drained && !this.#quiet && calmInMs <= 0) || this.#isDue()) await this.#between(drained)
    const queues = this.#ticket?.open === false
    const waits = queues || this.#quiet || (drained && calmInMs > 0 && this.#drains.length === 0)
    if (!this.#stopping && waits && !this.#hasInput(queues ? this.#unqueued() : this.topics) && this.#interruptions.length === 0)
      await this.#sleep(queues || this.#quiet ? BETWEEN_MS : calmInMs)
    else await turn()
  }

  async #reassign(): Promise<void> {
    this.#giveBack()
    await this.handlers.revoke?.(this.task)
    const interrupted = this.#interruptions.splice(0)
    await this.#assign()
    for (const resolve of interrupted) resolve()
  }

  /** What to fold next: little at once, much when it is our turn; nothing while we queue, but for topics that had no input before. */
  #take(): LogRecord[] {
    if (this.handlers.elsewhere) return this.#read(this.topics, this.ports.limits)
    if (this.#ticket === null) {
      const records = this.#read(this.topics, LITTLE)
      if (records.length < LITTLE.records && bytesOf(records) < LITTLE.bytes) return records
      this.#queued = this.topics.filter((topic) => this.#hasInput([topic]))
      this.#ticket = this.ports.gate.take(() => this.#wake())
    }
    if (!this.#ticket.open) return this.#read(this.#unqueued(), LITTLE)
    const { records, bytes } = this.ports.limits
    return this.#read(this.topics, { records: Math.ceil(records * this.#share), bytes: Math.ceil(bytes * this.#share) })
  }

  #unqueued(): string[] {
    return this.topics.filter((topic) => !this.#queued.includes(topic))
  }

  #giveBack(): void {
    if (this.#ticket) this.ports.gate.giveBack(this.#ticket)
    this.#ticket = null
  }

  #read(topics: readonly string[], limits: BatchLimits): LogRecord[] {
    const records: LogRecord[] = []
    let bytes = 0
    for (const topic of topics) {
      const before = records.length
      this.ports.records.read(topic, this.task.partition, this.#next.get(topic)!, { ...limits, bytes: limits.bytes - bytes }, records)
      bytes += bytesOf(records.slice(before))
      if (records.length >= limits.records || bytes >= limits.bytes) break
    }
    return records
  }

  async #fold(records: LogRecord[]): Promise<void> {
    this.#quiet = false
    this.#foldedAt = performance.now()
    const next = new Map(this.#next)
    for (const { topic, offset } of records) next.set(topic, offset + 1)
    const isOurTurn = this.#ticket?.open ?? false
    const commit = await this.handlers.batch(this.task, records)
    if (isOurTurn) {
      const ms = performance.now() - this.#foldedAt
      if (ms > BATCH_MS) this.#share = Math.max(this.#share / 2, LEAST_SHARE)
      else if (ms < BATCH_MS / 3) this.#share = Math.min(this.#share * 2, 1)
      this.#giveBack()
    }
    await this.ports.store(this.task, commit, next)
    this.#next = next
  }

  async #between(drained: boolean): Promise<void> {
    this.#askedAt = performance.now()
    // Whoever asked before this point asked for no more than what is committed now.
    const asked = drained ? this.#drains.splice(0) : []
    const commit = (await this.handlers.between?.(this.task, drained)) ?? null
    if (commit && !isEmpty(commit)) await this.ports.store(this.task, commit, this.#next)
    if (commit || !drained) return void this.#drains.push(...asked)
    this.#quiet = this.#drains.length === 0
    for (const resolve of asked) resolve()
  }

  #hasInput(topics = this.topics): boolean {
    return topics.some((topic) => this.ports.records.ends(topic)[this.task.partition] > this.#next.get(topic)!)
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

const isEmpty = ({ outputs, states }: Commit): boolean => outputs.length === 0 && states.size === 0

const bytesOf = (records: readonly LogRecord[]): number =>
  records.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0)
