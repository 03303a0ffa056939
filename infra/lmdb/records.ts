import { partitionOf } from '../../schemas/partition.js'
import { Refused } from '../errors.js'
import type { LogRecord, NewRecord, Position, TopicStatus } from '../log.js'
import { appendedAtOf, type Chunk, type ChunkEntry, packChunks, unpackChunk } from './chunk.js'
import type { Environment, Table } from './env.js'
import { chunkKey, offsetOf, pairKey } from './keys.js'
import type { Names } from './names.js'
import type { PlacedChunk } from './segment-file.js'
import type { Segments } from './segments.js'

/** Per partition, as stored: next offset, records kept and their bytes in the working file. */
export interface End {
  next: number
  records: number
  bytes: number
}

/** Records packed for one topic, ready to be stored in a transaction. */
export interface Packed {
  topic: string
  partitions: { partition: number; chunks: Chunk[]; records: number; payloadBytes: number }[]
  /** For each given record its partition and place among those of it. */
  places: { partition: number; index: number }[]
}

export interface Limits {
  records: number
  bytes: number
}

const endOf = (row: Buffer | undefined): End =>
  row ? { next: row.readUIntBE(0, 6), records: row.readUIntBE(6, 6), bytes: row.readUIntBE(12, 6) } : { next: 0, records: 0, bytes: 0 }

const endRow = ({ next, records, bytes }: End): Buffer => {
  const row = Buffer.allocUnsafe(18)
  row.writeUIntBE(next, 0, 6)
  row.writeUIntBE(records, 6, 6)
  row.writeUIntBE(bytes, 12, 6)
  return row
}

/** The records of all topics: packed into chunks, found by offset, in the working file or in segment files. */
export class Records {
  readonly #chunks: Table
  readonly #endRows: Table
  /** Next offsets that readers may rely on: of commits that are durable. */
  readonly #ends = new Map<string, number[]>()
  readonly #listeners = new Map<string, Set<() => void>>()

  constructor(
    env: Environment,
    private readonly topics: Names,
    readonly partitions: number,
    private readonly segments: Segments
  ) {
    this.#chunks = env.table('log')
    this.#endRows = env.table('log-ends')
    for (const topic of topics.list()) this.opened(topic)
  }

  /** Makes a topic known to readers. */
  opened(topic: string): void {
    const id = this.idOf(topic)
    if (this.#ends.has(topic)) return
    this.#ends.set(
      topic,
      Array.from({ length: this.partitions }, (_, partition) => this.end(id, partition).next)
    )
  }

  idOf(topic: string): number {
    const id = this.topics.get(topic)
    if (id === undefined) throw new Refused(`There is no topic "${topic}"; it must be created first.`)
    return id
  }

