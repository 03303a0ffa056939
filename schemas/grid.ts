import { POWER_GRID } from './installations.js'
import { firstInstant, offsetAt, steadyAt, wallOf } from './zone.js'

/** A grid is an ISO 8601 duration: a fixed number of seconds, minutes or hours that divides a day, or P1D, P1W, P1M, P1Y. */
export interface Grid {
  name: string
  /** Length in ms; 0 for calendar grids, whose slots differ in length. */
  ms: number
  calendar: 'day' | 'week' | 'month' | 'year' | null
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const CALENDAR = { P1D: 'day', P1W: 'week', P1M: 'month', P1Y: 'year' } as const
const SECONDS = { H: 3600, M: 60, S: 1 } as const

/** Parses `PT15M`, `PT8S`, `PT1H`, `P1D` ...; null when it is not a grid that divides a day. */
export const parseGrid = (name: string): Grid | null => {
  if (Object.hasOwn(CALENDAR, name)) return { name, ms: 0, calendar: CALENDAR[name as keyof typeof CALENDAR] }
  const match = /^PT(\d{1,5})([HMS])$/.exec(name)
  if (!match) return null
  const ms = Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS] * 1000
  return ms > 0 && DAY % ms === 0 ? { name, ms, calendar: null } : null
}

/** Stored of every point; of members of installations the grid on which those are computed as well. */
export const STORED_GRIDS = ['PT15M', 'PT1H', 'P1D', 'P1M'] as const
export const MEMBER_GRIDS = [POWER_GRID, ...STORED_GRIDS] as const
export type StoredGrid = (typeof MEMBER_GRIDS)[number]
const STORED = Object.fromEntries(MEMBER_GRIDS.map((name) => [name, parseGrid(name) as Grid])) as Record<StoredGrid, Grid>
export const storedGrid = (name: StoredGrid): Grid => STORED[name]

const LONGEST_SLOT_MS: Record<StoredGrid, number> = {
  PT8S: 8_000,
  PT15M: 15 * 60_000,
  PT1H: HOUR,
  P1D: 25 * HOUR,
  P1M: Number.POSITIVE_INFINITY
}

/** Grids stored for intervals of a native length: none finer than the source itself (0: register readings, all of them). */
export const storedGridsOf = (nativeMs: number, member = false): StoredGrid[] =>
  (member ? MEMBER_GRIDS : STORED_GRIDS).filter((name) => nativeMs <= LONGEST_SLOT_MS[name])

const floorCalendar = (wallMs: number, calendar: NonNullable<Grid['calendar']>): number => {
  const day = Math.floor(wallMs / DAY) * DAY
  if (calendar === 'day') return day
  // 1970-01-01 was a Thursday; weeks start on Monday (ISO 8601).
  if (calendar === 'week') return day - ((((day / DAY + 3) % 7) + 7) % 7) * DAY
  const date = new Date(day)
  return calendar === 'month' ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) : Date.UTC(date.getUTCFullYear(), 0, 1)
}

const nextCalendar = (wallMs: number, calendar: NonNullable<Grid['calendar']>): number => {
  const date = new Date(wallMs)
  if (calendar === 'day') return wallMs + DAY
  if (calendar === 'week') return wallMs + 7 * DAY
  return calendar === 'month' ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) : Date.UTC(date.getUTCFullYear() + 1, 0, 1)
}

/** The slot [start, end) of a grid that holds an instant; `at` itself belongs to the slot it starts. Slots tile time in every zone. */
export const slotAt = (grid: Grid, zone: string, at: number): { start: number; end: number } => {
  const wall = wallOf(zone, at)
  const { calendar, ms } = grid
  if (calendar) return between(zone, at, floorCalendar(wall, calendar), (border) => nextCalendar(border, calendar))
  if (ms <= HOUR) return steadySlot(zone, at, at - (((wall % ms) + ms) % ms), ms)
  // Slots of several hours start at local wall times: 00:00, 06:00 ..., so one is longer or shorter on a clock-change day.
  return between(zone, at, Math.floor(wall / ms) * ms, (border) => border + ms)
}

const between = (zone: string, at: number, floor: number, next: (border: number) => number): { start: number; end: number } => {
  let border = next(floor)
  let start = firstInstant(zone, floor)
  let end = firstInstant(zone, border)
  // A clock turned back over a border does not open the slot before it again: the border was passed, and the next slot is the longer.
  while (end <= at) {
    border = next(border)
    start = end
    end = firstInstant(zone, border)
  }
  return { start, end }
}

/** Whole hours of clock change (nearly everywhere) leave short slots where UTC has them; the half hour of Lord Howe cuts one in two. */
const steadySlot = (zone: string, at: number, start: number, ms: number): { start: number; end: number } => {
  const end = start + ms
  const steady = steadyAt(zone, at)
  if (steady.from <= start && end <= steady.to) return { start, end }
  const shifts = (other: number) => (offsetAt(zone, other) - offsetAt(zone, at)) % ms !== 0
  return { start: shifts(start) ? steady.from : start, end: shifts(end - 1) ? steady.to : end }
}
