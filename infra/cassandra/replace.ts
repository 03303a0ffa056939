import { type BucketLength, bucketOf } from '../blocks/buckets.js'
import { Made } from '../blocks/made.js'
import type { Rows } from '../blocks/overlap.js'
import { perBucket, type Starts, without } from '../blocks/replaced.js'
import type { Blocks, ListedBlock } from './blocks.js'
import type { BlockKind } from './kinds.js'
import { type BucketId, pieceOf } from './pieces.js'

interface Replacing<Block> {
  blocks: Blocks
  kind: BlockKind<Block>
  length: BucketLength
  cut(block: Block, rows: readonly number[]): Block
}

/**
 * Puts `rows` in the place of all that start in the range, bucket by bucket, each in one mutation; what is written meanwhile stays.
 * `stamp` is the time of the mutation, µs: here a clock's, to win over whatever altered or removed rows behind our back. What is made
 * is told apart by what it holds, so that any of equal keys may still win.
 */
export const replaceRows = async <Block extends Rows>(
  { blocks, kind, length, cut }: Replacing<Block>,
  series: Omit<BucketId, 'bucket'>,
  starts: Starts,
  rows: readonly Block[],
  stamp: number
): Promise<void> => {
  const wanted = perBucket(kind, rows)
  // A row that reaches over the end of its bucket is in the next one, too.
  const stored = await blocks.buckets({ ...series, bucket: bucketOf(starts.from, length) }, bucketOf(starts.to - 1, length) + 1)
  for (const bucket of new Set([...stored, ...wanted.keys()])) {
    const id: BucketId = { ...series, bucket }
    const { blocks: listed, folds } = await blocks.list(id)
    const gone: ListedBlock[] = []
    const left: Block[] = []
    for (const block of listed.filter(({ first, last }) => first < starts.to && last > starts.from)) {
      const rest = without(await kind.decode(await blocks.content(id, block)), starts, cut)
      if (rest === null) continue
      gone.push(block)
      left.push(...rest)
    }
    const above = Math.max(stamp, ...gone.map((block) => block.stamp + 1))
    const made = kind
      .join([...left, ...(wanted.get(bucket) ?? [])])
      .map((bundle) => ({ ...pieceOf(kind, id, bundle, Made.folded), stamp: above }))
    if (gone.length + made.length > 0) await blocks.replace(id, folds + 1, gone, made)
  }
}
