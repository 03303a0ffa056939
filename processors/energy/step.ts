import type { Readings } from '../../schemas/generated.js'
import { mergeReadings } from '../../schemas/precedence.js'
import { hasValue } from '../../schemas/quality.js'
import { milliRatio, toMilli, unitRule } from '../../schemas/units.js'
import { addAsk, type Span } from '../asks.js'
import { count, dueOf, passTime, type Reading } from './counter.js'
import { putCurve } from './put.js'
import { Draft, type Row, type SuspectDraft } from './rows.js'
import type { SeriesRules } from './rules.js'
import { compact, type EnergyState, type Run, type Seen } from './state.js'

/** Where a block of readings lies on its topic. */
export interface Where {
  topic: string
  partition: number
  offset: number
}

/** Rows older than the newest row seen are left to history (live), or all are taken in the order they come (history itself). */
export type Pace = 'live' | 'history'

/** Late rows of a block this near each other are one ask: thousands of asks of an instant each would cost a way through history each. */
const LATE_APART_MS = 24 * 3_600_000

/**
 * Folds one block of readings of the series: rows newer than everything seen go through the rules, whatever is older becomes an ask.
 * Changes `state`, which the caller owns.
 */
export const fold = (state: EnergyState, block: Readings, where: Where, rules: SeriesRules, draft: Draft, pace: Pace): void => {
  const unit = unitRule(block.unit)
  if (unit === null || (block.kind !== 'COUNTER' && block.kind !== 'INTERVAL')) return
  if (state.unit === '') state.unit = unit.unit
  state.source = block.source
  const ratio = milliRatio(unit, block.scale)
  const step = Math.max(1, toMilli(block.step, ratio))
  if (state.unit !== unit.unit) {
    draft.suspects.push(suspectRow(state, block, 0, where, toMilli(block.value[0], ratio), 'other-unit', `the series is in ${state.unit}`))
    return
  }
  let lastAt = state.last === null ? Number.NEGATIVE_INFINITY : state.last.at
  // The newest row of the block while `state.last` is still the one before it: written down once, not for every row.
  let newest = -1
  let late: Span | null = null
  for (let i = 0; i < block.rows; i++) {
    const at = block.at[i]
    if (pace === 'live' && at <= lastAt) {
      if (newest >= 0) state.last = seen(block, newest)
      newest = -1
      if (at === lastAt && isRepeat(state.last as Seen, block, i)) continue
      const ask = askOf(block, i)
      if (late === null || ask.from - late.to > LATE_APART_MS) {
        if (late !== null) state.asks = addAsk(state.asks, late)
        late = ask
      } else late = { from: Math.min(late.from, ask.from), to: Math.max(late.to, ask.to) }
      continue
    }
    if (at >= lastAt) {
      lastAt = at
      newest = i
    }
    if (!hasValue(block.quality[i])) continue
    const milli = toMilli(block.value[i], ratio)
    if (block.kind === 'INTERVAL') curve(state, block, i, milli, where, rules, draft)
    else count(state, readingOf(block, i, milli, step, where), rules, draft)
  }
  if (newest >= 0) state.last = seen(block, newest)
  if (late !== null) state.asks = addAsk(state.asks, late)
}

/** From before the reading, so that a row that ended at it, by another reading of that instant, is made again too. */
const askOf = (block: Readings, i: number): Span => ({ from: block.at[i] - Math.max(block.span[i], 1), to: block.at[i] })

export const seen = (block: Readings, i: number): Seen => ({
  at: block.at[i],
  span: block.span[i],
  value: block.value[i],
  device: block.device,
  quality: block.quality[i],
  curve: block.curve,
  revision: block.revision,
  parserVersion: block.parserVersion
})

export const readingOf = (block: Readings, i: number, milli: number, step: number, where: Where): Reading => ({
  at: block.at[i],
  value: milli,
  step,
  device: block.device,
  quality: block.quality[i],
  topic: where.topic,
  offset: where.offset,
  line: block.line[i]
})

/** The newest row delivered twice: same identity, figure and standing. */
const isRepeat = (last: Seen, block: Readings, i: number): boolean =>
  last.span === block.span[i] &&
  last.device === block.device &&
  last.value === block.value[i] &&
  last.quality === block.quality[i] &&
  last.curve === block.curve &&
  last.revision === block.revision &&
  last.parserVersion === block.parserVersion

