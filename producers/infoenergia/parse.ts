import Papa from 'papaparse'
import { type NotCups, parseCups, zoneOfCups } from '../../schemas/cups.js'
import { parseDecimal } from '../../schemas/exact.js'
import type { Readings } from '../../schemas/generated.js'
import { Flag } from '../../schemas/quality.js'
import type { Format } from './formats.js'
import { blocksOf, type Constant, type Group } from './groups.js'
import { isInstant, labelReader, type ReadLabel } from './label.js'
import type { Fault, RejectBook } from './rejects.js'

/** Text of a curve file, piece by piece, to blocks and rejects. The columns: formats.ts; the time: label.ts. */
export interface CurveDecoder {
  /** Reads whole lines, the first of which is `firstLine`; the number of lines. */
  decode(text: string, firstLine: number): number
  /** Rows held back so that blocks grow. */
  held(): number
  /** Blocks of the rows held. */
  flush(): Readings[]
  /** Lines that were not empty. */
  seen(): number
  /** Nothing in it looks like a row: the rest need not be read. */
  hopeless(): boolean
  /** After the last piece. */
  end(): void
}

/** Lines without any likeness to a row, from the first on, after which a file is another kind of file. */
export const HOPELESS_LINES = 100
const MAX_SUPPLIES = 200_000

/** A supply point of the file, or a code that is none. */
interface Supply {
  code: string
  point: string
  read: ReadLabel
  invoice: string
  group: Group | null
  groups: Map<string, Group>
}

type Problem = Omit<Fault, 'line'>

/** A slice keeps the whole piece of the file in memory; a copy does not. */
const copy = (slice: string): string => Buffer.from(slice, 'latin1').toString('latin1')

const CUPS_ADVICE: Record<NotCups['reason'], string> = {
  'cups-length': 'Check the code with the distributor.',
  'cups-country': 'Only Spanish supply points are in these files.',
  'cups-digits': 'Check the code with the distributor.',
  'control-letters': 'A digit or letter of the code is wrong: check it with the distributor.',
  'cups-suffix': 'Leave the suffix out, or write a digit and a letter.',
  'cil-not-cups': 'Production units come in MHCIL, MCILQH or MEDIDAS files.'
}
const SHAPELESS = new Set(['too-few-columns', 'too-many-columns', 'cups-length', 'cups-country', 'cups-digits'])
const RESEND = 'Ask for the file again, or correct the line and import it as a higher version.'

