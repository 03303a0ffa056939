import { firstInstant, instantsOf, isZone, wallOf } from '../zone.js'

/** Zones asked for before: a registry names a few of them ten thousand times, and each look-up costs 0.3 ms. */
const asked = new Map<string, boolean>()

export const isKnownZone = (zone: string): boolean => {
  const known = asked.get(zone) ?? isZone(zone)
  if (asked.size < 1000) asked.set(zone, known)
  return known
}

const DAY = 86_400_000
const WHEN = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/

export interface When {
  at: number
  /** A local time that the clock shows twice or never that night; `at` is then the first, or the change itself. */
  doubt: 'twice' | 'skipped' | null
  /** Without an offset: it leans on the zone. */
  local: boolean
}

/**
 * `2024-03-01` (local midnight), `2024-03-01T08:30` (local), `2024-03-01T08:30:00Z` or `+01:00`. Null when it is none of these,
 * or is local and `zone` is empty.
 */
export const parseWhen = (text: string, zone: string): When | null => {
  const match = WHEN.exec(text)
  if (!match) return null
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((digits) => Number(digits ?? 0))
  const wall = Date.UTC(year, month - 1, day, hour, minute, second, Number((match[7] ?? '').padEnd(3, '0')))
  const back = new Date(wall)
  // Date.UTC carries the 31st of February into March; such a date is a slip, not a date.
  if (
    back.getUTCFullYear() !== year ||
    back.getUTCMonth() !== month - 1 ||
    back.getUTCDate() !== day ||
    hour > 23 ||
    minute > 59 ||
    second > 59
  )
    return null
  const offset = match[8]
  if (offset === 'Z') return { at: wall, doubt: null, local: false }
  if (offset) {
    const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))
    return { at: wall - (offset[0] === '-' ? -minutes : minutes) * 60_000, doubt: null, local: false }
  }
  if (zone === '') return null
  const found = instantsOf(zone, wall).length
  const doubt = match[4] === undefined || found === 1 ? null : found === 0 ? 'skipped' : 'twice'
  return { at: firstInstant(zone, wall), doubt, local: true }
}

/** The shortest text that parseWhen reads back: a date where it is a local midnight of the zone, otherwise the instant in UTC. */
export const whenText = (at: number, zone: string): string => {
  if (zone !== '') {
    const day = Math.floor(wallOf(zone, at) / DAY) * DAY
    if (firstInstant(zone, day) === at) return new Date(day).toISOString().slice(0, 10)
  }
  return new Date(at).toISOString().replace('.000Z', 'Z')
}
