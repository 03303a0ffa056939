import { INTERVAL_COLUMNS, MAX_ROWS, READING_COLUMNS, SLOT_COLUMNS, slice } from '../../schemas/blocks.js'
import type { Intervals, Slots } from '../../schemas/generated.js'
import { joinIntervals, joinSlots } from '../../schemas/merge.js'
import type { Wire } from '../../schemas/wire.js'
import type { SeriesKey, StoredReadings } from '../store.js'
import { type BlockTableName, hash48 } from './block-keys.js'
import { bucketLength, byBucket } from './buckets.js'
import type { Names } from './names.js'

/** What readings, intervals and slots do each in their own way: being cut at buckets, joined, and made into bytes. */
export interface BlockKind<Block> {
  table: BlockTableName
  series(block: Block): SeriesKey
  grid(block: Block): number
  /** The rows that touch each bucket. */
  cut(block: Block): Map<number, Block>
  /** Lossless: all rows, as few values as their limits allow. One value per inner list. */
  join(blocks: readonly Block[]): Block[][]
  encode(blocks: readonly Block[]): Buffer
  decode(value: Buffer): Block[]
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

/** Of columns, which are too long to be spread over arguments. */
export const greatest = (column: readonly number[]): number =>
  column.reduce((most, figure) => Math.max(most, figure), Number.NEGATIVE_INFINITY)
export const least = (column: readonly number[]): number =>
  column.reduce((most, figure) => Math.min(most, figure), Number.POSITIVE_INFINITY)

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

export const intervalsKind = (wire: Wire): BlockKind<Intervals> => ({
  table: 'intervals',
  series: (block) => block,
  grid: () => 0,
  cut: (block) => mapped(byBucket(block.start, block.end, 'month'), (rows) => pick(block, INTERVAL_COLUMNS, rows)),
  join: (blocks) =>
    byHead(blocks, ({ unit, source, native, ruleVersion, partition }) => [unit, source, native, ruleVersion, partition]).flatMap((group) =>
      joinIntervals(group).map((block) => [block])
    ),
  encode: ([block]) => wire.encode('Intervals', block),
  decode: (value) => [wire.decode('Intervals', value)],
  extent: rowsExtent,
  tag: ({ rev }) => greatest(rev)
})

export const slotsKind = (wire: Wire, grids: Names): BlockKind<Slots> => ({
  table: 'slots',
  series: (block) => block,
  grid: ({ grid }) => grids.get(grid)!,
  cut: (block) => mapped(byBucket(block.start, block.end, bucketLength(block.grid)), (rows) => pick(block, SLOT_COLUMNS, rows)),
  join: (blocks) =>
    byHead(blocks, ({ unit, source, scale }) => [unit, source, scale]).flatMap((group) => joinSlots(group).map((block) => [block])),
  encode: ([block]) => wire.encode('Slots', block),
  decode: (value) => [wire.decode('Slots', value)],
  extent: rowsExtent,
  tag: ({ rev }) => greatest(rev)
})

/** Blocks of readings in one value: each stays whole, since its position is what explanations point at. */
const MOST_BUNDLED = 256

const ENTRY_BYTES = 14

/** Values of readings are bundles: per block `u16 topic | u16 partition | u48 offset | u32 bytes | record`. */
export const readingsKind = (wire: Wire, topics: Names): BlockKind<StoredReadings> => {
  const entryOf = ({ block, position }: StoredReadings): Buffer[] => {
    const bytes = wire.encode('Readings', block)
    const head = Buffer.allocUnsafe(ENTRY_BYTES)
    head.writeUInt16BE(topics.get(position.topic)!, 0)
    head.writeUInt16BE(position.partition, 2)
    head.writeUIntBE(position.offset, 4, 6)
    head.writeUInt32BE(bytes.length, 10)
    return [head, bytes]
  }
  return {
    table: 'readings',
    series: ({ block }) => block,
    grid: () => 0,
    cut: ({ block, position }) =>
      mapped(byBucket(block.at, block.at, 'month'), (rows) => ({ block: pick(block, READING_COLUMNS, rows), position })),
    join: (all) => bundled(inOrder(all)),
    encode: (bundle) => Buffer.concat(bundle.flatMap(entryOf)),
    decode: (value) => {
      const bundle: StoredReadings[] = []
      for (let at = 0; at < value.length; ) {
        const position = {
          topic: topics.nameOf(value.readUInt16BE(at)),
          partition: value.readUInt16BE(at + 2),
          offset: value.readUIntBE(at + 4, 6)
        }
        const from = at + ENTRY_BYTES
        at = from + value.readUInt32BE(at + 10)
        bundle.push({ block: wire.decode('Readings', value.subarray(from, at)), position })
      }
      return bundle
    },
    extent: (bundle) => ({
      first: least(bundle.map(({ block }) => least(block.at))),
      last: greatest(bundle.map(({ block }) => greatest(block.at))) + 1
    }),
    tag: ({ position }) => hash48(Buffer.from(`${position.topic} ${position.partition} ${position.offset}`))
  }
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

const mapped = <Key, From, To>(map: ReadonlyMap<Key, From>, change: (value: From) => To): Map<Key, To> =>
  new Map([...map].map(([key, value]) => [key, change(value)]))
