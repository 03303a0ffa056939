import type { BlockKey } from '../blocks/made.js'
import type { BlockTableName } from '../blocks/shapes.js'
import { readTime, TIME_BYTES, U48, writeTime } from './keys.js'

/** The block tables; the number is part of keys that name one. */
export const BlockTable: Record<BlockTableName, number> = { readings: 1, intervals: 2, slots: 3 }

/** One series, grid (0: none) and bucket of one table. */
export interface BucketId {
  table: BlockTableName
  series: number
  grid: number
  bucket: number
}

const PREFIX_BYTES = 8
const MADE_AT = PREFIX_BYTES + TIME_BYTES
const KEY_BYTES = MADE_AT + 1 + 6 + TIME_BYTES

export const bucketPrefix = ({ series, grid, bucket }: Omit<BucketId, 'table'>): Buffer => {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES)
  prefix.writeUInt32BE(series, 0)
  prefix.writeUInt16BE(grid, 4)
  prefix.writeUInt16BE(bucket, 6)
  return prefix
}

/** `[series, grid, bucket, first, made, tag, last]`: by first start, so that a range is a scan. */
export const blockKey = (prefix: Buffer, { first, made, tag, last }: BlockKey): Buffer => {
  const key = Buffer.allocUnsafe(KEY_BYTES)
  prefix.copy(key)
  let at = writeTime(key, first, PREFIX_BYTES)
  at = key.writeUInt8(made, at)
  at = key.writeUIntBE(Math.min(tag, U48), at, 6)
  writeTime(key, last, at)
  return key
}

export const readBlockKey = (key: Buffer): BlockKey => ({
  first: readTime(key, PREFIX_BYTES),
  made: key[MADE_AT],
  tag: key.readUIntBE(MADE_AT + 1, 6),
  last: lastOf(key)
})

export const lastOf = (key: Buffer): number => readTime(key, KEY_BYTES - TIME_BYTES)

/** Where a scan of a bucket for blocks that begin at `first` or later starts. */
export const scanKey = (prefix: Buffer, first: number): Buffer => {
  const key = Buffer.allocUnsafe(MADE_AT)
  prefix.copy(key)
  writeTime(key, first, PREFIX_BYTES)
  return key
}
