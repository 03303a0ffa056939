import { parseGrid } from '../../schemas/grid.js'

/** Blocks are kept by series, grid and bucket: a UTC month, or a UTC day for grids under a minute. */
export type BucketLength = 'month' | 'day'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** Two bytes in keys: days until 2149. */
const LAST_BUCKET = 0xffff

export const bucketLength = (grid: string): BucketLength => {
  const ms = parseGrid(grid)?.ms ?? 0
  return ms > 0 && ms < MINUTE_MS ? 'day' : 'month'
}

const clamped = (bucket: number): number => Math.min(Math.max(bucket, 0), LAST_BUCKET)

/** The bucket of an instant, counted from 1970; instants before or far after are in the first and the last. */
export const bucketOf = (ms: number, length: BucketLength): number => {
  if (length === 'day') return clamped(Math.floor(ms / DAY_MS))
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) return ms < 0 ? 0 : LAST_BUCKET
  return clamped((date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth())
}

export const bucketStart = (bucket: number, length: BucketLength): number => {
  if (bucket === 0) return Number.NEGATIVE_INFINITY
  return length === 'day' ? bucket * DAY_MS : Date.UTC(1970, bucket, 1)
}

/** Of columns, which are too long to be spread over arguments; a loop, as every block stored is looked at several times. */
export const greatest = (column: readonly number[]): number => {
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < column.length; i++) if (column[i] > most) most = column[i]
  return most
}

export const least = (column: readonly number[]): number => {
  let most = Number.POSITIVE_INFINITY
  for (let i = 0; i < column.length; i++) if (column[i] < most) most = column[i]
  return most
}

/** The bucket that rows [start, end) all lie in, as nearly all blocks do; null when they touch several. */
export const soleBucket = (start: readonly number[], end: readonly number[], length: BucketLength): number | null => {
  const bucket = bucketOf(least(start), length)
  const closes = bucketStart(bucket + 1, length)
  return greatest(start) < closes && (start === end || greatest(end) <= closes) ? bucket : null
}

/** For each bucket that rows [start, end) touch, the rows that touch it. A row without length touches the bucket of its start. */
export const byBucket = (start: readonly number[], end: readonly number[], length: BucketLength): Map<number, number[]> => {
  const buckets = new Map<number, number[]>()
  let bucket = 0
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (let row = 0; row < start.length; row++) {
    if (start[row] < from || start[row] >= to) {
      bucket = bucketOf(start[row], length)
      from = bucketStart(bucket, length)
      to = bucketStart(bucket + 1, length)
    }
    const last = end[row] <= to ? bucket : bucketOf(end[row] - 1, length)
    for (let touched = bucket; touched <= last; touched++) {
      const rows = buckets.get(touched)
      if (rows) rows.push(row)
      else buckets.set(touched, [row])
    }
  }
  return buckets
}
