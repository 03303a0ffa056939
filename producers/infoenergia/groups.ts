import { MAX_ROWS } from '../../schemas/blocks.js'
import type { Readings } from '../../schemas/generated.js'
import type { Magnitude } from './formats.js'

/** What is the same in every block of a file. */
export type Constant = Pick<
  Readings,
  'kind' | 'curve' | 'scale' | 'step' | 'words' | 'device' | 'boot' | 'source' | 'origin' | 'revision' | 'parserVersion' | 'ingestedAt'
>

/** Rows of one supply point and invoice as they were read. */
export interface Group {
  point: string
  attrs: Record<string, string>
  /** Row after row: at, line, code, quality, flags, then the values; NaN where the file is empty. One array grows faster than eleven. */
  cells: number[]
}

const VALUES = 5

type Columns = Pick<Readings, 'at' | 'span' | 'value' | 'quality' | 'code' | 'flags' | 'line'>

/** Rows by (at, line), or null when they stand so already; lines only grow. */
const timeOrder = (at: readonly number[]): Uint32Array | null => {
  let sorted = true
  for (let i = 1; i < at.length && sorted; i++) sorted = at[i] >= at[i - 1]
  return sorted ? null : Uint32Array.from(at.keys()).sort((a, b) => at[a] - at[b] || a - b)
}

const columnOf = (cells: readonly number[], offset: number, stride: number, order: Uint32Array | null): number[] => {
  const rows = cells.length / stride
  const out = new Array<number>(rows)
  for (let i = 0; i < rows; i++) out[i] = cells[(order === null ? i : order[i]) * stride + offset]
  return out
}

const COLUMNS = ['at', 'span', 'value', 'quality', 'code', 'flags', 'line'] as const

const pick = (columns: Columns, keep: (column: number[]) => number[]): Columns =>
  Object.fromEntries(COLUMNS.map((name) => [name, keep(columns[name])])) as unknown as Columns

/** A register's rows: those that have a value. When all have, its time columns are the very arrays of its neighbours (nobody writes into a column). */
const present = (columns: Columns): Columns => {
  const { value } = columns
  if (!value.some(Number.isNaN)) return columns
  return pick(columns, (column) => column.filter((_, row) => !Number.isNaN(value[row])))
}

/** Blocks of a group, register by register, in time order, cut at MAX_ROWS. */
export const blocksOf = (group: Group, constant: Constant, magnitudes: readonly Magnitude[], span: number): Readings[] => {
  const { cells } = group
  const stride = VALUES + magnitudes.length
  const order = timeOrder(columnOf(cells, 0, stride, null))
  const column = (offset: number) => columnOf(cells, offset, stride, order)
  const at = column(0)
  const shared = { at, span: at.map(() => span), line: column(1), code: column(2), quality: column(3), flags: column(4) }
  const blocks: Readings[] = []
  for (const [index, { register, unit }] of magnitudes.entries()) {
    const columns = present({ ...shared, value: column(VALUES + index) })
    const rows = columns.at.length
    for (let from = 0; from < rows; from += MAX_ROWS) {
      const to = Math.min(rows, from + MAX_ROWS)
      const part = rows <= MAX_ROWS ? columns : pick(columns, (column) => column.slice(from, to))
      blocks.push({ ...constant, point: group.point, register, unit, attrs: group.attrs, rows: to - from, ...part })
    }
  }
  return blocks
}
