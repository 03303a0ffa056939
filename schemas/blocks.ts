import { foldAfter, foldAgainst, foldDifferences, foldPlain, unfoldAgainst, unfoldDifferences, unfoldPlain } from './columns.js'
import type { Intervals, Readings, Slots } from './generated.js'
import { Op, Quality } from './quality.js'

/**
 * Readings, Intervals and Slots in memory have *unfolded* columns: one figure per row in every column, absolute, nothing omitted.
 * On the wire and in the stores they are folded. These functions are the only way between the two.
 */
export const MAX_ROWS = 4096

/** A block without rows that says nothing yet: whoever makes one fills in what it knows. */
export const emptyReadings = (): Readings => ({
  point: '',
  register: '',
  kind: 'OTHER',
  curve: '',
  unit: '',
  scale: 0,
  step: 1,
  words: [],
  device: '',
  boot: null,
  source: '',
  origin: '',
  attrs: {},
  revision: 0,
  parserVersion: 1,
  ingestedAt: 0,
  rows: 0,
  at: [],
  span: [],
  value: [],
  quality: [],
  code: [],
  flags: [],
  line: []
})

export const foldReadings = (block: Readings): Readings =>
  block.rows === 0
    ? block
    : {
        ...block,
        at: foldDifferences(block.at),
        span: foldPlain(block.span),
        value: foldDifferences(block.value),
        quality: foldPlain(block.quality, Quality.RAW),
        code: foldPlain(block.code),
        flags: foldPlain(block.flags),
        line: foldDifferences(block.line)
      }

export const unfoldReadings = (block: Readings): Readings => {
  const { rows } = block
  if (rows === 0) return block
  block.at = unfoldDifferences(block.at, rows)
  block.span = unfoldPlain(block.span, rows)
  block.value = unfoldDifferences(block.value, rows)
  block.quality = unfoldPlain(block.quality, rows, Quality.RAW)
  block.code = unfoldPlain(block.code, rows)
  block.flags = unfoldPlain(block.flags, rows)
  block.line = unfoldDifferences(block.line, rows)
  return block
}

const sums = (a: readonly number[], b: readonly number[]): number[] => {
  const out = new Array<number>(a.length)
  for (let i = 0; i < a.length; i++) out[i] = a[i] + b[i]
  return out
}

const differences = (a: readonly number[], b: readonly number[]): number[] => {
  const out = new Array<number>(a.length)
  for (let i = 0; i < a.length; i++) out[i] = a[i] - b[i]
  return out
}

/** Rows of unknown bound keep -1 whatever their energy; the others, also below 0, are written as their distance from it. */
const foldHigh = (high: readonly number[], milli: readonly number[]): number[] =>
  foldPlain(high.map((figure, i) => (figure === -1 ? -1 : figure - milli[i])))

const unfoldHigh = (column: readonly number[], milli: readonly number[]): number[] => {
  if (column.length === 0) return milli.slice()
  const entries = unfoldPlain(column, milli.length)
  for (let i = 0; i < entries.length; i++) if (entries[i] !== -1) entries[i] += milli[i]
  return entries
}

export const foldIntervals = (block: Intervals): Intervals =>
  block.rows === 0
    ? block
    : {
        ...block,
        start: foldAfter(block.start, block.end),
        end: foldAgainst(block.end, block.start),
        milli: foldPlain(block.milli),
        op: foldPlain(block.op, Op.PUT),
        low: foldAgainst(block.low, block.milli),
        high: foldHigh(block.high, block.milli),
        quality: foldPlain(block.quality, Quality.RAW),
        rule: foldPlain(block.rule),
        rev: foldPlain(block.rev),
        knownAt: foldDifferences(block.knownAt),
        fromAt: foldAgainst(block.fromAt, block.start),
        fromValue: block.native > 0 ? foldPlain(block.fromValue) : foldAfter(block.fromValue, block.toValue),
        toAt: foldAgainst(block.toAt, block.end),
        // The difference of two registers is exact where the sum of one and its energy may pass 2^53.
        toValue: foldAgainst(differences(block.toValue, block.fromValue), block.milli),
        fromTopic: foldAfter(block.fromTopic, block.toTopic),
        fromOffset: foldAfter(block.fromOffset, block.toOffset),
        toTopic: foldPlain(block.toTopic),
        toOffset: foldDifferences(block.toOffset),
        factor: foldPlain(block.factor),
        travel: foldPlain(block.travel)
      }

/** start and end lean on each other row by row, as do fromValue and toValue. */
const unfoldChain = (gap: readonly number[], length: readonly number[]): { first: number[]; second: number[] } => {
  const rows = length.length
  const first = new Array<number>(rows)
  const second = new Array<number>(rows)
  let before = 0
  for (let i = 0; i < rows; i++) {
    first[i] = before + gap[i]
    before = second[i] = first[i] + length[i]
  }
  return { first, second }
}

