import { createHash } from 'node:crypto'
import type { Latest, SeriesKey, Store } from '../infra/store.js'
import { MEMBER_GRIDS, STORED_GRIDS } from '../schemas/grid.js'
import { INSTALLATION_REGISTERS, installationOf, pointOfInstallation } from '../schemas/installations.js'
import { mergeIntervals, mergeSlots } from '../schemas/merge.js'
import { FLUSH_MS } from './loadcurve/step.js'

const DAY_MS = 86_400_000
const MONTH_MS = 31 * DAY_MS

/** A day of a point on which two ledgers differ; null: one has nothing there. */
export interface LedgerDifference {
  point: string
  day: string
  ours: string | null
  replayed: string | null
}

/** What of a store is looked at. */
type Ledger = Pick<Store, 'latest' | 'installations' | 'intervals' | 'slots'>

/** Newest end of an interval of a series. */
const newestEnd = async (store: Ledger, series: Latest): Promise<number> => {
  for (let to = series.at + 1; to > series.firstAt - MONTH_MS; to -= MONTH_MS) {
    const ends = mergeIntervals(await store.intervals(series, to - MONTH_MS, to)).flatMap(({ end }) => end.at(-1) ?? [])
    if (ends.length > 0) return Math.max(...ends)
  }
  return Number.NEGATIVE_INFINITY
}

/**
 * One hash per point and UTC day over the current rows that start on it: start, end, amount, quality and rule of intervals and slots.
 * Revisions, `knownAt` and history are not in it: two runs over the same topics may differ there. Key: `<point> <yyyy-mm-dd>`.
 * `heardAt`: the last heartbeat, UTC ms. A slot that is still filling and has not been due since then went out once a minute, and how far
 * it had filled by then is no fact: it is left out. Default: nothing is.
 */
export const ledgerHash = async (store: Ledger, heardAt = Number.POSITIVE_INFINITY): Promise<Map<string, string>> => {
  const days = new Map<string, ReturnType<typeof createHash>>()
  const note = (point: string, at: number, text: string) => {
    const key = `${point} ${new Date(at).toISOString().slice(0, 10)}`
    const hash = days.get(key) ?? createHash('sha256')
    hash.update(text)
    days.set(key, hash)
  }
  const installations = await store.installations()
  const members = new Set(installations.flatMap(({ members }) => members.map(({ point }) => point)))
  const noteSlots = async (series: SeriesKey, { from, to }: { from: number; to: number }, filling: number) => {
    // Slots of seconds are in days of their own: nobody else is asked for them.
    for (const grid of members.has(series.point) || installationOf(series.point) !== null ? MEMBER_GRIDS : STORED_GRIDS) {
      for (const block of mergeSlots(await store.slots(series, grid, from, to), { from, to })) {
        for (let i = 0; i < block.rows; i++) {
          if (block.start[i] < from || block.end[i] > filling) continue
          const figures = [
            block.start[i],
            block.end[i],
            block.amount[i],
            block.quality[i],
            block.coveredMs[i],
            block.estimatedMs[i],
            block.expected[i],
            block.received[i]
          ]
          note(series.point, block.start[i], `${series.register} ${grid} ${figures.join(' ')}\n`)
        }
      }
    }
  }
  const latest = await store.latest()
  latest.sort((a, b) => (a.point + a.register < b.point + b.register ? -1 : 1))
  for (const series of latest) {
    const newest = await newestEnd(store, series)
    const filling = newest + FLUSH_MS > heardAt ? newest : Number.POSITIVE_INFINITY
    for (let from = series.firstAt - 2 * MONTH_MS; from <= series.at + MONTH_MS; from += MONTH_MS) {
      const range = { from, to: from + MONTH_MS }
      for (const block of mergeIntervals(await store.intervals(series, range.from, range.to), range)) {
        for (let i = 0; i < block.rows; i++) {
          if (block.start[i] < from) continue
          const figures = [
            block.start[i],
            block.end[i],
            block.milli[i],
            block.op[i],
            block.low[i],
            block.high[i],
            block.quality[i],
            block.words[block.rule[i]]
          ]
          note(series.point, block.start[i], `${series.register} ${figures.join(' ')}\n`)
        }
      }
      await noteSlots(series, range, filling)
    }
  }
  const [first, last] = [Math.min(...latest.map(({ firstAt }) => firstAt)), Math.max(...latest.map(({ at }) => at))]
  const filling = last + FLUSH_MS > heardAt ? last : Number.POSITIVE_INFINITY
  for (const installation of new Set(installations.map((row) => row.installation)))
    for (const register of INSTALLATION_REGISTERS) {
      const series = { point: pointOfInstallation(installation), register }
      for (let from = first - MONTH_MS; from <= last + MONTH_MS; from += MONTH_MS)
        await noteSlots(series, { from, to: from + MONTH_MS }, filling)
    }
  return new Map([...days].map(([key, hash]) => [key, hash.digest('hex')]))
}

/** Days on which two ledgers differ, by point and day. */
export const compareLedgers = (ours: ReadonlyMap<string, string>, replayed: ReadonlyMap<string, string>): LedgerDifference[] => {
  const keys = [...new Set([...ours.keys(), ...replayed.keys()])].sort()
  return keys
    .filter((key) => ours.get(key) !== replayed.get(key))
    .map((key) => ({ point: key.slice(0, -11), day: key.slice(-10), ours: ours.get(key) ?? null, replayed: replayed.get(key) ?? null }))
}
