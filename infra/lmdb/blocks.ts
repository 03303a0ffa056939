import type { SeriesKey } from '../store.js'
import { type BlockKey, type BlockTableName, type BucketId, blockKey, bucketPrefix, lastOf, readBlockKey, scanKey } from './block-keys.js'
import { BucketIndex } from './bucket-index.js'
import { type BucketLength, bucketOf } from './buckets.js'
import type { Environment, Table } from './env.js'
import { after } from './keys.js'
import { SeriesIds } from './series.js'

/** A block, or the part of it that belongs in one bucket, ready to be stored. */
export interface Piece {
  table: BlockTableName
  series: SeriesKey
  grid: number
  bucket: number
  first: number
  last: number
  /** Its key in the bucket. */
  key(prefix: Buffer): Buffer
  value: Buffer
}

export interface StoredBlock {
  bucket: number
  key: Buffer
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

/** The three block tables: encoded blocks by series, grid, bucket and first start. */
export class Blocks {
  readonly index: BucketIndex
  readonly #tables: Record<BlockTableName, Table>
  readonly #series: SeriesIds

  constructor(env: Environment) {
    this.#tables = { readings: env.table('readings'), intervals: env.table('intervals'), slots: env.table('slots') }
    this.index = new BucketIndex(env)
    this.#series = new SeriesIds(env)
  }

  /** Inside a transaction. The same piece again replaces itself. */
  put(piece: Piece): void {
    const table = this.#tables[piece.table]
    const id = { table: piece.table, series: this.#series.getOrAdd(piece.series), grid: piece.grid, bucket: piece.bucket }
    const key = piece.key(bucketPrefix(id))
    if (!table.doesExist(key)) this.index.added(id, piece)
    table.put(key, piece.value)
  }

  /** Stored blocks that overlap [from, to), by bucket and first start. */
  *scan({ table, series, grid, length, from, to }: Scan): Generator<StoredBlock> {
    const id = this.#series.get(series)
    if (id === undefined || !(from < to)) return
    const last = bucketOf(to - 1, length)
    for (const { id: found, info } of this.index.range({ table, series: id, grid, bucket: bucketOf(from, length) }, last)) {
      const prefix = bucketPrefix(found)
      const end = found.bucket === last ? scanKey(prefix, to) : after(prefix)
      const source = this.#tables[table]
      for (const key of source.getKeys({ start: scanKey(prefix, from - info.longestMs), end })) {
        if (lastOf(key) > from) yield { bucket: found.bucket, key, value: source.get(key)! }
      }
    }
  }

  /** Blocks of a bucket that end at or before an instant, the earliest `limit` of them. */
  closed(id: BucketId, before: number, limit: number): ClosedBlock[] {
    const prefix = bucketPrefix(id)
    const table = this.#tables[id.table]
    const found: ClosedBlock[] = []
    for (const { key, value } of table.getRange({ start: prefix, end: after(prefix) })) {
      if (found.length === limit) break
      if (lastOf(key) <= before) found.push({ key, block: readBlockKey(key), value })
    }
    return found
  }

  /** Inside a transaction: takes `gone` out of a bucket, puts `joined` in. False, and nothing done, when one of them is no longer there. */
  replace(id: BucketId, gone: readonly Buffer[], joined: readonly { first: number; last: number; rev: number; value: Buffer }[]): boolean {
    const prefix = bucketPrefix(id)
    const table = this.#tables[id.table]
    if (!gone.every((key) => table.doesExist(key))) return false
    for (const key of gone) table.remove(key)
    for (const { value, ...block } of joined) {
      let number = 1
      while (table.doesExist(blockKey(prefix, { ...block, folded: number }))) number++
      table.put(blockKey(prefix, { ...block, folded: number }), value)
    }
    const ends = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    let folded = 0
    let longestMs = 0
    for (const key of table.getKeys({ start: prefix, end: after(prefix) })) {
      const { first, last, folded: number } = readBlockKey(key)
      longestMs = Math.max(longestMs, last - first)
      if (number > 0) folded++
      else ends.push(last)
    }
    ends.sort((a, b) => a - b)
    this.index.set(id, { folded, longestMs, ends: [ends[0], ends[1]] })
    return true
  }
}
