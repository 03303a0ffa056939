import { deflateRawSync, inflateRawSync } from 'node:zlib'

/**
 * Values of the block tables are packed from a size on: a month of one series repeats itself in every column. What is not packed
 * begins with a zero byte (a framed record; the high byte of a topic's number), what is packed with this one.
 */
const PACKED = 1

/** Below this a call of zlib (about 50 us) buys too little. */
const PACKED_FROM_BYTES = 1024
/** Level 6 takes twice the time for 2 % less. */
const LEVEL = 1

export const pack = (value: Buffer): Buffer => {
  if (value.length < PACKED_FROM_BYTES) return value
  const small = deflateRawSync(value, { level: LEVEL })
  return small.length + 1 < value.length ? Buffer.concat([Buffer.of(PACKED), small]) : value
}

export const unpack = (value: Buffer): Buffer => (value[0] === PACKED ? inflateRawSync(value.subarray(1)) : value)
