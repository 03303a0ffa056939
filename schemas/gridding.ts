import { share } from './exact.js'
import type { Intervals } from './generated.js'
import { type Grid, slotAt } from './grid.js'
import { Op, Quality } from './quality.js'

/**
 * Intervals to slots (DESIGN §3, loadcurve). Inside an interval C(x) = round(E × (x - start) / (end - start)), and a slot takes the
 * difference of two C: parts sum to the whole, whatever the grid and the order. Used by the load-curve fold for the stored grids and
 * by readers for every other grid or zone.
 */
export interface Slot {
  start: number
  end: number
  /** Thousandths of the unit. */
  amount: number
  /** Worst of the rows inside. */
  quality: number
  coveredMs: number
  estimatedMs: number
  received: number
}

/** A slot as it is shown: quality PARTIAL when not wholly covered, `expected` -1 when no interval is registered. */
export interface SlotRow extends Slot {
  expected: number
}

/** Written out, as `shownSlot` is: copied by spreading, slots of one shape become objects of many, five times as slow to fill. */
export const emptySlot = (grid: Grid, zone: string, at: number): Slot => {
  const { start, end } = slotAt(grid, zone, at)
  return { start, end, amount: 0, quality: Quality.VALIDATED, coveredMs: 0, estimatedMs: 0, received: 0 }
}

/** One interval row, with what a slot needs of it. */
export interface IntervalRow {
  start: number
  end: number
  milli: number
  quality: number
  /** Energy whose amount is unknown counts as far as it is known, but covers nothing. */
  unknown: boolean
  /** The rule `gap` fired: how its energy lies inside is an estimate. */
  gap: boolean
  /** A reading was accepted at its end. */
  received: boolean
}

/** C(x), with `hold`: a boundary that soon after the start takes nothing (RULES §1.8). */
const cumulative = (row: IntervalRow, x: number, holdMs: number): number =>
  x - row.start <= holdMs && x < row.end ? 0 : share(row.milli, row.start, row.end, x)

/** Adds the part of a row that lies in the slot. */
export const addToSlot = (slot: Slot, row: IntervalRow, holdMs: number): void => {
  const from = row.start > slot.start ? row.start : slot.start
  const to = row.end < slot.end ? row.end : slot.end
  const inside = from === row.start && to === row.end
  slot.amount += inside ? row.milli : cumulative(row, to, holdMs) - cumulative(row, from, holdMs)
  if (row.quality > slot.quality) slot.quality = row.quality
  if (!row.unknown) slot.coveredMs += to - from
  if (row.gap && !inside) slot.estimatedMs += to - from
  if (row.received && row.end <= slot.end) slot.received++
}

export const shownSlot = (slot: Slot, expectedMs: number | null): SlotRow => {
  const length = slot.end - slot.start
  return {
    start: slot.start,
    end: slot.end,
    amount: slot.amount,
    quality: slot.coveredMs < length && slot.quality < Quality.PARTIAL ? Quality.PARTIAL : slot.quality,
    coveredMs: slot.coveredMs,
    estimatedMs: slot.estimatedMs,
    received: slot.received,
    expected: expectedMs === null ? -1 : Math.round(length / expectedMs)
  }
}

/** The rows of merged blocks, in order. */
export function* intervalRows(blocks: readonly Intervals[]): Generator<IntervalRow> {
  for (const block of blocks) {
    const gaps = gapWords(block)
    for (let i = 0; i < block.rows; i++) yield intervalRow(block, i, gaps)
  }
}

export const gapWords = (block: Intervals): boolean[] => block.words.map((word) => word.split('+').includes('gap'))

export const intervalRow = (block: Intervals, i: number, gaps: readonly boolean[]): IntervalRow => ({
  start: block.start[i],
  end: block.end[i],
  milli: block.milli[i],
  quality: block.quality[i],
  unknown: block.op[i] === Op.UNKNOWN,
  gap: gaps[block.rule[i]] ?? false,
  received: block.toAt[i] === block.end[i]
})

/**
 * All slots of a grid that hold something of the rows between `from` and `to`, whole, by start. Rows may overlap for a moment, between
 * a revision and the withdrawal that follows it: each still counts in its own slots only.
 */
export const slotsOf = (
  rows: Iterable<IntervalRow>,
  grid: Grid,
  zone: string,
  from: number,
  to: number,
  holdMs: (row: IntervalRow) => number
): Slot[] => {
  const slots = new Map<number, Slot>()
  const first = slotAt(grid, zone, from).start
  let open: Slot | undefined
  for (const row of rows) {
    for (let at = Math.max(row.start, first); at < row.end && at < to; ) {
      if (open === undefined || at < open.start || at >= open.end) {
        const fresh: Slot = emptySlot(grid, zone, at)
        open = slots.get(fresh.start) ?? fresh
        slots.set(open.start, open)
      }
      addToSlot(open, row, holdMs(row))
      at = open.end
    }
  }
  return [...slots.values()].sort((a, b) => a.start - b.start)
}

/** What readers of any grid and zone see: slots that overlap [from, to), from merged interval blocks. */
export const gridIntervals = (
  blocks: readonly Intervals[],
  grid: Grid,
  zone: string,
  from: number,
  to: number,
  options: { holdMs?: number; expectedMs?: number | null } = {}
): SlotRow[] => {
  const { holdMs = 0, expectedMs = null } = options
  return slotsOf(intervalRows(blocks), grid, zone, from, to, () => holdMs).map((slot) => shownSlot(slot, expectedMs))
}
