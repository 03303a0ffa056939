import { greatest, least } from '../blocks/buckets.js'
import { hash48, Made } from '../blocks/made.js'
import type { BucketId } from './block-keys.js'
import type { BlockKind } from './block-kinds.js'
import type { Blocks, ClosedBlock } from './blocks.js'
import type { Environment } from './env.js'
import { pack, unpack } from './packing.js'

/** A folded value this small is joined with what follows it; a larger one is left alone, or each day would rewrite the whole month. */
const SMALL_BYTES = 6 * 1024

/** Work of one step: live pulses make a block each, and a month of them may wait. */
const MOST_BLOCKS = 4096

/** What was written, the folded ones that overlap it, and the one before while it is small. */
const worthJoining = (blocks: readonly ClosedBlock[]): ClosedBlock[] => {
  const written = blocks.filter(({ block }) => block.made !== Made.folded)
  if (written.length === 0) return []
  const from = least(written.map(({ block }) => block.first))
  const to = greatest(written.map(({ block }) => block.last))
  const folded = blocks.filter(({ block }) => block.made === Made.folded)
  const overlapping = folded.filter(({ block }) => block.first < to && block.last > from)
  const before = folded.filter(({ block }) => block.last <= from).at(-1)
  const neighbour = before && before.value.length < SMALL_BYTES ? [before] : []
  return [...neighbour, ...overlapping, ...written]
}

/** Folds one bucket; what was written to it meanwhile waits for the next time. */
export const foldBucket = async <Block>(
  env: Environment,
  blocks: Blocks,
  kind: BlockKind<Block>,
  id: BucketId,
  before: number
): Promise<void> => {
  const chosen = worthJoining(blocks.closed(id, before, MOST_BLOCKS))
  const gone = chosen.map(({ key }) => key)
  const made = kind.join(chosen.flatMap(({ value }) => kind.decode(unpack(value)))).map((bundle) => {
    const value = kind.encode(bundle)
    return { block: { ...kind.extent(bundle), made: Made.folded, tag: hash48(value) }, value: pack(value) }
  })
  await env.write(() => void blocks.replace(id, gone, made), 'can wait')
}
