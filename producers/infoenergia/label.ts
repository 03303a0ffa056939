import { Flag } from '../../schemas/quality.js'
import { instantsOf, offsetAt } from '../../schemas/zone.js'

/**
 * The instant a row's label names: wall clock `yyyy/mm/dd hh:mm[:ss]` of the supply point's zone at the END of the interval, and the
 * season flag, 1 summer, 0 winter, which says what a wall clock can't in the hour that repeats.
 *
 * - `24:00` is 00:00 of the next day.
 * - The label shows once: the zone decides. A flag that says otherwise, or is no flag, is marked (SEASON_MISMATCH); a sender that never
 *   changes its flag is read right all the year.
 * - It shows twice (October): the flag decides; without one the row is refused.
 * - The end of the last hour before a change is the change itself. Some write it with the old offset, `02:00;0` in March (a wall clock
 *   that does not exist) and `03:00;1` in October: read by its flag the label hits the change exactly, so that is what it means.
 */
export interface Instant {
  /** UTC ms. */
  at: number
  /** Bits for the `flags` column. */
  flags: number
}
/** A label that names no instant. */
export interface NoInstant {
  reason: 'no-such-date' | 'no-such-time' | 'ambiguous-time' | 'not-a-date' | 'off-grid'
  expected: string
}

export const isInstant = (label: Instant | NoInstant): label is Instant => 'at' in label

const HOUR = 3_600_000
const DAY = 24 * HOUR
const LABEL = /^(\d{4})\/(\d{2})\/(\d{2}) (\d{2}):(\d{2})(?::(\d{2}))?$/

/** Wall-clock digits as if UTC. */
export const wallOfLabel = (label: string): number | NoInstant => {
  const parts = LABEL.exec(label)
  if (!parts) return { reason: 'not-a-date', expected: 'yyyy/mm/dd hh:mm' }
  const [year, month, day, hour, minute, second] = parts.slice(1).map((digits) => Number(digits ?? 0))
  const midnight = Date.UTC(year, month - 1, day)
  const date = new Date(midnight)
  const real = year >= 1900 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  const inDay = (hour < 24 && minute < 60 && second < 60) || (hour === 24 && minute === 0 && second === 0)
  if (!real || !inDay) return { reason: 'no-such-date', expected: 'a date of the calendar and a time from 00:00 to 24:00' }
  return midnight + hour * HOUR + minute * 60_000 + second * 1000
}

/** Winter's offset: of three instants four months apart one is in winter, which lasts five. */
const standardOffset = (zone: string, wall: number): number =>
  Math.min(offsetAt(zone, wall), offsetAt(zone, wall + 120 * DAY), offsetAt(zone, wall + 240 * DAY))

const isChange = (zone: string, utc: number): boolean => offsetAt(zone, utc - 1) !== offsetAt(zone, utc)

/** `season` as written: '0', '1', '' or anything. */
const instantOf = (zone: string, wall: number, season: string): Instant | NoInstant => {
  const known = season === '0' || season === '1'
  const summer = season === '1'
  const flags = summer ? Flag.SEASON : 0
  const shown = instantsOf(zone, wall)
  const standard = standardOffset(zone, wall)
  const byFlag = wall - standard - (summer ? HOUR : 0)
  if (shown.length === 1) {
    const [at] = shown
    if (season === '' || (known && byFlag === at)) return { at, flags }
    if (known && isChange(zone, byFlag)) return { at: byFlag, flags }
    return { at, flags: flags | Flag.SEASON_MISMATCH }
  }
  if (shown.length === 0) {
    if (known && isChange(zone, byFlag)) return { at: byFlag, flags }
    return { reason: 'no-such-time', expected: 'a time that the clock shows that day' }
  }
  if (known && shown.includes(byFlag)) return { at: byFlag, flags: flags | Flag.AMBIGUOUS }
  return { reason: 'ambiguous-time', expected: 'season flag 0 or 1, for the clock shows this time twice' }
}

/** '0', '1', none, or anything else. */
const slotOf = (season: string): number => (season === '0' ? 0 : season === '1' ? 1 : season === '' ? 2 : 3)

/** Two digits as a number; 100 or more, or below 0, when they are none. */
const pair = (text: string, at: number): number => {
  const tens = text.charCodeAt(at) - 48
  const units = text.charCodeAt(at + 1) - 48
  return tens < 0 || tens > 9 || units < 0 || units > 9 ? 1000 : tens * 10 + units
}

const SLASH = 47
const SPACE = 32
const COLON = 58

/** A small number for each whole hour of 1900 to 2099, as the label writes it; -1 for any other text. */
const hourKey = (label: string): number => {
  const { length } = label
  if (length !== 16 && (length !== 19 || label.charCodeAt(16) !== COLON || pair(label, 17) !== 0)) return -1
  if (label.charCodeAt(4) !== SLASH || label.charCodeAt(7) !== SLASH || label.charCodeAt(10) !== SPACE) return -1
  if (label.charCodeAt(13) !== COLON || pair(label, 14) !== 0) return -1
  const century = pair(label, 0)
  const year = pair(label, 2)
  const month = pair(label, 5)
  const day = pair(label, 8)
  const hour = pair(label, 11)
  if (century < 19 || century > 20 || year > 99 || month > 12 || day > 31 || hour > 24) return -1
  return ((((century - 19) * 100 + year) * 13 + month) * 32 + day) * 25 + hour
}

/** A year of hours is 8 784 labels; a file of nonsense must not fill the memory. */
const MAX_LABELS = 50_000

export type ReadLabel = (label: string, season: string) => Instant | NoInstant

/** Reads labels of a zone; each distinct hour is worked out once. Labels must stand on whole `span`s of the local day. */
export const labelReader = (zone: string, span: number): ReadLabel => {
  const hours = new Map<number, Instant | NoInstant>()
  const workOut = (label: string, season: string): Instant | NoInstant => {
    const wall = wallOfLabel(label)
    if (typeof wall !== 'number') return wall
    if (wall % span !== 0) return { reason: 'off-grid', expected: `the end of an interval of ${span / 60_000} minutes` }
    return instantOf(zone, wall, season)
  }
  return (label, season) => {
    const hour = hourKey(label)
    if (hour < 0) return workOut(label, season)
    const key = hour * 4 + slotOf(season)
    const known = hours.get(key)
    if (known !== undefined) return known
    if (hours.size >= MAX_LABELS) hours.clear()
    const read = workOut(label, season)
    hours.set(key, read)
    return read
  }
}
