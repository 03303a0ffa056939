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
