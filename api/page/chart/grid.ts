import type { Range } from './range.js'
import { DAY_MS, HOUR_MS, moved, startOf, type Unit } from './zone.js'

/** The grids that are offered, finest first; `intervals` are the readings themselves. */
export const GRIDS = ['intervals', 'PT1M', 'PT15M', 'PT1H', 'P1D', 'P1M'] as const
export type Grid = (typeof GRIDS)[number]

export const GRID_NAMES: Record<Grid, string> = {
  intervals: 'Readings',
  PT1M: '1 min',
  PT15M: '15 min',
  PT1H: 'Hour',
  P1D: 'Day',
  P1M: 'Month'
}

/** About how long a slot is; of the readings, unknown. */
const LENGTH_MS: Record<Grid, number> = {
  intervals: 0,
  PT1M: 60_000,
  PT15M: 15 * 60_000,
  PT1H: HOUR_MS,
  P1D: DAY_MS,
  P1M: 31 * DAY_MS
}
const CALENDAR: Partial<Record<Grid, Unit>> = { PT1H: 'hour', P1D: 'day', P1M: 'month' }

/** A year of quarters, and a day of 8-second readings: what is drawn at once in good time. */
const MOST_ROWS = 40_000

const isFinerThan = (grid: Grid, nativeMs: number): boolean => LENGTH_MS[grid] < nativeMs * 0.9

/** The finest grid that does not share out what the meter itself tells in one piece. */
const nativeGrid = (nativeMs: number): Grid => GRIDS.slice(1).find((grid) => !isFinerThan(grid, nativeMs)) ?? 'P1M'

const bySpan = (ms: number): Grid => {
  if (ms <= 2 * HOUR_MS) return 'intervals'
  if (ms <= 8 * HOUR_MS) return 'PT1M'
  if (ms <= 3.05 * DAY_MS) return 'PT15M'
  if (ms <= 21.05 * DAY_MS) return 'PT1H'
  return ms <= 397 * DAY_MS ? 'P1D' : 'P1M'
}

/** The grid that shows a span of so many ms well, of a meter that reads about every `nativeMs`. */
export const gridFor = (ms: number, nativeMs: number): Grid => {
  const wanted = bySpan(ms)
  if (!isFinerThan(wanted, nativeMs)) return wanted
  // Readings of seconds or minutes are steps of power; those of quarters and hours are energy, as their slots are.
  return wanted === 'intervals' && nativeMs < LENGTH_MS.PT15M ? wanted : nativeGrid(nativeMs)
}

/** The grids one can choose for a span: not more than can be drawn, not finer than the meter speaks, at least two slots. */
export const gridsFor = (ms: number, nativeMs: number): Grid[] =>
  GRIDS.filter((grid) => {
    if (grid === gridFor(ms, nativeMs)) return true
    if (grid === 'intervals') return nativeMs < LENGTH_MS.PT15M && ms / Math.max(nativeMs, 4000) <= MOST_ROWS / 2
    return !isFinerThan(grid, nativeMs) && ms / LENGTH_MS[grid] <= MOST_ROWS && ms >= 1.9 * LENGTH_MS[grid]
  })

export const isGrid = (name: string | null): name is Grid => (GRIDS as readonly (string | null)[]).includes(name)

/** Quarters and longer are energy, as it is billed; shorter ones are steps of mean power. */
export const isFine = (grid: Grid): boolean => grid === 'intervals' || grid === 'PT1M'

const QUARTER_MS = LENGTH_MS.PT15M

/** Start of the slot that holds an instant; the readings have none. */
export const slotStart = (grid: Grid, zone: string, at: number): number => {
  const unit = CALENDAR[grid]
  if (unit) return startOf(unit, zone, at)
  if (grid === 'intervals') return at
  const hour = startOf('hour', zone, at)
  const ms = grid === 'PT1M' ? LENGTH_MS.PT1M : QUARTER_MS
  return hour + Math.floor((at - hour) / ms) * ms
}

/** The first border of a slot at or after an instant. */
export const slotEnd = (grid: Grid, zone: string, at: number): number => {
  const start = slotStart(grid, zone, at)
  if (start === at) return at
  const unit = CALENDAR[grid]
  return unit ? moved(unit, zone, start, 1) : start + LENGTH_MS[grid]
}

/** Nothing is looked at more closely than this. */
const LEAST_MS = 10_000

/** What a person drew by hand, on the borders of the slots that it will be shown in; readings on whole seconds. */
export const snapped = ({ from, to }: Range, zone: string, nativeMs: number): Range => {
  const last = Math.max(to, from + LEAST_MS)
  const grid = gridFor(last - from, nativeMs)
  if (grid === 'intervals') return { from: Math.floor(from / 1000) * 1000, to: Math.ceil(last / 1000) * 1000 }
  return { from: slotStart(grid, zone, Math.round(from)), to: slotEnd(grid, zone, Math.round(last)) }
}
