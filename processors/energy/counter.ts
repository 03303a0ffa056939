import { mulDivRound } from '../../schemas/exact.js'
import { Op } from '../../schemas/quality.js'
import { profileOf } from './profiles.js'
import { putTravel } from './put.js'
import { Draft } from './rows.js'
import { isOwnDevice, MS_PER_HOUR, type SeriesRules, type Settings, settingsAt, swapsBetween } from './rules.js'
import type { Accepted, EnergyState, Run } from './state.js'

/** A register reading on its way in, in thousandths of the series' unit. */
export interface Reading {
  at: number
  value: number
  /** q of the rules: smallest change the source can show. */
  step: number
  device: string
  quality: number
  topic: string
  offset: number
  line: number
}

const MAX_RUNS = 12
const MAX_LOWERS = 64

/**
 * The counter rule (RULES §1) for one reading, newer than every one before it. Changes `state`, which the caller owns, and adds to
 * `draft`; nothing else: no clock, no I/O.
 */
export const count = (state: EnergyState, reading: Reading, rules: SeriesRules, draft: Draft): void => {
  const refusal = refusalOf(reading, rules)
  if (refusal !== null) return suspect(state, draft, runOf(reading), refusal.reason, refusal.detail)
  const { prev } = state
  if (prev === null) return baseline(state, reading)
  if (reading.device !== prev.device || swapsBetween(rules, prev, reading) !== null) return replace(state, prev, reading, rules, draft)
  if (state.held === 'down') return fallen(state, prev, reading, rules, draft)
  if (state.held === 'up') return jumped(state, prev, reading, rules, draft)
  weigh(state, prev, reading, rules, draft, 'counter')
}

/** When a heartbeat has something to decide; infinite when nothing waits. */
export const dueOf = (state: EnergyState, rules: SeriesRules): number =>
  state.held === '' || state.provisionalFrom !== null
    ? Number.POSITIVE_INFINITY
    : state.pending[0].at + settingsAt(rules, state.pending[0].at).maxHoldMs

/** Event time reached `at`: what has waited for maxHold goes out provisionally. */
export const passTime = (state: EnergyState, at: number, rules: SeriesRules, draft: Draft): void => {
  if (at >= dueOf(state, rules)) provide(state, rules, draft)
}

const refusalOf = (reading: Reading, rules: SeriesRules): { reason: string; detail: string } | null => {
  if (reading.value < 0) return { reason: 'negative', detail: 'a register never shows less than 0' }
  const { dial } = settingsAt(rules, reading.at)
  if (dial !== null && reading.value >= dial) return { reason: 'over-dial', detail: `the dial starts again at ${dial} thousandths` }
  if (!isOwnDevice(rules, reading.device, reading.at)) {
    return { reason: 'foreign-device', detail: `${reading.device} is not registered for this point at that time` }
  }
  return null
}

/** Nothing waits: the reading against the last believed one. `rule` names what led here. */
const weigh = (state: EnergyState, prev: Accepted, reading: Reading, rules: SeriesRules, draft: Draft, rule: string): void => {
  const settings = settingsAt(rules, reading.at)
  const travel = reading.value - prev.value
  const profile = profileOf(settings)
  if (profile !== null) {
    const milli = profile(prev, reading)
    if (milli === null) return baseline(state, reading)
    return believe(state, reading, putTravel(draft, prev, reading, milli, settings.profile, rules, Op.PUT), travel < 0)
  }
  if (travel >= 0) {
    if (!feasible(settings, travel, prev, reading)) return hold(state, reading, 'up')
    return believe(state, reading, putTravel(draft, prev, reading, travel, rule, rules, Op.PUT), false)
  }
  if (-travel <= jitterOf(settings, prev, reading)) {
    state.dips++
    return
  }
  hold(state, reading, 'down')
}

/** Fall that is only the last digit trembling: t of the rules. */
const jitterOf = (settings: Settings, prev: { value: number }, reading: { step: number }): number =>
  Math.max(2 * reading.step, Math.min(settings.backwardTolerance, Math.floor(prev.value / 10)))

