import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogRecord } from '../log.js'
import { unpackChunk } from './chunk.js'
import type { Environment, Table } from './env.js'
import { chunkKey } from './keys.js'
import type { Limits } from './records.js'
import { type PlacedChunk, readFrame, type SegmentHead, type SegmentIndex, writeSegment } from './segment-file.js'

/** A segment in use: its row in the working file says that its records are no longer there. */
export interface Segment extends SegmentIndex {
  fileBytes: number
}

const nameOf = (topic: string, partition: number): string => `${encodeURIComponent(topic)}/${partition}`
const fileOf = ({ first, next }: { first: number; next: number }): string => `${first}-${next - 1}.seg`

/** Read-only files that hold the oldest records of each partition, under `segments/<topic>/<partition>/<first>-<last>.seg`. */
export class Segments {
  readonly #rows: Table
  readonly #folder: string
  /** By topic and partition, in order of offsets. */
  readonly #lists = new Map<string, Segment[]>()

  constructor(private readonly env: Environment) {
    this.#rows = env.table('segments')
    this.#folder = join(env.folder, 'segments')
    mkdirSync(this.#folder, { recursive: true })
    for (const { value } of this.#rows.getRange()) {
      const segment: Segment = JSON.parse(value.toString())
      this.#edit(segment, (list) => [...list, segment])
    }
    this.#removeStrays()
  }

  list(topic: string, partition: number): readonly Segment[] {
    return this.#lists.get(nameOf(topic, partition)) ?? []
  }

  /** Adds records from `from` on as far as there are archived ones; `next` is where to go on in the working file. */
  read(topic: string, partition: number, from: number, limits: Limits, into: LogRecord[]): { next: number; bytes: number } {
    let next = from
    let bytes = 0
    for (const segment of this.list(topic, partition)) {
      if (segment.next <= next) continue
      for (const { first, bytes: chunk } of this.#chunks(segment, next)) {
        if (into.length >= limits.records || bytes >= limits.bytes) return { next, bytes }
        bytes += unpackChunk(chunk, { topic, partition, first }, next, into, { records: limits.records, bytes: limits.bytes - bytes })
      }
      next = segment.next
    }
    return { next, bytes }
  }

  /** All chunks of a segment. */
  chunks(segment: Segment): PlacedChunk[] {
    return [...this.#chunks(segment, segment.first)]
  }

  *#chunks(segment: Segment, from: number): Generator<PlacedChunk> {
    const path = this.#path(segment)
    let skipped = 0
    while (skipped + 1 < segment.frames.length && segment.frames[skipped + 1].first <= from) skipped++
    for (const frame of segment.frames.slice(skipped)) yield* readFrame(path, frame)
  }

  /**
   * Writes a segment, in place of `replaced` if given; then, in one transaction, its row and what `move` does. Readers are shown the
   * file before the transaction, so that they find each record in one place or both, never in none.
   */
  async add(topicId: number, head: SegmentHead, chunks: readonly PlacedChunk[], replaced: Segment | null, move: () => void): Promise<void> {
    const { index, fileBytes } = await writeSegment(this.#path(head), head, chunks)
    const segment: Segment = { ...index, fileBytes }
    const before = [...this.list(head.topic, head.partition)]
    this.#edit(head, (list) => [...list.filter((each) => each !== replaced), segment])
    try {
      await this.env.write(() => {
        if (replaced) this.#rows.remove(chunkKey(topicId, head.partition, replaced.first))
        this.#rows.put(chunkKey(topicId, head.partition, segment.first), Buffer.from(JSON.stringify(segment)))
        move()
      })
    } catch (error) {
      this.#edit(head, () => before)
      throw error
    }
    if (replaced && this.#path(replaced) !== this.#path(segment)) await rm(this.#path(replaced), { force: true })
  }

  #path(segment: { topic: string; partition: number; first: number; next: number }): string {
    return join(this.#folder, nameOf(segment.topic, segment.partition), fileOf(segment))
  }

  #edit({ topic, partition }: { topic: string; partition: number }, change: (list: Segment[]) => Segment[]): void {
    const name = nameOf(topic, partition)
    this.#lists.set(name, change(this.#lists.get(name) ?? []))
  }

  /** Files a crash left: half written, not yet in use, or no longer. */
  #removeStrays(): void {
    const used = new Set([...this.#lists.values()].flat().map((segment) => this.#path(segment)))
    for (const entry of readdirSync(this.#folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isFile() && !used.has(path)) rmSync(path, { force: true })
    }
  }
}
