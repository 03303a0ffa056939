import { READING_COLUMNS, slice } from '../../schemas/blocks.js'
import type { Intervals, Readings, Suspect } from '../../schemas/generated.js'
import { mergeIntervals } from '../../schemas/merge.js'
import { mergeReadings } from '../../schemas/precedence.js'
import { Op } from '../../schemas/quality.js'
import { milliRatio, toMilli, unitRule } from '../../schemas/units.js'
import { addAsk, type Span } from '../asks.js'
import { passTime } from './counter.js'
import { Draft, type Row, rowOf, type SuspectDraft, sameFigures, withdrawn } from './rows.js'
import type { SeriesRules } from './rules.js'
import { type Accepted, compact, type EnergyState, initialState } from './state.js'
import { fold, suspectRow, type Where } from './step.js'

/** What is stored of one series. The runner gives it once the store has all that the fold has taken in and sent. */
export interface EnergyHistory {
  /** Event time of the oldest stored reading. */
  first: number
  /** Blocks with a reading in [from, to], unmerged. */
  readings(from: number, to: number): Promise<{ block: Readings; position: Where }[]>
  /** Every revision of the rows that overlap [from, to), in blocks, unmerged. */
  intervals(from: number, to: number): Promise<Intervals[]>
  /** Current suspects with `at` in [from, to]. */
  suspects(from: number, to: number): Promise<Suspect[]>
}

export interface Refolded {
  state: EnergyState
  /** Stored rows that go, or that will end sooner: withdrawn first, in a block of their own, so that whoever follows knows their whole span. */
  gone: Row[]
  /** Rows that are new or differ from the stored ones. */
  rows: Row[]
  suspects: (SuspectDraft & { op: number })[]
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const MONTH = 31 * DAY
/** Readings taken at once: 86 400 of them at 8 s. */
const CHUNK = 8 * DAY
/** Rows kept in memory before a long way through history is cut into two. */
const MAX_KEPT_ROWS = 100_000
/** Rising rows that must be as stored before the fold believes itself back on the old track: as many as the state remembers, and one. */
const SAME_RISES = 5
const BASE_RULES = new Set(['rollover', 'reset', 'backwards', 'jump', 'replacement'])

const rulesOf = (row: Row): string[] => row.rule.split('+')
const isBase = (row: Row): boolean => rulesOf(row).some((rule) => BASE_RULES.has(rule))

/**
 * The one way for history (DESIGN §3): folds a span again from the stored readings with the ordinary rules, from the last stored row
 * that left nothing open to where the result is back on the stored rows, or to the end. `beatAt`: the newest heartbeat of the
 * source; it decides what has waited long enough.
 */
export const refold = async (
  before: EnergyState,
  ask: Span,
  rules: SeriesRules,
  history: EnergyHistory,
  beatAt: number
): Promise<Refolded> => {
  let from = ask.from
  for (;;) {
    const resume = await findResume(before, from, history)
    const run = await foldAgain(before, resume, ask.to, rules, history, beatAt)
    const tooLate = run.draft.rewoundTo !== null && resume.row !== null && run.draft.rewoundTo < resume.row.end
    if (!tooLate) return conclude(before, ask, resume, run, history)
    from = run.draft.rewoundTo as number
  }
}

interface Resume {
  /** The stored row whose end is the start of the new fold; null: from the beginning. */
  row: Row | null
  state: EnergyState
}

/** Rows that were decided by a reading after their end: there the fold was still waiting. */
const WAITING_RULES = new Set(['held', 'rollover', 'reset', 'backwards', 'jump'])

/** A clean state at the last stored row that ends by `from` and left nothing open. */
const findResume = async (before: EnergyState, from: number, history: EnergyHistory): Promise<Resume> => {
  const limit = Math.min(from, before.provisionalFrom ?? from)
  const back = new Backwards(history, from)
  for (let row = await back.next(); row !== null; row = await back.next()) {
    const clean = row.end === row.toAt && !rulesOf(row).some((rule) => WAITING_RULES.has(rule))
    if (row.end <= limit && clean) return { row, state: await resumeAt(before, row, back, history) }
  }
  return { row: null, state: fresh(before) }
}

const fresh = (before: EnergyState): EnergyState => ({
  ...initialState(before.point, before.register),
  unit: before.unit,
  source: before.source,
  native: before.native
})

/** Stored rows of a series that start by an instant, newest first, read window by window. */
class Backwards {
  #rows: Row[] = []
  #to: number
  #width = DAY

  constructor(
    private readonly history: EnergyHistory,
    from: number
  ) {
    this.#to = from + 1
  }

