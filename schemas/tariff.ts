import { wallOf } from './zone.js'

/**
 * Periods of the Spanish access tariff 2.0TD (Circular 3/2020 of the CNMC, BOE-A-2020-1066; in force since 2021-06-01).
 * The START of an interval decides, in local time:
 *
 * | hours   | weekday | Saturday, Sunday, holiday |
 * |---------|---------|---------------------------|
 * | 0 - 8   | P3      | P3 |
 * | 8 - 10  | P2      | P3 |
 * | 10 - 14 | P1      | P3 |
 * | 14 - 18 | P2      | P3 |
 * | 18 - 22 | P1      | P3 |
 * | 22 - 24 | P2      | P3 |
 *
 * Ceuta and Melilla have their hours one later (P1 11-15 and 19-23); no code of a supply point tells them, so they are not here.
 */
export type Period = 'P1' | 'P2' | 'P3'

/**
 * Holidays in 2.0TD: "Saturdays, Sundays, 6 January and the holidays of national scope ... except both those that may be
 * substituted and those without a fixed date". Hence 6 January, though regions may substitute it, and not Good Friday, which moves:
 * published prices of 2026-04-03 follow a working day. A fixed date that is moved from a Sunday to Monday leaves the Monday a
 * working day, for the moved holiday may be substituted. `mm-dd`.
 */
export const HOLIDAYS: ReadonlySet<string> = new Set(['01-01', '01-06', '05-01', '08-15', '10-12', '11-01', '12-06', '12-08', '12-25'])

const HOUR = 3_600_000
const BY_HOUR: readonly Period[] = [...'333333332211112222111122'].map((digit) => `P${digit}` as Period)

/** Whether the local day of `wallMs` (wall-clock digits as if UTC) is a weekend or a holiday of 2.0TD. */
export const isRestDay = (wallMs: number): boolean => {
  const day = new Date(wallMs)
  const weekday = day.getUTCDay()
  return weekday === 0 || weekday === 6 || HOLIDAYS.has(day.toISOString().slice(5, 10))
}

/** Period of the interval that starts at `startMs` (UTC) for a supply point in `zone`. */
export const period20TD = (startMs: number, zone: string): Period => {
  const wall = wallOf(zone, startMs)
  return isRestDay(wall) ? 'P3' : BY_HOUR[Math.floor(wall / HOUR) % 24]
}
