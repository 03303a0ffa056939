import { share } from '../../schemas/exact.js'
import { type StoredGrid, slotAt, storedGrid } from '../../schemas/grid.js'
import type { SlotRow } from '../../schemas/gridding.js'
import { POWER_GRID } from '../../schemas/installations.js'
import { Op, Quality } from '../../schemas/quality.js'
import type { GridRow } from '../loadcurve/step.js'
import { COARSE_REGISTERS, type CoarseRegister, SLOT_MS, slotsIn } from './power.js'
import { nightOf, type Site } from './sun.js'

export const COARSE_GRIDS = ['PT15M', 'PT1H', 'P1D'] as const satisfies readonly StoredGrid[]
export type CoarseGrid = (typeof COARSE_GRIDS)[number]

/** A longer slot, made of those of eight seconds in it. */
export interface Coarse {
  grid: CoarseGrid
  start: number
  end: number
  /** Of eight seconds, that begin in it. */
  slots: number
  registers: { [register: string]: SlotRow }
  /** Everything from its beginning on is in it; otherwise it is not told. */
  whole: boolean
  /** More is in it than was told. */
  unsent: boolean
}

export const coarseAt = (grid: CoarseGrid, zone: string, at: number): Coarse => {
  const { start, end } = slotAt(storedGrid(grid), zone, at)
  const slots = slotsIn({ start: firstIn(zone, start), end: firstIn(zone, end) })
  return { grid, start, end, slots, registers: {}, whole: false, unsent: false }
}

/** The first slot of eight seconds that begins then or later: every other quarter of an hour begins in the middle of one. */
const firstIn = (zone: string, at: number): number => {
  const { start } = slotAt(storedGrid(POWER_GRID), zone, at)
  return start === at ? at : start + SLOT_MS
}

const emptySum = ({ start, end, slots }: Coarse): SlotRow => ({
  start,
  end,
  amount: 0,
  quality: Quality.VALIDATED,
  coveredMs: 0,
  estimatedMs: 0,
  received: 0,
  expected: slots
})

/** Adds what of a row lies in the slot; it is counted where it begins. Parts of one that a border cuts add up to it. */
const addTo = (sum: SlotRow, row: GridRow, { take, beats }: CoarseRegister): void => {
  const within = (total: number): number => {
    if (row.start >= sum.start && row.end <= sum.end) return total
    return share(total, row.start, row.end, sum.end) - share(total, row.start, row.end, sum.start)
  }
  if (take) sum.amount += within(take(row.amount))
  else if (row.received > 0 && (sum.received === 0 || beats!(row.amount, sum.amount))) sum.amount = row.amount
  if (row.quality > sum.quality) sum.quality = row.quality
  sum.coveredMs += within(row.coveredMs)
  sum.estimatedMs += within(row.estimatedMs)
  if (row.start >= sum.start) sum.received += row.received
}

const OF_ALL_GRIDS = COARSE_REGISTERS.filter(({ ofDays }) => !ofDays)

/** What is made on a grid. */
export const registersOn = (grid: CoarseGrid): readonly CoarseRegister[] => (grid === 'P1D' ? COARSE_REGISTERS : OF_ALL_GRIDS)

export const addCoarse = (coarse: Coarse, made: CoarseRegister, row: GridRow, site: Site): void => {
  if (made.atNight && !nightOf(coarse.start, coarse.end, site)(row.start)) return
  const sum = { ...(coarse.registers[made.register] ?? emptySum(coarse)) }
  addTo(sum, row, made)
  coarse.registers[made.register] = sum
}

/** Adds rows in order of time to the slots of one grid, which tile the time they are in. */
export const sumUp = (tiles: readonly Coarse[], made: CoarseRegister, rows: readonly GridRow[], site: Site): void => {
  // Of days only, and of those there is one.
  const isNight = made.atNight ? nightOf(tiles[0].start, tiles[0].end, site) : () => true
  let tile = 0
  for (const row of rows) {
    if (!isNight(row.start)) continue
    while (row.start >= tiles[tile].end) tile++
    for (let i = tile; i < tiles.length && tiles[i].start < row.end; i++) {
      const { registers } = tiles[i]
      registers[made.register] ??= emptySum(tiles[i])
      addTo(registers[made.register], row, made)
    }
  }
}

/** `expected` and `received` count slots of eight seconds: a local day has 10 800, 10 350 or 11 250, a quarter of an hour 113 or 112. */
export const coarseRow = (sum: SlotRow): GridRow => ({
  ...sum,
  op: Op.PUT,
  quality: sum.coveredMs < sum.end - sum.start ? Math.max(sum.quality, Quality.PARTIAL) : sum.quality
})
