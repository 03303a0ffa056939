/** Local time in a meter's zone, from the browser's own tables: a day there has 23 to 25 hours, and the page loads no library for it. */

export type Unit = 'hour' | 'day' | 'week' | 'month' | 'year'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (zone: string): Intl.DateTimeFormat => {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric'
    })
    formats.set(zone, format)
  }
  return format
}

/** The digits a clock on the wall shows, read as if they were UTC, ms. */
export const wallOf = (zone: string, at: number): number => {
  const read: Record<string, number> = {}
  for (const { type, value } of formatOf(zone).formatToParts(at)) read[type] = Number(value)
  return Date.UTC(read.year, read.month - 1, read.day, read.hour, read.minute, read.second) + (((at % 1000) + 1000) % 1000)
}

/** When the wall first shows these digits; where the clock skips them, as long after the change as they lie behind it. */
export const instantOf = (zone: string, wall: number): number => {
  const before = wallOf(zone, wall - DAY_MS) - (wall - DAY_MS)
  const after = wallOf(zone, wall + DAY_MS) - (wall + DAY_MS)
  const earlier = wall - Math.max(before, after)
  const later = wall - Math.min(before, after)
  if (wallOf(zone, earlier) === wall) return earlier
  return wallOf(zone, later) === wall ? later : wall - before
}

const floorWall = (unit: Unit, wall: number): number => {
  const day = Math.floor(wall / DAY_MS) * DAY_MS
  if (unit === 'hour') return Math.floor(wall / HOUR_MS) * HOUR_MS
  if (unit === 'day') return day
  const date = new Date(day)
  // ISO 8601: weeks begin on Monday.
  if (unit === 'week') return day - ((date.getUTCDay() + 6) % 7) * DAY_MS
  return Date.UTC(date.getUTCFullYear(), unit === 'month' ? date.getUTCMonth() : 0, 1)
}

/** Start of the hour, day, week, month or year that holds an instant. */
export const startOf = (unit: Unit, zone: string, at: number): number => {
  const wall = wallOf(zone, at)
  // Within the hour no clock is asked: of the hour that October repeats, both are hours.
  return unit === 'hour' ? at - (wall - floorWall('hour', wall)) : instantOf(zone, floorWall(unit, wall))
}

/** A start moved by whole units: the next day is 23, 24 or 25 hours away. */
export const moved = (unit: Unit, zone: string, start: number, by: number): number => {
  if (unit === 'hour') return start + by * HOUR_MS
  const wall = wallOf(zone, start)
  if (unit === 'day' || unit === 'week') return instantOf(zone, wall + by * (unit === 'day' ? 1 : 7) * DAY_MS)
  const date = new Date(wall)
  const year = date.getUTCFullYear() + (unit === 'year' ? by : 0)
  const month = date.getUTCMonth() + (unit === 'month' ? by : 0)
  return instantOf(zone, Date.UTC(year, month, date.getUTCDate()))
}
