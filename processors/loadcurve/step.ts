import { writable } from '../../schemas/exact.js'
import type { Intervals, Slots } from '../../schemas/generated.js'
import { type StoredGrid, storedGrid, storedGridsOf } from '../../schemas/grid.js'
import {
  addToSlot,
  emptySlot,
  gapWords,
  type IntervalRow,
  intervalRow,
  type Slot,
  type SlotRow,
  shownSlot
} from '../../schemas/gridding.js'
import { POWER_GRID, POWER_SCALE } from '../../schemas/installations.js'
import { Op } from '../../schemas/quality.js'
import { addAsk, type Span } from '../asks.js'
import type { CurveState } from './state.js'

/** What the registry says that a load curve needs. */
export interface CurveRules {
  zone: string
  /** By validFrom, the first from the beginning of time. */
  versions: { validFrom: number; expectedMs: number | null; holdMs: number }[]
  /** Of which it is, or was, a member. */
  installations: string[]
}

/** Of members also the grid of installations. */
export const gridsOf = (native: number, { installations }: CurveRules): StoredGrid[] => storedGridsOf(native, installations.length > 0)

export const curveSettingsAt = (rules: CurveRules, at: number): CurveRules['versions'][number] => {
  let i = rules.versions.length - 1
  while (i > 0 && rules.versions[i].validFrom > at) i--
  return rules.versions[i]
}

/** A slot on its way out: PUT, or WITHDRAWN when nothing is left of it. */
export type GridRow = SlotRow & { op: number }

export interface CurveStepped {
  state: CurveState
  rows: Map<StoredGrid, GridRow[]>
}

const MINUTE = 60_000
/** Intervals known this long after they ended are back-fill: their open slots wait for the next heartbeat. */
const LIVE_MS = 26 * 3_600_000
/** Open slots that went out incomplete are completed by a heartbeat this long after the last interval. */
export const FLUSH_MS = MINUTE

/** The live fold: one block of intervals. Rows newer than everything taken in are added up, the others become asks. Pure. */
export const stepCurve = (before: CurveState, block: Intervals, rules: CurveRules): CurveStepped => {
  const state = ownCurve(before)
  const rows: CurveStepped['rows'] = new Map()
  state.unit = block.unit
  state.source = block.source
  state.native = block.native
  state.knownAt = Math.max(state.knownAt, block.knownAt[block.rows - 1])
  const grids = gridsOf(block.native, rules)
  const gaps = gapWords(block)
  const snapshotAt = lastOfMinute(block, state)
  let late: Span | null = null
  for (let i = 0; i < block.rows; i++) {
    if (block.op[i] === Op.WITHDRAWN || (state.end !== null && block.start[i] < state.end)) {
      if (late !== null && block.start[i] === late.to) late.to = block.end[i]
      else {
        if (late !== null) state.asks = addAsk(state.asks, late)
        late = { from: block.start[i], to: block.end[i] }
      }
      continue
    }
    const row = intervalRow(block, i, gaps)
    for (const grid of grids) add(state, grid, row, rules, rows)
    state.end = row.end
    state.unsent = true
    if (i === snapshotAt && block.knownAt[i] - row.end < LIVE_MS) sendOpen(state, rules, rows)
  }
  if (late !== null) state.asks = addAsk(state.asks, late)
  return { state, rows }
}

/** The live fold: a heartbeat of the series' source. Pure. */
export const beatCurve = (before: CurveState, at: number, rules: CurveRules): CurveStepped => {
  const rows: CurveStepped['rows'] = new Map()
  if (at < dueCurve(before)) return { state: before, rows }
  const state = ownCurve(before)
  sendOpen(state, rules, rows)
  return { state, rows }
}

export const dueCurve = (state: CurveState): number =>
  state.unsent && state.end !== null ? state.end + FLUSH_MS : Number.POSITIVE_INFINITY

export const ownCurve = (state: CurveState): CurveState => {
  const open: CurveState['open'] = {}
  for (const [grid, slot] of Object.entries(state.open)) if (slot !== undefined) open[grid as StoredGrid] = copyOf(slot)
  return { ...state, open }
}

/**
 * The row after which open slots go out: the first of the block's newest minute, so at most once a minute of event time, and the same
 * row however the intervals were cut into blocks. -1: that minute has been sent.
 */
