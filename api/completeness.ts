import { covers, type Range } from '../schemas/access.js'
import type { Slots } from '../schemas/generated.js'
import type { SlotRow } from '../schemas/gridding.js'
import { firstInstant } from '../schemas/zone.js'

/** Which days of a series are there, as pure functions over its daily slots. */

const DAY_MS = 86_400_000
/** Hourly meters speak once an hour and are carried on a little later: what is younger than this is awaited, not missing. */
const AWAITED_MS = 2 * 3_600_000

/** What a daily slot says of its own completeness. */
export type Daily = Pick<SlotRow, 'start' | 'coveredMs' | 'expected' | 'received'>

export interface Completeness {
  /** Time of the days in which something is expected. */
  aliveMs: number
  missingMs: number
  /** Days of which there is nothing, and those of which there is a part. */
  missingDays: number
  partialDays: number
  /** Share 0 to 1 of each day; null: not alive, not yet, or not open to the asker. */
  days: (number | null)[]
}

/** Local dates (2023-10-01) from `from` on, `to` excluded. */
export const datesOf = (from: string, to: string): string[] => {
  const dates: string[] = []
  for (let at = Date.parse(from); at < Date.parse(to); at += DAY_MS) dates.push(new Date(at).toISOString().slice(0, 10))
  return dates
}

/** The local date that is `days` after another. */
export const dateAfter = (date: string, days: number): string => new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10)

/** Where the local days of a zone begin, and where the last one ends: one instant more than there are dates. */
export const edgesOf = (dates: readonly string[], zone: string): number[] =>
  [...dates, ...dates.slice(-1).map((last) => dateAfter(last, 1))].map((date) => firstInstant(zone, Date.parse(date)))

/** When something is expected: from the first reading until now, as who fell silent is looked for; who spoke just now is awaited. */
export const lifeOf = (firstAt: number, lastAt: number, now: number): Range => ({
  from: firstAt,
  to: now - lastAt <= AWAITED_MS ? Math.min(lastAt, now) : now
})

export const dailyRows = (blocks: readonly Slots[]): Daily[] =>
  blocks.flatMap(({ start, coveredMs, expected, received }) =>
    start.map((at, i) => ({ start: at, coveredMs: coveredMs[i], expected: expected[i], received: received[i] }))
  )

/** Of the days between `edges` that are open as a whole; null when the series is alive on none of them. */
export const completenessOf = (
  edges: readonly number[],
  rows: readonly Daily[],
  life: Range,
  ranges: readonly Range[]
): Completeness | null => {
  const told = new Map(rows.map((row) => [row.start, row]))
  const sum: Completeness = { aliveMs: 0, missingMs: 0, missingDays: 0, partialDays: 0, days: [] }
  for (let i = 0; i + 1 < edges.length; i++) {
    const [start, end] = [edges[i], edges[i + 1]]
    const row = told.get(start)
    const lived = Math.min(end, life.to) - Math.max(start, life.from)
    // A curve's first reading is stamped at the end of what it tells: there is data before it.
    const aliveMs = Math.max(lived, row?.coveredMs ?? 0)
    if (aliveMs <= 0 || !covers(ranges, start, end)) {
      sum.days.push(null)
      continue
    }
    const share = row ? shareOf(row, end - start, aliveMs) : 0
    sum.days.push(share)
    sum.aliveMs += aliveMs
    sum.missingMs += Math.round(aliveMs * (1 - share))
    if (share === 0) sum.missingDays++
    else if (share < 1) sum.partialDays++
  }
  return sum.aliveMs === 0 ? null : sum
}

/** Of readings where it is registered how many are expected, of time otherwise; of a day that is not over, of its part so far. */
const shareOf = ({ coveredMs, expected, received }: Daily, length: number, aliveMs: number): number => {
  const due = expected > 0 ? Math.floor((expected * aliveMs) / length) : 0
  return Math.min(1, due > 0 ? received / due : coveredMs / aliveMs)
}

/** The first open day begins after the newest reading: there is nothing to hope for in the whole span. */
export const isSilent = (edges: readonly number[], { days }: Completeness, lastAt: number): boolean =>
  lastAt <= edges[days.findIndex((share) => share !== null)]
