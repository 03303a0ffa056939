import { INTERVAL_COLUMNS, MAX_ROWS, SLOT_COLUMNS, slice } from './blocks.js'
import type { Intervals, Slots } from './generated.js'
import { Op } from './quality.js'

/** Which rows are wanted: those that overlap [from, to), as they were known at `knownAt`. Absent: all, as known now. */
export interface Wanted {
  from?: number
  to?: number
  knownAt?: number
}

/**
 * The one merge every reader uses: row by row (identity: start) the higher rev wins, WITHDRAWN removes. Result: current rows by start,
 * as slices of the given blocks.
 */
export const mergeIntervals = (blocks: readonly Intervals[], wanted: Wanted = {}): Intervals[] =>
  merge(blocks, wanted, (block, from, to) => slice(block, INTERVAL_COLUMNS, from, to))

export const mergeSlots = (blocks: readonly Slots[], wanted: Wanted = {}): Slots[] =>
  merge(blocks, wanted, (block, from, to) => slice(block, SLOT_COLUMNS, from, to))

/**
 * The earliest start of a row that reaches over `from`. A revision keeps its row's start but may end sooner, so whoever fetches
 * what overlaps [from, to) must fetch from here, or it would take a superseded row for the current one.
 */
export const reachOf = (blocks: readonly Rows[], from: number): number => {
  let reach = from
  for (const block of blocks) {
    for (let row = 0; row < block.rows; row++) if (block.start[row] < reach && block.end[row] > from) reach = block.start[row]
  }
  return reach
}

export interface Rows {
  rows: number
  start: number[]
  end: number[]
  op: number[]
  rev: number[]
  knownAt: number[]
}

const merge = <Block extends Rows>(
  blocks: readonly Block[],
  wanted: Wanted,
  cut: (block: Block, from: number, to: number) => Block
): Block[] => {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, knownAt = Number.POSITIVE_INFINITY } = wanted
  const ordered = [...blocks].sort((a, b) => a.start[0] - b.start[0])
  const inside = (block: Block, row: number) => block.start[row] < to && block.end[row] > from
  if (isPlain(ordered, knownAt)) return ordered.flatMap((block) => trim(block, inside, cut))
  const winners = new Map<number, { block: Block; row: number }>()
  for (const block of ordered) {
    for (let row = 0; row < block.rows; row++) {
      if (block.knownAt[row] > knownAt) continue
      const other = winners.get(block.start[row])
      if (!other || other.block.rev[other.row] <= block.rev[row]) winners.set(block.start[row], { block, row })
    }
  }
  const current = [...winners.values()].filter(({ block, row }) => block.op[row] !== Op.WITHDRAWN && inside(block, row))
  current.sort((a, b) => a.block.start[a.row] - b.block.start[b.row])
  const merged: Block[] = []
  for (let first = 0; first < current.length; ) {
    let end = first + 1
    while (end < current.length && current[end].block === current[first].block && current[end].row === current[end - 1].row + 1) end++
    merged.push(cut(current[first].block, current[first].row, current[end - 1].row + 1))
    first = end
  }
  return merged
}

/** No row superseded, overlapped, withdrawn or too new: the blocks are the answer already. */
const isPlain = (ordered: readonly Rows[], knownAt: number): boolean => {
  let end = Number.NEGATIVE_INFINITY
  for (const block of ordered) {
    for (let row = 0; row < block.rows; row++) {
      if (block.start[row] < end || block.op[row] === Op.WITHDRAWN || block.knownAt[row] > knownAt) return false
      end = block.end[row]
    }
  }
  return true
}

/** The rows of a plain block that are wanted: they lie side by side, or none does. */
const trim = <Block extends Rows>(
  block: Block,
  inside: (block: Block, row: number) => boolean,
  cut: (block: Block, from: number, to: number) => Block
): Block[] => {
  let first = 0
  let end = block.rows
  while (first < end && !inside(block, first)) first++
  while (end > first && !inside(block, end - 1)) end--
  return first === end ? [] : [cut(block, first, end)]
}

/** Joins blocks of one series without losing a row: all revisions, by (start, rev), each once, in blocks of at most MAX_ROWS. */
export const joinIntervals = (blocks: readonly Intervals[]): Intervals[] => {
  const words: string[] = []
  const index = new Map<string, number>()
  const wordOf = (word: string): number => {
    const known = index.get(word)
    if (known !== undefined) return known
    index.set(word, words.length)
    return words.push(word) - 1
  }
  wordOf('') // words[0] is the empty word: "no factor"
  const renamed = blocks.map((block) => {
    const map = block.words.map(wordOf)
    const rename = (column: number[]) => column.map((word) => map[word] ?? wordOf(''))
    return {
      ...block,
      rule: rename(block.rule),
      factor: rename(block.factor),
      fromTopic: rename(block.fromTopic),
      toTopic: rename(block.toTopic)
    }
  })
  return join(renamed, INTERVAL_COLUMNS).map((block) => ({ ...block, words }))
}

export const joinSlots = (blocks: readonly Slots[]): Slots[] => join(blocks, SLOT_COLUMNS)

const join = <Column extends string, Block extends Rows & Record<Column, number[]>>(
  blocks: readonly Block[],
  columns: readonly Column[]
): Block[] => {
  const all: { block: Block; row: number }[] = []
  for (const block of blocks) for (let row = 0; row < block.rows; row++) all.push({ block, row })
  all.sort((a, b) => a.block.start[a.row] - b.block.start[b.row] || a.block.rev[a.row] - b.block.rev[b.row])
  // A block that was written again after it had been folded brings its rows a second time.
  const order = all.filter(({ block, row }, i) => {
    const before = all[i - 1]
    return i === 0 || before.block.start[before.row] !== block.start[row] || before.block.rev[before.row] !== block.rev[row]
  })
  const joined: Block[] = []
  for (let from = 0; from < order.length; from += MAX_ROWS) {
    const rows = order.slice(from, from + MAX_ROWS)
    const block = { ...rows[0].block, rows: rows.length }
    for (const column of columns) block[column] = rows.map((entry) => entry.block[column][entry.row]) as Block[Column]
    joined.push(block)
  }
  return joined
}
