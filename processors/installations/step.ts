import type { Slots } from '../../schemas/generated.js'
import { POWER_GRID } from '../../schemas/installations.js'
import { Op } from '../../schemas/quality.js'
import { addAsk, type Span } from '../asks.js'
import { seriesKey } from '../contract.js'
import type { GridRow } from '../loadcurve/step.js'
import { addCoarse, COARSE_GRIDS, type Coarse, type CoarseGrid, coarseAt, coarseRow, registersOn } from './coarse.js'
import { heardOf, rowsOf, type Share, SLOT_MS } from './power.js'
import { GROUPS, type Group, type InstallationRules, type Version, versionAt } from './rules.js'
import { addRow, type InstallationState, type Pending, type Rows, type Stepped } from './state.js'

/**
 * A slot that is older than this when it becomes known is history. Longer than anybody is waited for, so that whatever order members come
 * in, a slot that is told as incomplete would be so in any.
 */
const RECENT_MS = 15 * 60_000
/** So long a slot waits for members that have not spoken: blocks of Fluksometers come five minutes late (DESIGN §3). */
const GRACE_MS = 10 * 60_000
/** Longer slots that are not over are told each quarter of an hour, and when nothing has come for this long. */
const FLUSH_MS = 60_000
const QUARTER_MS = 15 * 60_000

/** The live fold: one block of a member's slots. Recent ones are put together, the others become asks. Pure. */
export const stepInstallation = (before: InstallationState, block: Slots, rules: InstallationRules): Stepped => {
  const state = ownInstallation(before)
  const rows: Rows = new Map()
  const series = seriesKey(block.point, block.register)
  const pending = new Map(state.pending.map((each) => [each.start, each]))
  const late = new Spans(state)
  state.source = block.source
  let newest = state.knownAt
  for (let i = 0; i < block.rows; i++) {
    const [start, end, knownAt] = [block.start[i], block.end[i], block.knownAt[i]]
    newest = Math.max(newest, knownAt)
    const groups = groupsOf(versionAt(rules, start), series)
    if (groups.length === 0) continue
    const slot = pending.get(start) ?? { start, shares: {}, told: [] }
    if (
      block.op[i] === Op.WITHDRAWN ||
      end <= Math.max(state.horizon, knownAt - RECENT_MS) ||
      groups.some((group) => slot.told.includes(group))
    ) {
      late.add(start, end)
      continue
    }
    pending.set(start, { ...slot, shares: { ...slot.shares, [series]: shareOf(block, i) } })
  }
  late.end()
  state.knownAt = newest
  state.pending = [...pending.values()].sort((a, b) => a.start - b.start)
  tell(state, rules, rows, (group, slot) => heard(group, slot, rules).all)
  passTo(state, newest - RECENT_MS, rules, rows)
  return { state, rows }
}

/** The live fold: a heartbeat. Who has not spoken by then is missing. Pure. */
export const beatInstallation = (before: InstallationState, at: number, rules: InstallationRules): Stepped => {
  const state = ownInstallation(before)
  const rows: Rows = new Map()
  tell(state, rules, rows, (group, slot) => slot.start + SLOT_MS + GRACE_MS <= at && hasSome(group, slot, rules))
  if (at >= flushAt(state)) tellOpen(state, rows)
  return { state, rows }
}

export const dueInstallation = (state: InstallationState, rules: InstallationRules): number => {
  const waiting = state.pending.find((slot) => GROUPS.some((group) => !slot.told.includes(group) && hasSome(group, slot, rules)))
  return Math.min(flushAt(state), waiting === undefined ? Number.POSITIVE_INFINITY : waiting.start + SLOT_MS + GRACE_MS)
}

export const ownInstallation = (state: InstallationState): InstallationState => ({
  ...state,
  open: state.open.map((coarse) => ({ ...coarse, registers: { ...coarse.registers } }))
})

/** What a row says of a member; a slot that is not wholly covered says that it is not known. */
export const shareOf = (block: Slots, i: number): Share => ({
  amount: block.coveredMs[i] === block.end[i] - block.start[i] ? block.amount[i] : null,
  quality: block.quality[i],
  estimated: block.estimatedMs[i] > 0
})

const groupsOf = (version: Version | null, member: string): Group[] =>
  GROUPS.filter((group) => version?.[group].some(({ series }) => series === member))

