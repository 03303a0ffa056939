import { createHash } from 'node:crypto'

/**
 * Keys are packed by hand, big-endian so that LMDB's byte order is the numeric order: ten bytes for a record against about thirty
 * of a general encoding, on every record.
 */
export const U16 = 0xffff
export const U48 = 2 ** 48 - 1

/** `[topic, partition, offset]`: the chunk of records that starts there. */
export const chunkKey = (topic: number, partition: number, offset: number): Buffer => {
  const key = Buffer.allocUnsafe(10)
  key.writeUInt16BE(topic, 0)
  key.writeUInt16BE(partition, 2)
  key.writeUIntBE(offset, 4, 6)
  return key
}

export const offsetOf = (key: Buffer): number => key.readUIntBE(4, 6)

export const pairKey = (first: number, second: number): Buffer => {
  const key = Buffer.allocUnsafe(4)
  key.writeUInt16BE(first, 0)
  key.writeUInt16BE(second, 2)
  return key
}

export const tripleKey = (first: number, second: number, third: number): Buffer => {
  const key = Buffer.allocUnsafe(6)
  key.writeUInt16BE(first, 0)
  key.writeUInt16BE(second, 2)
  key.writeUInt16BE(third, 4)
  return key
}

/** The first key that does not begin with `prefix`. */
export const after = (prefix: Buffer): Buffer => {
  const end = Buffer.from(prefix)
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i] < 0xff) {
      end[i]++
      return end.subarray(0, i + 1)
    }
  }
  return Buffer.alloc(prefix.length + 1, 0xff)
}

const EPOCH = 2 ** 47
export const TIME_BYTES = 6

/** An instant, UTC ms, before 1970 too. */
export const writeTime = (key: Buffer, ms: number, at: number): number =>
  key.writeUIntBE(Math.min(Math.max(ms + EPOCH, 0), U48), at, TIME_BYTES)

export const readTime = (key: Buffer, at: number): number => key.readUIntBE(at, TIME_BYTES) - EPOCH

export const timeKey = (ms: number): Buffer => {
  const key = Buffer.allocUnsafe(TIME_BYTES)
  writeTime(key, ms, 0)
  return key
}

const LONGEST = 200

/** Words of an identity, each ended by a zero byte; an over-long one (keys have a limit) by its hash. */
export const wordsKey = (...words: string[]): Buffer => {
  const short = words.map((word) =>
    word.length <= LONGEST ? word : `${word.slice(0, LONGEST / 2)}${createHash('sha256').update(word).digest('hex')}`
  )
  return Buffer.from(`${short.join('\0')}\0`)
}
