import { IANAZone } from 'luxon'

/**
 * Local time without a library call per row: the offsets of a zone are searched once and kept as a table of changes.
 * Years outside 1990-2060 use the first or last known offset.
 */
interface ZoneTable {
  at: number[]
  offsetMs: number[]
}

const MINUTE = 60_000
const FROM = Date.UTC(1990, 0, 1)
const TO = Date.UTC(2060, 0, 1)
const tables = new Map<string, ZoneTable>()

/** False for anything that is not an IANA zone name this runtime knows. */
export const isZone = (zone: string): boolean => IANAZone.isValidZone(zone)

const tableOf = (zone: string): ZoneTable => {
  const known = tables.get(zone)
  if (known) return known
  if (!isZone(zone)) throw new RangeError(`"${zone}" is not an IANA time zone, such as Europe/Madrid`)
  const iana = IANAZone.create(zone)
  const offset = (ms: number) => iana.offset(ms) * MINUTE
  const table: ZoneTable = { at: [Number.NEGATIVE_INFINITY], offsetMs: [offset(FROM)] }
  const step = 14 * 24 * 60 * MINUTE
  let before = table.offsetMs[0]
  for (let from = FROM; from < TO; from += step) {
    let low = from
    let high = from + step
    const after = offset(high)
    if (after === before) continue
    // Clocks change at whole minutes. Each look costs 20 us or more, and there are thousands.
    while (high - low > MINUTE) {
      const middle = low + Math.floor((high - low) / (2 * MINUTE)) * MINUTE
      if (offset(middle) === before) low = middle
      else high = middle
    }
    table.at.push(high)
    table.offsetMs.push(offset(high))
    before = after
  }
  tables.set(zone, table)
  return table
}

const indexAt = (table: ZoneTable, utcMs: number): number => {
  let low = 0
  let high = table.at.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (table.at[middle] <= utcMs) low = middle
    else high = middle - 1
  }
  return low
}

/** Local minus UTC, ms, at an instant. */
export const offsetAt = (zone: string, utcMs: number): number => {
  const table = tableOf(zone)
  return table.offsetMs[indexAt(table, utcMs)]
}

/** The time [from, to) around an instant in which the clock does not change. */
export const steadyAt = (zone: string, utcMs: number): { from: number; to: number } => {
  const table = tableOf(zone)
  const index = indexAt(table, utcMs)
  return { from: table.at[index], to: table.at[index + 1] ?? Number.POSITIVE_INFINITY }
}

/**
 * The instants a wall clock shows `wallMs` (its digits read as if they were UTC): one usually, two in the hour that repeats, none in
 * the hour that is skipped. Earlier first.
 */
export const instantsOf = (zone: string, wallMs: number): number[] => {
  const table = tableOf(zone)
  const before = table.offsetMs[indexAt(table, wallMs - 24 * 60 * MINUTE)]
  const after = table.offsetMs[indexAt(table, wallMs + 24 * 60 * MINUTE)]
  if (before === after) return [wallMs - before]
  return [...new Set([wallMs - before, wallMs - after])]
    .filter((utc) => wallMs - utc === table.offsetMs[indexAt(table, utc)])
    .sort((a, b) => a - b)
}

/** Wall-clock digits as if UTC; the inverse of `instantsOf`. */
export const wallOf = (zone: string, utcMs: number): number => utcMs + offsetAt(zone, utcMs)

/** UTC instant at which the wall clock first shows `wallMs`, or, where it is skipped, the instant of the change. */
export const firstInstant = (zone: string, wallMs: number): number => {
  const found = instantsOf(zone, wallMs)
  if (found.length > 0) return found[0]
  const table = tableOf(zone)
  return table.at[indexAt(table, wallMs + 24 * 60 * MINUTE)]
}
