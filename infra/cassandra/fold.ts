import { greatest, least } from '../blocks/buckets.js'
import type { BlockKey } from '../blocks/made.js'
import { Made } from '../blocks/made.js'
import type { Blocks, ListedBlock } from './blocks.js'
import type { BlockKind } from './kinds.js'
import type { Mark } from './marks.js'
import { type BucketId, pieceOf } from './pieces.js'

/** A folded block this small is joined with what follows it; a larger one is left alone, or each day would rewrite the whole month. */
const SMALL_BYTES = 6 * 1024
/** Work of one step: live pulses make a block each, and a month of them may wait. */
const MOST_BLOCKS = 1024
/** Of one mutation; the engine refuses 8 MiB and more. */
const MOST_BYTES = 2 * 1024 * 1024

const named = ({ first, made, tag, last }: BlockKey): string => `${first} ${made} ${tag} ${last}`

/** What was written, the folded ones that overlap it, and the one before: in the order in which they are taken while there is room. */
const worthJoining = (blocks: readonly ListedBlock[], before: number): { chosen: ListedBlock[]; neighbour: ListedBlock | undefined } => {
  const closed = blocks.filter(({ last }) => last <= before)
  const written = closed.filter(({ made }) => made !== Made.folded).slice(0, MOST_BLOCKS)
  if (written.length === 0) return { chosen: [], neighbour: undefined }
  const from = least(written.map(({ first }) => first))
  const to = greatest(written.map(({ last }) => last))
  const folded = closed.filter(({ made }) => made === Made.folded)
  const overlapping = folded.filter(({ first, last }) => first < to && last > from)
  return { chosen: [...written, ...overlapping], neighbour: folded.filter(({ last }) => last <= from).at(-1) }
}

interface Taken {
  block: ListedBlock
  cell: unknown
  bytes: number
}

/** The contents of what is worth joining, as much as one mutation bears. */
const taken = async <Block>(blocks: Blocks, kind: BlockKind<Block>, id: BucketId, listed: readonly ListedBlock[], before: number) => {
  const { chosen, neighbour } = worthJoining(listed, before)
  if (chosen.length === 0) return []
  const wanted = new Map([...chosen, ...(neighbour ? [neighbour] : [])].map((block) => [named(block), block]))
  const firsts = [...wanted.values()].map(({ first }) => first)
  const found: Taken[] = []
  let room = MOST_BYTES
  for await (const page of blocks.contents(id, least(firsts), greatest(firsts))) {
    for (const { block, cell } of page) {
      const known = wanted.get(named(block))
      const bytes = known ? kind.bytes(cell) : 0
      if (!known || (known === neighbour && bytes >= SMALL_BYTES)) continue
      room -= bytes
      if (room < 0 && found.length > 1) return found
      found.push({ block: known, cell, bytes })
    }
  }
  return found
}

/**
 * Folds one bucket. What it makes holds all the rows of what it removes, and is told apart by them: so two that fold at once, or a block
 * that comes back after it was folded, leave rows twice at worst, and readers merge. Returns the mark of what is left.
 */
export const foldBucket = async <Block>(blocks: Blocks, kind: BlockKind<Block>, id: BucketId, before: number): Promise<Mark | null> => {
  const { blocks: listed, folds } = await blocks.list(id)
  const found = await taken(blocks, kind, id, listed, before)
  const worth = found.length > 1
  const gone = new Set(worth ? found.map(({ block }) => named(block)) : [])
  if (worth) {
    const all = (await Promise.all(found.map(({ cell }) => kind.decode(cell)))).flat()
    // As new as what it replaces: rows that were put back by the clock (replace.ts) stay above what had removed them.
    const stamp = greatest(found.map(({ block }) => block.stamp))
    const made = kind.join(all).map((bundle) => {
      const piece = pieceOf(kind, id, bundle, Made.folded)
      return { ...piece, stamp: Math.max(piece.stamp, stamp) }
    })
    // What was folded to the same before stays: removed and made with one timestamp, it would be gone.
    const kept = new Set(made.map(({ key }) => named(key)).filter((name) => gone.has(name)))
    await blocks.replace(
      id,
      folds + 1,
      found.map(({ block }) => block).filter((block) => !kept.has(named(block))),
      made.filter(({ key }) => !kept.has(named(key)))
    )
  }
  const left = listed.filter((block) => block.made !== Made.folded && !gone.has(named(block)) && (worth || block.last > before))
  return left.length === 0 ? null : { id, closes: least(left.map(({ last }) => last)), tag: -folds - 1 }
}
