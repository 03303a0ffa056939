import { setImmediate } from 'node:timers/promises'
import type { Commit, Handlers, Log, LogRecord, Processing, Task } from '../infra/log.js'
import { pace } from '../infra/pace.js'
import type { Store } from '../infra/store.js'
import { unusable } from '../infra/unusable.js'
import { decoded } from '../schemas/decoding.js'
import type { AlertCommand, Readings } from '../schemas/generated.js'
import { Topics } from '../schemas/topics.js'
import { NotARecord, type Records, type Wire } from '../schemas/wire.js'
import { addAsk } from './asks.js'
import { Behind, type Positions } from './behind.js'
import { type Command, type Refold, readCommand } from './commands.js'
import { type Entry, type Fold, type Folded, type Input, type Output, REGISTRY, type SeriesState, seriesKey } from './contract.js'
import type { Where } from './energy/step.js'

export interface Rooms {
  log: Log
  store: Store
  wire: Wire
  /** Name of the consumer group that writes the store: history is read only behind it. */
  storeGroup: string
  sources: readonly string[]
}

export interface Running {
  processing: Processing
  /** Series whose asks wait, by task. */
  waiting(): number
  /** Newest heartbeat that all tasks here have folded, UTC ms; null without tasks, or before one came. */
  heardAt(): number | null
}

/** Series answered in one commit, for how many of them a store is asked at a time, and how long, so that live input never waits long. */
const ANSWERS_AT_ONCE = 64
const ASKED_AT_ONCE = 16
const ANSWERS_MS = 30

/** Runs a fold: one Keeper a task; batches, asks and heartbeats as DESIGN §3 says. */
export const runFold = <Name extends Input, State extends SeriesState, Rules, About extends Entry>(
  fold: Fold<Name, State, Rules, About>,
  rooms: Rooms
): Running => {
  const inputs = fold.inputs(rooms.sources)
  const behind = new Behind(rooms.log, { name: fold.name, inputs, outputs: fold.outputs }, rooms.storeGroup)
  const keepers = new Map<number, Keeper<Name, State, Rules, About>>()
  const handlers: Handlers = {
    assign: (task, states) => void keepers.set(task.partition, new Keeper(fold, rooms, behind, task, states)),
    revoke: (task) => void keepers.delete(task.partition),
    batch: (task, records) => keepers.get(task.partition)!.batch(records),
    between: (task, drained) => keepers.get(task.partition)!.between(drained)
  }
  const processing = rooms.log.process(fold.name, [REGISTRY[fold.about], Topics.commands, ...inputs], handlers)
  return {
    processing,
    waiting: () => [...keepers.values()].reduce((sum, keeper) => sum + keeper.waiting, 0),
    heardAt: () => {
      const heard = Math.min(...[...keepers.values()].map((keeper) => keeper.heardAt))
      return Number.isFinite(heard) ? heard : null
    }
  }
}

const SERIES = 's\u0000'
/** Of registry rows. */
const ROWS = 'p\u0000'
const BEAT = 'b\u0000'
const OWED = 'o\u0000'

/** A fold threw at a block: it is pure, and would again. */
class NotFoldable extends Error {}

/** The states of one task, as they were last committed plus what the open batch changed. */
class Keeper<Name extends Input, State extends SeriesState, Rules, About extends Entry> {
  readonly #series = new Map<string, State>()
  readonly #registry = new Map<string, Records[About][]>()
  /** Keys of series by what they are of. */
  readonly #seriesOf = new Map<string, Set<string>>()
  readonly #rules = new Map<string, Rules>()
  readonly #beats = new Map<string, number>()
  readonly #due = new Set<string>()
  readonly #asking = new Set<string>()
  /** Due states that changed since they were last held against the newest heartbeat. */
  readonly #changed = new Set<string>()
  /** What the store must have before history is read; null: to be asked for, as more was taken in or sent. */
  #sent: Promise<Positions> | null = null
  /** Answers to be given when no ask waits. */
  readonly #owed = new Set<string>()
  #dirty = new Map<string, Buffer | null>()

