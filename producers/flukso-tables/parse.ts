import Papa from 'papaparse'
import type { Readings } from '../../schemas/generated.js'
import { Quality } from '../../schemas/quality.js'
import { blocksOf, type Constant, type Group } from '../infoenergia/groups.js'
import type { Fault, RejectBook } from '../infoenergia/rejects.js'
import { ENERGY_SCALE, energyOf, instantOf, powerOf } from './figures.js'
import type { Layout } from './tables.js'

export const SPAN_MS = 8_000
/** 0.1 W, the smallest difference the tables know. */
const STEP = 8 * 10 ** (ENERGY_SCALE - 1)

export type TableConstant = Omit<Constant, 'kind' | 'curve' | 'scale' | 'step' | 'words' | 'device' | 'boot' | 'revision'>

/** Rows of one table, piece by piece. */
export interface TableDecoder {
  /** Reads whole lines, the first of which is `firstLine`; the number of lines. */
  decode(text: string, firstLine: number): number
  held(): number
  /** Blocks of what is held. */
  flush(): Readings[]
}

const RESEND = 'Export the table again, or correct the line and import the file under the same name.'

export const tableDecoder = (layout: Layout, about: TableConstant, attrs: Record<string, string>, book: RejectBook): TableDecoder => {
  const { table, columns } = layout
  const constant: Constant = {
    ...about,
    kind: 'INTERVAL',
    curve: '',
    scale: ENERGY_SCALE,
    step: STEP,
    words: [],
    device: '',
    boot: null,
    revision: 0
  }
  const groups = new Map<string, { register: string; group: Group }>()
  let held = 0

  const put = (point: string, register: string, at: number, line: number, value: number | null) => {
    const key = `${point} ${register}`
    let entry = groups.get(key)
    if (!entry) {
      entry = { register, group: { point, attrs, cells: [] } }
      groups.set(key, entry)
    }
    entry.group.cells.push(at, line, 0, value === null ? Quality.NO_DATA : Quality.RAW, 0, value ?? 0)
    held++
  }

  const row = (fields: readonly string[], line: number): Fault | null => {
    const fault = (field: string, reason: string, expected: string, found: string): Fault => {
      return { line, field, reason, expected, found, advice: RESEND }
    }
    if (fields.length !== columns) return fault('', 'columns', `${columns} columns`, `${fields.length}: ${fields.join(',')}`)
    const id = bare(fields[layout.id])
    if (!table.isId.test(id)) return fault(table.id, 'id', table.looksLike, id)
    const at = instantOf(bare(fields[layout.ts]))
    if (at === null) return fault('ts', 'time', 'a time such as 2022-07-01 10:00:00', fields[layout.ts])
    const powers = layout.figures.map(({ column }) => powerOf(bare(fields[column])))
    for (const [i, power] of powers.entries()) {
      const { figure, column } = layout.figures[i]
      if (power === undefined) return fault(figure.column, 'not-a-power', 'W with up to 4 decimals, or NaN', fields[column])
    }
    const point = table.point(id)
    for (const [i, power] of powers.entries())
      for (const { register, of } of layout.figures[i].figure.registers)
        put(point, register, at, line, power === null ? null : energyOf(of(power as number), at))
    return null
  }

  return {
    decode: (text, firstLine) => {
      const rows = Papa.parse<string[]>(text, { delimiter: ',', newline: '\n', fastMode: true }).data
      for (let i = 0; i < rows.length; i++) {
        if (rows[i].length === 1 && rows[i][0].trim() === '') continue
        const fault = row(rows[i], firstLine + i)
        if (fault !== null) book.add(fault)
      }
      return text.endsWith('\n') ? rows.length - 1 : rows.length
    },
    held: () => held,
    flush: () => {
      const blocks = [...groups.values()].flatMap(({ register, group }) =>
        blocksOf(group, constant, [{ field: '', column: 0, register, unit: 'J' }], SPAN_MS)
      )
      groups.clear()
      held = 0
      return blocks
    }
  }
}

/** Without the quotes that some exports put around everything, and the return of Windows. */
const bare = (field: string): string => {
  const text = field.trim()
  return text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}
