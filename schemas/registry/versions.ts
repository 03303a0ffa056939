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

/** Of equal (point, validFrom) the highest knownAt counts; versions taken back vanish. By point, then validFrom. */
export const currentVersions = (points: readonly Point[]): Point[] => {
  const newest = new Map<string, Point>()
  for (const row of points) {
    const key = `${row.point}\n${row.validFrom}`
    const other = newest.get(key)
    if (!other || other.knownAt <= row.knownAt) newest.set(key, row)
  }
  return [...newest.values()].filter((row) => !row.deleted).sort(byPointAndTime)
}

export const byPointAndTime = (a: Point, b: Point): number => (a.point < b.point ? -1 : a.point > b.point ? 1 : a.validFrom - b.validFrom)

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
