import type { Commit, Log, LogRecord, Processing, Task } from '../../infra/log.js'
import { pace } from '../../infra/pace.js'
import { unusable } from '../../infra/unusable.js'
import { decoding } from '../../schemas/decoding.js'
import type { Point } from '../../schemas/generated.js'
import { partitionOf } from '../../schemas/partition.js'
import { backfillTopic, readingsTopic, Topics } from '../../schemas/topics.js'
import { NotARecord, type Wire } from '../../schemas/wire.js'
import type { Output } from '../contract.js'
import { resolveRules, type SeriesRules } from '../energy/rules.js'
import { hasTold, mayTell } from './intervals.js'
import { deskKey, initialWatch, type WatchState } from './state.js'
import { dueOf, isOver, type Watched, watchCommand, watchIntervals, watchLateness, watchReadings, watchReject, watchTime } from './watch.js'

export const WATCH_POINTS = 'watch-points'

/** Topics the room reads besides the registry, most urgent first. */
export const watchedTopics = (sources: readonly string[]): string[] => [
  Topics.alertCommands,
  ...sources.map(readingsTopic),
  Topics.intervals,
  Topics.rejected,
  ...sources.map(backfillTopic)
]

/** Heartbeats further apart than this: nobody listened, and silence is counted from anew. */
const HEARD_APART_MS = 5 * 60_000
/** From here on people are told. Of closed months one heartbeat an hour is kept, and that is no lateness. */
const LATE_MS = 65 * 60_000

export interface WatchRooms {
  log: Log
  wire: Wire
  sources: readonly string[]
}

export interface Watching {
  processing: Processing
  /** Newest heartbeat that all tasks here have seen, UTC ms; null without tasks, or before one came. */
  heardAt(): number | null
}

/** Runs the rules of single points: silent, frozen, clock-drift, backwards, jump, block-rejected, platform-late (RULES §3). */
export const runWatchPoints = (rooms: WatchRooms): Watching => {
  const watchers = new Map<number, Watcher>()
  const of = (task: Task) => watchers.get(task.partition)!
  const processing = rooms.log.process(WATCH_POINTS, [Topics.registryPoints, ...watchedTopics(rooms.sources)], {
    assign: (task, states) => void watchers.set(task.partition, new Watcher(rooms, task, states)),
    revoke: (task) => void watchers.delete(task.partition),
    batch: (task, records) => of(task).batch(records),
    between: async (task, drained) => of(task).between(drained)
  })
  return {
    processing,
    heardAt: () => {
      const heard = Math.min(...[...watchers.values()].map((watcher) => watcher.heardAt))
      return Number.isFinite(heard) ? heard : null
    }
  }
}

const SILENT = deskKey('silent', '')
const SUBJECT = 's\u0000'
const POINT = 'p\u0000'
const BEAT = 'b\u0000'

/** What has no source is told the time by any. */
const isOf = (state: WatchState | undefined, source: string): boolean =>
  state !== undefined && (state.source === source || state.source === '')

/** When a source was last heard, and since when without a break, UTC ms. */
interface Heard {
  at: number
  since: number
}

/** The states of one task, as they were last committed plus what the open batch changed. */
class Watcher {
  readonly #subjects = new Map<string, WatchState>()
  readonly #registry = new Map<string, Point[]>()
  readonly #rules = new Map<string, Map<string, SeriesRules>>()
  readonly #beats = new Map<string, Heard>()
  /** When a heartbeat next changes a subject. */
  readonly #due = new Map<string, number>()
  readonly #touched = new Set<string>()
  /** Touched since they were last held against the newest heartbeat. */
  readonly #unheld = new Set<string>()
  #dirty = new Map<string, Buffer | null>()
  #outputs: Output[] = []
  readonly #live: ReadonlySet<string>
  readonly #decode: ReturnType<typeof decoding>