  constructor(
    private readonly fold: Fold<Name, State, Rules, About>,
    private readonly rooms: Rooms,
    private readonly behind: Behind,
    private readonly task: Task,
    states: Iterable<readonly [string, Buffer]>
  ) {
    const series: [string, State][] = []
    for (const [key, value] of states) {
      if (key.startsWith(SERIES)) {
        series.push([key.slice(SERIES.length), fold.resume(value)])
        continue
      }
      const content = JSON.parse(value.toString())
      if (key.startsWith(ROWS)) this.#registry.set(key.slice(ROWS.length), content)
      else if (key.startsWith(OWED)) this.#owed.add(key.slice(OWED.length))
      else this.#beats.set(key.slice(BEAT.length), content)
    }
    for (const [key, state] of series) this.#keep(key, state)
  }

  get waiting(): number {
    return this.#asking.size
  }

  get heardAt(): number {
    return Math.max(...this.#beats.values())
  }

  async batch(records: readonly LogRecord[]): Promise<Commit> {
    this.#sent = null
    const outputs: Output[] = []
    const touched = new Set<string>()
    const breathe = pace()
    for (const record of records) {
      if (record.value === null) continue
      const pause = breathe()
      if (pause) await pause
      try {
        if (record.topic === REGISTRY[this.fold.about]) this.#enter(await decoded(this.rooms.wire, this.fold.about, record.value), touched)
        else if (record.topic === Topics.commands) this.#obey(readCommand(record.value), outputs, touched)
        else if (record.topic === Topics.alertCommands)
          this.#acknowledge(await decoded(this.rooms.wire, 'AlertCommand', record.value), record.key, outputs, touched)
        else {
          const block = decoded(this.rooms.wire, this.fold.input, record.value)
          // Mostly it is none, and a promise for each record would take longer than some folds.
          this.#take(record, block instanceof Promise ? await block : block, outputs, touched)
        }
      } catch (error) {
        outputs.push(this.#aside(record, error))
      }
    }
    for (const key of touched) this.#dirty.set(SERIES + key, this.fold.keep(this.#series.get(key)!))
    return this.#commit(outputs)
  }

  #take(record: LogRecord, block: Records[Name], outputs: Output[], touched: Set<string>): void {
    const beatAt = beatOf(block)
    if (beatAt !== null) return this.#beat(block.source, beatAt, outputs, touched)
    if (block.rows === 0 || this.fold.ignores(block)) return
    const key = this.fold.keyOf(block, record.key)
    const before = this.#series.get(key) ?? this.#initial(key)
    const where = { topic: record.topic, partition: record.partition, offset: record.offset }
    const { state, outputs: made } = this.#folded(before, block, where, this.#rulesOf(key))
    this.#keep(key, state)
    touched.add(key)
    for (const output of made) outputs.push(output)
  }

  #acknowledge(command: AlertCommand, subject: string, outputs: Output[], touched: Set<string>): void {
    const key = seriesKey(subject, '')
    const before = this.#series.get(key)
    if (before === undefined || this.fold.command === undefined) return
    const { state, outputs: made } = this.fold.command(this.rooms.wire, before, command, this.#rulesOf(key))
    this.#keep(key, state)
    touched.add(key)
    outputs.push(...made)
  }

  #folded(before: State, block: Records[Name], where: Where, rules: Rules): Folded<State> {
    try {
      return this.fold.step(this.rooms.wire, before, block, where, rules)
    } catch (cause) {
      throw new NotFoldable((cause as Error).message, { cause })
    }
  }

