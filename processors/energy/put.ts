import { mulDivRound, share } from '../../schemas/exact.js'
import { Op } from '../../schemas/quality.js'
import { type Draft, questionable, worst } from './rows.js'
import { MS_PER_HOUR, type SeriesRules, type Settings, settingsAt } from './rules.js'
import type { Accepted } from './state.js'

/** The later end of an interval. */
export interface End {
  at: number
  value: number
  quality: number
  topic: string
  offset: number
}

/**
 * Puts the interval between two register readings: `travel` thousandths of the register, times the factor. An interval that crosses a
 * factor's valid_from is cut there. The factor applies to the running travel, so rounding does not drift.
 * UNKNOWN adds a tail of 0 .. rated power × time. Returns the travel since the factor in force at the end became valid.
 */
export const putTravel = (draft: Draft, from: Accepted, to: End, travel: number, rule: string, rules: SeriesRules, op: number): number => {
  let running = from.travel
  let start = from.at
  let settings = settingsAt(rules, start)
  const ms = to.at - from.at
  const named = settings.expectedMs !== null && ms * 2 > settings.expectedMs * 3 ? (rule === 'counter' ? 'gap' : `${rule}+gap`) : rule
  const quality = op === Op.UNKNOWN ? questionable(from.quality, to.quality) : worst(from.quality, to.quality)
  while (start < to.at) {
    const end = nextFactor(rules, start, to.at)
    const part = share(travel, from.at, to.at, end) - share(travel, from.at, to.at, start)
    const before = applied(settings, running)
    running += part
    const milli = applied(settings, running) - before
    draft.rows.push({
      start,
      end,
      milli,
      op,
      low: milli,
      high: op === Op.UNKNOWN ? highOf(settings, milli, end - start) : milli,
      quality,
      rule: end === to.at && start === from.at ? named : `${named}+cut`,
      fromAt: from.at,
      fromValue: from.value,
      fromTopic: from.topic,
      fromOffset: from.offset,
      toAt: to.at,
      toValue: to.value,
      toTopic: to.topic,
      toOffset: to.offset,
      factor: settings.factorId,
      travel: settings.factorId === '' ? 0 : running
    })
    start = end
    const next = settingsAt(rules, start)
    if (next.factorFrom !== settings.factorFrom || next.factorId === '') running = 0
    settings = next
  }
  return running
}

const applied = (settings: Settings, travel: number): number =>
  settings.factorId === '' ? travel : mulDivRound(travel, settings.factor.num, settings.factor.den)

const highOf = (settings: Settings, milli: number, ms: number): number =>
  settings.ratedPerHour === null ? -1 : milli + mulDivRound(settings.ratedPerHour, ms, MS_PER_HOUR)

/** The next instant in (start, end) at which another factor becomes valid, or `end`. */
const nextFactor = (rules: SeriesRules, start: number, end: number): number => {
  if (rules.versions.length === 1) return end
  const factorFrom = settingsAt(rules, start).factorFrom
  for (const version of rules.versions) {
    if (version.validFrom > start && version.validFrom < end && version.factorFrom !== factorFrom) return version.validFrom
  }
  return end
}

/**
 * Puts one interval of a load curve, `amount` over [start, end). Each row is multiplied by itself: a correction of one hour must not
 * re-round all later ones.
 */
export const putCurve = (draft: Draft, start: number, end: End, amount: number, rules: SeriesRules): void => {
  let from = start
  while (from < end.at) {
    const to = nextFactor(rules, from, end.at)
    const settings = settingsAt(rules, from)
    const part = share(amount, start, end.at, to) - share(amount, start, end.at, from)
    const milli = applied(settings, part)
    draft.rows.push({
      start: from,
      end: to,
      milli,
      op: Op.PUT,
      low: milli,
      high: milli,
      quality: end.quality,
      rule: to - from === end.at - start ? 'curve' : 'curve+cut',
      fromAt: start,
      fromValue: 0,
      fromTopic: end.topic,
      fromOffset: end.offset,
      toAt: end.at,
      toValue: amount,
      toTopic: end.topic,
      toOffset: end.offset,
      factor: settings.factorId,
      travel: 0
    })
    from = to
  }
}