const lastOfMinute = (block: Intervals, state: CurveState): number => {
  const minute = Math.floor(block.end[block.rows - 1] / MINUTE)
  if (minute <= state.sentMinute) return -1
  let i = block.rows - 1
  while (i > 0 && Math.floor(block.end[i - 1] / MINUTE) === minute) i--
  return i
}

/** A gap over four hours says nothing of its seconds (RULES §1.7). */
const LONGEST_SPLIT_MS = 4 * 3_600_000

/** A row as slots of a grid take it: those of installations count millionths. Null: it is none of theirs. */
export const rowFor = (grid: StoredGrid, row: IntervalRow): IntervalRow | null => {
  if (grid !== POWER_GRID) return row
  return row.end - row.start > LONGEST_SPLIT_MS ? null : { ...row, milli: row.milli * 1000 }
}

const add = (state: CurveState, grid: StoredGrid, whole: IntervalRow, rules: CurveRules, rows: CurveStepped['rows']): void => {
  let slot = state.open[grid]
  const row = rowFor(grid, whole)
  if (row === null) {
    if (slot !== undefined) close(slot, grid, rules, rows)
    state.open[grid] = undefined
    return
  }
  for (let at = row.start; at < row.end; ) {
    if (slot === undefined || at >= slot.end) {
      if (slot !== undefined) close(slot, grid, rules, rows)
      slot = emptySlot(storedGrid(grid), rules.zone, at)
    }
    addToSlot(slot, row, curveSettingsAt(rules, row.start).holdMs)
    at = slot.end
    if (row.end >= slot.end) {
      close(slot, grid, rules, rows)
      slot = undefined
    }
  }
  state.open[grid] = slot
}

/** Property by property: spreading makes a slot of another hidden shape, and everything that touches slots slow. */
const copyOf = ({ start, end, amount, quality, coveredMs, estimatedMs, received }: Slot): Slot => ({
  start,
  end,
  amount,
  quality,
  coveredMs,
  estimatedMs,
  received
})

export const gridRow = (slot: Slot, rules: CurveRules): GridRow => {
  const { start, end, amount, quality, coveredMs, estimatedMs, received, expected } = shownSlot(
    slot,
    curveSettingsAt(rules, slot.start).expectedMs
  )
  return { start, end, amount, quality, coveredMs, estimatedMs, received, expected, op: Op.PUT }
}

const close = (slot: Slot, grid: StoredGrid, rules: CurveRules, rows: CurveStepped['rows']): void => {
  const list = rows.get(grid)
  if (list === undefined) rows.set(grid, [gridRow(slot, rules)])
  else list.push(gridRow(slot, rules))
}

/** Sends the open slots as they are: PARTIAL, because nobody has reached their end. Those of seconds are not worth it. */
const sendOpen = (state: CurveState, rules: CurveRules, rows: CurveStepped['rows']): void => {
  for (const [grid, slot] of Object.entries(state.open))
    if (slot !== undefined && grid !== POWER_GRID) close(slot, grid as StoredGrid, rules, rows)
  state.sentMinute = Math.floor((state.end ?? 0) / MINUTE)
  state.unsent = false
}

export interface SlotHead {
  point: string
  register: string
  unit: string
  source: string
  grid: StoredGrid
  /** Absent: thousandths, and millionths on the grid of installations. */
  scale?: number
  rev: number
  knownAt: number
}

/** Slot rows of one grid as a block with unfolded columns. */
export const toSlots = (head: SlotHead, rows: readonly GridRow[]): Slots => {
  const { point, register, unit, source, grid, rev, knownAt } = head
  const n = rows.length
  const block: Slots = {
    point,
    register,
    unit,
    source,
    grid,
    scale: head.scale ?? (grid === POWER_GRID ? POWER_SCALE : 3),
    beat: 0,
    rows: n,
    start: new Array(n),
    end: new Array(n),
    amount: new Array(n),
    op: new Array(n),
    quality: new Array(n),
    coveredMs: new Array(n),
    estimatedMs: new Array(n),
    expected: new Array(n),
    received: new Array(n),
    rev: new Array(n).fill(rev),
    knownAt: new Array(n).fill(knownAt)
  }
  for (let i = 0; i < n; i++) {
    const row = rows[i]
    block.start[i] = row.start
    block.end[i] = row.end
    block.amount[i] = writable(row.amount)
    block.op[i] = row.op
    block.quality[i] = row.quality
    block.coveredMs[i] = row.coveredMs
    block.estimatedMs[i] = row.estimatedMs
    block.expected[i] = row.expected
    block.received[i] = row.received
  }
  return block
}