  constructor(
    private readonly rooms: WatchRooms,
    private readonly task: Task,
    states: Iterable<readonly [string, Buffer]>
  ) {
    this.#decode = decoding(rooms.wire)
    this.#live = new Set(rooms.sources.map(readingsTopic))
    for (const [key, value] of states) {
      const content = JSON.parse(value.toString())
      if (key.startsWith(SUBJECT)) this.#subjects.set(key.slice(SUBJECT.length), content)
      else if (key.startsWith(POINT)) this.#registry.set(key.slice(POINT.length), content)
      else this.#beats.set(key.slice(BEAT.length), content)
    }
    for (const [subject, state] of this.#subjects) this.#due.set(subject, dueOf(state, this.#rulesOf(subject)))
  }

  get heardAt(): number {
    return Math.max(...[...this.#beats.values()].map(({ at }) => at))
  }

  async batch(records: readonly LogRecord[]): Promise<Commit> {
    const breathe = pace()
    for (const record of records) {
      if (record.value === null) continue
      await breathe()
      const watched = await this.#read(record, record.value)
      if (watched !== null) this.#fold(record, watched)
    }
    return this.#commit()
  }

  /** What changed after the heartbeat that would have told of it is held against that one: a replay has no next. */
  between(drained: boolean): Commit | null {
    if (!drained) return null
    for (const subject of [...this.#unheld]) {
      const heard = this.#beats.get(this.#subjects.get(subject)?.source ?? '')
      if (heard !== undefined) this.#hold(subject, heard)
    }
    this.#unheld.clear()
    return this.#outputs.length > 0 || this.#touched.size > 0 ? this.#commit() : null
  }

  /** What a record asks for; null: nothing, or it is no such record, and those whose it is set it aside. */
  async #read(record: LogRecord, value: Buffer): Promise<(() => Watched) | null> {
    try {
      return await this.#understood(record, value)
    } catch (error) {
      if (error instanceof NotARecord) return null
      throw error
    }
  }

  async #understood({ topic, partition, offset, key }: LogRecord, value: Buffer): Promise<(() => Watched) | null> {
    if (topic === Topics.registryPoints) {
      this.#enter(await this.#decode('Point', value))
      return null
    }
    if (topic === Topics.alertCommands) {
      const command = await this.#decode('AlertCommand', value)
      return () => watchCommand(this.#stateOf(command.subject), command)
    }
    if (topic === Topics.rejected) {
      const reject = await this.#decode('Reject', value)
      return () => watchReject(this.#stateOf(reject.origin), reject)
    }
    const state = this.#subjects.get(key)
    if (topic === Topics.intervals) {
      if (!mayTell(value) && (state === undefined || !hasTold(state))) return null
      const block = await this.#decode('Intervals', value)
      return block.rows === 0 ? null : () => watchIntervals(this.#stateOf(block.point), block, this.#rulesOf(block.point))
    }
    const live = this.#live.has(topic)
    // Back-fill says nothing but that a point was not silent.
    if (!live && state?.desks[SILENT] === undefined) return null
    const block = await this.#decode('Readings', value)
    if (block.rows === 0) {
      this.#beat(block.source, block.at[0])
      return null
    }
    return () => watchReadings(this.#stateOf(block.point), block, { topic, partition, offset }, live, this.#rulesOf(block.point))
  }

  /** What throws is pure, and would again: it costs itself, and not who comes behind it. */
  #fold(record: LogRecord, watched: () => Watched): void {
    try {
      this.#keep(watched())
    } catch (error) {
      // One of what was rejected would be rejected again and again.
      if (record.topic === Topics.rejected) return
      const reject = unusable(record, error as Error, Math.max(0, this.heardAt))
      this.#outputs.push({ topic: Topics.rejected, key: reject.origin, value: this.rooms.wire.encode('Reject', reject) })
    }
  }

  #beat(source: string, at: number): void {
    const before = this.#beats.get(source)
    if (before !== undefined && at <= before.at) return
    const apart = before === undefined || at - before.at > HEARD_APART_MS
    const heard = { at, since: apart ? at : before.since }
    this.#beats.set(source, heard)
    this.#dirty.set(BEAT + source, Buffer.from(JSON.stringify(heard)))
    // Every task sees the same: one of them says it.
    if (before !== undefined && at - before.at > LATE_MS && partitionOf(source, this.rooms.log.partitions) === this.task.partition)
      this.#keep(watchLateness(this.#stateOf(source), before.at, at))
    for (const [subject, due] of this.#due) if (due <= at && isOf(this.#subjects.get(subject), source)) this.#hold(subject, heard)
  }

  #hold(subject: string, { at, since }: Heard): void {
    const state = this.#subjects.get(subject)
    if (state === undefined || (this.#due.get(subject) ?? Number.POSITIVE_INFINITY) > at) return
    this.#keep(watchTime(state, at, since, this.#rulesOf(subject)))
  }

  #enter(row: Point): void {
    const rows = this.#registry.get(row.point) ?? []
    if (rows.some((other) => other.validFrom === row.validFrom && other.knownAt === row.knownAt)) return
    this.#registry.set(row.point, [...rows, row])
    this.#dirty.set(POINT + row.point, Buffer.from(JSON.stringify([...rows, row])))
    this.#rules.delete(row.point)
    const state = this.#subjects.get(row.point)
    if (state !== undefined) this.#due.set(row.point, dueOf(state, this.#rulesOf(row.point)))
  }

  #stateOf(subject: string): WatchState {
    return this.#subjects.get(subject) ?? initialWatch(subject)
  }

  #rulesOf(point: string): (register: string) => SeriesRules {
    const known = this.#rules.get(point) ?? new Map<string, SeriesRules>()
    this.#rules.set(point, known)
    return (register) => {
      const rules = known.get(register) ?? resolveRules(this.#registry.get(point) ?? [], register)
      known.set(register, rules)
      return rules
    }
  }

  #keep({ state, alerts }: Watched): void {
    const { subject } = state
    if (state === this.#subjects.get(subject)) return
    for (const alert of alerts) this.#outputs.push({ topic: Topics.alerts, key: subject, value: this.rooms.wire.encode('Alert', alert) })
    this.#touched.add(subject)
    if (isOver(state)) {
      this.#subjects.delete(subject)
      this.#due.delete(subject)
      return
    }
    this.#subjects.set(subject, state)
    this.#due.set(subject, dueOf(state, this.#rulesOf(subject)))
    this.#unheld.add(subject)
  }

  #commit(): Commit {
    for (const subject of this.#touched) {
      const state = this.#subjects.get(subject)
      this.#dirty.set(SUBJECT + subject, state === undefined ? null : Buffer.from(JSON.stringify(state)))
    }
    this.#touched.clear()
    const commit = { outputs: this.#outputs, states: this.#dirty }
    this.#outputs = []
    this.#dirty = new Map()
    return commit
  }
}
