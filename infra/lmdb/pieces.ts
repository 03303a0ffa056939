import { hash48, Made } from '../blocks/made.js'
import type { BlockTableName } from '../blocks/shapes.js'
import type { SeriesKey } from '../store.js'
import type { BlockKind } from './block-kinds.js'
import { pack } from './packing.js'

/** Blocks of one bucket, encoded, ready to be stored. */
export interface Piece {
  table: BlockTableName
  series: SeriesKey
  grid: number
  bucket: number
  made: number
  tag: number
  first: number
  last: number
  value: Buffer
}

/**
 * Everything that can be done before the transaction: blocks are cut at buckets; those of one write that fall in the same bucket of a
 * series are joined at once, so that an import of many days leaves little to fold.
 */
export function* piecesOf<Block>(kind: BlockKind<Block>, blocks: readonly Block[]): Generator<Piece> {
  const buckets = new Map<string, { series: SeriesKey; grid: number; bucket: number; parts: Block[] }>()
  for (const block of blocks) {
    const series = kind.series(block)
    const grid = kind.grid(block)
    for (const [bucket, part] of kind.cut(block)) {
      const name = `${series.point}\0${series.register}\0${grid} ${bucket}`
      const found = buckets.get(name)
      if (found) found.parts.push(part)
      else buckets.set(name, { series, grid, bucket, parts: [part] })
    }
  }
  for (const { parts, ...where } of buckets.values()) {
    for (const bundle of parts.length === 1 ? [parts] : kind.join(parts)) {
      const value = kind.encode(bundle)
      const key = parts.length === 1 ? { made: Made.written, tag: kind.tag(parts[0]) } : { made: Made.joined, tag: hash48(value) }
      yield { table: kind.table, ...where, ...key, ...kind.extent(bundle), value: pack(value) }
    }
  }
}
