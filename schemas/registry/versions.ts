import type { Point, RegisterRules } from '../generated.js'

/** A point without a registry row, and every field that a row leaves unsaid. */
export const DEFAULT_RULES: Omit<RegisterRules, 'register'> = {
  factor: '1',
  dial: null,
  ratedPerHour: null,
  expectedMs: null,
  backwardTolerance: 0,
  maxHoldMs: 86_400_000,
  holdMs: 0,
  start: 0,
  profile: 'strict'
}

/** What every row of a registry has. */
interface Row {
  validFrom: number
  knownAt: number
  deleted: boolean
}

/** By what they are about, then validFrom. */
export const byNameAndTime =
  <Of>(nameOf: (row: Of & Row) => string) =>
  (a: Of & Row, b: Of & Row): number =>
    nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : a.validFrom - b.validFrom

/** Of equal (name, validFrom) the highest knownAt counts; versions taken back vanish. By name, then validFrom. */
export const currentRows = <Of>(rows: readonly (Of & Row)[], nameOf: (row: Of & Row) => string): (Of & Row)[] => {
  const newest = new Map<string, Of & Row>()
  for (const row of rows) {
    const key = `${nameOf(row)}\n${row.validFrom}`
    const other = newest.get(key)
    if (!other || other.knownAt <= row.knownAt) newest.set(key, row)
  }
  return [...newest.values()].filter((row) => !row.deleted).sort(byNameAndTime(nameOf))
}

const pointOf = ({ point }: Point): string => point

export const currentVersions = (points: readonly Point[]): Point[] => currentRows(points, pointOf)

export const byPointAndTime = byNameAndTime(pointOf)

/** The version that holds at an instant, of the current versions of one point; null before the first. */
export const versionAt = (versions: readonly Point[], at: number): Point | null => {
  let holds: Point | null = null
  for (const version of versions) if (version.validFrom <= at && (!holds || holds.validFrom <= version.validFrom)) holds = version
  return holds
}

/** The zone of a point at an instant, of its current versions; empty: that of its source. */
export const zoneOf = (versions: readonly Point[], at: number): string => versionAt(versions, at)?.zone ?? ''

/** The settings of one register under a version: its own row, else the row for every register, else the defaults. */
export const rulesOf = (version: Point | null, register: string): RegisterRules =>
  version?.registers.find((rules) => rules.register === register) ??
  version?.registers.find((rules) => rules.register === '') ?? { register, ...DEFAULT_RULES }
