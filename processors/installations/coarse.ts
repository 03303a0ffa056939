import { type StoredGrid, slotAt, storedGrid } from '../../schemas/grid.js'
import type { Slot } from '../../schemas/gridding.js'
import { Op, Quality } from '../../schemas/quality.js'
import type { GridRow } from '../loadcurve/step.js'
import { COARSE_REGISTERS, type CoarseRegister, slotsIn } from './power.js'
import { nightOf, type Site } from './sun.js'

export const COARSE_GRIDS = ['PT15M', 'PT1H', 'P1D'] as const satisfies readonly StoredGrid[]
export type CoarseGrid = (typeof COARSE_GRIDS)[number]

/** A longer slot, made of those of eight seconds in it. */
export interface Coarse {
  grid: CoarseGrid
  start: number
  end: number
  registers: { [register: string]: Slot }
  /** Everything from its beginning on is in it; otherwise it is not told. */
  whole: boolean
  /** More is in it than was told. */
  unsent: boolean
}

export const coarseAt = (grid: CoarseGrid, zone: string, at: number): Coarse => ({
  grid,
  ...slotAt(storedGrid(grid), zone, at),
  registers: {},
  whole: false,
  unsent: false
})

const emptySum = ({ start, end }: { start: number; end: number }): Slot => ({
  start,
  end,
  amount: 0,
  quality: Quality.VALIDATED,
  coveredMs: 0,
  estimatedMs: 0,
  received: 0
})

const addTo = (sum: Slot, row: GridRow, { take, beats }: CoarseRegister): void => {
  if (take) sum.amount += take(row.amount)
  else if (row.received > 0 && (sum.received === 0 || beats!(row.amount, sum.amount))) sum.amount = row.amount
  if (row.quality > sum.quality) sum.quality = row.quality
  sum.coveredMs += row.coveredMs
  sum.estimatedMs += row.estimatedMs
  sum.received += row.received
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
    const { registers } = tiles[tile]
    registers[made.register] ??= emptySum(tiles[tile])
    addTo(registers[made.register], row, made)
  }
}

/** `expected` and `received` count slots of eight seconds: a local day has 10 800, 10 350 or 11 250. */
export const coarseRow = (sum: Slot): GridRow => ({
  ...sum,
  op: Op.PUT,
  quality: sum.coveredMs < sum.end - sum.start ? Math.max(sum.quality, Quality.PARTIAL) : sum.quality,
  expected: slotsIn(sum)
})
