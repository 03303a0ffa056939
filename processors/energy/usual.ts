import { foldPlain } from '../../schemas/columns.js'
import { LARGEST, mulDivRound } from '../../schemas/exact.js'
import type { Intervals, Readings } from '../../schemas/generated.js'
import { Quality } from '../../schemas/quality.js'
import { milliRatio, toMilli, unitRule } from '../../schemas/units.js'
import { profileOf } from './profiles.js'
import { indexer } from './rows.js'
import { isOwnDevice, MS_PER_HOUR, RULE_VERSION, type SeriesRules, type Settings, settingsAt, swapsBetween } from './rules.js'
import { type Accepted, type EnergyState, KEPT_LOWERS } from './state.js'
import { seen, type Where } from './step.js'

/** What a usual block comes to: the state after it, and its rows with columns folded as they are written. */
export interface Usual {
  state: EnergyState
  block: Intervals
}

/** What the register did over the rows of a block. */
interface Course {
  /** From each reading to the next, ms; the first from the last believed one before. */
  lengths: number[]
  /** Energy over the same. */
  milli: number[]
  /** What it shows in the end, in thousandths of the unit. */
  shown: number
}

/**
 * A block in which a register does nothing but count, as nearly all do: its rows in one pass over the columns, to the byte what the
 * rules (counter.ts) and toBlock make of it. Null where there is anything to decide: they are asked then.
 */
export const usual = (before: EnergyState, block: Readings, where: Where, rules: SeriesRules): Usual | null => {
  const { prev, last } = before
  const unit = unitRule(block.unit)
  if (prev === null || last === null || unit?.unit !== before.unit || block.kind !== 'COUNTER') return null
  if (before.held !== '' || before.provisionalFrom !== null || before.native !== 0 || block.at[0] <= last.at) return null
  const settings = settingsOver(prev, block, rules)
  if (settings === null) return null
  const ratio = milliRatio(unit, block.scale)
  const course = courseOf(prev, block, ratio, Math.max(1, toMilli(block.step, ratio)), settings)
  if (course === null) return null
  const state = stateAfter(before, prev, block, where, course)
  return { state, block: foldedRows(prev, state, where, course) }
}

/** The settings from the last believed reading to the end of the block, when they are the same all along and leave readings as they are. */
const settingsOver = (prev: Accepted, { rows, at, device }: Readings, rules: SeriesRules): Settings | null => {
  const end = { at: at[rows - 1], value: prev.value }
  const settings = settingsAt(rules, prev.at)
  if (settings !== settingsAt(rules, end.at) || settings.factorId !== '' || profileOf(settings) !== null) return null
  if (device !== prev.device || swapsBetween(rules, prev, end) !== null) return null
  // No meter is built in or out between, so whose reading the first and the last are, all are.
  return isOwnDevice(rules, device, at[0]) && isOwnDevice(rules, device, end.at) ? settings : null
}

const courseOf = (
  prev: Accepted,
  { rows, at, value, quality }: Readings,
  ratio: { num: number; den: number },
  step: number,
  { capPerHour, dial, expectedMs }: Settings
): Course | null => {
  const plain = ratio.num === 1 && ratio.den === 1
  const longest = expectedMs === null ? Number.POSITIVE_INFINITY : expectedMs * 1.5
  const lengths = new Array<number>(rows)
  const milli = new Array<number>(rows)
  let { at: beforeAt, value: shown } = prev
  for (let i = 0; i < rows; i++) {
    const now = plain ? value[i] : toMilli(value[i], ratio)
    const ms = at[i] - beforeAt
    const travel = now - shown
    if (travel < 0 || ms <= 0 || ms > longest || quality[i] !== prev.quality) return null
    if (capPerHour !== null && travel > mulDivRound(capPerHour, ms, MS_PER_HOUR) + 2 * step) return null
    lengths[i] = ms
    milli[i] = travel
    beforeAt = at[i]
    shown = now
  }
  return shown > LARGEST || (dial !== null && shown >= dial) ? null : { lengths, milli, shown }
}

const stateAfter = (before: EnergyState, prev: Accepted, block: Readings, where: Where, course: Course): EnergyState => {
  const { lowers, newest } = believedAfter(before, prev, block, where, course)
  return {
    point: before.point,
    register: before.register,
    source: block.source,
    unit: before.unit,
    native: before.native,
    rev: before.rev + 1,
    knownAt: Math.max(before.knownAt, block.ingestedAt),
    last: seen(block, block.rows - 1),
    end: before.end,
    prev: newest,
    lowers,
    pending: [],
    held: '',
    provisionalFrom: null,
    asks: before.asks,
    dips: before.dips,
    superseded: before.superseded
  }
}

/** The newest reading, and the last ones of the values below, as far back as is kept. */
const believedAfter = (
  { lowers }: EnergyState,
  prev: Accepted,
  { at, rows, device }: Readings,
  { topic, offset }: Where,
  { milli, shown }: Course
): { lowers: Accepted[]; newest: Accepted } => {
  // Newest first.
  const believed: Accepted[] = []
  let value = shown
  let end = rows - 1
  let flat = false
  while (end >= 0 && believed.length <= KEPT_LOWERS) {
    let first = end
    while (first >= 0 && milli[first] === 0) first--
    // It showed this before the block already.
    flat = first < 0
    const since = flat ? prev.since : at[first]
    const count = flat ? prev.count + end + 1 : end - first + 1
    believed.push({ at: at[end], value, device, quality: prev.quality, topic, offset, since, count, travel: 0 })
    value -= milli[first] ?? 0
    end = first - 1
  }
  const [newest, ...within] = believed
  if (within.length === KEPT_LOWERS) return { lowers: within.reverse(), newest }
  return { lowers: [...lowers, ...(flat ? [] : [prev]), ...within.reverse()].slice(-KEPT_LOWERS), newest }
}

const foldedRows = (prev: Accepted, state: EnergyState, { topic, partition, offset }: Where, { lengths, milli }: Course): Intervals => {
  const rows = milli.length
  const words = ['']
  const place = indexer(words)
  const rule = place('counter')
  const from = place(prev.topic)
  const to = place(topic)
  return {
    point: state.point,
    register: state.register,
    unit: state.unit,
    source: state.source,
    native: state.native,
    ruleVersion: RULE_VERSION,
    beat: 0,
    words,
    partition,
    rows,
    start: opening(prev.at, rows),
    end: foldPlain(lengths),
    milli: foldPlain(milli),
    op: AS_EXPECTED,
    low: AS_EXPECTED,
    high: AS_EXPECTED,
    quality: foldPlain([prev.quality], Quality.RAW),
    rule: [rule],
    rev: [state.rev],
    knownAt: opening(state.knownAt, rows),
    fromAt: AS_EXPECTED,
    fromValue: opening(prev.value, rows),
    toAt: AS_EXPECTED,
    toValue: AS_EXPECTED,
    fromTopic: opening(from, rows),
    fromOffset: opening(prev.offset, rows),
    toTopic: foldPlain([to]),
    toOffset: opening(offset, rows),
    factor: AS_EXPECTED,
    travel: AS_EXPECTED
  }
}

const AS_EXPECTED: number[] = []

/** A column whose first row alone differs from what is expected. */
const opening = (entry: number, rows: number): number[] => (entry === 0 ? AS_EXPECTED : rows === 1 ? [entry] : [entry, 0])
