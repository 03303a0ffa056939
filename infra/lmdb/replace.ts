import { type BucketLength, bucketOf } from '../blocks/buckets.js'
import { hash48, Made } from '../blocks/made.js'
import type { Rows } from '../blocks/overlap.js'
import { perBucket, type Starts, without } from '../blocks/replaced.js'
import type { BucketId } from './block-keys.js'
import type { BlockKind } from './block-kinds.js'
import type { Blocks } from './blocks.js'
import type { Environment } from './env.js'
import { pack, unpack } from './packing.js'

interface Replacing<Block> {
  env: Environment
  blocks: Blocks
  kind: BlockKind<Block>
  length: BucketLength
  cut(block: Block, rows: readonly number[]): Block
}

/** Puts `rows` in the place of all that start in the range, bucket by bucket; what is written meanwhile stays. */
export const replaceRows = async <Block extends Rows>(
  { env, blocks, kind, length, cut }: Replacing<Block>,
  series: Omit<BucketId, 'bucket'>,
  starts: Starts,
  rows: readonly Block[]
): Promise<void> => {
  const wanted = perBucket(kind, rows)
  // A row that reaches over the end of its bucket is in the next one, too.
  const last = bucketOf(starts.to - 1, length) + 1
  const stored = Array.from(blocks.index.range({ ...series, bucket: bucketOf(starts.from, length) }, last), ({ id }) => id.bucket)
  const replaced = ({ bucket, ...id }: BucketId): Promise<boolean> => {
    const gone: Buffer[] = []
    const left: Block[] = []
    for (const { key, block, value } of blocks.closed({ ...id, bucket }, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)) {
      if (block.first >= starts.to || block.last <= starts.from) continue
      const rest = without(kind.decode(unpack(value)), starts, cut)
      if (rest === null) continue
      gone.push(key)
      left.push(...rest)
    }
    const made = kind.join([...left, ...(wanted.get(bucket) ?? [])]).map((bundle) => {
      const value = kind.encode(bundle)
      return { block: { ...kind.extent(bundle), made: Made.folded, tag: hash48(value) }, value: pack(value) }
    })
    return env.write(() => blocks.replace({ ...id, bucket }, gone, made), 'can wait')
  }
  for (const bucket of new Set([...stored, ...wanted.keys()])) while (!(await replaced({ ...series, bucket })));
}
