import type { Intervals, Slots } from '../../schemas/generated.js'
import { type StoredGrid, slotAt, storedGrid } from '../../schemas/grid.js'
import { emptySlot, type IntervalRow, intervalRows, type Slot, slotsOf } from '../../schemas/gridding.js'
import { POWER_GRID } from '../../schemas/installations.js'
import { mergeIntervals, mergeSlots } from '../../schemas/merge.js'
import { Op } from '../../schemas/quality.js'
import { addAsk, type Span } from '../asks.js'
import { differences, storedSlot } from './differences.js'
import type { CurveState } from './state.js'
import { type CurveRules, type CurveStepped, curveSettingsAt, type GridRow, gridRow, gridsOf, ownCurve, rowFor } from './step.js'

/** What is stored of one series. */
export interface CurveHistory {
  /** Nothing stored starts before this. */
  first: number
  /** Every revision of the rows that overlap [from, to), in blocks, unmerged. */
  intervals(from: number, to: number): Promise<Intervals[]>
  slots(grid: StoredGrid, from: number, to: number): Promise<Slots[]>
}

const HOUR = 3_600_000
/** Intervals read at once; a longer ask is answered in parts. */
const PART_MS = 8 * 24 * HOUR

/**
 * The load curve's way for history: slots that a span touches are made again from the stored intervals up to an hour (or the source's
 * own step, if longer), days from their hours, months from their days. Slots that differ from the stored ones go out.
 */
export const refoldCurve = async (before: CurveState, ask: Span, rules: CurveRules, history: CurveHistory): Promise<CurveStepped> => {
  const state = ownCurve(before)
  state.asks = before.asks.filter((other) => other.from !== ask.from || other.to !== ask.to)
  const rows: CurveStepped['rows'] = new Map()
  if (before.end === null) return { state, rows }
  const grids = gridsOf(before.native, rules)
  const fine = grids.filter((grid) => grid === POWER_GRID || grid === 'PT15M' || grid === 'PT1H')
  const direct = fine.length > 0 ? fine : grids.slice(0, 1)
  // A revised row may reach further than anything taken in so far.
  const limit = Math.max(before.end, ask.to)
  const region = regionOf({ from: Math.max(ask.from, history.first), to: ask.to }, storedGrid(direct[direct.length - 1]), rules.zone, limit)
  if (region.to < ask.to) state.asks = addAsk(state.asks, { from: region.to, to: ask.to })

  const blocks = mergeIntervals(await history.intervals(region.from, region.to), region)
  const known = [...intervalRows(blocks)].filter((row) => row.start < limit)
  for (const row of known) state.end = Math.max(state.end as number, Math.min(row.end, region.to))
  for (const grid of direct) {
    const split = known.map((row) => rowFor(grid, row)).filter((row) => row !== null)
    const made = slotsOf(split, storedGrid(grid), rules.zone, region.from, region.to, (row) => curveSettingsAt(rules, row.start).holdMs)
    await settle(state, grid, made, region, rules, history, rows)
  }
  for (let i = grids.indexOf(direct[direct.length - 1]) + 1; i < grids.length; i++) {
    const wide = widen(region, grids[i], rules.zone)
    const parts = await currentSlots(state, grids[i - 1], wide, rows.get(grids[i - 1]) ?? [], history)
    const sums = sumsOf(parts, grids[i], rules.zone)
    await estimateAcross(sums, history)
    await settle(state, grids[i], sums, wide, rules, history, rows)
  }
  return { state, rows }
}

interface Region {
  from: number
  to: number
}

const regionOf = (ask: Span, grid: ReturnType<typeof storedGrid>, zone: string, end: number): Region => {
  const { start: from } = slotAt(grid, zone, Math.min(ask.from, end - 1))
  const last = Math.min(Math.max(ask.to - 1, ask.from), end - 1, from + PART_MS)
  return { from, to: slotAt(grid, zone, Math.max(from, last)).end }
}

const widen = (region: Region, grid: StoredGrid, zone: string): Region => ({
  from: slotAt(storedGrid(grid), zone, region.from).start,
  to: slotAt(storedGrid(grid), zone, region.to - 1).end
})

/** Slots of the finer grid in a region: what was just made, the open one as the state has it, the rest as stored. */
const currentSlots = async (
  state: CurveState,
  grid: StoredGrid,
  region: Region,
  changed: readonly GridRow[],
  history: CurveHistory
): Promise<Slot[]> => {
  const slots = new Map<number, Slot>()
  for (const block of mergeSlots(await history.slots(grid, region.from, region.to), region)) {
    for (let i = 0; i < block.rows; i++)
      if (block.start[i] >= region.from && block.start[i] < region.to) slots.set(block.start[i], storedSlot(block, i))
  }
  for (const row of changed) {
    if (row.op === Op.WITHDRAWN) slots.delete(row.start)
    else slots.set(row.start, row)
  }
  const open = state.open[grid]
  if (open !== undefined && open.start >= region.from && open.start < region.to) slots.set(open.start, open)
  return [...slots.values()].sort((a, b) => a.start - b.start)
}

const sumsOf = (parts: readonly Slot[], name: StoredGrid, zone: string): Slot[] => {
  const sums: Slot[] = []
  for (const part of parts) {
    let sum = sums[sums.length - 1]
    if (sum === undefined || part.start >= sum.end) {
      sum = emptySlot(storedGrid(name), zone, part.start)
      sums.push(sum)
    }
    sum.amount += part.amount
    sum.coveredMs += part.coveredMs
    sum.received += part.received
    if (part.quality > sum.quality) sum.quality = part.quality
  }
  return sums
}

/** Slots whose borders lie this far apart at most are looked at together; months border by border, or all their readings would be read. */
const TOGETHER_MS = 3 * 24 * HOUR

/** Time under gap rows that cross a border of a slot; a gap wholly inside leaves its total exact. */
const estimateAcross = async (slots: readonly Slot[], history: CurveHistory): Promise<void> => {
  const borders = [...new Set(slots.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b)
  const gaps = new Map<number, IntervalRow>()
  for (let first = 0; first < borders.length; ) {
    let last = first
    while (last + 1 < borders.length && borders[last + 1] - borders[last] <= TOGETHER_MS) last++
    const range = { from: borders[first] - 1, to: borders[last] + 1 }
    for (const row of intervalRows(mergeIntervals(await history.intervals(range.from, range.to), range)))
      if (row.gap) gaps.set(row.start, row)
    first = last + 1
  }
  for (const slot of slots) {
    slot.estimatedMs = 0
    for (const { start, end } of gaps.values()) {
      const crosses = (start < slot.start && end > slot.start) || (start < slot.end && end > slot.end)
      if (crosses) slot.estimatedMs += Math.min(end, slot.end) - Math.max(start, slot.start)
    }
  }
}

/** Keeps the open slot in the state and adds what differs from the stored slots to `rows`. */
const settle = async (
  state: CurveState,
  grid: StoredGrid,
  made: readonly Slot[],
  region: Region,
  rules: CurveRules,
  history: CurveHistory,
  rows: CurveStepped['rows']
): Promise<void> => {
  const end = state.end as number
  const open = made.find((slot) => slot.end > end)
  if (open !== undefined) state.open[grid] = { ...open }
  else if (state.open[grid] && state.open[grid].end > region.from && state.open[grid].start < region.to) delete state.open[grid]
  const told = grid === POWER_GRID ? made.filter((slot) => slot !== open) : made
  const wanted = told.map((slot) => gridRow(slot, rules))
  const changes = differences(wanted, await history.slots(grid, region.from, region.to), region)
  if (changes.length > 0) rows.set(grid, changes)
}
