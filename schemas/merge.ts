import { INTERVAL_COLUMNS, MAX_ROWS, SLOT_COLUMNS, slice } from './blocks.js'
import type { Intervals, Slots } from './generated.js'
import { Op } from './quality.js'

/**
 * The one merge every reader uses: row by row (identity: start) the higher rev wins, WITHDRAWN removes.
 * With `knownAt`, rows that were not known then do not count. Result: current rows by start, as slices of the given blocks.
 */
export const mergeIntervals = (blocks: readonly Intervals[], knownAt = Number.POSITIVE_INFINITY): Intervals[] =>
  merge(blocks, knownAt, (block, from, to) => slice(block, INTERVAL_COLUMNS, from, to))

export const mergeSlots = (blocks: readonly Slots[], knownAt = Number.POSITIVE_INFINITY): Slots[] =>
  merge(blocks, knownAt, (block, from, to) => slice(block, SLOT_COLUMNS, from, to))

interface Rows {
  rows: number
  start: number[]
  end: number[]
  op: number[]
  rev: number[]
  knownAt: number[]
}

const merge = <Block extends Rows>(blocks: readonly Block[], knownAt: number, cut: (block: Block, from: number, to: number) => Block): Block[] => {
  const ordered = [...blocks].sort((a, b) => a.start[0] - b.start[0])
  if (isPlain(ordered, knownAt)) return ordered
  const winners = new Map<number, { block: Block; row: number }>()
  for (const block of ordered) {
    for (let row = 0; row < block.rows; row++) {
      if (block.knownAt[row] > knownAt) continue
      const other = winners.get(block.start[row])
      if (!other || other.block.rev[other.row] <= block.rev[row]) winners.set(block.start[row], { block, row })
    }
  }
  const current = [...winners.values()].filter(({ block, row }) => block.op[row] !== Op.WITHDRAWN)
  current.sort((a, b) => a.block.start[a.row] - b.block.start[b.row])
  const merged: Block[] = []
  for (let from = 0; from < current.length; ) {
    let to = from + 1
    while (to < current.length && current[to].block === current[from].block && current[to].row === current[to - 1].row + 1) to++
    merged.push(cut(current[from].block, current[from].row, current[to - 1].row + 1))
    from = to
  }
  return merged
}

/** No row superseded, withdrawn or too new: the blocks are the answer already. */
const isPlain = (ordered: readonly Rows[], knownAt: number): boolean => {
  let before = Number.NEGATIVE_INFINITY
  for (const block of ordered) {
    for (let row = 0; row < block.rows; row++) {
      if (block.start[row] <= before || block.op[row] === Op.WITHDRAWN || block.knownAt[row] > knownAt) return false
      before = block.start[row]
    }
  }
  return true
}

/** Joins blocks of one series without losing a row: all revisions, by (start, rev), in blocks of at most MAX_ROWS. */
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

const join = <Column extends string, Block extends Rows & Record<Column, number[]>>(blocks: readonly Block[], columns: readonly Column[]): Block[] => {
  const order: { block: Block; row: number }[] = []
  for (const block of blocks) for (let row = 0; row < block.rows; row++) order.push({ block, row })
  order.sort((a, b) => a.block.start[a.row] - b.block.start[b.row] || a.block.rev[a.row] - b.block.rev[b.row])
  const joined: Block[] = []
  for (let from = 0; from < order.length; from += MAX_ROWS) {
    const rows = order.slice(from, from + MAX_ROWS)
    const block = { ...rows[0].block, rows: rows.length }
    for (const column of columns) block[column] = rows.map((entry) => entry.block[column][entry.row]) as Block[Column]
    joined.push(block)
  }
  return joined
}
