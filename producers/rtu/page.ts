import { parse } from 'node-html-parser'
import { emptyReadings } from '../../schemas/blocks.js'
import type { Readings, Reject } from '../../schemas/generated.js'
import { Quality } from '../../schemas/quality.js'
import { instantsOf } from '../../schemas/zone.js'
import type { Parsed } from '../contract.js'

/**
 * The page of an ABB RTU 520 or 560 that lists what it measures, a table row each:
 *
 *   | MFI: | PUISSANCE ACTIVE | 28480.000000 | (2022-07-01, 13:25:00.545 ST TIV SB) |
 *
 * The last cell is when the measure was taken, by the RTU's local clock, and flags: TIV, that clock is wrong; NSY, nobody sets it; SB.
 * Measures of one page are minutes apart; they are taken together, at the whole second of the first row whose time is valid, or, where
 * none is, at the moment the page was fetched.
 */
export const SOURCE = 'rtu'
export const PARSER_VERSION = 1

export interface Page {
  /** What its point is called behind `rtu/`. */
  name: string
  /** Of the times on it. */
  zone: string
  /** As the archive has it. */
  file: string
  origin: string
  receivedAt: number
}

interface Measure {
  /** 1-based row of the table. */
  row: number
  name: string
  printed: string
  /** Wall clock, its digits read as UTC; null where it is invalid. */
  wall: number | null
  flags: string[]
}

/** Names are the plant's own words; those of the first plant have registers and units. */
const MEASURES: Record<string, { register: string; unit: string }> = {
  'COS PHI': { register: 'cos-phi', unit: 'none' },
  'PUISSANCE ACTIVE': { register: 'active-power', unit: 'W' },
  'PUISSANCE APPARENTE': { register: 'apparent-power', unit: 'VA' },
  'PUISSANCE REACTIVE': { register: 'reactive-power', unit: 'var' },
  'TENSION PHASE 1-2': { register: 'voltage-1-2', unit: 'V' },
  'TENSION PHASE 2-3': { register: 'voltage-2-3', unit: 'V' },
  'TENSION PHASE 3-1': { register: 'voltage-3-1', unit: 'V' }
}

/** Another measure has its name for a register, and no unit: pages print none. */
const meaningOf = (name: string): { register: string; unit: string } => {
  if (Object.hasOwn(MEASURES, name)) return MEASURES[name]
  const register = name
    .normalize('NFD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  return { register: register.slice(0, 32), unit: 'none' }
}

const STAMP = /\((\d{4})-(\d\d)-(\d\d), (\d\d):(\d\d):(\d\d)(?:\.\d+)?([^)]*)\)/

const measuresOf = (html: string): Measure[] =>
  parse(html)
    .querySelectorAll('tr')
    .flatMap((row, i) => {
      const [kind, name, printed, when] = row.querySelectorAll('td').map((cell) => cell.text.replace(/\s+/g, ' ').trim())
      const stamp = STAMP.exec(when ?? '')
      if (kind !== 'MFI:' || stamp === null) return []
      const [year, month, day, hour, minute, second] = stamp.slice(1, 7).map(Number)
      const flags = stamp[7].split(' ').filter((flag) => flag !== '' && flag !== 'ST')
      const wall = flags.includes('TIV') ? null : Date.UTC(year, month - 1, day, hour, minute, second)
      return [{ row: i + 1, name, printed, wall, flags }]
    })

/** In the hour that repeats, the instant nearest to when the page was fetched; in the one that is skipped, none. */
const instantOf = (wall: number, { zone, receivedAt }: Page): number | null => {
  const away = (at: number) => Math.abs(at - receivedAt)
  return instantsOf(zone, wall).sort((a, b) => away(a) - away(b))[0] ?? null
}

const MOST_DIGITS = 15
/** Digits as printed, without the noughts that RTUs fill up with. */
const decimalOf = (printed: string): { value: number; scale: number } | null => {
  const match = /^(-?)(\d+)(?:\.(\d*?)0*)?$/.exec(printed)
  if (match === null) return null
  const [, sign, whole, fraction = ''] = match
  const digits = `${whole}${fraction}`
  return digits.replace(/^0+/, '').length > MOST_DIGITS || fraction.length > MOST_DIGITS
    ? null
    : { value: Number(`${sign}${digits}`) + 0, scale: fraction.length }
}

/** Pure. A block of one row for every measure, and a reject for every row without a figure. */
export const parsePage = (html: string, page: Page): Parsed => {
  const measures = measuresOf(html)
  if (measures.length === 0)
    return { readings: [], rejects: [rejected(page, 0, 'no-measures', 'a table of MFI: rows', html.slice(0, 100))], rows: 0 }
  const valid = measures.find(({ wall }) => wall !== null)
  const shown = valid?.wall == null ? null : instantOf(valid.wall, page)
  const readings: Readings[] = []
  const rejects: Reject[] = []
  for (const measure of measures) {
    const decimal = decimalOf(measure.printed)
    const { register, unit } = meaningOf(measure.name)
    if (decimal === null || register === '')
      rejects.push(rejected(page, measure.row, 'no-figure', 'a name and a number', `${measure.name}: ${measure.printed}`))
    else readings.push(readingOf(measure, { register, unit, ...decimal }, shown, page))
  }
  return { readings, rejects, rows: measures.length }
}

const readingOf = (
  { row, name, flags }: Measure,
  { register, unit, value, scale }: { register: string; unit: string; value: number; scale: number },
  shown: number | null,
  { name: rtu, file, origin, receivedAt }: Page
): Readings => ({
  ...emptyReadings(),
  point: `${SOURCE}/${rtu}`,
  register,
  kind: 'GAUGE',
  unit,
  scale,
  source: SOURCE,
  origin,
  attrs: { file, measure: name, timeValid: String(shown !== null), ...(flags.length > 0 && { flags: flags.join(' ') }) },
  parserVersion: PARSER_VERSION,
  ingestedAt: receivedAt,
  rows: 1,
  at: [shown ?? receivedAt],
  span: [0],
  value: [value],
  // When it was taken is not known, and with it not what it says.
  quality: [shown === null ? Quality.QUESTIONABLE : Quality.RAW],
  code: [0],
  flags: [0],
  line: [row]
})

const rejected = ({ file, origin, receivedAt }: Page, line: number, reason: string, expected: string, found: string): Reject => ({
  source: SOURCE,
  origin,
  name: file,
  line,
  field: '',
  reason,
  expected,
  found: found.slice(0, 200),
  advice: 'Look at the page in a browser: has the RTU another one, or was it being set up? What it shows is kept and can be read again.',
  ingestedAt: receivedAt,
  parserVersion: PARSER_VERSION
})

/** Address of the page of measures in the page of the RTU's parts, or null. */
export const linkIn = (html: string): string | null =>
  parse(html)
    .querySelectorAll('a')
    .map((link) => link.getAttribute('href') ?? '')
    .find((href) => href.includes('hwTree_pdInfoMon')) ?? null
