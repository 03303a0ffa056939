import type { BlockKey } from '../blocks/made.js'
import { Made } from '../blocks/made.js'
import type { BlockTableName } from '../blocks/shapes.js'
import type { BlockKind } from './kinds.js'

/** One partition of a table that is kept by series and bucket. */
export interface BucketId<Table extends string = BlockTableName> {
  table: Table
  point: string
  register: string
  /** Empty where there are no grids. */
  grid: string
  bucket: number
}

/** A row to be written. */
export interface Piece {
  id: BucketId
  key: BlockKey
  cell: unknown
  bytes: number
  stamp: number
}

export const nameOf = ({ table, point, register, grid, bucket }: BucketId<string>): string =>
  `${table}\0${point}\0${register}\0${grid}\0${bucket}`

/** Blocks cut at buckets; those of one write that fall in the same bucket of a series are joined at once, so that an import leaves little to fold. */
export const piecesOf = <Block>(kind: BlockKind<Block>, blocks: readonly Block[]): Piece[] => {
  const buckets = new Map<string, { id: BucketId; parts: Block[] }>()
  for (const block of blocks) {
    const { point, register } = kind.series(block)
    for (const [bucket, part] of kind.cut(block)) {
      const id = { table: kind.table, point, register, grid: kind.gridOf(block), bucket }
      const found = buckets.get(nameOf(id))
      if (found) found.parts.push(part)
      else buckets.set(nameOf(id), { id, parts: [part] })
    }
  }
  return [...buckets.values()].flatMap(({ id, parts }) =>
    parts.length === 1 ? [pieceOf(kind, id, parts, Made.written)] : kind.join(parts).map((bundle) => pieceOf(kind, id, bundle, Made.joined))
  )
}

/** `made` other than written: told apart by what it holds. */
export const pieceOf = <Block>(kind: BlockKind<Block>, id: BucketId, bundle: readonly Block[], made: number): Piece => {
  const cell = kind.encode(bundle)
  const tag = made === Made.written ? kind.tag(bundle[0]) : kind.hash(cell)
  return { id, key: { ...kind.extent(bundle), made, tag }, cell, bytes: kind.bytes(cell), stamp: kind.stamp(bundle) }
}