/** One interval of a load curve: taken as it is, unless it lies over the one before it. */
const curve = (state: EnergyState, block: Readings, i: number, milli: number, where: Where, rules: SeriesRules, draft: Draft): void => {
  const end = block.at[i]
  const start = end - block.span[i]
  if (milli < 0) {
    draft.suspects.push(
      suspectRow(state, block, i, where, milli, 'negative', 'an interval has no negative energy; export has a register of its own')
    )
    return
  }
  if (state.end !== null && start < state.end) {
    draft.suspects.push(
      suspectRow(
        state,
        block,
        i,
        where,
        milli,
        'overlap',
        `it starts before ${new Date(state.end).toISOString()}, where the one before it ends`
      )
    )
    return
  }
  state.native = block.span[i]
  state.end = end
  putCurve(draft, start, { at: end, value: milli, quality: block.quality[i], topic: where.topic, offset: where.offset }, milli, rules)
}

export const suspectRow = (
  state: EnergyState,
  block: Readings,
  i: number,
  where: Where,
  milli: number,
  reason: string,
  detail: string
): SuspectDraft => ({
  point: state.point,
  register: state.register,
  source: block.source,
  device: block.device,
  at: block.at[i],
  until: block.at[i],
  count: 1,
  value: milli,
  unit: state.unit,
  reason,
  detail,
  topic: where.topic,
  offset: where.offset,
  line: block.line[i]
})

export interface Stepped {
  state: EnergyState
  rows: Row[]
  suspects: SuspectDraft[]
}

/** The live fold: one block of readings. Pure. */
export const step = (before: EnergyState, block: Readings, where: Where, rules: SeriesRules): Stepped => {
  const state = own(before)
  const draft = new Draft()
  // Rows that repeat an instant are settled first, so that order within a payload decides nothing.
  const merged = mergeReadings([{ block, position: where }])
  for (const { loser } of merged.conflicts) state.asks = addAsk(state.asks, askOf(loser.block, loser.row))
  for (const part of merged.parts) fold(state, part.block, where, rules, draft, 'live')
  state.superseded += merged.superseded
  state.knownAt = Math.max(state.knownAt, block.ingestedAt)
  return finish(before, state, draft)
}

/** The live fold: a heartbeat of the series' source. Pure. */
export const beat = (before: EnergyState, at: number, rules: SeriesRules): Stepped => {
  if (at < dueOf(before, rules)) return { state: before, rows: [], suspects: [] }
  const state = own(before)
  const draft = new Draft()
  passTime(state, at, rules, draft)
  return finish(before, state, draft)
}

export const own = (state: EnergyState): EnergyState => ({
  ...state,
  lowers: [...state.lowers],
  pending: state.pending.map((run) => ({ ...run }))
})

/** What the live fold can't take back itself, because an earlier step sent it, becomes an ask. */
const finish = (before: EnergyState, state: EnergyState, draft: Draft): Stepped => {
  const to = state.last?.at ?? 0
  const ask = (from: number) => {
    state.asks = addAsk(state.asks, { from, to })
  }
  if (draft.rewoundTo !== null && before.prev !== null && draft.rewoundTo < before.prev.at) ask(draft.rewoundTo)
  if (draft.takenBackTo !== null && before.provisionalFrom !== null) ask(draft.takenBackTo)
  const { provisional, rows } = draft
  if (provisional !== null) {
    const grows = before.provisionalFrom === provisional.from && draft.takenBackTo === null && sameCase(before.pending, state.pending)
    if (!grows) ask(provisional.from)
    else {
      const seenTo = before.last?.at ?? 0
      rows.push(...provisional.rows.filter((row) => row.end > seenTo))
      draft.suspects.push(...provisional.suspects.filter((suspect) => suspect.until > seenTo))
    }
  }
  return { state: compact(state), rows, suspects: draft.suspects }
}

/** The open case only got more readings of its lowest (or highest) value. */
const sameCase = (before: readonly Run[], now: readonly Run[]): boolean =>
  before.length === now.length && before[before.length - 1].at === now[now.length - 1].at
