import { DiskFull, isFull } from '../errors.js'
import type { LogRecord } from '../log.js'
import { appendedAtOf, type ChunkEntry, packChunks, plainChunk, unpackChunk } from './chunk.js'
import type { Records } from './records.js'
import type { PlacedChunk, SegmentHead } from './segment-file.js'
import type { Segment, Segments } from './segments.js'

/**
 * Records of which only the last need stay once they are old: those of one name within a partition. Heartbeats of an hour, say, or a
 * key of a compacted topic. Null: kept for ever.
 */
export type Supersedes = (record: LogRecord) => string | null

/** Work of one step, in bytes of packed chunks, and about the size of a segment; memory is some ten times this. */
const STEP_BYTES = 8 * 1024 * 1024
/** A segment smaller than this is written anew together with what follows it: else there would be one file per partition and day. */
const SMALL_BYTES = 8 * 1024 * 1024

const ALL = { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

interface Old {
  topic: string
  topicId: number
  partition: number
  chunks: PlacedChunk[]
}

/** Leaves superseded records out; the others keep their offsets. */
const thinned = (at: { topic: string; partition: number }, chunks: readonly PlacedChunk[], nameOf: Supersedes): PlacedChunk[] => {
  const read = chunks.map((chunk) => {
    const records: LogRecord[] = []
    unpackChunk(chunk.bytes, { ...at, first: chunk.first }, chunk.first, records, ALL)
    return { chunk, records: records.map((record) => ({ record, name: nameOf(record) })) }
  })
  const last = new Map<string, number>()
  for (const { records } of read) for (const { record, name } of records) if (name !== null) last.set(name, record.offset)
  return read.flatMap(({ chunk, records }) => {
    const kept = records.filter(({ record, name }) => name === null || last.get(name) === record.offset).map(({ record }) => record)
    return kept.length === records.length ? [chunk] : repacked(kept, appendedAtOf(chunk.bytes))
  })
}

const repacked = (records: readonly LogRecord[], appendedAt: number): PlacedChunk[] => {
  if (records.length === 0) return []
  const entries: ChunkEntry[] = records.map(({ key, value, offset }, i) => ({
    key,
    value,
    gap: i === 0 ? 0 : offset - records[i - 1].offset - 1
  }))
  let from = 0
  return packChunks(entries, appendedAt).map(({ records: count, bytes }) => {
    const first = records[from].offset
    from += count
    return { first, bytes }
  })
}

const counted = (at: { topic: string; partition: number }, chunks: readonly PlacedChunk[]): { records: number; payloadBytes: number } => {
  const records: LogRecord[] = []
  for (const { first, bytes } of chunks) unpackChunk(bytes, { ...at, first }, first, records, ALL)
  return {
    records: records.length,
    payloadBytes: records.reduce((sum, { key, value }) => sum + Buffer.byteLength(key) + (value?.length ?? 0), 0)
  }
}

/** Moves what is old from the working file to segment files. */
export class Archiver {
  constructor(
    private readonly records: Records,
    private readonly segments: Segments,
    private readonly supersedes: Supersedes
  ) {}

  /** One segment of records appended before an instant; false when there are none. A crash at any point leaves each record in one place at least. */
  async step(topics: Iterable<string>, before: number): Promise<boolean> {
    const old = this.#find(topics, before)
    if (!old) return false
    const { topic, topicId, partition, chunks } = old
    const end = this.records.startAfter(topicId, partition, chunks)
    const last = this.segments.list(topic, partition).at(-1) ?? null
    const replaced = last && last.fileBytes < SMALL_BYTES ? last : null
    const kept = thinned(old, [...(replaced ? this.segments.chunks(replaced) : []), ...chunks], this.supersedes)
    const all = kept.map(({ first, bytes }) => ({ first, bytes: plainChunk(bytes) }))
    const gone = counted(old, chunks)
    try {
      await this.segments.add(topicId, headOf(old, all, end, replaced), all, replaced, () =>
        this.records.remove(topicId, partition, chunks, gone)
      )
    } catch (error) {
      if (!isFull(error)) throw error
      throw new DiskFull(
        `No room to archive ${topic}: its records stay in the working file. Free some space; archiving goes on by itself.`,
        { cause: error }
      )
    }
    return true
  }

  #find(topics: Iterable<string>, before: number): Old | null {
    for (const topic of topics) {
      const topicId = this.records.idOf(topic)
      for (let partition = 0; partition < this.records.partitions; partition++) {
        const chunks = this.records.oldChunks(topicId, partition, before, STEP_BYTES)
        if (chunks.length > 0) return { topic, topicId, partition, chunks }
      }
    }
    return null
  }
}

const headOf = ({ topic, partition, chunks }: Old, all: readonly PlacedChunk[], next: number, replaced: Segment | null): SegmentHead => ({
  topic,
  partition,
  first: replaced?.first ?? chunks[0].first,
  next,
  ...counted({ topic, partition }, all),
  oldestAt: replaced?.oldestAt ?? appendedAtOf(chunks[0].bytes),
  newestAt: appendedAtOf(chunks[chunks.length - 1].bytes)
})