export const curveDecoder = (format: Format, constant: Constant, attrs: Record<string, string>, book: RejectBook): CurveDecoder => {
  const { magnitudes, columns } = format
  const supplies = new Map<string, Supply | NotCups>()
  const readers = new Map<string, ReadLabel>()
  const values = new Array<number>(magnitudes.length)
  let groups: Group[] = []
  let held = 0
  let seen = 0
  let early: Fault[] | null = []
  let hopeless = false
  let lastCode = ''
  let last: Supply | null = null

  const supplyOf = (code: string): Supply | NotCups => {
    const known = supplies.get(code)
    if (known) return known
    if (supplies.size >= MAX_SUPPLIES) {
      supplies.clear()
      last = null // it would keep a group that no flush empties
    }
    const cups = parseCups(code)
    if (!cups.ok) {
      supplies.set(copy(code), cups)
      return cups
    }
    const written = supplies.get(cups.code)
    if (written) {
      supplies.set(copy(code), written)
      return written
    }
    const zone = zoneOfCups(cups.code)
    const read = readers.get(zone) ?? labelReader(zone, format.span)
    readers.set(zone, read)
    const supply = { code: copy(cups.code), point: copy(cups.base), read, invoice: '', group: null, groups: new Map() }
    supplies.set(supply.code, supply)
    if (code !== supply.code) supplies.set(copy(code), supply)
    return supply
  }

  const groupOf = (supply: Supply, invoice: string): Group => {
    if (supply.group !== null && supply.invoice === invoice) return supply.group
    let group = supply.groups.get(invoice)
    const name = copy(invoice)
    if (!group) {
      group = { point: supply.point, attrs: { ...attrs, cups: supply.code, ...(name !== '' && { invoice: name }) }, cells: [] }
      supply.groups.set(name, group)
      groups.push(group)
    }
    supply.invoice = name
    supply.group = group
    return group
  }

  /** Puts the row into its group, or says what is wrong with it. */
  const row = (fields: string[], line: number): Problem | null => {
    const found = fields.length
    if (found < columns) return columnsProblem('too-few-columns', columns, fields)
    if (found > 2 * columns - 2) return columnsProblem('too-many-columns', columns, fields)
    if (found === columns) fields[found - 1] = withoutReturn(fields[found - 1])
    let supply = last
    if (supply === null || fields[0] !== lastCode) {
      const known = supplyOf(fields[0])
      if ('ok' in known) {
        return { field: 'cups', reason: known.reason, expected: known.expected, found: fields[0], advice: CUPS_ADVICE[known.reason] }
      }
      supply = last = known
      lastCode = fields[0]
    }
    const instant = supply.read(fields[1], fields[2])
    if (!isInstant(instant)) return { field: 'time', ...instant, found: `${fields[1]};${fields[2]}`, advice: RESEND }
    for (let i = 0; i < magnitudes.length; i++) {
      const text = fields[magnitudes[i].column]
      if (text === '') {
        if (magnitudes[i].required) return missingEnergy(magnitudes[i].field, fields)
        values[i] = Number.NaN
      } else {
        const value = numberOf(text, format.scale)
        if (value === null) return numberProblem(magnitudes[i].field, text, format.scale)
        values[i] = value
      }
    }
    const method = format.method === undefined ? 0 : methodOf(fields[format.method])
    if (method === null) return methodProblem(fields[format.method!])
    const firmness = format.firmness === undefined ? '' : fields[format.firmness]
    if (firmness !== '1' && firmness !== '0' && firmness !== '') return firmnessProblem(firmness)
    const group = groupOf(supply, format.invoice === undefined ? '' : fields[format.invoice])
    const firm = firmness === '' ? null : firmness === '1'
    const flags = instant.flags | (firm === null ? 0 : firm ? Flag.FIRMNESS_KNOWN | Flag.FIRM : Flag.FIRMNESS_KNOWN)
    group.cells.push(instant.at, line, method, format.quality(method, firm), flags)
    for (let i = 0; i < values.length; i++) group.cells.push(values[i])
    held++
    return null
  }

  /** Until the first good row rejects wait: a hundred lines without likeness are one fault of the file. */
  const reject = (fault: Fault) => {
    if (early === null || early.push(fault) < HOPELESS_LINES) return early === null ? book.add(fault) : undefined
    if (early.every(({ reason }) => SHAPELESS.has(reason))) {
      hopeless = true
      early = []
      book.add({
        line: 0,
        field: '',
        reason: 'wrong-format',
        expected: `rows of a ${format.curve} file: ${columns} columns separated by ";", the first a CUPS`,
        found: `none in the first ${HOPELESS_LINES} lines; line ${fault.line}: ${fault.found}`,
        advice: 'Check that the file is what its name says.'
      })
    } else settle()
  }
  const settle = () => {
    for (const fault of early ?? []) book.add(fault)
    early = null
  }

  return {
    decode: (text, firstLine) => {
      const rows = Papa.parse<string[]>(text, { delimiter: ';', newline: '\n', fastMode: true }).data
      for (let i = 0; i < rows.length && !hopeless; i++) {
        const fields = rows[i]
        if (fields.length === 1 && fields[0].trim() === '') continue
        seen++
        const problem = row(fields, firstLine + i)
        if (problem !== null) reject({ line: firstLine + i, ...problem })
        else if (early !== null) settle()
      }
      return text.endsWith('\n') ? rows.length - 1 : rows.length
    },
    held: () => held,
    flush: () => {
      const blocks = groups.flatMap((group) => blocksOf(group, constant, magnitudes, format.span))
      for (const supply of supplies.values()) if (!('ok' in supply)) forget(supply)
      groups = []
      held = 0
      return blocks
    },
    seen: () => seen,
    hopeless: () => hopeless,
    end: settle
  }
}

const forget = (supply: Supply): void => {
  supply.group = null
  supply.groups.clear()
}

const withoutReturn = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text)

/** Up to 15 digits by hand, everything else by the exact reader; null when it is no number of that scale below 2^53. */
const numberOf = (text: string, scale: number): number | null => {
  if (scale > 0 || text.length > 15) return parseDecimal(text.trim(), scale)
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return parseDecimal(text.trim(), scale)
    value = value * 10 + digit
  }
  return value
}

/** 0 when the file does not say; null when it says something else than a number. */
const methodOf = (text: string): number | null => {
  if (text.length === 1 && text >= '0' && text <= '9') return text.charCodeAt(0) - 48
  return text === '' ? 0 : /^\d{1,3}$/.test(text) ? Number(text) : null
}

const columnsProblem = (reason: string, columns: number, fields: readonly string[]): Problem => {
  const advice =
    reason === 'too-few-columns' ? 'The line is cut short, or the file is of another kind.' : 'Two lines may have run together.'
  return { field: '', reason, expected: `${columns} columns`, found: `${fields.length}: ${withoutReturn(fields.join(';'))}`, advice }
}

const missingEnergy = (field: string, fields: readonly string[]): Problem => {
  const found = withoutReturn(fields.join(';'))
  return { field, reason: 'energy-missing', expected: 'the imported energy, 0 when there was none', found, advice: RESEND }
}

const numberProblem = (field: string, found: string, scale: number): Problem => {
  const isNumber = /^[+-]?\d+(\.\d*)?$/.test(found.trim())
  const fraction = isNumber && /\..*[1-9]/.test(found) && found.length < 16
  const reason = fraction ? 'too-many-decimals' : isNumber ? 'too-large' : 'not-a-number'
  const expected = reason === 'too-large' ? 'a number below 2^53' : scale === 0 ? 'a whole number' : `a number of up to ${scale} decimals`
  return { field, reason, expected, found, advice: RESEND }
}

const methodProblem = (found: string): Problem => {
  return { field: 'method', reason: 'method-not-a-number', expected: 'a number: 1 to 6 are defined', found, advice: RESEND }
}

const firmnessProblem = (found: string): Problem => {
  return { field: 'firmness', reason: 'firmness-unknown', expected: '1 firm, 0 not firm, or empty', found, advice: RESEND }
}
