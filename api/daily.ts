import type { Latest, Store } from '../infra/store.js'
import type { Point } from '../schemas/generated.js'
import { storedGrid } from '../schemas/grid.js'
import { gridIntervals } from '../schemas/gridding.js'
import { mergeSlots } from '../schemas/merge.js'
import { rulesOf, versionAt } from '../schemas/registry.js'
import { wallOf } from '../schemas/zone.js'
import { type Daily, dailyRows, dateAfter, edgesOf } from './completeness.js'
import { daysAsked } from './question.js'
import { currentIntervals } from './rows.js'

/** Which days are asked for, and what is stored of them. */

export const USUAL_DAYS = 31

/** The local date. */
export const today = (zone: string, now: number): string => new Date(wallOf(zone, now)).toISOString().slice(0, 10)

/** The days asked for, or the last 31. */
export const askedDates = (from: string | undefined, to: string | undefined, today: string): string[] => {
  const end = to ?? dateAfter(today, 1)
  return daysAsked(from ?? dateAfter(end, -USUAL_DAYS), end)
}

/** The days of each zone, worked out once. */
export const edgesByZone = (dates: readonly string[]): ((zone: string) => number[]) => {
  const known = new Map<string, number[]>()
  return (zone) => {
    const edges = known.get(zone) ?? edgesOf(dates, zone)
    known.set(zone, edges)
    return edges
  }
}

/** Current versions of each point. */
export const byPoint = (versions: readonly Point[]): Map<string, Point[]> => {
  const points = new Map<string, Point[]>()
  for (const version of versions) {
    const rows = points.get(version.point)
    if (rows) rows.push(version)
    else points.set(version.point, [version])
  }
  return points
}

/** The days of a series between `edges`, of its point's current versions. */
export const dailyIn = async (
  store: Store,
  latest: Latest,
  versions: readonly Point[],
  zone: string,
  edges: readonly number[]
): Promise<Daily[]> => {
  const [from, to] = [edges[0], edges[edges.length - 1]]
  const stored = dailyRows(mergeSlots(await store.slots(latest, 'P1D', from, to), { from, to }))
  if (stored.length > 0 || latest.kind === 'COUNTER') return stored
  // A curve of months has no stored days.
  const { expectedMs } = rulesOf(versionAt(versions, from), latest.register)
  return gridIntervals(await currentIntervals(store, latest, from, to), storedGrid('P1D'), zone, from, to, { expectedMs })
}