const unfoldAfter = (column: readonly number[], other: readonly number[]): number[] => {
  const entries = unfoldPlain(column, other.length)
  for (let i = 1; i < entries.length; i++) entries[i] += other[i - 1]
  return entries
}

export const unfoldIntervals = (block: Intervals): Intervals => {
  const { rows } = block
  if (rows === 0) return block
  const time = unfoldChain(unfoldPlain(block.start, rows), unfoldPlain(block.end, rows))
  block.start = time.first
  block.end = time.second
  block.milli = unfoldPlain(block.milli, rows)
  block.op = unfoldPlain(block.op, rows, Op.PUT)
  block.low = unfoldAgainst(block.low, block.milli)
  block.high = unfoldHigh(block.high, block.milli)
  block.quality = unfoldPlain(block.quality, rows, Quality.RAW)
  block.rule = unfoldPlain(block.rule, rows)
  block.rev = unfoldPlain(block.rev, rows)
  block.knownAt = unfoldDifferences(block.knownAt, rows)
  block.fromAt = unfoldAgainst(block.fromAt, block.start)
  block.toAt = unfoldAgainst(block.toAt, block.end)
  const travelled = unfoldAgainst(block.toValue, block.milli)
  if (block.native > 0) {
    block.fromValue = unfoldPlain(block.fromValue, rows)
    block.toValue = sums(block.fromValue, travelled)
  } else {
    const register = unfoldChain(unfoldPlain(block.fromValue, rows), travelled)
    block.fromValue = register.first
    block.toValue = register.second
  }
  block.toTopic = unfoldPlain(block.toTopic, rows)
  block.toOffset = unfoldDifferences(block.toOffset, rows)
  block.fromTopic = unfoldAfter(block.fromTopic, block.toTopic)
  block.fromOffset = unfoldAfter(block.fromOffset, block.toOffset)
  block.factor = unfoldPlain(block.factor, rows)
  block.travel = unfoldPlain(block.travel, rows)
  return block
}

export const foldSlots = (block: Slots): Slots =>
  block.rows === 0
    ? block
    : {
        ...block,
        start: foldAfter(block.start, block.end),
        end: foldAgainst(block.end, block.start),
        amount: foldPlain(block.amount),
        op: foldPlain(block.op, Op.PUT),
        quality: foldPlain(block.quality, Quality.RAW),
        coveredMs: foldAgainst(block.coveredMs, differences(block.end, block.start)),
        estimatedMs: foldPlain(block.estimatedMs),
        expected: foldPlain(block.expected, -1),
        received: foldPlain(block.received),
        rev: foldPlain(block.rev),
        knownAt: foldDifferences(block.knownAt)
      }

export const unfoldSlots = (block: Slots): Slots => {
  const { rows } = block
  if (rows === 0) return block
  const length = unfoldPlain(block.end, rows)
  const time = unfoldChain(unfoldPlain(block.start, rows), length)
  block.start = time.first
  block.end = time.second
  block.amount = unfoldPlain(block.amount, rows)
  block.op = unfoldPlain(block.op, rows, Op.PUT)
  block.quality = unfoldPlain(block.quality, rows, Quality.RAW)
  block.coveredMs = unfoldAgainst(block.coveredMs, length)
  block.estimatedMs = unfoldPlain(block.estimatedMs, rows)
  block.expected = unfoldPlain(block.expected, rows, -1)
  block.received = unfoldPlain(block.received, rows)
  block.rev = unfoldPlain(block.rev, rows)
  block.knownAt = unfoldDifferences(block.knownAt, rows)
  return block
}

/** Every column of the three block records, in schema order; slicing and merging walk these lists. */
export const READING_COLUMNS = ['at', 'span', 'value', 'quality', 'code', 'flags', 'line'] as const
export const INTERVAL_COLUMNS = [
  'start',
  'end',
  'milli',
  'op',
  'low',
  'high',
  'quality',
  'rule',
  'rev',
  'knownAt',
  'fromAt',
  'fromValue',
  'toAt',
  'toValue',
  'fromTopic',
  'fromOffset',
  'toTopic',
  'toOffset',
  'factor',
  'travel'
] as const
export const SLOT_COLUMNS = [
  'start',
  'end',
  'amount',
  'op',
  'quality',
  'coveredMs',
  'estimatedMs',
  'expected',
  'received',
  'rev',
  'knownAt'
] as const

/** The rows [from, to) of an unfolded block, as a block of their own. */
export const slice = <Column extends string, Block extends { rows: number } & Record<Column, number[]>>(
  block: Block,
  columns: readonly Column[],
  from: number,
  to: number
): Block => {
  if (from === 0 && to === block.rows) return block
  const part = { ...block, rows: to - from }
  for (const column of columns) part[column] = block[column].slice(from, to) as Block[Column]
  return part
}
