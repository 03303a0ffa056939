import { installationOf } from '../../schemas/installations.js'
import type { Influx } from '../../schemas/settings-influx.js'
import { matches, matchesAny } from '../patterns.js'

/** Which points go to InfluxDB, and on which grids. */
export interface Selection {
  takes(point: string): boolean
  /** None for a point that does not go there. */
  grids(point: string): ReadonlySet<string>
  /** Grids on which the mean power of an installation goes there, by its point; none for any other point. */
  power(point: string): ReadonlySet<string>
}

const NONE: ReadonlySet<string> = new Set()

export const selectionOf = ({ grids, points, finer, power }: Pick<Influx, 'grids' | 'points' | 'finer' | 'power'>): Selection => {
  const takes = (point: string) => matchesAny(points, point)
  const chosen = (point: string): ReadonlySet<string> => {
    if (!takes(point)) return NONE
    const more = finer.filter((each) => matches(each.point, point)).flatMap((each) => each.grids)
    return new Set([...grids, ...more])
  }
  const chosenPower = (point: string): ReadonlySet<string> => {
    const id = installationOf(point)
    if (id === null || !takes(point)) return NONE
    return new Set(power.filter(({ installation = '*' }) => matches(installation, id)).flatMap((each) => each.grids))
  }
  return { takes, grids: remembered(chosen), power: remembered(chosenPower) }
}

/** Asked for every block; there are far fewer points. */
const remembered = <Answer>(ask: (point: string) => Answer): ((point: string) => Answer) => {
  const known = new Map<string, Answer>()
  return (point) => {
    const found = known.get(point) ?? ask(point)
    known.set(point, found)
    return found
  }
}