  end(topicId: number, partition: number): End {
    return endOf(this.#endRows.get(pairKey(topicId, partition)))
  }

  putEnd(topicId: number, partition: number, end: End): void {
    this.#endRows.put(pairKey(topicId, partition), endRow(end))
  }

  /** One past the last committed record, by partition. */
  ends(topic: string): readonly number[] {
    this.idOf(topic)
    return this.#ends.get(topic)!
  }

  /** Everything that can be done before the transaction. */
  pack(topic: string, records: readonly NewRecord[], appendedAt: number): Packed {
    this.idOf(topic)
    const entries: ChunkEntry[][] = []
    const places = records.map((record) => {
      const partition = record.partition ?? partitionOf(record.key, this.partitions)
      if (!(partition >= 0 && partition < this.partitions)) {
        throw new Refused(`Topic ${topic} has partitions 0 to ${this.partitions - 1}; a record asks for ${partition}.`)
      }
      entries[partition] ??= []
      return { partition, index: entries[partition].push(record) - 1 }
    })
    const partitions: Packed['partitions'] = []
    for (const [partition, list] of entries.entries()) {
      if (!list) continue
      const chunks = packChunks(list, appendedAt)
      partitions.push({ partition, chunks, records: list.length, payloadBytes: chunks.reduce((sum, chunk) => sum + chunk.payloadBytes, 0) })
    }
    return { topic, partitions, places }
  }

  /** Inside a transaction: stores packed records and answers with the first offset in each partition. */
  put({ topic, partitions }: Packed): number[] {
    const id = this.idOf(topic)
    const firsts: number[] = []
    for (const { partition, chunks, records, payloadBytes } of partitions) {
      const end = this.end(id, partition)
      let offset = end.next
      firsts[partition] = offset
      for (const chunk of chunks) {
        this.#chunks.put(chunkKey(id, partition, offset), chunk.bytes)
        offset += chunk.records
      }
      this.putEnd(id, partition, { next: offset, records: end.records + records, bytes: end.bytes + payloadBytes })
    }
    return firsts
  }

  /** After the commit: lets readers see the records, and answers with their positions. */
  publish({ topic, partitions, places }: Packed, firsts: readonly number[]): Position[] {
    const ends = this.#ends.get(topic)!
    for (const { partition, records } of partitions) ends[partition] = Math.max(ends[partition], firsts[partition] + records)
    for (const listener of this.#listeners.get(topic) ?? []) listener()
    return places.map(({ partition, index }) => ({ topic, partition, offset: firsts[partition] + index }))
  }

  /** Calls `listener` after every commit that appended to the topic. */
  onAppend(topic: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set()
    this.#listeners.set(topic, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  /** Committed records of a partition from an offset on, at least one if there is any. */
  read(topic: string, partition: number, from: number, limits: Limits, into: LogRecord[] = []): LogRecord[] {
    const id = this.idOf(topic)
    const end = this.#ends.get(topic)![partition]
    if (from >= end) return into
    const archived = this.segments.read(topic, partition, from, limits, into)
    let next = archived.next
    let bytes = archived.bytes
    for (const { key, value } of this.#chunksFrom(id, partition, next)) {
      if (into.length >= limits.records || bytes >= limits.bytes) break
      const first = offsetOf(key)
      if (first >= end) break
      bytes += unpackChunk(value, { topic, partition, first }, next, into, { records: limits.records, bytes: limits.bytes - bytes })
      next = Math.max(next, first)
    }
    return into
  }

  /** Chunks from the one that holds `from` on, which may begin before it. */
  *#chunksFrom(topicId: number, partition: number, from: number): Generator<{ key: Buffer; value: Buffer }> {
    const start = chunkKey(topicId, partition, from)
    let first = start
    if (!this.#chunks.doesExist(start)) {
      const [before] = this.#chunks.getKeys({ start, end: chunkKey(topicId, partition, 0), inclusiveEnd: true, reverse: true, limit: 1 })
      if (before) first = before
    }
    yield* this.#chunks.getRange({ start: first, end: chunkKey(topicId, partition + 1, 0) })
  }

  /** Chunks at the front of the working file that were appended before an instant, up to about so many bytes. */
  oldChunks(topicId: number, partition: number, before: number, limitBytes: number): PlacedChunk[] {
    const found: PlacedChunk[] = []
    let size = 0
    for (const { key, value } of this.#chunksFrom(topicId, partition, 0)) {
      if (size >= limitBytes || appendedAtOf(value) >= before) break
      found.push({ first: offsetOf(key), bytes: value })
      size += value.length
    }
    return found
  }

  /** The offset after the last of some chunks: where the next one starts, or the end. */
  startAfter(topicId: number, partition: number, chunks: readonly PlacedChunk[]): number {
    const start = chunkKey(topicId, partition, chunks[chunks.length - 1].first + 1)
    for (const key of this.#chunks.getKeys({ start, end: chunkKey(topicId, partition + 1, 0), limit: 1 })) return offsetOf(key)
    return this.end(topicId, partition).next
  }

  /** Inside a transaction: chunks that are in a segment now. */
  remove(topicId: number, partition: number, chunks: readonly PlacedChunk[], gone: { records: number; payloadBytes: number }): void {
    for (const { first } of chunks) this.#chunks.remove(chunkKey(topicId, partition, first))
    const { next, records, bytes } = this.end(topicId, partition)
    this.putEnd(topicId, partition, { next, records: records - gone.records, bytes: bytes - gone.payloadBytes })
  }

  status(topic: string): TopicStatus {
    const id = this.idOf(topic)
    const status: TopicStatus = { topic, records: 0, bytes: 0, oldestAt: null, segments: 0, segmentBytes: 0 }
    for (let partition = 0; partition < this.partitions; partition++) {
      const { records, bytes } = this.end(id, partition)
      const segments = this.segments.list(topic, partition)
      status.records += records + segments.reduce((sum, segment) => sum + segment.records, 0)
      status.bytes += bytes
      status.segments += segments.length
      status.segmentBytes += segments.reduce((sum, { fileBytes }) => sum + fileBytes, 0)
      const oldestAt = segments[0]?.oldestAt ?? this.#oldestAt(id, partition)
      if (oldestAt !== null) status.oldestAt = Math.min(status.oldestAt ?? oldestAt, oldestAt)
    }
    return status
  }

  #oldestAt(topicId: number, partition: number): number | null {
    for (const { value } of this.#chunksFrom(topicId, partition, 0)) return appendedAtOf(value)
    return null
  }
}
