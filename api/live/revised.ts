import type { Store } from '../../infra/store.js'
import type { Intervals, Slots } from '../../schemas/generated.js'
import { fillsUp } from '../changes.js'
import type { Row } from '../client/frames.js'
import { iso, kwh } from '../format.js'
import type { Hub } from './hub.js'
import { intervalRow, type Shaped, seriesOf, slotRow } from './rows.js'
import type { Tell } from './stream.js'

/** Every stored revision of rows, by their start. */
type Revisions = Map<number, Row[]>

/** Rows that say otherwise than what was told before them; null for those that were the first, or said the same. `grid` null: intervals. */
export const tellRevised =
  (store: Store, hub: Hub, grid: string | null): Tell =>
  async (rows, signal) => {
    const asked = rows.map((row) => (mayChange(row, grid) ? row : null))
    const found = new Map<string, Revisions>()
    for (const [k, wanted] of grouped(
      asked.filter((row) => row !== null),
      ({ row }) => row.k
    )) {
      let revisions = await revisionsOf(store, k, grid, wanted)
      if (!hasAll(revisions, wanted)) {
        await hub.passed(grid === null ? 'intervals' : 'slots', signal)
        revisions = await revisionsOf(store, k, grid, wanted)
      }
      found.set(k, revisions)
    }
    return asked.map((row) => (row === null ? null : changeOf(row, found.get(row.row.k)!.get(row.row.s) ?? [], grid)))
  }

/** Most rows of a live site are told the moment they have happened; of those the store is asked nothing. */
const mayChange = ({ row, knownAt }: Shaped, grid: string | null): boolean => grid === null || !fillsUp({ knownAt: knownAt!, end: row.e })

const revisionsOf = async (store: Store, k: string, grid: string | null, wanted: readonly Shaped[]): Promise<Revisions> => {
  const series = seriesOf(k)!
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { row } of wanted) {
    from = Math.min(from, row.s)
    to = Math.max(to, row.s + 1)
  }
  const found =
    grid === null
      ? (await store.intervals(series, from, to)).flatMap((block: Intervals) => block.start.map((_, i) => intervalRow(block, k, i)))
      : (await store.slots(series, grid, from, to)).flatMap((block: Slots) => block.start.map((_, i) => slotRow(block, k, i)))
  return grouped(found, ({ s }) => s)
}

const grouped = <Key, Value>(values: readonly Value[], keyOf: (value: Value) => Key): Map<Key, Value[]> => {
  const groups = new Map<Key, Value[]>()
  for (const value of values) {
    const group = groups.get(keyOf(value))
    if (group) group.push(value)
    else groups.set(keyOf(value), [value])
  }
  return groups
}

/** A series' records come into the store in their order: where a row is, all that was told before it is. */
const hasAll = (revisions: Revisions, wanted: readonly Shaped[]): boolean =>
  wanted.every(({ row }) => revisions.get(row.s)?.some(({ rev }) => rev >= row.rev))

const changeOf = ({ row, knownAt }: Shaped, revisions: readonly Row[], grid: string | null): object | null => {
  let told: Row | null = null
  for (const each of revisions) if (each.rev < row.rev && (told === null || told.rev < each.rev)) told = each
  const before = told && figureOf(told)
  const after = figureOf(row)
  if (before === null || JSON.stringify(before) === JSON.stringify(after)) return null
  const { point, register } = seriesOf(row.k)!
  const revisedAt = iso(knownAt!)
  return { t: 'change', point, register, unit: row.u, grid: grid ?? 'intervals', start: iso(row.s), before, after, rev: row.rev, revisedAt }
}

/** Null: taken back. */
const figureOf = ({ e, v, u, q, op }: Row) => (op === 'withdrawn' ? null : { end: iso(e), milli: v!, kwh: kwh(v!, u), quality: q, op })
