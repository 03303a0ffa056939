import { when } from '../format.js'
import type { Range } from './range.js'
import { DAY_MS, HOUR_MS, instantOf, moved, startOf, type Unit, wallOf } from './zone.js'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

interface Step {
  ms: number
  unit?: Unit
  by: number
}

const STEPS: Step[] = [
  ...[1, 2, 5, 10, 15, 30].map((by) => ({ ms: by * SECOND_MS, by })),
  ...[1, 2, 5, 10, 15, 30].map((by) => ({ ms: by * MINUTE_MS, by })),
  ...[1, 2, 3, 6, 12].map((by) => ({ ms: by * HOUR_MS, by, unit: 'hour' as const })),
  ...[1, 2].map((by) => ({ ms: by * DAY_MS, by, unit: 'day' as const })),
  { ms: 7 * DAY_MS, by: 1, unit: 'week' },
  ...[1, 3, 6].map((by) => ({ ms: by * 30 * DAY_MS, by, unit: 'month' as const })),
  ...[1, 2, 5, 10].map((by) => ({ ms: by * 365 * DAY_MS, by, unit: 'year' as const }))
]

export interface Tick {
  at: number
  /** Time, day or month; below it, where it changes, the day, or the year. */
  label: string
  below: string
}

/** A place on the time axis every so often, at most `most` of them, on the round times of the zone's clock and calendar. */
export const ticksOf = ({ from, to }: Range, zone: string, most: number): Tick[] => {
  const step = STEPS.find(({ ms }) => (to - from) / ms <= most) ?? STEPS[STEPS.length - 1]
  const places = placesOf(step, from, to, zone)
  const belows = places.map((at) => belowOf(step, at, zone))
  const told = (i: number): boolean => {
    // The border at the end begins a day that is not shown.
    if (places[i] === to && i > 0) return false
    if (belows[i] === belows[i - 1]) return false
    // A lone time before a new day would have its day stand in that of the next.
    return step.unit === 'day' || i > 0 || belows.length < 2 || belows[1] === belows[0] || places[1] === to
  }
  return places.map((at, i) => ({ at, label: labelOf(step, at, zone), below: told(i) ? belows[i] : '' }))
}

/** Counted anew from each midnight, or first of a month, so that hours stand at 0, 6, 12, 18 o'clock on every day. */
const inner = function* (unit: 'hour' | 'day', by: number, from: number, to: number, zone: string): Generator<number> {
  const outer = unit === 'hour' ? 'day' : 'month'
  for (let start = startOf(outer, zone, from); start <= to; start = moved(outer, zone, start, 1)) {
    const end = moved(outer, zone, start, 1)
    const wall = wallOf(zone, start)
    // The last of an odd number of days would stand beside the first of the next month.
    const until = unit === 'day' && by > 1 ? end - 1.5 * DAY_MS : end - 1
    for (let i = 0, at = start; at <= until; at = instantOf(zone, wall + ++i * by * (unit === 'hour' ? HOUR_MS : DAY_MS))) yield at
  }
}

const even = function* (ms: number, from: number, to: number, zone: string): Generator<number> {
  for (let at = startOf('hour', zone, from); at <= to; at += ms) yield at
}

const outer = function* (unit: Unit, by: number, from: number, to: number, zone: string): Generator<number> {
  const first = startOf(unit === 'week' ? 'week' : 'year', zone, from)
  // Round years: 2015, 2020.
  const start = unit === 'year' ? moved('year', zone, first, -(new Date(wallOf(zone, first)).getUTCFullYear() % by)) : first
  for (let at = start; at <= to; at = moved(unit, zone, at, by)) yield at
}

const placesOf = ({ ms, unit, by }: Step, from: number, to: number, zone: string): number[] => {
  const places =
    unit === undefined
      ? even(ms, from, to, zone)
      : unit === 'hour' || unit === 'day'
        ? inner(unit, by, from, to, zone)
        : outer(unit, by, from, to, zone)
  // An hour that the clock skips is none: its place is that of the next.
  return [...new Set(places)].filter((at) => at >= from && at <= to)
}

const labelOf = ({ ms, unit }: Step, at: number, zone: string): string => {
  if (unit === 'year') return when(at, zone, { year: 'numeric' })
  if (unit === 'month') return when(at, zone, { month: 'short' })
  if (unit === 'week' || unit === 'day') return when(at, zone, { day: 'numeric', month: 'short' })
  return when(at, zone, { hour: '2-digit', minute: '2-digit', ...(ms < MINUTE_MS ? { second: '2-digit' } : {}) })
}

const belowOf = ({ unit }: Step, at: number, zone: string): string => {
  if (unit === 'year') return ''
  if (unit === 'month' || unit === 'week') return when(at, zone, { year: 'numeric' })
  if (unit === 'day') return when(at, zone, { weekday: 'short' })
  return when(at, zone, { weekday: 'short', day: 'numeric', month: 'short' })
}
