import { type Rows, rowsWhere } from './overlap.js'
import type { BlockShape } from './shapes.js'

/** Rows of a series by their start, UTC ms: [from, to). */
export interface Starts {
  from: number
  to: number
}

/** What stays of blocks when the rows that start in a range are taken out; null when none of theirs does. */
export const without = <Block extends Rows>(
  blocks: readonly Block[],
  { from, to }: Starts,
  cut: (block: Block, rows: readonly number[]) => Block
): Block[] | null => {
  const left = blocks.map((block) => ({ block, rows: rowsWhere(block, (start) => start < from || start >= to) }))
  if (left.every(({ block, rows }) => rows.length === block.rows)) return null
  return left.filter(({ rows }) => rows.length > 0).map(({ block, rows }) => cut(block, rows))
}

/** Blocks cut at buckets, those of a bucket together. */
export const perBucket = <Block>(shape: BlockShape<Block>, blocks: readonly Block[]): Map<number, Block[]> => {
  const buckets = new Map<number, Block[]>()
  for (const block of blocks) for (const [bucket, part] of shape.cut(block)) buckets.set(bucket, [...(buckets.get(bucket) ?? []), part])
  return buckets
}
