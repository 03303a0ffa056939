import type { SeriesKey, WrittenDay } from '../infra/store.js'
import type { Slots } from '../schemas/generated.js'
import { Op } from '../schemas/quality.js'

/** What changed of daily figures after an instant (`since`), as pure functions over what the store has. */

/** A figure that was told. */
export interface Figure {
  /** Thousandths of the unit. */
  milli: number
  quality: number
}

/** One day whose figure was told, and was told otherwise afterwards; `after` null: taken back. */
export interface Change extends SeriesKey {
  unit: string
  start: number
  end: number
  before: Figure
  after: Figure | null
  /** `knownAt` of the row that counts now. */
  revisedAt: number
}

/** Days of one series that have their first figure since then, or were under way. */
export interface Arrived extends SeriesKey {
  days: number
  from: number
  to: number
  milli: number
  knownAt: number
}

/**
 * A meter's last reading of a day comes just after it has ended, and an hourly one's within the hour: a figure that is completed this
 * soon fills up, and is no change of what was told.
 */
const FILLS_UP_MS = 3_600_000

export const fillsUp = ({ knownAt, end }: { knownAt: number; end: number }): boolean => knownAt <= end + FILLS_UP_MS

/** What was written of one series. */
export interface WrittenSeries extends SeriesKey {
  /** Days that had ended by `since` and were written later than a day fills up: changes, or days that arrived late. */
  late: Map<number, WrittenDay>
  /** Days that had not ended by then. */
  fresh: Map<number, WrittenDay>
  /** When the newest row of `late` became known. */
  lateAt: number
}

/** Sorts written days by series; of each day the first that comes, the one known last, counts. */
export class WrittenBySeries {
  readonly #series = new Map<string, WrittenSeries>()

  constructor(private readonly since: number) {}

  add(day: WrittenDay): void {
    const name = `${day.point}\0${day.register}`
    const { point, register } = day
    const series = this.#series.get(name) ?? { point, register, late: new Map(), fresh: new Map(), lateAt: Number.NEGATIVE_INFINITY }
    this.#series.set(name, series)
    if (day.end <= this.since && fillsUp(day)) return
    const days = day.end <= this.since ? series.late : series.fresh
    if (days.has(day.start)) return
    days.set(day.start, day)
    if (days === series.late) series.lateAt = Math.max(series.lateAt, day.knownAt)
  }

  /** Those with late days first, newest first. */
  list(): WrittenSeries[] {
    return [...this.#series.values()].sort((a, b) => b.lateAt - a.lateAt)
  }
}

/** Each day as it was told at an instant and as it is told now, from every stored revision of it. */
const told = (blocks: readonly Slots[], since: number) => {
  const days = new Map<number, { unit: string; end: number; before: Row | null; now: Row }>()
  for (const block of blocks) {
    for (let i = 0; i < block.rows; i++) {
      const row = { block, i }
      const known = block.knownAt[i] <= since ? row : null
      const day = days.get(block.start[i])
      if (!day) days.set(block.start[i], { unit: block.unit, end: block.end[i], before: known, now: row })
      else {
        if (known && (!day.before || revOf(day.before) <= revOf(known))) day.before = known
        if (revOf(day.now) <= revOf(row)) day.now = row
      }
    }
  }
  return days
}

interface Row {
  block: Slots
  i: number
}

const revOf = ({ block, i }: Row): number => block.rev[i]

const figureOf = (row: Row | null): Figure | null =>
  row === null || row.block.op[row.i] === Op.WITHDRAWN ? null : { milli: row.block.amount[row.i], quality: row.block.quality[row.i] }

/** The late days of a series, told apart: those that changed, and those of which nothing had been told. */
export const compare = (series: WrittenSeries, blocks: readonly Slots[], since: number): { changes: Change[]; arrived: WrittenDay[] } => {
  const { point, register, late } = series
  const changes: Change[] = []
  const arrived: WrittenDay[] = []
  const days = told(blocks, since)
  for (const written of late.values()) {
    const day = days.get(written.start)
    if (!day) continue
    const before = figureOf(day.before)
    const after = figureOf(day.now)
    if (before === null) {
      if (after !== null) arrived.push(written)
    } else if (after === null || after.milli !== before.milli || after.quality !== before.quality) {
      const { block, i } = day.now
      changes.push({ point, register, unit: day.unit, start: written.start, end: block.end[i], before, after, revisedAt: block.knownAt[i] })
    }
  }
  return { changes, arrived }
}

/** Days that arrived of one series, as one line; null when there are none. */
export const arrivedOf = ({ point, register }: SeriesKey, days: readonly WrittenDay[]): Arrived | null => {
  const here = days.filter(({ op }) => op !== Op.WITHDRAWN)
  if (here.length === 0) return null
  const arrived: Arrived = { point, register, days: here.length, from: here[0].start, to: here[0].end, milli: 0, knownAt: 0 }
  for (const { start, end, amount, knownAt } of here) {
    arrived.from = Math.min(arrived.from, start)
    arrived.to = Math.max(arrived.to, end)
    arrived.milli += amount
    arrived.knownAt = Math.max(arrived.knownAt, knownAt)
  }
  return arrived
}
