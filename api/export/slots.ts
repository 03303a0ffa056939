import type { Store } from '../../infra/store.js'
import { completeness } from '../../schemas/completeness.js'
import { type Grid, STORED_GRIDS, slotAt } from '../../schemas/grid.js'
import { type IntervalRow, intervalRows, type Slot, type SlotRow, shownSlot, slotsOf } from '../../schemas/gridding.js'
import { mergeSlots } from '../../schemas/merge.js'
import { rulesOf, versionAt } from '../../schemas/registry.js'
import { kwh, localIso } from '../format.js'
import { chunks, currentIntervals } from '../rows.js'
import { open, type Question, slotRows, toRead } from '../series.js'
import { type Column, qualityName, seriesColumns } from './columns.js'
import { type Window, windows } from './windows.js'

/** Most slots of one window: a second's grid over a month would be millions. */
const MAX_SLOTS = 50_000

export const slotColumns: readonly Column<SlotRow>[] = [
  ...seriesColumns,
  { name: 'start_utc', type: 'instant', of: ({ start }) => start },
  { name: 'end_utc', type: 'instant', of: ({ end }) => end },
  { name: 'start_local', type: 'text', of: ({ start }, { zone }) => localIso(start, zone) },
  { name: 'kwh', type: 'decimal', of: ({ amount }, { unit }) => kwh(amount, unit) },
  { name: 'amount_milli', type: 'integer', of: ({ amount }) => amount },
  { name: 'quality', type: 'text', of: ({ quality }) => qualityName(quality) },
  {
    name: 'completeness',
    type: 'ratio',
    of: ({ start, end, coveredMs, expected, received }) => completeness(expected, received, coveredMs, end - start)
  },
  { name: 'covered_ms', type: 'integer', of: ({ coveredMs }) => coveredMs },
  { name: 'estimated_ms', type: 'integer', of: ({ estimatedMs }) => estimatedMs },
  { name: 'expected_readings', type: 'integer', of: ({ expected }) => (expected < 0 ? null : expected) },
  { name: 'received_readings', type: 'integer', of: ({ received }) => received }
]

/** Slots of any grid and zone that start in the asked range and lie in time open to the asker, by start; stored ones where there are any. */
export const exportSlots = (store: Store, question: Question, grid: Grid): AsyncGenerator<readonly SlotRow[]> => {
  const { zone, pointZone, from, to, knownAt } = question
  const stored = zone === pointZone && (STORED_GRIDS as readonly string[]).includes(grid.name)
  const range = toRead(question)
  const edge = (at: number): number => (slotAt(grid, zone, at).start === at ? at : slotAt(grid, zone, at).end)
  const longestMs = grid.ms > 0 ? grid.ms * MAX_SLOTS : Number.POSITIVE_INFINITY
  const read = async (window: Window) => {
    const blocks = stored ? await store.slots(question, grid.name, window.from, window.to) : []
    const kept = mergeSlots(blocks, { ...window, knownAt })
      .flatMap(slotRows)
      .filter(({ start }) => start >= window.from)
    const made = kept.length > 0 ? { rows: kept, read: kept.length } : await computed(store, question, grid, window)
    return { read: made.read, rows: made.rows.filter(({ start, end }) => start >= from && start < to && open(question, start, end)) }
  }
  return windows({ from: slotAt(grid, zone, range.from).start, to: range.to }, edge, longestMs, read)
}

/** A year's slot takes in its intervals a month at a time; one that reaches into several months counts in the first of them. */
const computed = async (store: Store, question: Question, grid: Grid, { from, to }: Window): Promise<{ rows: SlotRow[]; read: number }> => {
  const { versions, register, zone, knownAt } = question
  const rules = (at: number) => rulesOf(versionAt(versions, at), register)
  const slots = new Map<number, Slot>()
  let read = 0
  for (const piece of chunks(from, to, (at) => at)) {
    const blocks = await currentIntervals(store, question, piece.from, piece.to, knownAt)
    for (const { rows } of blocks) read += rows
    const rows = piece.from === from ? intervalRows(blocks) : startingFrom(piece.from, intervalRows(blocks))
    for (const slot of slotsOf(rows, grid, zone, from, to, ({ start }) => rules(start).holdMs)) addSlot(slots, slot)
  }
  const ordered = [...slots.values()].sort((a, b) => a.start - b.start)
  return { rows: ordered.map((slot) => shownSlot(slot, rules(slot.start).expectedMs)), read }
}

function* startingFrom(from: number, rows: Iterable<IntervalRow>): Generator<IntervalRow> {
  for (const row of rows) if (row.start >= from) yield row
}

const addSlot = (slots: Map<number, Slot>, part: Slot): void => {
  const slot = slots.get(part.start)
  if (slot === undefined) return void slots.set(part.start, part)
  slot.amount += part.amount
  slot.quality = Math.max(slot.quality, part.quality)
  slot.coveredMs += part.coveredMs
  slot.estimatedMs += part.estimatedMs
  slot.received += part.received
}
