import type { SeriesKey, Store } from '../infra/store.js'
import { covers, type Range } from '../schemas/access.js'
import { mulDivRound } from '../schemas/exact.js'
import type { Intervals, Point, Slots } from '../schemas/generated.js'
import { type Grid, STORED_GRIDS, slotAt } from '../schemas/grid.js'
import { gridIntervals, type SlotRow } from '../schemas/gridding.js'
import { installationOf } from '../schemas/installations.js'
import { mergeSlots } from '../schemas/merge.js'
import { Op } from '../schemas/quality.js'
import { rulesOf, versionAt } from '../schemas/registry.js'
import { ApiError } from './errors.js'
import { partsOf, sumsOf } from './installation.js'
import { chunks, currentIntervals } from './rows.js'

/** What is asked: slots (or, without a grid, the raw interval rows) that start in [from, to) and lie in time open to the asker. */
export interface Question extends SeriesKey {
  from: number
  to: number
  grid: Grid | null
  zone: string
  /** Zone of the point, in which its days and months are stored. */
  pointZone: string
  /** Current registry versions of the point. */
  versions: readonly Point[]
  ranges: readonly Range[]
  /** Only what was known then counts. */
  knownAt?: number
  maxRows: number
  /** Time in which there can be data at all: nobody waits for the empty months of a range from 1900 to 9999. */
  alive: Range
}

/** One row of interval blocks, without copying it. */
export interface IntervalAt {
  block: Intervals
  i: number
}

/** Interval rows read for one answer on a grid that is not stored: a year of 8-second readings and some. */
const MAX_READ = 5_000_000

const tooMany = (max: number): ApiError =>
  new ApiError('too_large', `This answer would have more than ${max} rows: ask for a shorter range, or a coarser grid such as PT1H or P1D.`)

/** Under a minute a slot of thousandths is off by tenths of a watt; its power is told from the millionths. */
export type FineSlot = SlotRow & { micro?: number }
const FINE_BELOW_MS = 60_000

/** All slots of the answer by start, also those that grants cut: `open` tells which may be shown. */
export const readSlots = async (store: Store, question: Question): Promise<{ rows: FineSlot[]; unit: string | null }> => {
  const { grid, from, to, maxRows } = question
  if (!grid) throw new Error('readSlots needs a grid')
  if (grid.ms > 0 && (to - from) / grid.ms > maxRows + 1) throw tooMany(maxRows)
  if (installationOf(question.point) !== null) return { rows: await summedSlots(store, question, grid), unit: 'Wh' }
  const stored = question.zone === question.pointZone && (STORED_GRIDS as readonly string[]).includes(grid.name)
  // A series of hours has no stored quarters: then, as on every other grid, they are computed.
  const answer = (stored ? await storedSlots(store, question, grid) : null) ?? (await computedSlots(store, question, grid))
  const rows = answer.rows.filter((row) => row.start >= from && row.start < to)
  if (rows.length > maxRows) throw tooMany(maxRows)
  return { rows, unit: answer.unit }
}

/** Those of installations are on a few grids, and every other is made of these: an installation has no intervals. */
const summedSlots = async (store: Store, question: Question, grid: Grid): Promise<FineSlot[]> => {
  const { zone, from, to, maxRows, knownAt } = question
  const parts = partsOf(grid, zone === question.pointZone)
  const rows: FineSlot[] = []
  const edge = (at: number): number => (slotAt(grid, zone, at).start === at ? at : slotAt(grid, zone, at).end)
  const span = toRead(question)
  for (const chunk of chunks(slotAt(grid, zone, Math.max(from, span.from)).start, Math.min(to, span.to), edge)) {
    const end = slotAt(grid, zone, chunk.to - 1).end
    const blocks = mergeSlots(await store.slots(question, parts, chunk.from, end), { from: chunk.from, to: end, knownAt })
    rows.push(...sumsOf(blocks, grid, zone, { from: chunk.from, to: end }))
    if (rows.length > maxRows) throw tooMany(maxRows)
  }
  return rows.filter((row) => row.start >= from && row.start < to)
}

const storedSlots = async (store: Store, question: Question, grid: Grid): Promise<{ rows: SlotRow[]; unit: string } | null> => {
  const blocks = mergeSlots(await store.slots(question, grid.name, question.from, question.to), question)
  return blocks.length === 0 ? null : { rows: blocks.flatMap(slotRows), unit: blocks[0].unit }
}

export const slotRows = (block: Slots): SlotRow[] =>
  block.start.map((start, i) => ({
    start,
    end: block.end[i],
    // Stored in millionths on grids under a minute only; answers count in thousandths.
    amount: block.scale === 3 ? block.amount[i] : Math.round(block.amount[i] / 10 ** (block.scale - 3)),
    quality: block.quality[i],
    coveredMs: block.coveredMs[i],
    estimatedMs: block.estimatedMs[i],
    expected: block.expected[i],
    received: block.received[i]
  }))

