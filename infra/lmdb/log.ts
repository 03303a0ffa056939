import { Refused } from '../errors.js'
import type { Commit, Handlers, Log, LogRecord, NewRecord, Offsets, Position, Processing, Task, TopicStatus } from '../log.js'
import { Archiver, type Supersedes } from './archiver.js'
import type { Environment } from './env.js'
import { Gate } from './gate.js'
import { Groups } from './groups.js'
import { Names } from './names.js'
import { type Packed, Records } from './records.js'
import { Segments } from './segments.js'
import { type BatchLimits, TaskLoop } from './task.js'

export interface LogOptions {
  /** For a new folder; an existing one must have been made with the same number. Default 4. */
  partitions?: number
  /** When a batch ends. Default 5000 records or 1 MB. */
  batch?: BatchLimits
  /** Which records archiving leaves out. Default: none. */
  supersedes?: Supersedes
}

const PARTITIONS = 4
/** While one large batch is written to the disk another is folded. */
const LARGE_BATCHES = 2
const BATCH: BatchLimits = { records: 5000, bytes: 1024 * 1024 }
const TAIL: BatchLimits = { records: 1000, bytes: 1024 * 1024 }

interface Group {
  tasks: TaskLoop[]
  processing: Processing
}

/** The log on LMDB: for one process, which owns the folder (infra/owner.ts). */
export class LmdbLog implements Log {
  readonly #records: Records
  readonly #groups: Groups
  readonly #archiver: Archiver
  readonly #running = new Map<string, Group>()
  readonly #batch: BatchLimits
  readonly #gate = new Gate(LARGE_BATCHES)
  readonly #closed = new AbortController()
  #onCommit: (group: string, tookMs: number) => void = () => {}

  private constructor(
    private readonly env: Environment,
    readonly partitions: number,
    private readonly topics: Names,
    private readonly groupNames: Names,
    options: LogOptions
  ) {
    const segments = new Segments(env)
    this.#records = new Records(env, topics, partitions, segments)
    this.#archiver = new Archiver(this.#records, segments, options.supersedes ?? (() => null))
    this.#groups = new Groups(env, groupNames, topics)
    this.#batch = options.batch ?? BATCH
  }

  static async open(env: Environment, options: LogOptions = {}): Promise<LmdbLog> {
    const partitions = await fixedPartitions(env, options.partitions)
    return new LmdbLog(env, partitions, new Names(env, 'topics'), new Names(env, 'groups'), options)
  }

  async create(topics: readonly string[]): Promise<void> {
    await this.topics.add(topics)
    for (const topic of topics) this.#records.opened(topic)
  }

