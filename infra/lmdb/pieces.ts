import { INTERVAL_COLUMNS, READING_COLUMNS, SLOT_COLUMNS, slice } from '../../schemas/blocks.js'
import type { Intervals, Slots } from '../../schemas/generated.js'
import type { Wire } from '../../schemas/wire.js'
import type { StoredReadings } from '../store.js'
import { blockKey, readingsKey } from './block-keys.js'
import type { Piece } from './blocks.js'
import { bucketLength, byBucket } from './buckets.js'

/** Blocks cut at buckets and encoded: all that can be done before the transaction. */

/** The rows of a block by index, ascending. */
export const pick = <Column extends string, Block extends { rows: number } & Record<Column, number[]>>(
  block: Block,
  columns: readonly Column[],
  rows: readonly number[]
): Block => {
  const from = rows[0]
  const to = rows[rows.length - 1] + 1
  if (to - from === rows.length) return slice(block, columns, from, to)
  const part = { ...block, rows: rows.length }
  for (const column of columns) part[column] = rows.map((row) => block[column][row]) as Block[Column]
  return part
}

/** The greatest of a column; columns are too long to spread over arguments. */
export const greatest = (column: readonly number[]): number =>
  column.reduce((most, figure) => Math.max(most, figure), Number.NEGATIVE_INFINITY)
export const least = (column: readonly number[]): number =>
  column.reduce((most, figure) => Math.min(most, figure), Number.POSITIVE_INFINITY)

export const readingPieces = (wire: Wire, { block, position }: StoredReadings, topic: number): Piece[] =>
  [...byBucket(block.at, block.at, 'month')].map(([bucket, rows]) => {
    const part = pick(block, READING_COLUMNS, rows)
    const first = least(part.at)
    const last = greatest(part.at) + 1
    const { partition, offset } = position
    return {
      table: 'readings',
      series: block,
      grid: 0,
      bucket,
      first,
      last,
      key: (prefix) => readingsKey(prefix, { first, topic, partition, offset, last }),
      value: wire.encode('Readings', part)
    }
  })

/** What a block's key says of rows of intervals or slots. */
export const extent = ({ start, end, rev }: { start: readonly number[]; end: readonly number[]; rev: readonly number[] }) => {
  const first = least(start)
  return { first, last: Math.max(greatest(end), first + 1), rev: greatest(rev) }
}

export const intervalPieces = (wire: Wire, block: Intervals): Piece[] =>
  [...byBucket(block.start, block.end, 'month')].map(([bucket, rows]) => {
    const part = pick(block, INTERVAL_COLUMNS, rows)
    const key = extent(part)
    return {
      table: 'intervals',
      series: block,
      grid: 0,
      bucket,
      ...key,
      key: (prefix) => blockKey(prefix, { ...key, folded: 0 }),
      value: wire.encode('Intervals', part)
    }
  })

export const slotPieces = (wire: Wire, block: Slots, grid: number): Piece[] =>
  [...byBucket(block.start, block.end, bucketLength(block.grid))].map(([bucket, rows]) => {
    const part = pick(block, SLOT_COLUMNS, rows)
    const key = extent(part)
    return {
      table: 'slots',
      series: block,
      grid,
      bucket,
      ...key,
      key: (prefix) => blockKey(prefix, { ...key, folded: 0 }),
      value: wire.encode('Slots', part)
    }
  })