const computedSlots = async (store: Store, question: Question, grid: Grid): Promise<{ rows: FineSlot[]; unit: string | null }> => {
  const { zone, versions, register } = question
  const rows: FineSlot[] = []
  let unit: string | null = null
  let read = 0
  const edge = (at: number): number => (slotAt(grid, zone, at).start === at ? at : slotAt(grid, zone, at).end)
  const { from, to } = toRead(question)
  for (const chunk of chunks(slotAt(grid, zone, from).start, to, edge)) {
    const blocks = await currentIntervals(store, question, chunk.from, chunk.to, question.knownAt)
    for (const block of blocks) read += block.rows
    if (read > MAX_READ)
      throw new ApiError(
        'too_large',
        `This grid is computed from more than ${MAX_READ} readings: ask for a shorter range, or a stored grid (${STORED_GRIDS.join(', ')} in the point's zone).`
      )
    unit = blocks[0]?.unit ?? unit
    const { holdMs, expectedMs } = rulesOf(versionAt(versions, chunk.from), register)
    const slots = gridIntervals(blocks, grid, zone, chunk.from, chunk.to, { holdMs, expectedMs })
    const micro =
      grid.ms > 0 && grid.ms < FINE_BELOW_MS ? gridIntervals(inMillionths(blocks), grid, zone, chunk.from, chunk.to, { holdMs }) : null
    for (const [i, row] of slots.entries()) {
      if (row.start >= chunk.from && row.start < chunk.to) rows.push(micro === null ? row : { ...row, micro: micro[i].amount })
    }
    if (rows.length > question.maxRows + 1) throw tooMany(question.maxRows)
  }
  return { rows, unit }
}

const inMillionths = (blocks: readonly Intervals[]): Intervals[] =>
  blocks.map((block) => ({ ...block, milli: block.milli.map((milli) => milli * 1000) }))

export const toRead = ({ from, to, alive }: Question): Range => ({ from: Math.max(from, alive.from), to: Math.min(to, alive.to) })

/** All raw interval rows of the answer by start, as above. */
export const readIntervals = async (store: Store, question: Question): Promise<{ rows: IntervalAt[]; unit: string | null }> => {
  const rows: IntervalAt[] = []
  const { from, to } = toRead(question)
  for (const chunk of chunks(from, to, (at) => at)) {
    for (const block of await currentIntervals(store, question, chunk.from, chunk.to, question.knownAt)) {
      for (let i = 0; i < block.rows; i++) {
        const start = block.start[i]
        if (start >= chunk.from && start < chunk.to) rows.push({ block, i })
      }
      if (rows.length > question.maxRows) throw tooMany(question.maxRows)
    }
  }
  return { rows, unit: rows[0]?.block.unit ?? null }
}

export const open = ({ ranges }: Question, start: number, end: number): boolean => covers(ranges, start, end)

export interface Summary {
  milli: number
  /** Share of the asked time that is covered. */
  completeness: number
  coveredMs: number
  estimatedMs: number
  /** Worst of the rows; null when there are none. */
  quality: number | null
}

interface Span {
  start: number
  end: number
  coveredMs: number
}

/**
 * Uncovered spans of [from, to) that are open to the asker and have happened: where no slot is, or one that nothing covers.
 * `rows` are all of them, or a slot that a grant cuts would look like a gap. A slot cut by `from` belongs to the answer before this one.
 */
export const gapsOf = (rows: Iterable<Span>, question: Question, now: number): Range[] => {
  const { grid, zone, ranges } = question
  const first = grid ? slotAt(grid, zone, question.from) : null
  let at = first && first.start < question.from ? first.end : question.from
  const until = Math.min(question.to, now)
  const gaps: Range[] = []
  const add = (from: number, to: number): void => {
    for (const range of ranges) {
      const start = Math.max(from, range.from)
      const end = Math.min(to, range.to, until)
      if (start >= end) continue
      const last = gaps.at(-1)
      if (last?.to === start) last.to = end
      else gaps.push({ from: start, to: end })
    }
  }
  for (const row of rows) {
    if (row.start > at) add(at, row.start)
    if (row.coveredMs === 0) add(Math.max(row.start, at), row.end)
    at = Math.max(at, row.end)
  }
  add(at, question.to)
  return gaps
}

/** Time of rows and gaps together is what was asked, in whole slots. */
export const summaryOf = (rows: readonly FineSlot[], gaps: readonly Range[]): Summary => {
  const summary: Summary = { milli: 0, completeness: 0, coveredMs: 0, estimatedMs: 0, quality: null }
  let [asked, micro] = [0, 0]
  for (const row of rows) {
    summary.milli += row.amount
    micro += row.micro ?? 1000 * row.amount
    summary.coveredMs += row.coveredMs
    summary.estimatedMs += row.estimatedMs
    summary.quality = Math.max(summary.quality ?? 0, row.quality)
    // Slots that nothing covers are listed as gaps too.
    if (row.coveredMs > 0) asked += row.end - row.start
  }
  for (const { from, to } of gaps) asked += to - from
  // Rounded slot by slot, millionths would add up to something else.
  if (rows.some((row) => row.micro !== undefined)) summary.milli = mulDivRound(micro, 1, 1000)
  summary.completeness = asked === 0 ? 0 : summary.coveredMs / asked
  return summary
}

/** An interval row as a slot of its own length. */
export const asSlot = ({ block, i }: IntervalAt): SlotRow => ({
  start: block.start[i],
  end: block.end[i],
  amount: block.milli[i],
  quality: block.quality[i],
  coveredMs: block.op[i] === Op.UNKNOWN ? 0 : block.end[i] - block.start[i],
  estimatedMs: 0,
  expected: -1,
  received: block.toAt[i] === block.end[i] ? 1 : 0
})
