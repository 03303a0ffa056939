import type { Intervals, Slots } from '../../schemas/generated.js'
import { joinIntervals, joinSlots } from '../../schemas/merge.js'
import type { Wire } from '../../schemas/wire.js'
import type { BucketId } from './block-keys.js'
import type { Blocks, ClosedBlock } from './blocks.js'
import type { Environment } from './env.js'
import { extent, greatest, least } from './pieces.js'

/** A folded block this small is joined with what follows it; a larger one is left alone, or each day would rewrite the whole month. */
const SMALL_BYTES = 8 * 1024

/** Work of one step: live pulses make a block each, and a month of them may wait. */
const MOST_BLOCKS = 4096

/** Blocks as written, the folded ones they overlap, and the one before while it is small. */
export const worthJoining = (blocks: readonly ClosedBlock[]): ClosedBlock[] => {
  const written = blocks.filter(({ block }) => block.folded === 0)
  if (written.length === 0) return []
  const from = least(written.map(({ block }) => block.first))
  const to = greatest(written.map(({ block }) => block.last))
  const folded = blocks.filter(({ block }) => block.folded > 0)
  const overlapping = folded.filter(({ block }) => block.first < to && block.last > from)
  const before = folded.filter(({ block }) => block.last <= from).at(-1)
  const neighbour = before && before.value.length < SMALL_BYTES ? [before] : []
  return [...neighbour, ...overlapping, ...written]
}

/** Blocks whose heads say the same: only they may be one. */
const byHead = <Block>(blocks: readonly Block[], head: (block: Block) => unknown): Block[][] => {
  const groups = new Map<string, Block[]>()
  for (const block of blocks) {
    const name = JSON.stringify(head(block))
    const group = groups.get(name)
    if (group) group.push(block)
    else groups.set(name, [block])
  }
  return [...groups.values()]
}

const intervalsHead = ({ unit, source, native, ruleVersion, partition }: Intervals) => [unit, source, native, ruleVersion, partition]
const slotsHead = ({ unit, source, scale }: Slots) => [unit, source, scale]

const joined = (wire: Wire, table: BucketId['table'], values: readonly Buffer[]) => {
  if (table === 'slots') {
    const groups = byHead(
      values.map((value) => wire.decode('Slots', value)),
      slotsHead
    )
    return groups.flatMap(joinSlots).map((block) => ({ ...extent(block), value: wire.encode('Slots', block) }))
  }
  const groups = byHead(
    values.map((value) => wire.decode('Intervals', value)),
    intervalsHead
  )
  return groups.flatMap(joinIntervals).map((block) => ({ ...extent(block), value: wire.encode('Intervals', block) }))
}

/** Folds one bucket; what was written to it meanwhile waits for the next time. */
export const foldBucket = async (env: Environment, blocks: Blocks, wire: Wire, id: BucketId, before: number): Promise<void> => {
  const chosen = worthJoining(blocks.closed(id, before, MOST_BLOCKS))
  if (chosen.length === 0) return
  const made = joined(
    wire,
    id.table,
    chosen.map(({ value }) => value)
  )
  await env.write(() =>
    blocks.replace(
      id,
      chosen.map(({ key }) => key),
      made
    )
  )
}