const feasible = (settings: Settings, travel: number, from: { at: number }, to: { at: number; step: number }): boolean =>
  settings.capPerHour === null || travel <= mulDivRound(settings.capPerHour, to.at - from.at, MS_PER_HOUR) + 2 * to.step

/** The first reading, or one from which counting starts again without energy. */
const baseline = (state: EnergyState, reading: Reading): void => believe(state, reading, 0, true)

/** `base`: nothing before is comparable with this reading. */
const believe = (state: EnergyState, reading: Reading, travel: number, base: boolean): void => {
  const { prev } = state
  const flat = !base && prev !== null && prev.value === reading.value
  if (base) state.lowers = []
  else if (prev !== null && reading.value > prev.value) {
    state.lowers.push(prev)
    if (state.lowers.length > 2 * MAX_LOWERS) state.lowers.splice(0, MAX_LOWERS)
  }
  state.prev = {
    at: reading.at,
    value: reading.value,
    device: reading.device,
    quality: reading.quality,
    topic: reading.topic,
    offset: reading.offset,
    since: flat ? prev.since : reading.at,
    count: flat ? prev.count + 1 : 1,
    travel
  }
}

const runOf = (reading: Reading): Run => ({
  at: reading.at,
  until: reading.at,
  count: 1,
  value: reading.value,
  step: reading.step,
  device: reading.device,
  quality: reading.quality,
  topic: reading.topic,
  offset: reading.offset,
  untilTopic: reading.topic,
  untilOffset: reading.offset,
  line: reading.line
})

const firstOf = (run: Run): Reading => ({ ...run })
const lastOf = (run: Run): Reading => ({ ...run, at: run.until, topic: run.untilTopic, offset: run.untilOffset })

const hold = (state: EnergyState, reading: Reading, held: 'down' | 'up'): void => {
  state.held = held
  state.pending = [runOf(reading)]
}

const extend = (run: Run, reading: Reading): void => {
  run.until = reading.at
  run.untilTopic = reading.topic
  run.untilOffset = reading.offset
  run.count++
}

/** Nothing is held any more. What went out provisionally is taken back by whatever is put next. */
const release = (state: EnergyState, draft: Draft): Run[] => {
  const { pending } = state
  state.pending = []
  state.held = ''
  if (state.provisionalFrom !== null) {
    draft.provisional = null
    draft.takeBack(state.provisionalFrom)
    state.provisionalFrom = null
  }
  return pending
}

/** Held low readings: lower ones and repeats wait on, the first clearly above the lowest decides. */
const fallen = (state: EnergyState, prev: Accepted, reading: Reading, rules: SeriesRules, draft: Draft): void => {
  const lowest = state.pending[state.pending.length - 1]
  if (reading.value >= lowest.value + Math.max(lowest.step, reading.step)) return decideFall(state, prev, reading, rules, draft)
  if (reading.value >= lowest.value) extend(lowest, reading)
  else {
    state.pending.push(runOf(reading))
    if (state.pending.length > MAX_RUNS) joinOldest(state.pending)
  }
  wait(state, reading.at, rules, draft)
}

/** A long fall is kept in few runs: the second takes in the third. */
const joinOldest = (pending: Run[]): void => {
  const [, run, next] = pending
  run.until = next.until
  run.untilTopic = next.untilTopic
  run.untilOffset = next.untilOffset
  run.count += next.count
  pending.splice(2, 1)
}

/** Undecided still: past maxHold the likely outcome goes out, and grows with each reading. */
const wait = (state: EnergyState, at: number, rules: SeriesRules, draft: Draft): void => {
  if (state.provisionalFrom !== null || at >= dueOf(state, rules)) provide(state, rules, draft)
}

