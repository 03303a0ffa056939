import { type BlockId, covers, spanOf, tailOf } from './block.js'

/** A block of one sensor in an inventory or an answer. */
export interface StoredBlock extends BlockId {
  rid: number
}

/** Where the client is: its last block. Without any, 0, 0, 0. */
export type Position = StoredBlock

const CLEAN_UPS = 4
const LARGEST = spanOf(20)

const byOrder = (a: StoredBlock, b: StoredBlock): number => a.rid - b.rid || b.level - a.level || a.bid - b.bid

/** The block before the first one whose tail is not beyond it, within a rid. */
const beforeFirstFall = (blocks: readonly StoredBlock[]): StoredBlock | null => {
  for (let i = 1; i < blocks.length; i++) {
    if (blocks[i].rid === blocks[i - 1].rid && tailOf(blocks[i]) <= tailOf(blocks[i - 1])) return blocks[i - 1]
  }
  return null
}

const orderly = (blocks: readonly StoredBlock[], cleanUps: number): readonly StoredBlock[] | null => {
  const parent = beforeFirstFall(blocks)
  if (parent === null) return blocks
  if (cleanUps === 0) return null
  const left = blocks.filter((block) => block.rid !== parent.rid || !covers(parent, block))
  return orderly(left, cleanUps - 1)
}

/**
 * What the vendor's server answers to `/sensor/<sid>/tmpo/sync?rid=&lvl=&bid=`: the blocks of the client's rid and later ones, from
 * the start of its level-20 span on, ordered by rid, level (largest first) and bid, that end after the client's block. Per rid the
 * tails must increase in that order; where they do not, the children of the block before are dropped, at most four times, and then
 * the answer is null (status 597: try later).
 *
 * So a client that holds all 16 children never receives their parent, whose tail equals the last child's; after an outage it does.
 */
export const syncAnswer = (client: Position, inventory: readonly StoredBlock[]): StoredBlock[] | null => {
  const from = client.bid - (client.bid % LARGEST)
  const candidates = inventory.filter((block) => block.rid >= client.rid && block.bid >= from).sort(byOrder)
  return orderly(candidates, CLEAN_UPS)?.filter((block) => tailOf(block) > tailOf(client)) ?? null
}
