import { type BucketLength, bucketOf, greatest } from '../blocks/buckets.js'
import type { BlockKey } from '../blocks/made.js'
import { Made } from '../blocks/made.js'
import type { BlockTableName } from '../blocks/shapes.js'
import type { SeriesKey } from '../store.js'
import { type BucketId, blockKey, bucketPrefix, lastOf, readBlockKey, scanKey } from './block-keys.js'
import { BucketIndex } from './bucket-index.js'
import type { Environment, Table } from './env.js'
import { after } from './keys.js'
import type { Piece } from './pieces.js'
import type { SeriesIds } from './series.js'

export interface StoredBlock {
  bucket: number
  value: Buffer
}

export interface ClosedBlock {
  key: Buffer
  block: BlockKey
  value: Buffer
}

/** One series of one table, in the range a query asks for. */
export interface Scan {
  table: BlockTableName
  series: SeriesKey
  grid: number
  length: BucketLength
  from: number
  to: number
}

/**
 * The block tables: encoded blocks by series, grid, bucket and first start. What folding made is in tables of its own: those only
 * grow, so their pages stay full, and the pages of what was folded away come free as a whole.
 */
export class Blocks {
  readonly index: BucketIndex
  readonly #tables: Record<BlockTableName, { written: Table; folded: Table }>
  constructor(
    env: Environment,
    private readonly series: SeriesIds
  ) {
    const pair = (name: BlockTableName) => ({ written: env.table(name), folded: env.table(`${name}-folded`) })
    this.#tables = { readings: pair('readings'), intervals: pair('intervals'), slots: pair('slots') }
    this.index = new BucketIndex(env)
  }

  /** Inside a transaction. The same piece again replaces itself. */
  put(piece: Piece): void {
    const { written } = this.#tables[piece.table]
    const id = { table: piece.table, series: this.series.getOrAdd(piece.series), grid: piece.grid, bucket: piece.bucket }
    const key = blockKey(bucketPrefix(id), piece)
    if (!written.doesExist(key)) this.index.added(id, piece)
    written.put(key, piece.value)
  }

  /** Stored blocks that overlap [from, to), by bucket. */
  *scan({ table, series, grid, length, from, to }: Scan): Generator<StoredBlock> {
    const id = this.series.get(series)
    if (id === undefined || !(from < to)) return
    const last = bucketOf(to - 1, length)
    for (const { id: found, info } of this.index.range({ table, series: id, grid, bucket: bucketOf(from, length) }, last)) {
      const prefix = bucketPrefix(found)
      const range = { start: scanKey(prefix, from - info.longestMs), end: found.bucket === last ? scanKey(prefix, to) : after(prefix) }
      for (const source of Object.values(this.#tables[table])) {
        for (const key of source.getKeys(range)) if (lastOf(key) > from) yield { bucket: found.bucket, value: source.get(key)! }
      }
    }
  }

  /** Blocks of a bucket that end at or before an instant: the earliest `limit` of those not yet folded, and all that are. */
  closed(id: BucketId, before: number, limit: number): ClosedBlock[] {
    const { written, folded } = this.#tables[id.table]
    return [...closedOf(folded, id, before, Number.POSITIVE_INFINITY), ...closedOf(written, id, before, limit)]
  }

  /** Inside a transaction: takes `gone` out of a bucket, puts `made` in. False, and nothing is done, when one of them is no longer there. */
  replace(id: BucketId, gone: readonly Buffer[], made: readonly { block: BlockKey; value: Buffer }[]): boolean {
    const prefix = bucketPrefix(id)
    const { written, folded } = this.#tables[id.table]
    const tableOf = (key: Buffer) => (readBlockKey(key).made === Made.folded ? folded : written)
    if (!gone.every((key) => tableOf(key).doesExist(key))) return false
    for (const key of gone) tableOf(key).remove(key)
    for (const { block, value } of made) folded.put(blockKey(prefix, block), value)
    const left = { start: prefix, end: after(prefix) }
    const lengths = [...keysOf(written, left), ...keysOf(folded, left)].map(({ first, last }) => last - first)
    const ends = keysOf(written, left).map(({ last }) => last)
    ends.push(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
    ends.sort((a, b) => a - b)
    this.index.set(id, { folded: keysOf(folded, left).length, longestMs: Math.max(0, greatest(lengths)), ends: [ends[0], ends[1]] })
    return true
  }
}

const keysOf = (table: Table, range: { start: Buffer; end: Buffer }): BlockKey[] => [...table.getKeys(range)].map(readBlockKey)

const closedOf = (table: Table, id: BucketId, before: number, limit: number): ClosedBlock[] => {
  const prefix = bucketPrefix(id)
  const found: ClosedBlock[] = []
  for (const { key, value } of table.getRange({ start: prefix, end: after(prefix) })) {
    if (found.length === limit) break
    if (lastOf(key) <= before) found.push({ key, block: readBlockKey(key), value })
  }
  return found
}