/** Decides on a copy as if nothing more came; the case itself stays open. */
const provide = (state: EnergyState, rules: SeriesRules, draft: Draft): void => {
  const prev = state.prev as Accepted
  const copy: EnergyState = {
    ...state,
    lowers: [...state.lowers],
    pending: state.pending.map((run) => ({ ...run })),
    provisionalFrom: null
  }
  const outcome = new Draft()
  if (state.held === 'up') settleJump(copy, prev, rules, outcome)
  else settleFall(copy, prev, null, rules, outcome)
  const from = outcome.rewoundTo ?? prev.at
  draft.provisional = { from, rows: outcome.rows, suspects: outcome.suspects }
  state.provisionalFrom = from
}

const decideFall = (state: EnergyState, prev: Accepted, next: Reading, rules: SeriesRules, draft: Draft): void => {
  settleFall(state, prev, next, rules, draft)
  if (state.prev === prev) weigh(state, prev, next, rules, draft, 'glitch')
  else count(state, next, rules, draft)
}

/** Rule 5: what the held low readings were, given the first one clearly above them (null: none came for maxHold). First match. */
const settleFall = (state: EnergyState, prev: Accepted, next: Reading | null, rules: SeriesRules, draft: Draft): void => {
  const lowest = state.pending[state.pending.length - 1]
  const settings = settingsAt(rules, lowest.at)
  const jitter = jitterOf(settings, prev, lowest)
  if (next !== null && next.value >= prev.value - jitter && feasible(settings, next.value - prev.value, prev, next)) {
    for (const run of release(state, draft)) suspect(state, draft, run, 'glitch', `${prev.value} before, ${next.value} after`)
    return
  }
  const lower = state.lowers[state.lowers.length - 1]
  if (lower && lowest.value >= lower.value - jitterOf(settings, lower, lowest) && nearer(lowest.value, lower.value, prev.value)) {
    return undoPrev(state, prev, lower, rules, draft)
  }
  if (settings.dial !== null && rolledOver(settings, settings.dial, prev, lowest)) {
    return settleAtLowest(state, prev, settings.dial - prev.value + lowest.value, 'rollover', Op.PUT, rules, draft)
  }
  if (isReset(settings, prev, lowest, next)) {
    return settleAtLowest(state, prev, lowest.value - settings.start, 'reset', Op.UNKNOWN, rules, draft)
  }
  suspect(state, draft, lowest, 'backwards', `${prev.value} before; no rollover, reset or return explains it`)
  settleAtLowest(state, prev, 0, 'backwards', Op.UNKNOWN, rules, draft)
}

const nearer = (value: number, lower: number, upper: number): boolean => (value > lower ? value - lower : lower - value) < upper - value

const rolledOver = (settings: Settings, dial: number, prev: Accepted, lowest: Run): boolean => {
  const wrapped = dial - prev.value + lowest.value
  if (wrapped * 2 >= dial || !feasible(settings, wrapped, prev, lowest)) return false
  return settings.capPerHour !== null || (prev.value * 10 >= dial * 9 && lowest.value * 10 <= dial)
}

/** Below a tenth, and no further from the start than four times what the rise after it gives over the time before it. */
const isReset = (settings: Settings, prev: Accepted, lowest: Run, next: Reading | null): boolean => {
  const shown = lowest.value - settings.start
  if (lowest.value * 10 > prev.value || shown < 0) return false
  if (next === null) return shown === 0
  return shown * (next.at - lowest.until) <= 4 * (next.value - lowest.value) * (lowest.at - prev.at)
}

/** The lowest held reading is believed, `known` after the last one; those above it were nothing. */
const settleAtLowest = (
  state: EnergyState,
  prev: Accepted,
  known: number,
  rule: string,
  op: number,
  rules: SeriesRules,
  draft: Draft
): void => {
  const pending = release(state, draft)
  const lowest = pending[pending.length - 1]
  for (const run of pending.slice(0, -1))
    suspect(state, draft, run, rule === 'backwards' ? 'backwards' : 'glitch', `${prev.value} before, ${lowest.value} after`)
  restart(state, prev, lowest, known, rule, op, rules, draft)
}

