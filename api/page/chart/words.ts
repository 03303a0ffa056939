import { amountText, clock, day, isEnergy, percent, powerText, qualityText, span, when } from '../format.js'
import { type Bar, type State, wattsOf } from './bars.js'
import type { Range, View } from './range.js'
import { follows } from './range.js'
import { DAY_MS, moved, startOf } from './zone.js'

/** Ranges and bars in words, in the meter's zone. */

const isStart = (unit: 'day' | 'month' | 'year', zone: string, at: number): boolean => startOf(unit, zone, at) === at

/** "12:00–12:15", "Thu 12 Oct 2023", "9 Oct – 15 Oct 2023", "October 2023", "2023". */
export const rangeText = ({ from, to }: Range, zone: string): string => {
  for (const unit of ['year', 'month', 'day'] as const) {
    if (!isStart(unit, zone, from) || moved(unit, zone, from, 1) !== to) continue
    if (unit === 'day') return day(from, zone)
    return when(from, zone, unit === 'year' ? { year: 'numeric' } : { month: 'long', year: 'numeric' })
  }
  if (isStart('day', zone, from) && isStart('day', zone, to)) return daysText(from, moved('day', zone, to, -1), zone)
  const seconds = from % 60_000 !== 0 || to % 60_000 !== 0
  const sameDay = startOf('day', zone, from) === startOf('day', zone, to - 1)
  const end = clock(to, zone, seconds)
  return `${day(from, zone)}, ${clock(from, zone, seconds)} – ${sameDay ? end : `${day(to, zone)}, ${end}`}`
}

const daysText = (first: number, last: number, zone: string): string => {
  const sameYear = startOf('year', zone, first) === startOf('year', zone, last)
  const from = when(first, zone, { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) })
  return `${from} – ${when(last, zone, { day: 'numeric', month: 'short', year: 'numeric' })}`
}

export const viewText = (view: View, range: Range, zone: string): string =>
  follows(view) && 'span' in view ? `The last ${view.span === 'hour' ? 'hour' : '24 hours'}` : rangeText(range, zone)

/** A time without data: "12 h on Thu 12 Oct 2023", "3 days, 4 Nov – 6 Nov 2023". */
export const missingText = ({ from, to, ms }: Range & { ms: number }, zone: string): string => {
  const whole = ms >= to - from
  if (!whole) return `${span(ms)} of ${rangeText({ from, to }, zone)}`
  return to - from < 36 * 3_600_000 ? `${span(ms)}: ${rangeText({ from, to }, zone)}` : `${span(ms)}: ${longText(from, to, zone)}`
}

const longText = (from: number, to: number, zone: string): string =>
  to - from > 3 * DAY_MS ? daysText(from, to - 1, zone) : rangeText({ from, to }, zone)

/** What a bar's data is like. */
export const stateText = ({ start, end, coveredMs, estimatedMs, quality, unknown }: Bar, state: State, now: number): string => {
  if (unknown) return unknown.high === null ? 'amount unknown: at least this much' : 'amount unknown: between these two'
  if (state === 'none') return 'no data'
  if (state === 'unknown') return 'amount unknown: at least this much'
  if (state === 'partial') return `${percent(coveredMs / (end - start))} of the time covered: at least this much`
  if (estimatedMs > 0) return 'exact in total, its spread over time estimated'
  if (coveredMs === end - start) return qualityText(quality)
  return end > now ? 'still running' : 'from its first reading on'
}

export interface BarText {
  when: string
  amount: string
  power: string | null
  state: string
}

export const barText = (bar: Bar, state: State, unit: string, zone: string, now: number): BarText => {
  const { start, end, milli, unknown, coveredMs } = bar
  const upTo = unknown?.high != null ? ` – ${amountText(unknown.high, unit)}` : ''
  const least = (state === 'partial' || state === 'unknown') && upTo === '' ? '≥ ' : ''
  return {
    when: rangeText({ from: start, to: end }, zone),
    amount: state === 'none' ? '–' : `${least}${amountText(milli, unit)}${upTo}`,
    power: isEnergy(unit) && coveredMs === end - start ? powerText(wattsOf(bar)) : null,
    state: stateText(bar, state, now)
  }
}
