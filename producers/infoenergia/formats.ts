import { Quality } from '../../schemas/quality.js'

/**
 * Curve files: text, `;`, ISO-8859-15, no header, CRLF or LF, usually a trailing `;`, decimal point. Columns from 0:
 *
 *            0     1                 2       3   4   5   6   7   8   9       10        11
 * F5D, RF5D  cups; yyyy/mm/dd hh:mm; season; ai; ao; r1; r2; r3; r4; method; firmness; invoice [; ai_fix; ao_fix]
 * P5D        cups; yyyy/mm/dd hh:mm; season; ai; ao
 *
 * cups: 20 or 22 characters. Time: local wall clock at the END of the hour. season: 1 summer, 0 winter.
 * ai import, ao export, Wh; r1..r4 reactive quadrants, varh; empty = not measured, which is not 0.
 * method: 1 real valid, 2 profiled from a real closing, 3 real adjusted to one, 4 profiled from the customer's own reading,
 * 5 last year's consumption, profiled, 6 use factor, profiled. firmness: 1 firm, 0 not.
 * ai_fix, ao_fix (CNMC variant, without trailing `;`) and whatever follows are not read.
 *
 * A new format is an entry here.
 */
export interface Format {
  curve: string
  /** Length of an interval, ms. */
  span: number
  /** Columns a row has at least. A row of nearly twice as many is two rows that ran together. */
  columns: number
  magnitudes: readonly Magnitude[]
  /** Decimals a value may have: 0 for Wh. */
  scale: number
  method?: number
  firmness?: number
  invoice?: number
  /** `firm` is null when the file does not say. */
  quality(method: number, firm: boolean | null): number
}

export interface Magnitude {
  field: string
  column: number
  register: string
  unit: string
  /** Empty is an error. */
  required?: true
}

const HOUR = 3_600_000

const energy = (...columns: [field: string, column: number][]): Magnitude[] =>
  columns.map(([field, column]) => ({
    field,
    column,
    register: REGISTER[field],
    unit: field[0] === 'r' ? 'varh' : 'Wh',
    ...(field === 'ai' && { required: true })
  }))

const REGISTER: Record<string, string> = { ai: '1.8.0', ao: '2.8.0', r1: '5.8.0', r2: '6.8.0', r3: '7.8.0', r4: '8.8.0' }

/** Methods 1 to 6 of F5D; any other number is not defined (upstream stores it as 1). */
const qualityOfMethod = (method: number, firm: boolean | null): number => {
  if (method === 1) return firm === true ? Quality.VALIDATED : Quality.RAW
  if (method === 3) return Quality.EDITED
  return method === 2 || (method >= 4 && method <= 6) ? Quality.ESTIMATED : Quality.QUESTIONABLE
}

const F5D: Format = {
  curve: 'F5D',
  span: HOUR,
  columns: 12,
  magnitudes: energy(['ai', 3], ['ao', 4], ['r1', 5], ['r2', 6], ['r3', 7], ['r4', 8]),
  scale: 0,
  method: 9,
  firmness: 10,
  invoice: 11,
  quality: qualityOfMethod
}

const FORMATS: Record<string, Format> = {
  F5D,
  RF5D: { ...F5D, curve: 'RF5D' },
  P5D: {
    curve: 'P5D',
    span: HOUR,
    columns: 5,
    magnitudes: energy(['ai', 3], ['ao', 4]),
    scale: 0,
    quality: () => Quality.VALID
  }
}

const baseName = (name: string): string => name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)

/** By the outer file's name, in any case; names inside a zip are often others. */
export const formatOf = (name: string): Format | null => {
  const prefix = /^([^_]+)_/.exec(baseName(name))
  return prefix ? (FORMATS[prefix[1].toUpperCase()] ?? null) : null
}

/** `..._yyyymmdd[.v]...` as yyyymmdd × 100 + v; 0 when there is no date. A version over 99 would read as the next day's. */
export const revisionOf = (name: string): number => {
  const parts = [...baseName(name).matchAll(/_(\d{4})(\d{2})(\d{2})(?!\d)(?:\.(\d+)(?![^.]))?/g)].at(-1)
  if (!parts) return 0
  const [year, month, day, version] = parts.slice(1).map((digits) => Number(digits ?? 0))
  if (month < 1 || month > 12 || day < 1 || day > 31) return 0
  return ((year * 100 + month) * 100 + day) * 100 + Math.min(version, 99)
}
