/**
 * Which partition a key belongs to: murmur2 as Kafka's Java client computes it, so that every client and the embedded log agree.
 * Constants and byte order are those of the published algorithm (Appleby, MurmurHash2, little-endian).
 */
export const murmur2 = (key: string): number => {
  const bytes = Buffer.from(key)
  const { length } = bytes
  const m = 0x5bd1e995
  let hash = 0x9747b28c ^ length
  let i = 0
  for (; i + 4 <= length; i += 4) {
    let k = Math.imul(bytes.readInt32LE(i), m)
    k ^= k >>> 24
    hash = Math.imul(hash, m) ^ Math.imul(k, m)
  }
  if (length - i === 3) hash ^= bytes[i + 2] << 16
  if (length - i >= 2) hash ^= bytes[i + 1] << 8
  if (length - i >= 1) hash = Math.imul(hash ^ bytes[i], m)
  hash ^= hash >>> 13
  hash = Math.imul(hash, m)
  return (hash ^ (hash >>> 15)) | 0
}

export const partitionOf = (key: string, partitions: number): number => (murmur2(key) & 0x7fffffff) % partitions
