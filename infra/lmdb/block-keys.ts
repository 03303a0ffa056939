import { readTime, TIME_BYTES, U48, writeTime } from './keys.js'

/** The block tables; the number is part of keys that name one. */
export const BlockTable = { readings: 1, intervals: 2, slots: 3 } as const
export type BlockTableName = keyof typeof BlockTable

/** One series, grid (0: none) and bucket of one table. */
export interface BucketId {
  table: BlockTableName
  series: number
  grid: number
  bucket: number
}

/** What a block's key says of it. */
export interface BlockKey {
  first: number
  /** 0 as written; above, the number among those one folding made. Keeps a written block that comes again off a folded one. */
  folded: number
  rev: number
  /** One past the last instant it covers. */
  last: number
}

const PREFIX_BYTES = 8

export const bucketPrefix = ({ series, grid, bucket }: Omit<BucketId, 'table'>): Buffer => {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES)
  prefix.writeUInt32BE(series, 0)
  prefix.writeUInt16BE(grid, 4)
  prefix.writeUInt16BE(bucket, 6)
  return prefix
}

/** `[series, grid, bucket, first, folded, rev, last]`: by first start, so that a range is a scan. */
export const blockKey = (prefix: Buffer, { first, folded, rev, last }: BlockKey): Buffer => {
  const key = Buffer.allocUnsafe(PREFIX_BYTES + 2 * TIME_BYTES + 7)
  prefix.copy(key)
  let at = writeTime(key, first, PREFIX_BYTES)
  at = key.writeUInt8(folded, at)
  at = key.writeUIntBE(Math.min(rev, U48), at, 6)
  writeTime(key, last, at)
  return key
}

export const readBlockKey = (key: Buffer): BlockKey => ({
  first: readTime(key, PREFIX_BYTES),
  folded: key[PREFIX_BYTES + TIME_BYTES],
  rev: key.readUIntBE(PREFIX_BYTES + TIME_BYTES + 1, 6),
  last: readTime(key, PREFIX_BYTES + TIME_BYTES + 7)
})

/** `[series, grid, bucket, first, topic, partition, offset, last]`: blocks of readings are told apart by their record's position. */
export const readingsKey = (
  prefix: Buffer,
  block: { first: number; topic: number; partition: number; offset: number; last: number }
): Buffer => {
  const key = Buffer.allocUnsafe(PREFIX_BYTES + 2 * TIME_BYTES + 10)
  prefix.copy(key)
  let at = writeTime(key, block.first, PREFIX_BYTES)
  at = key.writeUInt16BE(block.topic, at)
  at = key.writeUInt16BE(block.partition, at)
  at = key.writeUIntBE(block.offset, at, 6)
  writeTime(key, block.last, at)
  return key
}

export const readReadingsKey = (key: Buffer): { topic: number; partition: number; offset: number } => ({
  topic: key.readUInt16BE(PREFIX_BYTES + TIME_BYTES),
  partition: key.readUInt16BE(PREFIX_BYTES + TIME_BYTES + 2),
  offset: key.readUIntBE(PREFIX_BYTES + TIME_BYTES + 4, 6)
})

export const firstOf = (key: Buffer): number => readTime(key, PREFIX_BYTES)
export const lastOf = (key: Buffer): number => readTime(key, key.length - TIME_BYTES)

/** Where a scan of a bucket for blocks that begin at `first` or later starts. */
export const scanKey = (prefix: Buffer, first: number): Buffer => {
  const key = Buffer.allocUnsafe(PREFIX_BYTES + TIME_BYTES)
  prefix.copy(key)
  writeTime(key, first, PREFIX_BYTES)
  return key
}