  /** One bad record costs itself, in the same commit as its neighbours: folded again, it would be as bad. What may pass is thrown on. */
  #aside(record: LogRecord, error: unknown): Output {
    if (!(error instanceof NotARecord) && !(error instanceof NotFoldable)) throw error
    const reject = unusable(record, error, Math.max(0, this.heardAt))
    return { topic: Topics.rejected, key: reject.origin, value: this.rooms.wire.encode('Reject', reject) }
  }

  #beat(source: string, at: number, outputs: Output[], touched: Set<string>): void {
    if (at <= (this.#beats.get(source) ?? Number.NEGATIVE_INFINITY)) return
    this.#beats.set(source, at)
    this.#dirty.set(BEAT + source, Buffer.from(JSON.stringify(at)))
    for (const key of [...this.#due]) {
      const state = this.#series.get(key)!
      const rules = this.#rulesOf(key)
      // What was never heard of is told the time by any.
      if ((state.source !== source && state.source !== '') || this.fold.due(state, rules) > at) continue
      const folded = this.fold.beat(this.rooms.wire, state, at, this.task.partition, rules)
      this.#keep(key, folded.state)
      touched.add(key)
      outputs.push(...folded.outputs)
    }
    const passed = this.fold.passOn(this.rooms.wire, source, at)
    if (passed !== null) outputs.push({ ...passed, partition: this.task.partition })
  }

  /** A registry row: rules that hold in the past are an ask from their validFrom on. */
  #enter(row: Records[About], touched: Set<string>): void {
    const subject = this.fold.subjectOf(row)
    const rows = this.#registry.get(subject) ?? []
    if (rows.some((other) => other.validFrom === row.validFrom && other.knownAt === row.knownAt)) return
    const begun = this.fold.begins(row)
    if (begun !== null && !this.#series.has(begun)) this.#keep(begun, this.#initial(begun))
    const before = new Map([...(this.#seriesOf.get(subject) ?? [])].map((key) => [key, this.#rulesOf(key)]))
    const all = [...rows, row]
    this.#registry.set(subject, all)
    this.#dirty.set(ROWS + subject, Buffer.from(JSON.stringify(all)))
    for (const [key, rules] of before) {
      this.#rules.delete(key)
      const state = this.#series.get(key)!
      const newest = this.fold.newest(state)
      if (newest === null || JSON.stringify(this.#rulesOf(key)) === JSON.stringify(rules)) continue
      // From before it: a meter built in at the instant of a reading changes the row that ends there.
      const since = this.fold.sinceOf(row, all) - 1
      const from = this.fold.always(this.#rulesOf(key)) === this.fold.always(rules) ? since : Number.MIN_SAFE_INTEGER
      if (from > newest) continue
      this.#keep(key, { ...state, knownAt: Math.max(state.knownAt, row.knownAt), asks: addAsk(state.asks, { from, to: newest }) })
      touched.add(key)
    }
  }

  #initial(key: string): State {
    const [subject, register] = key.split('\u0000')
    return this.fold.initial(subject, register)
  }

  #obey(command: Command, outputs: Output[], touched: Set<string>): void {
    if ('refold' in command) return this.#refold(command.refold, touched)
    if (command.group !== this.fold.name) return
    this.#owed.add(command.answer)
    this.#dirty.set(OWED + command.answer, Buffer.from('true'))
    outputs.push(...this.#overdue())
  }

  #refold({ point, from = Number.MIN_SAFE_INTEGER }: Refold, touched: Set<string>): void {
    for (const [key, state] of this.#series) {
      const newest = this.fold.newest(state)
      if (newest === null || from > newest || (point !== undefined && !key.startsWith(`${point}\u0000`))) continue
      this.#keep(key, { ...state, asks: addAsk(state.asks, { from, to: newest }) })
      touched.add(key)
    }
  }

  async between(drained: boolean): Promise<Commit | null> {
    const overdue = drained ? this.#overdue() : []
    if (overdue.length > 0) return this.#commit(overdue)
    if (this.#asking.size === 0) return this.#dirty.size + this.#owed.size > 0 ? this.#commit([]) : null
    if (!(await this.#storeHasAll())) return this.#commit([])
    const outputs: Output[] = []
    const began = performance.now()
    const open = new Set<Promise<void>>()
    for (const key of [...this.#asking].slice(0, ANSWERS_AT_ONCE)) {
      if (performance.now() - began > ANSWERS_MS) break
      const answer = this.#answered(key, outputs).finally(() => open.delete(answer))
      open.add(answer)
      // A store that is at hand has said everything after this. While one that is elsewhere is asked, others can be.
      await Promise.race([setImmediate(), answer])
      if (open.size >= ASKED_AT_ONCE) await Promise.race(open)
    }
    await Promise.all(open)
    return this.#commit(outputs)
  }

  /** Answers the first ask of a series. */
  async #answered(key: string, outputs: Output[]): Promise<void> {
    const state = this.#series.get(key)!
    const beatAt = this.#beats.get(state.source) ?? Number.NEGATIVE_INFINITY
    const { wire, store } = this.rooms
    const folded = await this.fold.refold(wire, store, state, state.asks[0], this.task.partition, this.#rulesOf(key), beatAt)
    this.#keep(key, folded.state)
    this.#dirty.set(SERIES + key, this.fold.keep(folded.state))
    for (const output of folded.outputs) outputs.push(output)
  }

  /**
   * States that changed after the heartbeat that would have decided them: the same as if it came now. Without this the ledger would
   * wait for the next one, and a replay, which has no next one, would differ.
   */
  #overdue(): Output[] {
    const outputs: Output[] = []
    for (const key of this.#changed) {
      const state = this.#series.get(key)!
      const rules = this.#rulesOf(key)
      const at = this.#beats.get(state.source) ?? Number.NEGATIVE_INFINITY
      if (this.fold.due(state, rules) > at) continue
      const folded = this.fold.beat(this.rooms.wire, state, at, this.task.partition, rules)
      this.#keep(key, folded.state)
      this.#dirty.set(SERIES + key, this.fold.keep(folded.state))
      outputs.push(...folded.outputs)
    }
    this.#changed.clear()
    return outputs
  }

  /** The store has what this task has taken in and sent. When it has not, the runner asks again, and takes in what has come meanwhile. */
  async #storeHasAll(): Promise<boolean> {
    this.#sent ??= this.behind.of(this.task.partition)
    return await this.behind.has(this.task.partition, await this.#sent)
  }

  #keep(key: string, state: State): void {
    if (!this.#series.has(key)) {
      const [subject] = key.split('\u0000')
      const keys = this.#seriesOf.get(subject)
      if (keys === undefined) this.#seriesOf.set(subject, new Set([key]))
      else keys.add(key)
    }
    this.#series.set(key, state)
    if (state.asks.length > 0) this.#asking.add(key)
    else this.#asking.delete(key)
    if (this.fold.due(state, this.#rulesOf(key)) < Number.POSITIVE_INFINITY) {
      this.#due.add(key)
      this.#changed.add(key)
    } else this.#due.delete(key)
  }

  #rulesOf(key: string): Rules {
    const known = this.#rules.get(key)
    if (known !== undefined) return known
    const [subject, register] = key.split('\u0000')
    const rules = this.fold.resolve(this.#registry.get(subject) ?? [], subject, register)
    this.#rules.set(key, rules)
    return rules
  }

  #commit(outputs: Output[]): Commit {
    if (outputs.length > 0) this.#sent = null
    // In a commit behind them: what one transaction wrote to several topics is not seen in all of them at the same moment.
    else if (this.#asking.size === 0) outputs.push(...this.#answers())
    const states = this.#dirty
    this.#dirty = new Map()
    return { outputs, states }
  }

  #answers(): Output[] {
    const { partition } = this.task
    const answers = [...this.#owed].map((answer) => ({ topic: Topics.answers, key: this.fold.name, value: Buffer.from(answer), partition }))
    for (const answer of this.#owed) this.#dirty.set(OWED + answer, null)
    this.#owed.clear()
    return answers
  }
}

/** When a heartbeat was; null for a block of rows. */
const beatOf = (block: Readings | { rows: number; beat: number }): number | null => {
  if (block.rows > 0) return null
  if ('beat' in block) return block.beat > 0 ? block.beat : null
  return block.at[0] ?? null
}
