import type { Store } from '../../infra/store.js'
import type { LedgerDifference } from '../../processors/verify.js'
import { STORED_GRIDS } from '../../schemas/grid.js'
import { mergeIntervals, mergeSlots } from '../../schemas/merge.js'

const DAY_MS = 86_400_000

/** Current rows of a point that start on a UTC day: what a ledger's hash of that day is made of, and revisions. */
const rowsOf = async (store: Store, point: string, day: string): Promise<string[]> => {
  const from = Date.parse(day)
  const range = { from, to: from + DAY_MS }
  const rows: string[] = []
  for (const series of await store.latest(point)) {
    for (const block of mergeIntervals(await store.intervals(series, range.from, range.to), range))
      for (const [i, start] of block.start.entries())
        if (start >= from)
          rows.push(
            `${series.register} ${start} ${block.end[i]} ${block.milli[i]} op ${block.op[i]} quality ${block.quality[i]} ${block.words[block.rule[i]]} rev ${block.rev[i]}`
          )
    for (const grid of STORED_GRIDS)
      for (const block of mergeSlots(await store.slots(series, grid, range.from, range.to), range))
        for (const [i, start] of block.start.entries())
          if (start >= from)
            rows.push(
              `${series.register} ${grid} ${start} ${block.end[i]} ${block.amount[i]} covered ${block.coveredMs[i]} received ${block.received[i]} quality ${block.quality[i]} rev ${block.rev[i]}`
            )
  }
  return rows
}

/** What two ledgers say of a day on which they differ; rows that only differ in their revision are left out. */
export const toldApart = async ({ point, day }: LedgerDifference, ours: Store, replayed: Store): Promise<string> => {
  const [left, right] = await Promise.all([rowsOf(ours, point, day), rowsOf(replayed, point, day)])
  const figures = (row: string) => row.replace(/ rev \d+$/, '')
  const without = (rows: string[], others: string[]) => rows.filter((row) => !others.some((other) => figures(other) === figures(row)))
  const lines = [...without(left, right).map((row) => `  ours      ${row}`), ...without(right, left).map((row) => `  replayed  ${row}`)]
  return [`${point} ${day}`, ...lines].join('\n')
}