  async append(topic: string, records: readonly NewRecord[]): Promise<Position[]> {
    if (records.length === 0) return []
    const packed = this.#records.pack(topic, records, Date.now())
    const firsts = await this.env.write(() => this.#records.put(packed))
    return this.#records.publish(packed, firsts)
  }

  process(group: string, topics: readonly string[], handlers: Handlers): Processing {
    if (this.#running.has(group)) throw new Error(`The group "${group}" runs already in this process.`)
    for (const topic of topics) this.#records.idOf(topic)
    const tasks = Array.from({ length: this.partitions }, (_, partition) => {
      return new TaskLoop({ group, partition }, topics, handlers, {
        records: this.#records,
        limits: this.#batch,
        gate: this.#gate,
        restore: (task) => ({
          states: this.#groups.states(group, task.partition),
          next: new Map(topics.map((topic) => [topic, this.#groups.offset(group, topic, task.partition)]))
        }),
        store: (task, commit, next) => this.#commit(task, commit, next)
      })
    })
    const stop = () => {
      for (const task of tasks) task.stop()
    }
    const run = async () => {
      try {
        await this.groupNames.add([group])
        const loops = tasks.map((task) => task.run())
        // One task's trouble ends the group; the others finish what they have begun.
        for (const loop of loops) loop.catch(stop)
        await Promise.allSettled(loops)
        await Promise.all(loops)
      } finally {
        this.#running.delete(group)
      }
    }
    const ended = run()
    const processing: Processing = {
      ended,
      stop: async () => {
        stop()
        await ended.catch(() => {})
      },
      drained: async () => {
        await Promise.race([
          Promise.all(tasks.map((task) => task.drained())),
          ended.then(() => Promise.reject(new Error(`The group "${group}" has stopped.`)))
        ])
      }
    }
    this.#running.set(group, { tasks, processing })
    return processing
  }

  /** Hands every task of a group back and takes it again, each between two calls of its handlers: what a rebalance does. */
  async interrupt(group: string): Promise<void> {
    await Promise.all((this.#running.get(group)?.tasks ?? []).map((task) => task.interrupt()))
  }

  async *tail(topic: string, from: readonly number[], until: AbortSignal, partition?: number): AsyncGenerator<LogRecord[]> {
    const signal = AbortSignal.any([until, this.#closed.signal])
    const wanted = partition === undefined ? Array.from({ length: this.partitions }, (_, each) => each) : [partition]
    const next = wanted.map((each) => from[each] ?? 0)
    let wake = () => {}
    const unlisten = this.#records.onAppend(topic, () => wake())
    const aborted = () => wake()
    signal.addEventListener('abort', aborted)
    try {
      while (!signal.aborted) {
        let found = false
        for (const [i, each] of wanted.entries()) {
          const records = this.#records.read(topic, each, next[i], TAIL)
          if (records.length === 0) continue
          found = true
          next[i] = records[records.length - 1].offset + 1
          yield records
          if (signal.aborted) return
        }
        if (found) continue
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      unlisten()
      signal.removeEventListener('abort', aborted)
    }
  }

  async ends(topics: readonly string[]): Promise<Offsets> {
    return new Map(topics.map((topic) => [topic, [...this.#records.ends(topic)]]))
  }

  async committed(group: string): Promise<Offsets> {
    const offsets = (topic: string) =>
      Array.from({ length: this.partitions }, (_, partition) => this.#groups.offset(group, topic, partition))
    return new Map(this.#groups.topicsOf(group).map((topic) => [topic, offsets(topic)]))
  }

  onCommit(listener: (group: string, tookMs: number) => void): void {
    this.#onCommit = listener
  }

  async status(): Promise<TopicStatus[]> {
    return [...this.topics.list()].map((topic) => this.#records.status(topic))
  }

  /** Moves a segment's worth of records older than this to a read-only file; false when there are none left. One call at a time. */
  archive(olderThanMs: number): Promise<boolean> {
    return this.#archiver.step(this.topics.list(), Date.now() - olderThanMs)
  }

  /** Ends tails and groups; the environment stays open. */
  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.all([...this.#running.values()].map(({ processing }) => processing.stop()))
  }

  async #commit(task: Task, { outputs, states }: Commit, next: ReadonlyMap<string, number>): Promise<void> {
    const began = performance.now()
    const byTopic = new Map<string, NewRecord[]>()
    for (const output of outputs) {
      const records = byTopic.get(output.topic)
      if (records) records.push(output)
      else byTopic.set(output.topic, [output])
    }
    const now = Date.now()
    const packed: Packed[] = [...byTopic].map(([topic, records]) => this.#records.pack(topic, records, now))
    const firsts = await this.env.write(() => {
      this.#groups.putStates(task.group, task.partition, states)
      for (const [topic, offset] of next) this.#groups.putOffset(task.group, topic, task.partition, offset)
      return packed.map((each) => this.#records.put(each))
    })
    for (const [i, each] of packed.entries()) this.#records.publish(each, firsts[i])
    this.#onCommit(task.group, performance.now() - began)
  }
}

/** The number of partitions decides where a key's records are, so it is fixed when the folder is made. */
const fixedPartitions = async (env: Environment, wanted: number | undefined): Promise<number> => {
  const table = env.table('meta')
  const key = Buffer.from('partitions')
  const stored = table.get(key)?.readUInt16BE(0)
  if (stored !== undefined && wanted !== undefined && stored !== wanted) {
    throw new Refused(
      `The data folder ${env.folder} has ${stored} partitions, and the settings ask for ${wanted}. It cannot be changed: use ${stored}.`
    )
  }
  if (stored !== undefined) return stored
  const partitions = wanted ?? PARTITIONS
  const value = Buffer.allocUnsafe(2)
  value.writeUInt16BE(partitions)
  await env.write(() => table.put(key, value))
  return partitions
}
