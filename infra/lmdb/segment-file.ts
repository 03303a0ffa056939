import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { deflate, inflateSync } from 'node:zlib'
import { Damaged } from '../errors.js'
import { syncFolder } from '../files.js'

/**
 * A segment file: old chunks of one partition, read-only, compressed.
 *
 *     "WLSEG1\n\0" | frames | index as JSON | u32 bytes of the index, "WLSEG1\n\0"
 *
 * A frame is zlib of chunks one after another, each `u48 first offset | u32 bytes | chunk` (chunk.ts). The index says what is in it,
 * so that a file explains itself without the data folder it came from.
 */
export interface SegmentIndex {
  topic: string
  partition: number
  /** Offset of its first record, and one past its last. */
  first: number
  next: number
  records: number
  payloadBytes: number
  /** Append times, UTC ms. */
  oldestAt: number
  newestAt: number
  frames: Frame[]
  /** SHA-256 (hex) of the frames' bytes. */
  sha256: string
}

export interface Frame {
  first: number
  at: number
  bytes: number
}

/** A chunk with the offset of its first record. */
export interface PlacedChunk {
  first: number
  bytes: Buffer
}

const MAGIC = Buffer.from('WLSEG1\n\0')
const FRAME_BYTES = 256 * 1024
const PLACE_BYTES = 10

const compress = promisify(deflate)

const framed = (chunks: readonly PlacedChunk[]): Buffer =>
  Buffer.concat(
    chunks.flatMap(({ first, bytes }) => {
      const place = Buffer.allocUnsafe(PLACE_BYTES)
      place.writeUIntBE(first, 0, 6)
      place.writeUInt32BE(bytes.length, 6)
      return [place, bytes]
    })
  )

/** Chunks in groups of about FRAME_BYTES: what one read has to unpack. */
const grouped = (chunks: readonly PlacedChunk[]): PlacedChunk[][] => {
  const groups: PlacedChunk[][] = []
  let size = FRAME_BYTES
  for (const chunk of chunks) {
    if (size >= FRAME_BYTES) {
      groups.push([])
      size = 0
    }
    groups[groups.length - 1].push(chunk)
    size += chunk.bytes.length
  }
  return groups
}

export type SegmentHead = Omit<SegmentIndex, 'frames' | 'sha256'>

/** Writes the file under another name, syncs it, reads it back, and only then gives it its name. */
export const writeSegment = async (
  path: string,
  head: SegmentHead,
  chunks: readonly PlacedChunk[]
): Promise<{ index: SegmentIndex; fileBytes: number }> => {
  const hash = createHash('sha256')
  const frames: Frame[] = []
  const parts: Buffer[] = [MAGIC]
  let at = MAGIC.length
  for (const group of grouped(chunks)) {
    const frame = await compress(framed(group))
    hash.update(frame)
    frames.push({ first: group[0].first, at, bytes: frame.length })
    parts.push(frame)
    at += frame.length
  }
  const index: SegmentIndex = { ...head, frames, sha256: hash.digest('hex') }
  const footer = Buffer.from(JSON.stringify(index))
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(footer.length)
  const file = Buffer.concat([...parts, footer, length, MAGIC])
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.unfinished`
  const handle = await open(temporary, 'w')
  try {
    await handle.writeFile(file)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await verifySegment(temporary, index)
  await rename(temporary, path)
  await syncFolder(dirname(path))
  return { index, fileBytes: file.length }
}

/** Rejects unless the frames on disk are those of the index. */
const verifySegment = async (path: string, { frames, sha256 }: SegmentIndex): Promise<void> => {
  const file = await readFile(path)
  const last = frames[frames.length - 1]
  const found = createHash('sha256')
    .update(file.subarray(MAGIC.length, last.at + last.bytes))
    .digest('hex')
  if (found !== sha256) throw new Damaged(`The segment ${path} does not hold what was written to it.`)
}

/** The chunks of one frame. */
export const readFrame = (path: string, frame: Frame): PlacedChunk[] => {
  const chunks: PlacedChunk[] = []
  const content = contentOf(path, frame)
  for (let position = 0; position < content.length; ) {
    const first = content.readUIntBE(position, 6)
    const from = position + PLACE_BYTES
    position = from + content.readUInt32BE(position + 6)
    chunks.push({ first, bytes: content.subarray(from, position) })
  }
  return chunks
}

/** zlib's checksum tells a damaged frame. */
const contentOf = (path: string, { at, bytes }: Frame): Buffer => {
  try {
    const file = openSync(path, 'r')
    try {
      const packed = Buffer.allocUnsafe(bytes)
      readSync(file, packed, 0, bytes, at)
      return inflateSync(packed)
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    throw new Damaged(`The segment ${path} is missing or damaged; restore it from a backup of the data folder.`, { cause })
  }
}
