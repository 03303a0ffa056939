import type { SeriesKey, Store } from '../infra/store.js'
import { slotAt, storedGrid } from '../schemas/grid.js'
import { gridIntervals, type SlotRow } from '../schemas/gridding.js'
import { mergeIntervals } from '../schemas/merge.js'
import { wallOf } from '../schemas/zone.js'

/** A local day of a register that two ledgers tell otherwise. Amounts are thousandths of `unit`; null: nothing is known of the day. */
export interface ChangedDay extends SeriesKey {
  unit: string
  day: string
  before: number | null
  after: number | null
}

const DAY_MS = 86_400_000
const MONTH_MS = 31 * DAY_MS
/** An interval may begin long before the oldest reading's instant: a month's is stamped at its end. */
const REACH_MS = 62 * DAY_MS

/** Days of a point on which the amount, the covered time or the quality of the two differ. From intervals: open slots are no facts yet. */
export const changedDays = async (ours: Store, theirs: Store, point: string, zone: string): Promise<ChangedDay[]> => {
  const latest = [...(await ours.latest(point)), ...(await theirs.latest(point))]
  const changed: ChangedDay[] = []
  for (const register of [...new Set(latest.map((entry) => entry.register))].sort()) {
    const of = latest.filter((entry) => entry.register === register)
    const from = Math.min(...of.map(({ firstAt }) => firstAt)) - REACH_MS
    const to = Math.max(...of.map(({ at }) => at)) + REACH_MS
    changed.push(...(await changedOf(ours, theirs, { point, register }, zone, from, to)))
  }
  return changed
}

const changedOf = async (ours: Store, theirs: Store, series: SeriesKey, zone: string, from: number, to: number): Promise<ChangedDay[]> => {
  const changed: ChangedDay[] = []
  const border = (at: number) => slotAt(storedGrid('P1D'), zone, at).start
  for (let at = border(from); at < to; at = border(at + MONTH_MS)) {
    const [before, after] = await Promise.all([ours, theirs].map((store) => daysOf(store, series, zone, at, border(at + MONTH_MS))))
    for (const start of [...new Set([...before.slots.keys(), ...after.slots.keys()])].sort((a, b) => a - b)) {
      const [was, is] = [before.slots.get(start), after.slots.get(start)]
      if (was && is && was.amount === is.amount && was.coveredMs === is.coveredMs && was.quality === is.quality) continue
      const day = new Date(wallOf(zone, start)).toISOString().slice(0, 10)
      changed.push({ ...series, unit: before.unit || after.unit, day, before: was?.amount ?? null, after: is?.amount ?? null })
    }
  }
  return changed
}

const daysOf = async (
  store: Store,
  { point, register }: SeriesKey,
  zone: string,
  from: number,
  to: number
): Promise<{ slots: Map<number, SlotRow>; unit: string }> => {
  const blocks = mergeIntervals(await store.intervals({ point, register }, from, to), { from, to })
  const days = gridIntervals(blocks, storedGrid('P1D'), zone, from, to).filter(({ start }) => start >= from && start < to)
  return { slots: new Map(days.map((day) => [day.start, day])), unit: blocks[0]?.unit ?? '' }
}
