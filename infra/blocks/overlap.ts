import { type BucketLength, bucketStart } from './buckets.js'

/**
 * Which rows answer a range. A revision may be shorter than the row it replaces, so that it no longer reaches into the range, or the
 * bucket, where the older one still stands. Whoever merges must see it: for rows that reach into the range from before it, every
 * revision of the same start is part of the answer.
 */
export interface Rows {
  rows: number
  start: number[]
  end: number[]
}

/** Starts before `from` of rows that reach into [from, to). */
export const reachingIn = (blocks: readonly Rows[], from: number, to: number): Set<number> => {
  const starts = new Set<number>()
  for (const { rows, start, end } of blocks) {
    for (let row = 0; row < rows; row++) if (start[row] < from && end[row] > from && start[row] < to) starts.add(start[row])
  }
  return starts
}

/** Indices of the rows that pass. */
export const rowsWhere = (block: Rows, passes: (start: number, end: number) => boolean): number[] => {
  const rows: number[] = []
  for (let row = 0; row < block.rows; row++) if (passes(block.start[row], block.end[row])) rows.push(row)
  return rows
}

/** A row that touches several buckets is in each of them: it counts in the first of those that were read. */
export const onceEach = <Block extends Rows>(
  found: readonly { bucket: number; block: Block }[],
  length: BucketLength,
  cut: (block: Block, rows: readonly number[]) => Block
): Block[] =>
  found.flatMap(({ bucket, block }) => {
    if (bucket === found[0].bucket) return [block]
    const opens = bucketStart(bucket, length)
    const rows = rowsWhere(block, (start) => start >= opens)
    if (rows.length === block.rows) return [block]
    return rows.length > 0 ? [cut(block, rows)] : []
  })

export const byStart = <Block extends Rows>(blocks: Block[]): Block[] => blocks.sort((a, b) => a.start[0] - b.start[0])
