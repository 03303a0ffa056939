import type { SeriesKey, Store, StoredReadings } from '../../infra/store.js'
import { INTERVAL_COLUMNS, SLOT_COLUMNS } from '../../schemas/blocks.js'
import type { Intervals, Slots } from '../../schemas/generated.js'
import { keyOfPoint } from '../../schemas/installations.js'
import { partitionOf } from '../../schemas/partition.js'
import type { Measure } from '../client/frames.js'
import type { Content } from './entry.js'
import type { Feed } from './feed.js'
import type { Hub } from './hub.js'
import { at, copyOf, type Positions } from './positions.js'

/**
 * The store as it stood at a position of the topic, however far it has gone on. A series' rev only ever rises, and its records lie in
 * one partition in that order. So the first rev at or behind the position splits its rows: lower ones are of the store as it stood,
 * higher ones will come from the topic. That needs a number per series that changed meanwhile, not a list of all rows sent.
 */
export class AsOf implements Pick<Store, 'intervals' | 'slots' | 'readings'> {
  readonly #scanned: Positions
  readonly #firsts = new Map<string, First>()

  constructor(
    private readonly hub: Hub,
    private readonly store: Store,
    private readonly positions: Positions,
    /** The feed of `energy.intervals` or `energy.slots`; readings need none, their blocks say where they came from. */
    private readonly feed: Feed | null,
    private readonly measure: Measure,
    /** Points that will be read; the records of others need not be understood. */
    private readonly reads: (point: string) => boolean
  ) {
    this.#scanned = copyOf(positions)
  }

  async intervals(series: SeriesKey, from: number, to: number): Promise<Intervals[]> {
    const blocks = await this.store.intervals(series, from, to)
    await this.#scan(series.point)
    const first = this.#firsts.get(nameOf(series, null))
    return first ? blocks.flatMap((block) => without(block, INTERVAL_COLUMNS, first)) : blocks
  }

  async slots(series: SeriesKey, grid: string, from: number, to: number): Promise<Slots[]> {
    const blocks = await this.store.slots(series, grid, from, to)
    await this.#scan(series.point)
    const first = this.#firsts.get(nameOf(series, grid))
    return first ? blocks.flatMap((block) => without(block, SLOT_COLUMNS, first)) : blocks
  }

  async readings(series: SeriesKey, from: number, to: number): Promise<StoredReadings[]> {
    const all = await this.store.readings(series, from, to)
    return all.filter(({ position: { topic, partition, offset } }) => offset < at(this.positions, topic, partition))
  }

  /** Reads what the topic has brought since, which is at least what the store can have shown. */
  async #scan(point: string): Promise<void> {
    if (!this.feed) return
    const { topic } = this.feed
    const partition = partitionOf(keyOfPoint(point), this.hub.partitions)
    const end = (await this.hub.ends(this.measure)).get(topic)![partition]
    const scanned = this.#scanned.offsets.get(topic)!
    while (scanned[partition] < end) {
      const { entries, next } = await this.hub.piece(this.feed, this.measure, partition, scanned[partition])
      // The hub is closing.
      if (next === scanned[partition]) return
      for (const entry of entries) if (entry.key !== '' && this.reads(entry.key)) this.#note(await this.hub.content(this.feed, entry))
      scanned[partition] = next
    }
  }

  #note(content: Content): void {
    if (content.rows.length === 0) return
    const name = nameOf(content, content.grid)
    for (const { row } of content.rows) {
      const first = this.#firsts.get(name)
      if (!first) this.#firsts.set(name, { rev: row.rev, starts: new Set([row.s]) })
      // One rev may fill more than one record, and the position may lie between them.
      else if (first.rev === row.rev) first.starts.add(row.s)
    }
  }
}

/** The first rev of a series behind the position, and the rows that came with it there. */
interface First {
  rev: number
  starts: Set<number>
}

const nameOf = ({ point, register }: SeriesKey, grid: string | null): string => `${point}\n${register}\n${grid ?? ''}`

const isBehind = ({ rev, starts }: First, start: number, rowRev: number): boolean => rowRev > rev || (rowRev === rev && starts.has(start))

const without = <Column extends string, Block extends { rows: number; start: number[]; rev: number[] } & Record<Column, number[]>>(
  block: Block,
  columns: readonly Column[],
  first: First
): Block[] => {
  const kept: number[] = []
  for (let i = 0; i < block.rows; i++) if (!isBehind(first, block.start[i], block.rev[i])) kept.push(i)
  if (kept.length === block.rows) return [block]
  if (kept.length === 0) return []
  const part = { ...block, rows: kept.length }
  for (const column of columns) part[column] = kept.map((i) => block[column][i]) as Block[Column]
  return [part]
}
