import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { Refused } from '../errors.js'
import type { Handlers, Log, LogRecord, NewRecord, Offsets, Position, Processing, TopicStatus } from '../log.js'
import { Appender } from './appender.js'
import { patiently } from './calls.js'
import { Clients, type KafkaAccess } from './clients.js'
import { Ends, nameOf } from './ends.js'
import { Group, type GroupPorts } from './group.js'
import { covered, gone } from './members.js'
import { changelogOf } from './names.js'
import { Intake, recordOf } from './reader.js'
import { checkTopics, createTopics, type TopicSettings } from './topics.js'

export interface KafkaLogOptions extends KafkaAccess, Partial<TopicSettings> {
  /**
   * Number of this process among those that run the same groups, from 0; the same after a restart. Two processes with one number
   * fence each other: the one that started first ends.
   */
  slot?: number
  /**
   * A process that dies keeps its tasks for this long: one that is back before goes on with them, after that the others have them.
   * One that is stopped hands them over at once. Default 30 s.
   */
  sessionTimeoutMs?: number
}

const PARTITIONS = 24
const SESSION_MS = 30_000
const TAIL_RECORDS = 1000
/** How long a tail holds what it finds at first. */
const OPENING_MS = 500
const BEGINNING = -2

/** The log on Apache Kafka. As many processes as there are partitions may run the same groups. */
export class KafkaLog implements Log {
  readonly #running = new Map<string, Group>()
  readonly #closed = new AbortController()
  readonly #known = new Set<string>()
  /** Where transactions of this process, or of those before it, wrote and nobody has looked since. */
  readonly #wrote = new Set<string>()
  readonly #ends: Ends
  #onCommit: (group: string, tookMs: number) => void = () => {}

  private constructor(
    private readonly clients: Clients,
    private readonly admin: Admin,
    private readonly appender: Appender,
    private readonly options: KafkaLogOptions & TopicSettings
  ) {
    this.#ends = new Ends(clients)
  }

  /** Rejects with Unavailable when no broker answers. */
  static async open(options: KafkaLogOptions): Promise<KafkaLog> {
    const clients = new Clients(options)
    const admin = await clients.admin()
    try {
      const appender = new Appender(await clients.appender())
      return new KafkaLog(clients, admin, appender, { ...options, partitions: options.partitions ?? PARTITIONS })
    } catch (error) {
      await admin.disconnect()
      throw error
    }
  }

  get partitions(): number {
    return this.options.partitions
  }

  /** Rejects with Refused when one exists with another number of partitions, or may not be made. */
  async create(topics: readonly string[]): Promise<void> {
    await createTopics(this.admin, topics, this.options)
    for (const topic of topics) this.#known.add(topic)
  }

  async append(topic: string, records: readonly NewRecord[]): Promise<Position[]> {
    await this.#check(topic)
    for (const { partition = 0 } of records) {
      if (partition >= 0 && partition < this.partitions) continue
      throw new Refused(`There is no partition ${partition} of "${topic}": it has partitions 0 to ${this.partitions - 1}.`)
    }
    return records.length === 0 ? [] : await this.appender.append(topic, records, this.partitions)
  }

