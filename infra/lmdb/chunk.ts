import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { LogRecord } from '../log.js'

/**
 * A chunk: records of one partition that were appended together, under the offset of the first. One LMDB entry for many records,
 * because an entry costs about 20 bytes and a page search whatever its size, and because records of one time resemble each other.
 *
 *     u8 packing (0 plain, 1 raw deflate) | u48 appended at, UTC ms | packed:
 *     varint records | per record: varint gap, varint key bytes, key, varint value bytes + 1 (0: null), value
 *
 * `gap` is how many offsets are missing before the record: 0, except where archiving left superseded records out.
 */
export const CHUNK_BYTES = 64 * 1024

/** Below this deflate gains less than the call costs (about 50 us). Level 1: level 6 takes twice the time for 2 % less. */
const PACKED_FROM_BYTES = 1024
const LEVEL = 1

const Packing = { plain: 0, deflate: 1 } as const
const HEADER_BYTES = 7

export interface Chunk {
  records: number
  /** Keys and values, without the chunk's own cost. */
  payloadBytes: number
  bytes: Buffer
}

export interface ChunkEntry {
  key: string
  value: Buffer | null
  gap?: number
}

const varintBytes = (figure: number): number => {
  let bytes = 1
  for (let rest = figure; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++
  return bytes
}

const writeVarint = (target: Buffer, figure: number, at: number): number => {
  let rest = figure
  let position = at
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[position++] = (rest % 0x80) | 0x80
  target[position++] = rest
  return position
}

/** Reads varints one after another; `position` is where the last one ended. */
class Reader {
  position = 0
  constructor(readonly bytes: Buffer) {}

  varint(): number {
    let figure = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.bytes[this.position++]
      if (byte < 0x80) return figure + byte * scale
      figure += (byte & 0x7f) * scale
    }
  }

  skip(length: number): void {
    this.position += length
  }

  take(length: number): Buffer {
    const from = this.position
    this.position += length
    return this.bytes.subarray(from, this.position)
  }

  text(length: number): string {
    const from = this.position
    this.position += length
    return this.bytes.toString('utf8', from, this.position)
  }
}

const encode = (entries: readonly ChunkEntry[], keyBytes: readonly number[], size: number): Buffer => {
  const bytes = Buffer.allocUnsafe(varintBytes(entries.length) + size)
  let at = writeVarint(bytes, entries.length, 0)
  for (const [i, { key, value, gap = 0 }] of entries.entries()) {
    at = writeVarint(bytes, gap, at)
    at = writeVarint(bytes, keyBytes[i], at)
    at += bytes.write(key, at)
    at = writeVarint(bytes, value ? value.length + 1 : 0, at)
    if (value) at += value.copy(bytes, at)
  }
  return bytes
}

const headed = (packing: number, appendedAt: number, content: Buffer): Buffer => {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt8(packing, 0)
  header.writeUIntBE(appendedAt, 1, 6)
  return Buffer.concat([header, content])
}

const packed = (content: Buffer, appendedAt: number): Buffer => {
  if (content.length < PACKED_FROM_BYTES) return headed(Packing.plain, appendedAt, content)
  const small = deflateRawSync(content, { level: LEVEL })
  return small.length < content.length ? headed(Packing.deflate, appendedAt, small) : headed(Packing.plain, appendedAt, content)
}

const contentOf = (chunk: Buffer): Buffer => {
  const content = chunk.subarray(HEADER_BYTES)
  return chunk[0] === Packing.deflate ? inflateRawSync(content) : content
}

/** The same chunk, not compressed: for those who compress many together. */
export const plainChunk = (chunk: Buffer): Buffer =>
  chunk[0] === Packing.plain ? chunk : headed(Packing.plain, appendedAtOf(chunk), contentOf(chunk))

/** Packs records, in order, into chunks of about CHUNK_BYTES; a larger record has a chunk of its own. */
export const packChunks = (records: readonly ChunkEntry[], appendedAt: number): Chunk[] => {
  const chunks: Chunk[] = []
  let entries: ChunkEntry[] = []
  let keyBytes: number[] = []
  let size = 0
  let payloadBytes = 0
  const close = () => {
    if (entries.length > 0)
      chunks.push({ records: entries.length, payloadBytes, bytes: packed(encode(entries, keyBytes, size), appendedAt) })
    entries = []
    keyBytes = []
    size = payloadBytes = 0
  }
  for (const entry of records) {
    const length = Buffer.byteLength(entry.key)
    const valueBytes = entry.value?.length ?? 0
    const payload = length + valueBytes
    const cost = payload + varintBytes(entry.gap ?? 0) + varintBytes(length) + varintBytes(entry.value ? valueBytes + 1 : 0)
    if (size > 0 && size + cost > CHUNK_BYTES) close()
    entries.push(entry)
    keyBytes.push(length)
    size += cost
    payloadBytes += payload
  }
  close()
  return chunks
}

export const appendedAtOf = (chunk: Buffer): number => chunk.readUIntBE(1, 6)

/** Adds the records of a chunk with offset >= `from` to `into`, until it holds `limits.records` or this call added `limits.bytes`; the bytes added. */
export const unpackChunk = (
  chunk: Buffer,
  at: { topic: string; partition: number; first: number },
  from: number,
  into: LogRecord[],
  limits: { records: number; bytes: number }
): number => {
  const reader = new Reader(contentOf(chunk))
  const { topic, partition } = at
  let offset = at.first - 1
  let added = 0
  for (let left = reader.varint(); left > 0; left--) {
    offset += 1 + reader.varint()
    const keyLength = reader.varint()
    if (offset < from) {
      reader.skip(keyLength)
      reader.skip(Math.max(0, reader.varint() - 1))
      continue
    }
    if (into.length >= limits.records || added >= limits.bytes) break
    const key = reader.text(keyLength)
    const length = reader.varint()
    into.push({ topic, partition, offset, key, value: length === 0 ? null : reader.take(length - 1) })
    added += keyLength + length
  }
  return added
}
