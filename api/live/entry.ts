import type { LogRecord } from '../../infra/log.js'
import type { decoding } from '../../schemas/decoding.js'
import type { Intervals, Readings, Slots } from '../../schemas/generated.js'
import type { Measure } from '../client/frames.js'
import type { Placed } from './ring.js'
import { intervalRow, keyOf, readingRow, type Shaped, shaped, slotRow } from './rows.js'
import type { Selection } from './selection.js'

export type Decode = ReturnType<typeof decoding>

const RECORD = { readings: 'Readings', intervals: 'Intervals', slots: 'Slots' } as const

export const decodeBlock = (decode: Decode, measure: Measure, value: Buffer): Promise<Readings | Intervals | Slots> =>
  decode(RECORD[measure], value)

/** What a record says, shaped once for everybody who gets it. */
export interface Content {
  point: string
  register: string
  grid: string | null
  rows: Shaped[]
  /** No row may be shown to who may not see all of this span; grants that open it need no look at each row. */
  from: number
  to: number
}

/** One record of a topic. Most are never decoded: nobody asks for their point. */
export class Entry implements Placed {
  readonly offset: number
  readonly key: string
  readonly bytes: number
  content: Content | null = null

  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly measure: Measure,
    record: LogRecord
  ) {
    this.offset = record.offset
    this.key = record.key
    this.value = record.value!
    this.bytes = this.value.length + 100
  }

  readonly value: Buffer

  async read(decode: Decode): Promise<Content> {
    if (this.content) return this.content
    this.content = contentOf(this.measure, await decodeBlock(decode, this.measure, this.value))
    return this.content
  }
}

const contentOf = (measure: Measure, block: Readings | Intervals | Slots): Content => {
  const { point, register } = block
  const k = keyOf(point, register)
  const rows: Shaped[] = []
  const content: Content = { point, register, grid: null, rows, from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY }
  for (let i = 0; i < block.rows; i++) rows.push(shaped(rowOf(measure, block, k, i)))
  if (measure === 'slots') content.grid = (block as Slots).grid
  for (const { row } of rows) {
    content.from = Math.min(content.from, row.s)
    content.to = Math.max(content.to, row.e)
  }
  return content
}

const rowOf = (measure: Measure, block: Readings | Intervals | Slots, k: string, i: number) => {
  if (measure === 'intervals') return intervalRow(block as Intervals, k, i)
  return measure === 'slots' ? slotRow(block as Slots, k, i) : readingRow(block as Readings, k, i)
}

/** The rows of a record that a selection has and that are open. */
export const rowsFor = (selection: Selection, { point, register, grid, rows, from, to }: Content): readonly Shaped[] => {
  if (rows.length === 0 || !selection.hasGrid(grid) || !selection.has(point, register)) return []
  if (selection.shows(point, from, to)) return rows
  return rows.filter(({ row }) => selection.shows(point, row.s, row.e))
}
