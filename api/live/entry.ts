import type { LogRecord } from '../../infra/log.js'
import type { decoding } from '../../schemas/decoding.js'
import type { Alert, Intervals, Readings, Slots } from '../../schemas/generated.js'
import { pointOfInstallation } from '../../schemas/installations.js'
import { NotARecord } from '../../schemas/wire.js'
import type { Measure } from '../client/frames.js'
import { alertRow } from './alerts.js'
import type { Placed } from './ring.js'
import { intervalRow, keyOf, powerRow, readingRow, type Shaped, shaped, slotRow } from './rows.js'
import type { Selection } from './selection.js'

export type Decode = ReturnType<typeof decoding>

type Block = Readings | Intervals | Slots

const RECORD = { readings: 'Readings', intervals: 'Intervals', slots: 'Slots', power: 'Slots', alerts: 'Alert' } as const

/** Null for what is no such record: those who write the ledger set it aside and count it. */
export const decodeBlock = async (decode: Decode, measure: Measure, value: Buffer): Promise<Block | Alert | null> => {
  try {
    return await decode(RECORD[measure], value)
  } catch (error) {
    if (error instanceof NotARecord) return null
    throw error
  }
}

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

const NOTHING: Content = { point: '', register: '', grid: null, rows: [], from: 0, to: 0 }

/** One record of a topic. Most are never decoded: nobody asks for their point. */
export class Entry implements Placed {
  readonly offset: number
  /** The point, or what else it is about; empty: a heartbeat. */
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
    this.key = measure === 'power' && record.key !== '' ? pointOfInstallation(record.key) : record.key
    this.value = record.value!
    this.bytes = this.value.length + 100
  }

  readonly value: Buffer

  async read(decode: Decode): Promise<Content> {
    if (this.content) return this.content
    const block = await decodeBlock(decode, this.measure, this.value)
    this.content = block === null ? NOTHING : contentOf(this.measure, block)
    return this.content
  }
}

const contentOf = (measure: Measure, record: Block | Alert): Content => {
  if (isAlert(record)) {
    const row = alertRow(record)
    const rows = [{ ...shaped(row), knownAt: record.knownAt, alert: record }]
    return { point: record.subject, register: record.register, grid: null, rows, from: row.s, to: row.e }
  }
  return contentOfBlock(measure, record)
}

export const isAlert = (record: Block | Alert): record is Alert => 'subject' in record

const contentOfBlock = (measure: Measure, block: Block): Content => {
  const { point, register } = block
  const k = keyOf(point, register)
  const rows: Shaped[] = []
  const content: Content = { point, register, grid: null, rows, from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY }
  for (let i = 0; i < block.rows; i++)
    rows.push({ ...shaped(rowOf(measure, block, k, i)), knownAt: 'knownAt' in block ? block.knownAt[i] : block.ingestedAt })
  if (measure === 'slots' || measure === 'power') content.grid = (block as Slots).grid
  for (const { row } of rows) {
    content.from = Math.min(content.from, row.s)
    content.to = Math.max(content.to, row.e)
  }
  return content
}

const rowOf = (measure: Measure, block: Block, k: string, i: number) => {
  if (measure === 'intervals') return intervalRow(block as Intervals, k, i)
  if (measure === 'power') return powerRow(block as Slots, k, i)
  return measure === 'slots' ? slotRow(block as Slots, k, i) : readingRow(block as Readings, k, i)
}

/** The rows of a record that a selection has and that are open. */
export const rowsFor = (selection: Selection, { point, register, grid, rows, from, to }: Content): readonly Shaped[] => {
  if (rows.length === 0 || !selection.hasGrid(grid) || !selection.has(point, register)) return []
  if (selection.shows(point, from, to)) return rows
  return rows.filter(({ row }) => selection.shows(point, row.s, row.e))
}
