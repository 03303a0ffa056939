import type { BlockTableName } from '../blocks/shapes.js'
import { BlockTable, type BucketId, bucketPrefix } from './block-keys.js'
import type { Environment, Table } from './env.js'
import { readTime, timeKey, writeTime } from './keys.js'

/** What is known of a bucket without reading its blocks. */
interface BucketInfo {
  /** Blocks made by folding. */
  folded: number
  /** Longest block there ever was, ms: a scan from an instant starts this much earlier. */
  longestMs: number
  /** The two earliest ends among blocks not made by folding; infinity where there is none. */
  ends: readonly [number, number]
}

const EMPTY: BucketInfo = { folded: 0, longestMs: 0, ends: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] }
const NAMES = Object.entries(BlockTable) as [BlockTableName, number][]

/** From when on folding the bucket makes fewer blocks. */
const foldableFrom = ({ folded, ends }: BucketInfo): number => (folded > 0 ? ends[0] : ends[1])

const keyOf = (id: BucketId): Buffer => Buffer.concat([Buffer.of(BlockTable[id.table]), bucketPrefix(id)])

const idOf = (key: Buffer): BucketId => ({
  table: NAMES.find(([, number]) => number === key[0])![0],
  series: key.readUInt32BE(1),
  grid: key.readUInt16BE(5),
  bucket: key.readUInt16BE(7)
})

/** U48 minus the epoch stands for infinity; no instant of a meter comes near. */
const endOf = (row: Buffer, at: number): number => (row.readUIntBE(at, 6) === 0xffffffffffff ? Number.POSITIVE_INFINITY : readTime(row, at))

const infoOf = (row: Buffer | undefined): BucketInfo =>
  row ? { folded: row.readUInt16BE(0), longestMs: row.readUIntBE(2, 6), ends: [endOf(row, 8), endOf(row, 14)] } : EMPTY

const rowOf = ({ folded, longestMs, ends }: BucketInfo): Buffer => {
  const row = Buffer.allocUnsafe(20)
  row.writeUInt16BE(folded, 0)
  row.writeUIntBE(longestMs, 2, 6)
  writeTime(row, ends[0], 8)
  writeTime(row, ends[1], 14)
  return row
}

/**
 * Which buckets there are, and, by the instant from which it pays, which of them to fold: so neither queries nor folding read more
 * than they use.
 */
export class BucketIndex {
  readonly #buckets: Table
  readonly #foldable: Table

  constructor(env: Environment) {
    this.#buckets = env.table('buckets')
    this.#foldable = env.table('buckets-foldable')
  }

  get(id: BucketId): BucketInfo {
    return infoOf(this.#buckets.get(keyOf(id)))
  }

  /** Buckets of a series in order, from one to another, both included. */
  *range(from: BucketId, toBucket: number): Generator<{ id: BucketId; info: BucketInfo }> {
    const end = Buffer.concat([keyOf({ ...from, bucket: toBucket }), Buffer.of(0)])
    for (const { key, value } of this.#buckets.getRange({ start: keyOf(from), end })) yield { id: idOf(key), info: infoOf(value) }
  }

  /** Inside a transaction: a new block as written. */
  added(id: BucketId, block: { first: number; last: number }): void {
    const { folded, longestMs, ends } = this.get(id)
    const [first, second] = [...ends, block.last].sort((a, b) => a - b)
    this.set(id, { folded, longestMs: Math.max(longestMs, block.last - block.first), ends: [first, second] })
  }

  /** Inside a transaction. */
  set(id: BucketId, info: BucketInfo): void {
    const key = keyOf(id)
    const before = foldableFrom(infoOf(this.#buckets.get(key)))
    const after = foldableFrom(info)
    this.#buckets.put(key, rowOf(info))
    if (before === after) return
    if (Number.isFinite(before)) this.#foldable.remove(Buffer.concat([timeKey(before), key]))
    if (Number.isFinite(after)) this.#foldable.put(Buffer.concat([timeKey(after), key]), Buffer.of(1))
  }

  /** Buckets in which folding what ended at or before an instant leaves fewer blocks. */
  foldable(before: number, limit: number): BucketId[] {
    const found: BucketId[] = []
    const end = timeKey(before + 1)
    for (const key of this.#foldable.getKeys({ end, limit })) found.push(idOf(key.subarray(6)))
    return found
  }
}