const heard = (group: Group, { start, shares }: Pending, rules: InstallationRules) =>
  heardOf(group, versionAt(rules, start), (series) => shares[series])

const hasSome = (group: Group, slot: Pending, rules: InstallationRules): boolean => heard(group, slot, rules).some

/** Tells of pending slots what is not told yet and `isReady`. */
const tell = (state: InstallationState, rules: InstallationRules, rows: Rows, isReady: (group: Group, slot: Pending) => boolean): void => {
  state.pending = state.pending.map((slot) => {
    const ready = GROUPS.filter((group) => !slot.told.includes(group) && isReady(group, slot))
    if (ready.length === 0) return slot
    const version = versionAt(rules, slot.start)!
    for (const group of ready) {
      for (const [register, row] of rowsOf(group, version, slot.start, (series) => slot.shares[series])) {
        addRow(rows, POWER_GRID, register, row)
        addOpen(state, rules, register, row)
      }
    }
    const told = [...slot.told, ...ready]
    // What was said is not needed any more when all of it is told.
    const open = GROUPS.some((group) => version[group].length > 0 && !told.includes(group))
    return { start: slot.start, shares: open ? slot.shares : {}, told }
  })
  const quarter = Math.floor((state.pending.findLast(({ told }) => told.length > 0)?.start ?? 0) / QUARTER_MS)
  if (quarter > state.toldAt) {
    if (state.toldAt > 0) tellOpen(state, rows)
    state.toldAt = quarter
  }
}

const addOpen = (state: InstallationState, rules: InstallationRules, register: string, row: GridRow): void => {
  for (const grid of COARSE_GRIDS) {
    for (let at = row.start; at < row.end; ) {
      const coarse = openAt(state, rules, grid, at, row)
      for (const made of registersOn(grid)) if (made.of === register) addCoarse(coarse, made, row, rules.site)
      coarse.unsent = true
      at = coarse.end
    }
  }
}

const openAt = (state: InstallationState, rules: InstallationRules, grid: CoarseGrid, at: number, row: GridRow): Coarse => {
  const open = state.open.find((each) => each.grid === grid && each.start <= at && at < each.end)
  if (open !== undefined) return open
  const coarse = coarseAt(grid, rules.zone, at)
  coarse.whole = row.start <= coarse.start
  state.open.push(coarse)
  // What was before in it is in the store, or nowhere.
  if (!coarse.whole) state.asks = addAsk(state.asks, { from: coarse.start, to: row.start })
  return coarse
}

const tellOpen = (state: InstallationState, rows: Rows): void => {
  for (const coarse of state.open) {
    if (!coarse.unsent || !coarse.whole) continue
    for (const [register, sum] of Object.entries(coarse.registers)) addRow(rows, coarse.grid, register, coarseRow(sum))
    coarse.unsent = false
  }
}

const flushAt = ({ open, pending }: InstallationState): number => {
  if (!open.some(({ unsent, whole }) => unsent && whole)) return Number.POSITIVE_INFINITY
  return (pending.at(-1)?.start ?? 0) + SLOT_MS + FLUSH_MS
}

/** What ends by then is over: whoever has not spoken is missing, and anything later takes the way of history. */
const passTo = (state: InstallationState, horizon: number, rules: InstallationRules, rows: Rows): void => {
  if (horizon <= state.horizon) return
  state.horizon = horizon
  const isOver = ({ start }: Pending) => start + SLOT_MS <= horizon
  tell(state, rules, rows, (group, slot) => isOver(slot) && hasSome(group, slot, rules))
  state.pending = state.pending.filter((slot) => !isOver(slot))
  if (state.open.some(({ end, unsent }) => unsent && end <= horizon)) tellOpen(state, rows)
  state.open = state.open.filter(({ end, whole }) => end > horizon || !whole)
}

/** Spans of rows one behind the other, as asks of a state. */
class Spans {
  #span: Span | null = null

  constructor(private readonly state: InstallationState) {}

  add(from: number, to: number): void {
    if (this.#span !== null && this.#span.to === from) this.#span.to = to
    else {
      this.end()
      this.#span = { from, to }
    }
  }

  end(): void {
    if (this.#span !== null) this.state.asks = addAsk(this.state.asks, this.#span)
    this.#span = null
  }
}
