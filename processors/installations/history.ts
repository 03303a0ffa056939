import type { Slots } from '../../schemas/generated.js'
import { slotAt, storedGrid } from '../../schemas/grid.js'
import { POWER_GRID } from '../../schemas/installations.js'
import { mergeSlots } from '../../schemas/merge.js'
import { addAsk, type Span } from '../asks.js'
import { differences } from '../loadcurve/differences.js'
import type { GridRow } from '../loadcurve/step.js'
import { COARSE_GRIDS, type Coarse, coarseAt, coarseRow, registersOn, sumUp } from './coarse.js'
import { heardOf, registersOf, rowsOf, type Share, SLOT_MS } from './power.js'
import { GROUPS, type Group, type InstallationRules, membersOf, versionAt } from './rules.js'
import { addRow, type InstallationState, placeOf, type Rows, type Stepped } from './state.js'
import { ownInstallation, shareOf } from './step.js'

/** What is stored of an installation and its members. */
export interface InstallationHistory {
  /** From the first to behind the last of what its members ever said, UTC ms; null: nothing. */
  extent(series: readonly string[]): Promise<Span | null>
  /** Every revision of a member's slots of eight seconds that overlap [from, to), in blocks, unmerged. */
  shares(series: string, from: number, to: number): Promise<Slots[]>
  own(register: string, grid: string, from: number, to: number): Promise<Slots[]>
}

/**
 * The installation's way for history: the first local day that a span touches is made again from the stored slots of its members, and the
 * rest stays an ask. What differs from the stored rows goes out; slots that are still waited for are left to the live fold.
 */
export const refoldInstallation = async (
  before: InstallationState,
  ask: Span,
  rules: InstallationRules,
  history: InstallationHistory
): Promise<Stepped> => {
  const state = ownInstallation(before)
  const rows: Rows = new Map()
  state.asks = before.asks.filter(({ from, to }) => from !== ask.from || to !== ask.to)
  const extent = await history.extent(membersOf(rules))
  const from = Math.max(ask.from, extent?.from ?? Number.MAX_SAFE_INTEGER)
  const to = Math.min(ask.to, extent?.to ?? 0)
  if (from >= to) {
    // Before anybody said anything: what has begun since is whole.
    state.open = state.open.map((each) => (each.start >= ask.from && each.start < ask.to ? { ...each, whole: true } : each))
    return { state, rows }
  }
  const day = slotAt(storedGrid('P1D'), rules.zone, from)
  if (day.end < to) state.asks = addAsk(state.asks, { from: day.end, to: ask.to })

  const region = { from: day.start, to: day.end }
  const [said, stored] = await Promise.all([sharesOf(rules, day.start, day.end, history), ownOf(day, history)])
  const told = new Map(state.pending.map((slot) => [slot.start, slot.told]))
  const made = new Map<string, GridRow[]>()
  for (const group of GROUPS) {
    const isDecided = (start: number) => start + SLOT_MS <= state.horizon || (told.get(start)?.includes(group) ?? false)
    for (const [register, list] of madeOf(group, rules, said, day.start, day.end, isDecided)) {
      made.set(register, list)
      for (const row of differences(list, stored.get(placeOf(POWER_GRID, register))!, region, isDecided))
        addRow(rows, POWER_GRID, register, row)
    }
  }
  state.open = state.open.filter(({ start }) => start < day.start || start >= day.end)
  for (const grid of COARSE_GRIDS) {
    const all = tiles(grid, rules.zone, day.start, day.end)
    for (const coarse of registersOn(grid)) {
      sumUp(all, coarse, made.get(coarse.of)!, rules.site)
      const sums = all.flatMap(({ registers }) => registers[coarse.register] ?? [])
      for (const row of differences(sums.map(coarseRow), stored.get(placeOf(grid, coarse.register))!, region))
        addRow(rows, grid, coarse.register, row)
    }
    const isFilling = ({ end, registers }: Coarse) => end > state.horizon && Object.keys(registers).length > 0
    state.open.push(...all.filter(isFilling).map((each) => ({ ...each, whole: true })))
  }
  return { state, rows }
}

/** What each member said of a day, by slot. */
type Said = Map<string, (Share | undefined)[]>

const sharesOf = async (rules: InstallationRules, from: number, to: number, history: InstallationHistory): Promise<Said> => {
  const said = membersOf(rules).map(
    async (series) => [series, sharesAt(mergeSlots(await history.shares(series, from, to), { from, to }), from, to)] as const
  )
  return new Map(await Promise.all(said))
}

/** What is stored of the installation itself, by grid and register: asked together, as a store may be far away. */
const ownOf = async ({ start, end }: { start: number; end: number }, history: InstallationHistory): Promise<Map<string, Slots[]>> => {
  const fine = GROUPS.flatMap(registersOf).map((register) => ({ grid: POWER_GRID, register }))
  const coarse = COARSE_GRIDS.flatMap((grid) => registersOn(grid).map(({ register }) => ({ grid, register })))
  const own = [...fine, ...coarse].map(
    async ({ grid, register }) => [placeOf(grid, register), await history.own(register, grid, start, end)] as const
  )
  return new Map(await Promise.all(own))
}

/** What a member's merged slots say of [from, to), slot by slot, the first of which begins at `from`. */
export const sharesAt = (blocks: readonly Slots[], from: number, to: number): (Share | undefined)[] => {
  const slots: (Share | undefined)[] = new Array(Math.ceil((to - from) / SLOT_MS))
  for (const block of blocks) for (let i = 0; i < block.rows; i++) slots[(block.start[i] - from) / SLOT_MS] = shareOf(block, i)
  return slots
}

/** The rows of a group by register, of slots of which any member has said something. */
const madeOf = (
  group: Group,
  rules: InstallationRules,
  said: Said,
  from: number,
  to: number,
  isDecided: (start: number) => boolean
): Map<string, GridRow[]> => {
  const made = new Map<string, GridRow[]>(registersOf(group).map((register) => [register, []]))
  let version = versionAt(rules, from)
  for (let start = from, slot = 0; start < to; start += SLOT_MS, slot++) {
    if (rules.versions.length > 1) version = versionAt(rules, start)
    if (version === null || !isDecided(start)) continue
    const shares = (series: string) => said.get(series)?.[slot]
    if (!heardOf(group, version, shares).some) continue
    for (const [register, row] of rowsOf(group, version, start, shares)) made.get(register)!.push(row)
  }
  return made
}

const tiles = (grid: (typeof COARSE_GRIDS)[number], zone: string, from: number, to: number): Coarse[] => {
  const all: Coarse[] = []
  for (let at = from; at < to; at = all[all.length - 1].end) all.push(coarseAt(grid, zone, at))
  return all
}
