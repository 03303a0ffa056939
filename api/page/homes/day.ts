import type { PointInfo } from '../answers.js'
import type { Range } from '../chart/range.js'
import { DAY_MS, HOUR_MS, instantOf, wallOf } from '../chart/zone.js'

/** A local date, `2022-07-01`: of each installation in its own zone. */
export type Day = string

const dayAt = (wall: number): Day => new Date(wall).toISOString().slice(0, 10)

export const todayIn = (zone: string, now: number): Day => dayAt(wallOf(zone, now))

const isDay = (text: string | null): text is Day =>
  text !== null && /^(19|20)\d\d-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && dayAt(Date.parse(text)) === text

/** The day that a link names, none that has not begun; otherwise that of the newest reading, which is today as long as anything speaks. */
export const dayOf = (text: string | null, points: readonly PointInfo[], zone: string, now: number): Day => {
  const today = todayIn(zone, now)
  if (isDay(text)) return text > today ? today : text
  const last = points.flatMap(({ registers }) => registers.flatMap((each) => (each.last === null ? [] : [Date.parse(each.last)])))
  // What ends with the day belongs to it.
  return last.length === 0 ? today : todayIn(zone, Math.min(Math.max(...last) - 1, now))
}

export const movedDay = (day: Day, by: number): Day => dayAt(Date.parse(day) + by * DAY_MS)

/** The day from its midnight to the next: 23 to 25 hours. */
export const rangeOfDay = (day: Day, zone: string): Range => ({
  from: instantOf(zone, Date.parse(day)),
  to: instantOf(zone, Date.parse(movedDay(day, 1)))
})

/** Where only so much is looked at, the slots of the clamps are drawn, and not quarters. */
const FINE_MS = 3 * HOUR_MS
export const POWER_GRIDS = { PT8S: 8_000, PT15M: 15 * 60_000 } as const
export type PowerGrid = keyof typeof POWER_GRIDS

export const gridOf = ({ from, to }: Range): PowerGrid => (to - from <= FINE_MS ? 'PT8S' : 'PT15M')

/** A part of a day that was drawn by hand, on the borders of its slots; null: not a part of it. */
export const partOf = ({ from, to }: Range, day: Range): Range | null => {
  const ms = POWER_GRIDS[gridOf({ from, to })]
  const part = { from: Math.max(Math.floor(from / ms) * ms, day.from), to: Math.min(Math.ceil(to / ms) * ms, day.to) }
  return !(part.to > part.from) || (part.from === day.from && part.to === day.to) ? null : part
}
