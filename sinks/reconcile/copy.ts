import type { Log } from '../../infra/log.js'
import { caughtUp } from '../../infra/settled.js'
import type { SeriesKey, Store } from '../../infra/store.js'
import type { Slots } from '../../schemas/generated.js'
import { Topics } from '../../schemas/topics.js'
import { STORE_GROUP } from '../store/sink.js'
import { currentRows, type Row } from './days.js'

/** Where rows of a series may start, UTC ms: [from, to). */
export interface Span {
  from: number
  to: number
}

/** A place that has to tell what the ledger tells. */
export interface Copy {
  name: string
  /** Whether rows of it belong there. */
  takes(series: SeriesKey, grid: string): boolean
  /** Rows that start before are gone there by right, UTC ms. */
  keepsFrom(): Promise<number>
  /** Series of which it may hold rows, and where. */
  series(grid: string): Promise<(SeriesKey & Span)[]>
  /** What it would hold if it held what the ledger does, given every revision. By start. */
  wanted(ledger: readonly Slots[]): Row[]
  /** What it holds of rows that start in a span, by start. */
  rows(series: SeriesKey, grid: string, span: Span): Promise<Row[]>
  /** Makes it hold the ledger's rows of a span and no others. */
  mend(series: SeriesKey, grid: string, span: Span, ledger: readonly Slots[]): Promise<void>
  /** Resolves when whoever keeps it up to date has written all that the topics of slots hold now. */
  caughtUp(): Promise<void>
}

/** Longest slot, and more: how far from its readings a series may have rows. */
const MARGIN_MS = 62 * 86_400_000
/** Without a word from the sink. */
const PATIENCE_MS = 60_000

export const storeCopy = (log: Log, store: Store): Copy => ({
  name: 'store',
  takes: () => true,
  keepsFrom: async () => Number.NEGATIVE_INFINITY,
  series: async () =>
    (await store.latest()).map(({ point, register, firstAt, at }) => ({ point, register, from: firstAt - MARGIN_MS, to: at + MARGIN_MS })),
  wanted: currentRows,
  rows: async (series, grid, { from, to }) =>
    currentRows(await store.slots(series, grid, from, to)).filter(({ start }) => start >= from && start < to),
  mend: (series, grid, { from, to }, ledger) => store.replaceSlots(series, grid, from, to, ledger),
  caughtUp: () => caughtUp(log, STORE_GROUP, [Topics.slots, Topics.power], PATIENCE_MS)
})