/** Believes a held run as the start of a new count. */
const restart = (
  state: EnergyState,
  prev: Accepted,
  run: Run,
  known: number,
  rule: string,
  op: number,
  rules: SeriesRules,
  draft: Draft
): void => {
  believe(state, firstOf(run), putTravel(draft, prev, firstOf(run), known, rule, rules, op), true)
  if (run.count === 1) return
  const first = state.prev as Accepted
  believe(state, lastOf(run), putTravel(draft, first, lastOf(run), 0, 'held', rules, Op.PUT), false)
  ;(state.prev as Accepted).count = run.count
}

/** The last believed reading was itself the glitch: its rows go, and what was held is weighed against the one before it. */
const undoPrev = (state: EnergyState, prev: Accepted, lower: Accepted, rules: SeriesRules, draft: Draft): void => {
  const pending = release(state, draft)
  state.lowers.pop()
  state.prev = lower
  draft.rewind(lower.at)
  const wrong: Run = { ...runOf({ ...prev, step: 0, line: 0 }), at: prev.since, until: prev.at, count: prev.count }
  suspect(state, draft, wrong, 'glitch', `${lower.value} before, ${pending[pending.length - 1].value} after`)
  for (const [i, run] of pending.entries()) {
    if (i === 0) weigh(state, lower, firstOf(run), rules, draft, 'glitch+held')
    else count(state, firstOf(run), rules, draft)
    if (run.count === 1) continue
    if (state.held === '') weigh(state, state.prev as Accepted, lastOf(run), rules, draft, 'held')
    else count(state, lastOf(run), rules, draft)
  }
}

/** Held high reading: repeats wait on; the next other value decides. */
const jumped = (state: EnergyState, prev: Accepted, reading: Reading, rules: SeriesRules, draft: Draft): void => {
  const jump = state.pending[0]
  const settings = settingsAt(rules, reading.at)
  const distance = reading.value > jump.value ? reading.value - jump.value : jump.value - reading.value
  if (distance < Math.max(jump.step, reading.step)) {
    extend(jump, reading)
    return wait(state, reading.at, rules, draft)
  }
  const travel = reading.value - prev.value
  const returned = travel >= -jitterOf(settings, prev, reading) && feasible(settings, travel, prev, reading)
  const goesOn = reading.value >= jump.value && feasible(settings, reading.value - jump.value, { at: jump.until }, reading)
  if (!returned && goesOn) {
    settleJump(state, prev, rules, draft)
    return weigh(state, state.prev as Accepted, reading, rules, draft, 'counter')
  }
  for (const run of release(state, draft)) suspect(state, draft, run, 'glitch', `${prev.value} before, ${reading.value} after`)
  weigh(state, prev, reading, rules, draft, returned ? 'glitch' : 'counter')
}

/** The register goes on from the jump: a new baseline whose energy nobody knows until the registry says. */
const settleJump = (state: EnergyState, prev: Accepted, rules: SeriesRules, draft: Draft): void => {
  const [jump] = release(state, draft)
  suspect(state, draft, jump, 'jump', `${prev.value} before; more than the rated power allows`)
  restart(state, prev, jump, 0, 'jump', Op.UNKNOWN, rules, draft)
}

/** Another meter, or a register set by hand: what the notes prove, and a tail where they are incomplete. */
const replace = (state: EnergyState, prev: Accepted, reading: Reading, rules: SeriesRules, draft: Draft): void => {
  const reason = state.held === 'up' ? 'jump' : 'backwards'
  for (const run of release(state, draft)) suspect(state, draft, run, reason, `the meter was replaced before it could be decided`)
  const swap = swapsBetween(rules, prev, reading)
  const travel = putTravel(draft, prev, reading, swap?.known ?? 0, 'replacement', rules, swap?.complete ? Op.PUT : Op.UNKNOWN)
  believe(state, reading, travel, true)
}

const suspect = (state: EnergyState, draft: Draft, run: Run, reason: string, detail: string): void => {
  draft.suspects.push({
    point: state.point,
    register: state.register,
    source: state.source,
    device: run.device,
    at: run.at,
    until: run.until,
    count: run.count,
    value: run.value,
    unit: state.unit,
    reason,
    detail,
    topic: run.topic,
    offset: run.offset,
    line: run.line
  })
}
