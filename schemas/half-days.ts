import Papa from 'papaparse'
import type { Slots } from './generated.js'
import { parseGrid, slotAt } from './grid.js'
import { POWER_GRID, POWER_SCALE, POWER_SLOT_MS, pointOfInstallation } from './installations.js'
import { mergeSlots } from './merge.js'
import { Op } from './quality.js'
import { firstInstant, wallOf } from './zone.js'

/**
 * Files of half a local day of an installation, as the group has always exchanged them: one row per eight seconds, in W, named by its END
 * (`ts`). A row belongs to the local day its `ts` lies in; AM has what is not after the cut.
 */
export const CUTS = ['10:00Z', 'noon'] as const
export type Cut = (typeof CUTS)[number]

export interface HalfDay {
  /** Local date. */
  day: string
  half: 'AM' | 'PM'
  /** Ends of its first and last row, UTC ms, both included. */
  first: number
  last: number
}

const SLOT_MS = POWER_SLOT_MS
const DAY = parseGrid('P1D')!
const HOUR = 3_600_000
const DAY_MS = 24 * HOUR

/** The half-day that a row belongs to. `ts`: its end, UTC ms. */
export const halfDayAt = (ts: number, zone: string, cut: Cut): HalfDay => {
  const { morning, afternoon } = halvesOf(slotAt(DAY, zone, ts), zone, cut)
  return ts <= morning.last ? morning : afternoon
}

/** `day`: a local date. */
export const halfDayOf = (day: string, half: HalfDay['half'], zone: string, cut: Cut): HalfDay => {
  const { morning, afternoon } = halvesOf(slotAt(DAY, zone, firstInstant(zone, Date.parse(`${day}T00:00:00Z`))), zone, cut)
  return half === 'AM' ? morning : afternoon
}

const halvesOf = ({ start, end }: { start: number; end: number }, zone: string, cut: Cut): { morning: HalfDay; afternoon: HalfDay } => {
  const day = new Date(wallOf(zone, start)).toISOString().slice(0, 10)
  const last = Math.floor(cutOf(start, end, cut) / SLOT_MS) * SLOT_MS
  return {
    morning: { day, half: 'AM', first: ceilSlot(start), last },
    afternoon: { day, half: 'PM', first: last + SLOT_MS, last: ceilSlot(end) - SLOT_MS }
  }
}

const ceilSlot = (at: number): number => Math.ceil(at / SLOT_MS) * SLOT_MS

/** Noon by the clock is twelve hours before the end, as clocks change by night; or 10:00 UTC, which every day has once. */
const cutOf = (start: number, end: number, cut: Cut): number => {
  if (cut === 'noon') return end - 12 * HOUR
  const ten = Math.floor(start / DAY_MS) * DAY_MS + 10 * HOUR
  return ten < start ? ten + DAY_MS : ten
}

const UNSAFE = /[^A-Za-z0-9.-]/g

/** `HOME01_2022-07-01_AM.csv`. What a file name may not hold is written as its code, so that no two ids share one. */
export const halfDayName = (installation: string, { day, half }: Pick<HalfDay, 'day' | 'half'>): string => {
  const id = installation.replace(UNSAFE, (each) =>
    each === '_' ? each : `%${each.codePointAt(0)!.toString(16).toUpperCase().padStart(2, '0')}`
  )
  return `${id.replace(/^\./, '%2E')}_${day}_${half}.csv`
}

export const HALF_DAY_COLUMNS = ['home_id', 'day', 'ts', 'p_cons', 'p_prod', 'p_tot'] as const
/** Registers in the order of their columns. */
export const HALF_DAY_REGISTERS = ['p_cons', 'p_prod', 'p_tot'] as const

/** A column unit of a slot in W, of which POWER_SCALE digits are decimals. */
const WATTS = BigInt(HOUR / SLOT_MS)

/** W in full: a millionth of Wh in eight seconds is 0.00045 W. */
const wattsOf = (amount: number): string => {
  const scaled = BigInt(amount) * WATTS
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(POWER_SCALE + 1, '0')
  const fraction = digits.slice(-POWER_SCALE).replace(/0+$/, '')
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -POWER_SCALE)}${fraction === '' ? '' : `.${fraction}`}`
}

/** `known`: how many figures it holds. */
export interface HalfDayFile {
  content: string
  known: number
}

/**
 * The file of a half-day, every row of it: empty where a figure is not wholly known, which is not 0. `powers`: what is stored of the
 * registers in the order of their columns, any revisions.
 */
export const halfDayFile = (installation: string, half: HalfDay, powers: readonly (readonly Slots[])[]): HalfDayFile => {
  const columns = powers.map((blocks) => amountsOf(blocks, half))
  const rows: string[][] = []
  for (let ts = half.first; ts <= half.last; ts += SLOT_MS) {
    const figures = columns.map((column) => column.get(ts - SLOT_MS))
    const iso = `${new Date(ts).toISOString().slice(0, 19)}Z`
    rows.push([installation, half.day, iso, ...figures.map((amount) => (amount === undefined ? '' : wattsOf(amount)))])
  }
  const content = `${Papa.unparse([[...HALF_DAY_COLUMNS], ...rows], { newline: '\n' })}\n`
  return { content, known: columns.reduce((sum, { size }) => sum + size, 0) }
}

/** What a store keeps, as far as half-days need it. */
interface Stored {
  /** Every revision of the slots of a series that overlap [from, to). */
  slots(series: { point: string; register: string }, grid: string, from: number, to: number): Promise<Slots[]>
}

/** The file of a half-day as it stands. */
export const storedHalfDay = async (store: Stored, installation: string, half: HalfDay): Promise<HalfDayFile> => {
  const point = pointOfInstallation(installation)
  const powers: Slots[][] = []
  for (const register of HALF_DAY_REGISTERS)
    powers.push(await store.slots({ point, register }, POWER_GRID, half.first - SLOT_MS, half.last))
  return halfDayFile(installation, half, powers)
}

/** How many figures a file has room for, and how many it holds. */
export const figuresIn = (content: string): { figures: number; known: number } => {
  const { data } = Papa.parse<Record<string, string>>(content, { header: true, skipEmptyLines: true })
  const known = data.reduce((sum, row) => sum + HALF_DAY_REGISTERS.filter((register) => row[register] !== '').length, 0)
  return { figures: data.length * HALF_DAY_REGISTERS.length, known }
}

/** Amounts by start, of slots that are wholly known. */
const amountsOf = (blocks: readonly Slots[], { first, last }: HalfDay): Map<number, number> => {
  const amounts = new Map<number, number>()
  for (const block of mergeSlots(blocks, { from: first - SLOT_MS, to: last }))
    for (let i = 0; i < block.rows; i++)
      if (block.op[i] === Op.PUT && block.coveredMs[i] === block.end[i] - block.start[i]) amounts.set(block.start[i], block.amount[i])
  return amounts
}
