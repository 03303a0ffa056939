import { mulDivRound } from '../schemas/exact.js'
import { offsetAt } from '../schemas/zone.js'

/** Figures as text, made from integers: no floating point comes near an amount of energy. */

/** value × 10^-scale as a decimal with `scale` digits: (19000, 6) is "0.019000". */
export const decimal = (value: number, scale: number): string => {
  if (scale <= 0) return String(BigInt(value) * 10n ** BigInt(-scale))
  const digits = String(value < 0 ? -value : value).padStart(scale + 1, '0')
  return `${value < 0 ? '-' : ''}${digits.slice(0, digits.length - scale)}.${digits.slice(digits.length - scale)}`
}

/** Thousandths of Wh as kWh, to the last milliwatt-hour; null for anything that is not energy. */
export const kwh = (milli: number, unit: string): string | null => (unit === 'Wh' ? decimal(milli, 6) : null)

const HAS_POWER = new Set(['Wh', 'varh', 'VAh'])
const SECONDS_PER_HOUR = 3600

/** Mean power of an amount over a time, in W (var, VA) to the milliwatt; null for anything that has none. */
export const meanPower = (milli: number, unit: string, ms: number): number | null =>
  HAS_POWER.has(unit) && ms > 0 ? mulDivRound(milli, SECONDS_PER_HOUR * 1000, ms) / 1000 : null

export const iso = (ms: number): string => new Date(ms).toISOString()

const MINUTE_MS = 60_000
const two = (figure: number): string => String(figure).padStart(2, '0')

/** The wall clock of a zone with its offset, to the millisecond where there is one: 2024-03-31T03:00:00+02:00. */
export const localIso = (ms: number, zone: string): string => {
  const offset = offsetAt(zone, ms)
  const minutes = Math.floor(Math.abs(offset) / MINUTE_MS)
  const wall = iso(ms + offset).slice(0, ms % 1000 === 0 ? 19 : 23)
  return `${wall}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

export type Cell = string | number | null

/**
 * One CSV field after RFC 4180. Text that a spreadsheet would run as a formula (= + - @, tab, return) is led by an apostrophe;
 * figures are left alone, their minus is one.
 */
export const csvField = (cell: Cell): string => {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  const text = /^[=+\-@\t\r]/.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const csvLine = (cells: readonly Cell[]): string => `${cells.map(csvField).join(',')}\r\n`
