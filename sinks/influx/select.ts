import type { Influx } from '../../schemas/settings-influx.js'
import { matches, matchesAny } from '../patterns.js'

/** Which points go to InfluxDB, and on which grids. */
export interface Selection {
  takes(point: string): boolean
  /** None for a point that does not go there. */
  grids(point: string): ReadonlySet<string>
}

const NONE: ReadonlySet<string> = new Set()

export const selectionOf = ({ grids, points, finer }: Pick<Influx, 'grids' | 'points' | 'finer'>): Selection => {
  const known = new Map<string, ReadonlySet<string>>()
  const takes = (point: string) => matchesAny(points, point)
  const chosen = (point: string): ReadonlySet<string> => {
    if (!takes(point)) return NONE
    const more = finer.filter((each) => matches(each.point, point)).flatMap((each) => each.grids)
    return new Set([...grids, ...more])
  }
  return {
    takes,
    grids: (point) => {
      const found = known.get(point) ?? chosen(point)
      known.set(point, found)
      return found
    }
  }
}