  async next(): Promise<Row | null> {
    while (this.#rows.length === 0) {
      if (this.#to < this.history.first - MONTH) return null
      const to = this.#to
      const from = to - this.#width
      for (const block of mergeIntervals(await this.history.intervals(from, to), { from, to })) {
        for (let i = 0; i < block.rows; i++) if (block.start[i] >= from && block.start[i] < to) this.#rows.push(rowOf(block, i))
      }
      this.#to = from
      this.#width = Math.min(this.#width * 4, MONTH)
    }
    return this.#rows.pop() as Row
  }
}

/** The state the fold had after `row`: what it showed, and the lower readings before it, read off the rows behind. */
const resumeAt = async (before: EnergyState, row: Row, back: Backwards, history: EnergyHistory): Promise<EnergyState> => {
  const state = fresh(before)
  state.end = row.end
  if (before.native > 0) return state
  const chain: Accepted[] = [acceptedAt(row)]
  let at: Row | null = row
  while (at !== null && !isBase(at) && chain.length <= SAME_RISES) {
    const head = chain[0]
    if (at.fromValue === at.toValue) {
      head.since = at.fromAt
      head.count++
    } else
      chain.unshift({ ...acceptedAt(at), at: at.fromAt, value: at.fromValue, topic: at.fromTopic, offset: at.fromOffset, since: at.fromAt })
    const { fromAt } = at
    do at = await back.next()
    while (at !== null && at.end !== at.toAt)
    if (at !== null && at.toAt !== fromAt) at = null
    if (at !== null) chain[0].travel = at.travel
  }
  for (const accepted of chain) await complete(accepted, history)
  state.prev = chain[chain.length - 1]
  state.prev.travel = row.travel
  state.lowers = chain.slice(0, -1)
  return compact(state)
}

const acceptedAt = (row: Row): Accepted => ({
  at: row.toAt,
  value: row.toValue,
  device: '',
  quality: row.quality,
  topic: row.toTopic,
  offset: row.toOffset,
  since: row.toAt,
  count: 1,
  travel: 0
})

/** Device and quality stand with the reading itself. */
const complete = async (accepted: Accepted, history: EnergyHistory): Promise<void> => {
  const { parts } = mergeReadings(await history.readings(accepted.at, accepted.at))
  for (const { block } of parts) {
    const unit = unitRule(block.unit)
    for (let i = 0; i < block.rows; i++) {
      if (unit === null || block.at[i] !== accepted.at || toMilli(block.value[i], milliRatio(unit, block.scale)) !== accepted.value)
        continue
      accepted.device = block.device
      accepted.quality = block.quality[i]
      return
    }
  }
}

interface Run {
  state: EnergyState
  draft: Draft
  /** Rows before this are as they should be; infinite: the fold reached the end of the inputs. */
  settledTo: number
  /** The end was reached: `state` is the live state. */
  live: boolean
  /** Neither converged nor at the end: the rest is another ask from here. */
  cut: boolean
}

const foldAgain = async (
  before: EnergyState,
  resume: Resume,
  to: number,
  rules: SeriesRules,
  history: EnergyHistory,
  beatAt: number
): Promise<Run> => {
  const { state } = resume
  const draft = new Draft()
  const horizon = before.last?.at ?? to
  let at = resume.row === null ? history.first - 1 : resume.row.end
  let width = Math.max(to - at, 0) + HOUR
  const startsAt = at
  while (at < horizon) {
    const until = Math.min(at + Math.min(width, CHUNK), horizon)
    const merged = mergeReadings(await history.readings(at, until))
    for (const { loser, winner } of merged.conflicts) {
      // Readings of the instant resumed at were settled before it.
      if (resume.row !== null && loser.block.at[loser.row] <= startsAt) continue
      const figure = loser.block.value[loser.row]
      draft.suspects.push(
        suspectRow(
          state,
          loser.block,
          loser.row,
          loser.position,
          milliOf(loser.block, figure),
          'conflict',
          `another reading of that instant shows ${milliOf(winner.block, winner.block.value[winner.row])}`
        )
      )
    }
    for (const { block, position } of merged.parts)
      fold(state, after(block, at, until, at === startsAt ? state.prev : null), position, rules, draft, 'history')
    at = until
    width *= 4
    if (draft.rewoundTo !== null && draft.rewoundTo < startsAt) break
    if (at > to && (await isBack(state, draft, to, history))) {
      return { state, draft, settledTo: draft.rows[draft.rows.length - 1].end, live: false, cut: false }
    }
    const safe = safeUntil(state)
    if (draft.rows.length > MAX_KEPT_ROWS && safe > startsAt && at < horizon) {
      draft.rows = draft.rows.filter((row) => row.end <= safe)
      return { state, draft, settledTo: safe, live: false, cut: true }
    }
  }
  passTime(state, beatAt, rules, draft)
  draft.settle()
  return { state, draft, settledTo: Number.POSITIVE_INFINITY, live: true, cut: false }
}

const milliOf = (block: Readings, value: number): number => {
  const unit = unitRule(block.unit)
  return unit === null ? value : toMilli(value, milliRatio(unit, block.scale))
}

/** The rows of a block in (from, to]; at `from` itself only what another meter showed after the one resumed at. */
const after = (block: Readings, from: number, to: number, prev: Accepted | null): Readings => {
  let first = 0
  while (first < block.rows && (block.at[first] < from || (block.at[first] === from && !(prev !== null && block.device > prev.device))))
    first++
  let end = block.rows
  while (end > first && block.at[end - 1] > to) end--
  return first === 0 && end === block.rows ? block : slice(block, READING_COLUMNS, first, end)
}

/** Nothing the fold may still learn reaches rows that end by this. */
const safeUntil = (state: EnergyState): number => state.lowers[0]?.at ?? state.prev?.at ?? state.end ?? Number.NEGATIVE_INFINITY

/** The newest rows are as stored, nothing waits: from here on the old fold was right. */
const isBack = async (state: EnergyState, draft: Draft, to: number, history: EnergyHistory): Promise<boolean> => {
  const { rows } = draft
  if (state.held !== '' || rows.length === 0) return false
  const last = rows[rows.length - 1]
  const stored = new Map<number, Row>()
  const from = rows[Math.max(0, rows.length - 4 * SAME_RISES)].start
  for (const block of mergeIntervals(await history.intervals(from, last.end), { from, to: last.end }))
    for (let i = 0; i < block.rows; i++) stored.set(block.start[i], rowOf(block, i))
  let rises = 0
  for (let i = rows.length - 1; i >= 0 && rows[i].start >= to; i--) {
    const other = stored.get(rows[i].start)
    if (!other || !sameTrack(rows[i], other)) return false
    if (state.native > 0) return true
    if (rows[i].toValue > rows[i].fromValue && ++rises === SAME_RISES) return true
  }
  return false
}

const sameTrack = (a: Row, b: Row): boolean =>
  sameFigures(a, b) &&
  a.fromAt === b.fromAt &&
  a.fromValue === b.fromValue &&
  a.toAt === b.toAt &&
  a.toValue === b.toValue &&
  a.travel === b.travel &&
  a.factor === b.factor

const conclude = async (before: EnergyState, ask: Span, resume: Resume, run: Run, history: EnergyHistory): Promise<Refolded> => {
  const from = resume.row === null ? Number.NEGATIVE_INFINITY : resume.row.end
  const asks = before.asks.filter((other) => other.from !== ask.from || other.to !== ask.to)
  const { gone, rows } = await changedRows(run, from, history)
  const suspects = await changedSuspects(run, from, history)
  const kept = { rev: before.rev, knownAt: before.knownAt, last: before.last, dips: before.dips, superseded: before.superseded, asks }
  if (run.live) return { state: { ...compact(run.state), ...kept }, gone, rows, suspects }
  const rest = run.cut ? addAsk(asks, { from: run.settledTo, to: Math.max(run.settledTo, ask.to) }) : asks
  return { state: { ...before, asks: rest }, gone, rows, suspects }
}

const changedRows = async (run: Run, from: number, history: EnergyHistory): Promise<Pick<Refolded, 'gone' | 'rows'>> => {
  const to = run.settledTo
  const wanted = new Map(run.draft.rows.map((row) => [row.start, row]))
  const gone: Row[] = []
  const range = { from: Math.max(from, history.first - MONTH), to: Math.min(to, Number.MAX_SAFE_INTEGER) }
  for (const block of mergeIntervals(await history.intervals(range.from, range.to), range)) {
    for (let i = 0; i < block.rows; i++) {
      if (block.start[i] < from || block.start[i] >= to) continue
      const stored = rowOf(block, i)
      const row = wanted.get(stored.start)
      if (row === undefined || row.end < stored.end) gone.push(withdrawn(stored))
      else if (sameFigures(row, stored)) wanted.delete(stored.start)
    }
  }
  return { gone, rows: [...wanted.values()].sort((a, b) => a.start - b.start) }
}

const identity = (suspect: SuspectDraft): string => `${suspect.at} ${suspect.device} ${suspect.value} ${suspect.reason}`

const changedSuspects = async (run: Run, from: number, history: EnergyHistory): Promise<(SuspectDraft & { op: number })[]> => {
  const wanted = new Map(run.draft.suspects.filter((suspect) => suspect.at <= run.settledTo).map((suspect) => [identity(suspect), suspect]))
  const changes: (SuspectDraft & { op: number })[] = []
  for (const stored of await history.suspects(Math.max(from, history.first), Math.min(run.settledTo, Number.MAX_SAFE_INTEGER))) {
    if (stored.at <= from || stored.at > run.settledTo) continue
    const same = wanted.get(identity(stored))
    if (same === undefined) changes.push({ ...stored, op: Op.WITHDRAWN })
    else if (same.count === stored.count && same.until === stored.until && same.detail === stored.detail) wanted.delete(identity(stored))
  }
  for (const suspect of wanted.values()) changes.push({ ...suspect, op: Op.PUT })
  return changes
}