  process(group: string, topics: readonly string[], handlers: Handlers): Processing {
    if (this.#running.has(group)) throw new Error(`The group "${group}" runs already in this process.`)
    const { slot = 0, sessionTimeoutMs = SESSION_MS } = this.options
    const ports: GroupPorts = {
      clients: this.clients,
      partitions: this.partitions,
      slot,
      sessionTimeoutMs,
      prepare: async (group, topics) => {
        await checkTopics(this.admin, topics, this.partitions)
        await this.create([changelogOf(group)])
      },
      known: (topic) => this.#check(topic),
      ends: (topics) => this.ends(topics),
      committed: (group) => this.committed(group),
      gone: (group, instance) => gone(this.admin, group, instance),
      covered: (group) => covered(this.admin, group, changelogOf(group), this.partitions),
      wrote: (partitions) => {
        for (const partition of partitions) this.#wrote.add(nameOf(partition))
      },
      inherited: (partitions) => {
        // Not to what it reads: there somebody else may be at work, or frozen.
        const written = [...this.#known].filter((topic) => !topics.includes(topic))
        for (const topic of written) for (const partition of partitions) this.#wrote.add(nameOf({ topic, partition }))
      },
      took: (ms) => this.#onCommit(group, ms)
    }
    const running = new Group(group, topics, handlers, ports)
    this.#running.set(group, running)
    const forget = () => void this.#running.delete(group)
    running.ended.then(forget, forget)
    return running
  }

  /** Hands every task that this process has of a group back and takes it again, between two calls of its handlers. */
  async interrupt(group: string): Promise<void> {
    await this.#running.get(group)?.interrupt()
  }

  async *tail(topic: string, from: readonly number[], until: AbortSignal, partition?: number): AsyncGenerator<LogRecord[]> {
    const signal = AbortSignal.any([until, this.#closed.signal])
    await this.#check(topic)
    const wanted = partition === undefined ? Array.from({ length: this.partitions }, (_, each) => each) : [partition]
    const intake = new Intake(await this.clients.reader('error'))
    try {
      intake.assign(wanted.map((partition) => ({ topic, partition, offset: from[partition] ?? BEGINNING })))
      // Held until all partitions were at their end once, so that a small topic is told in the same order each time.
      let opening: LogRecord[] | null = wanted.length > 1 ? [] : null
      const behind = new Set(wanted)
      const heldAt = performance.now()
      while (!signal.aborted) {
        const { messages, ends } = await intake.take(TAIL_RECORDS)
        const records = messages.map(recordOf)
        for (const { partition } of ends) behind.delete(partition)
        opening?.push(...records)
        if (opening === null && records.length > 0) yield records
        else if (opening !== null && (behind.size === 0 || opening.length >= TAIL_RECORDS || performance.now() - heldAt >= OPENING_MS)) {
          if (opening.length > 0) yield opening.sort((a, b) => a.partition - b.partition)
          opening = null
        } else await sleep(intake.restMs)
      }
    } finally {
      await intake.close()
    }
  }

  async ends(topics: readonly string[]): Promise<Offsets> {
    for (const topic of topics) await this.#check(topic)
    const settled = new Set([...this.#wrote].filter((name) => topics.some((topic) => name.startsWith(`${topic}/`))))
    for (const name of settled) this.#wrote.delete(name)
    return this.#ends.of(topics, this.partitions, settled)
  }

  async committed(group: string): Promise<Offsets> {
    const found: Offsets = new Map()
    for (const { topic, partitions } of await patiently(() => this.admin.fetchOffsets({ groupId: group }))) {
      const offsets = new Array<number>(this.partitions).fill(0)
      for (const { partition, offset } of partitions) offsets[partition] = Math.max(0, Number(offset))
      found.set(topic, offsets)
    }
    const running = this.#running.get(group)
    // The broker tells of a commit a little after it was acknowledged; what is committed here is known.
    for (const [topic, offsets] of found)
      for (const [partition, offset] of offsets.entries()) offsets[partition] = Math.max(offset, running?.next(topic, partition) ?? 0)
    return found
  }

  onCommit(listener: (group: string, tookMs: number) => void): void {
    this.#onCommit = listener
  }

  /** `records` counts offsets: markers of transactions and what compaction removed are among them. Kafka does not say how many bytes. */
  async status(): Promise<TopicStatus[]> {
    const found: TopicStatus[] = []
    for (const topic of [...this.#known].sort()) {
      const offsets = await patiently(() => this.admin.fetchTopicOffsets(topic))
      const records = offsets.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0)
      found.push({ topic, records, bytes: 0, oldestAt: null, segments: 0, segmentBytes: 0 })
    }
    return found
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.all([...this.#running.values()].map((group) => group.stop()))
    await Promise.all([this.#ends.close(), this.appender.close(), this.admin.disconnect()])
  }

  async #check(topic: string): Promise<void> {
    if (this.#known.has(topic)) return
    await checkTopics(this.admin, [topic], this.partitions)
    this.#known.add(topic)
  }
}
