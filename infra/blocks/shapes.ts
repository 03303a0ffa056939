import { INTERVAL_COLUMNS, MAX_ROWS, READING_COLUMNS, SLOT_COLUMNS, slice } from '../../schemas/blocks.js'
import type { Intervals, Slots } from '../../schemas/generated.js'
import { joinIntervals, joinSlots } from '../../schemas/merge.js'
import type { SeriesKey, StoredReadings } from '../store.js'
import { type BucketLength, bucketLength, byBucket, greatest, least, soleBucket } from './buckets.js'
import { hash48 } from './made.js'

export type BlockTableName = 'readings' | 'intervals' | 'slots'

/** What readings, intervals and slots do each in their own way, whatever they are stored in: being cut at buckets and joined. */
export interface BlockShape<Block> {
  table: BlockTableName
  series(block: Block): SeriesKey
  /** Empty where there are no grids. */
  gridOf(block: Block): string
  /** The rows that touch each bucket. */
  cut(block: Block): Map<number, Block>
  /** Lossless: all rows, as few values as their limits allow. One value per inner list. */
  join(blocks: readonly Block[]): Block[][]
  extent(blocks: readonly Block[]): { first: number; last: number }
  /** 48 bits that tell a block as written from others of its extent. */
  tag(block: Block): number
}

/** The rows of a block by index, ascending. */
export const pick = <Column extends string, Block extends { rows: number } & Record<Column, number[]>>(
  block: Block,
  columns: readonly Column[],
  rows: readonly number[]
): Block => {
  const from = rows[0]
  const to = rows[rows.length - 1] + 1
  if (to - from === rows.length) return slice(block, columns, from, to)
  const part = { ...block, rows: rows.length }
  for (const column of columns) part[column] = rows.map((row) => block[column][row]) as Block[Column]
  return part
}

/** Blocks whose heads say the same: only they may be one. */
const byHead = <Block>(blocks: readonly Block[], head: (block: Block) => unknown): Block[][] => {
  const groups = new Map<string, Block[]>()
  for (const block of blocks) {
    const name = JSON.stringify(head(block))
    const group = groups.get(name)
    if (group) group.push(block)
    else groups.set(name, [block])
  }
  return [...groups.values()]
}

/** A row without length covers its start. */
const rowsExtent = (blocks: readonly { start: number[]; end: number[] }[]): { first: number; last: number } => {
  const first = least(blocks.map(({ start }) => least(start)))
  return { first, last: Math.max(greatest(blocks.map(({ end }) => greatest(end))), first + 1) }
}

export const intervalsShape: BlockShape<Intervals> = {
  table: 'intervals',
  series: (block) => block,
  gridOf: () => '',
  cut: (block) => cut(block, block.start, block.end, 'month', (rows) => pick(block, INTERVAL_COLUMNS, rows)),
  join: (blocks) =>
    byHead(blocks, ({ unit, source, native, ruleVersion, partition }) => [unit, source, native, ruleVersion, partition]).flatMap((group) =>
      joinIntervals(group).map((block) => [block])
    ),
  extent: rowsExtent,
  tag: ({ rev }) => greatest(rev)
}

export const slotsShape: BlockShape<Slots> = {
  table: 'slots',
  series: (block) => block,
  gridOf: ({ grid }) => grid,
  cut: (block) => cut(block, block.start, block.end, bucketLength(block.grid), (rows) => pick(block, SLOT_COLUMNS, rows)),
  join: (blocks) =>
    byHead(blocks, ({ unit, source, scale }) => [unit, source, scale]).flatMap((group) => joinSlots(group).map((block) => [block])),
  extent: rowsExtent,
  tag: ({ rev }) => greatest(rev)
}

/** Blocks of readings in one value: each stays whole, since its position is what explanations point at. */
const MOST_BUNDLED = 256

export const readingsShape: BlockShape<StoredReadings> = {
  table: 'readings',
  series: ({ block }) => block,
  gridOf: () => '',
  cut: (whole) => {
    const { block, position } = whole
    return cut(whole, block.at, block.at, 'month', (rows) => ({ block: pick(block, READING_COLUMNS, rows), position }))
  },
  join: (all) => bundled(inOrder(all)),
  extent: (bundle) => ({
    first: least(bundle.map(({ block }) => least(block.at))),
    last: greatest(bundle.map(({ block }) => greatest(block.at))) + 1
  }),
  tag: ({ position }) => hash48(Buffer.from(`${position.topic} ${position.partition} ${position.offset}`))
}

/** By first instant, then position; each block once. */
export const inOrder = (all: readonly StoredReadings[]): StoredReadings[] => {
  const keyed = all.map((each) => ({ each, first: each.block.at[0], name: `${each.position.topic} ${each.position.partition}` }))
  keyed.sort((a, b) => a.first - b.first || (a.name < b.name ? -1 : a.name > b.name ? 1 : a.each.position.offset - b.each.position.offset))
  return keyed
    .filter(({ each, first, name }, i) => {
      const before = keyed[i - 1]
      return !before || before.first !== first || before.name !== name || before.each.position.offset !== each.position.offset
    })
    .map(({ each }) => each)
}

const bundled = (all: readonly StoredReadings[]): StoredReadings[][] => {
  const bundles: StoredReadings[][] = []
  let rows = MAX_ROWS
  for (const each of all) {
    const last = bundles[bundles.length - 1]
    if (!last || rows + each.block.rows > MAX_ROWS || last.length >= MOST_BUNDLED) {
      bundles.push([each])
      rows = each.block.rows
    } else {
      last.push(each)
      rows += each.block.rows
    }
  }
  return bundles
}

const cut = <Block>(
  whole: Block,
  start: readonly number[],
  end: readonly number[],
  length: BucketLength,
  part: (rows: readonly number[]) => Block
): Map<number, Block> => {
  const sole = soleBucket(start, end, length)
  if (sole !== null) return new Map([[sole, whole]])
  return new Map(Array.from(byBucket(start, end, length), ([bucket, rows]) => [bucket, part(rows)]))
}
