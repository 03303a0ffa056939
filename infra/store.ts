import type { Alert, Installation, Intervals, Point, Readings, Reject, Slots, Suspect } from '../schemas/generated.js'
import type { Position } from './log.js'

/**
 * The store port: what queries read. Blocks go in as they are on the topics, and their rows come out as they went in, every revision
 * of them; readers merge (schemas/merge.ts: the higher rev wins row by row, WITHDRAWN removes). Blocks of intervals and slots may
 * come out cut at months, or joined where their heads agree; those of readings may be cut, never joined. Writing a batch twice
 * leaves the store as writing it once.
 * test/contracts/store.ts is what every adapter must pass.
 */
export interface SeriesKey {
  point: string
  register: string
}

export interface StoredReadings {
  block: Readings
  position: Position
}

/** The newest reading of a series, and how far back it goes. */
export interface Latest extends SeriesKey {
  source: string
  kind: string
  unit: string
  scale: number
  device: string
  at: number
  value: number
  quality: number
  firstAt: number
}

/** A daily figure (a P1D slot), as the newest row that became known on one UTC day tells it. */
export interface WrittenDay extends SeriesKey {
  start: number
  end: number
  /** Thousandths of the unit. */
  amount: number
  op: number
  quality: number
  rev: number
  knownAt: number
}

export interface StoreBatch {
  readings?: readonly StoredReadings[]
  intervals?: readonly Intervals[]
  slots?: readonly Slots[]
  latest?: readonly Latest[]
  suspects?: readonly Suspect[]
  rejects?: readonly Reject[]
  points?: readonly Point[]
  installations?: readonly Installation[]
  alerts?: readonly Alert[]
}

export interface AlertQuery {
  subject?: string
  rule?: string
  /** Only those that are neither resolved nor retracted. */
  active?: boolean
  /** Bounds of `since`, [from, to). */
  from?: number
  to?: number
  limit: number
}

/**
 * Blocks that have a row in [from, to): reading instants, or intervals and slots that overlap it, with every revision of those rows
 * (one that ends sooner may no longer overlap; see reachOf in schemas/merge.ts). Unfolded, unmerged, by first start. Blocks may hold
 * other rows besides: merge with the range asked for.
 */
export interface Store {
  write(batch: StoreBatch): Promise<void>
  readings(series: SeriesKey, from: number, to: number): Promise<StoredReadings[]>
  intervals(series: SeriesKey, from: number, to: number): Promise<Intervals[]>
  slots(series: SeriesKey, grid: string, from: number, to: number): Promise<Slots[]>
  /**
   * Puts `slots` in the place of every revision of the rows of a series and grid that start in [from, to); all of theirs have to. For
   * mending: what is known of days that were written (`writtenDays`) stays.
   */
  replaceSlots(series: SeriesKey, grid: string, from: number, to: number, slots: readonly Slots[]): Promise<void>
  /**
   * The daily figures of which a row became known after an instant (`knownAt`), newest UTC day of knowledge first, once for each such
   * day; of rows of one day of knowledge the highest rev. Costs what was written since, whatever is stored.
   */
  writtenDays(since: number): AsyncIterable<WrittenDay[]>
  /** Of one point, or of all. */
  latest(point?: string): Promise<Latest[]>
  /** Every version of one point, or of all, by (validFrom, knownAt). */
  points(point?: string): Promise<Point[]>
  installations(): Promise<Installation[]>
  /** Current ones (not withdrawn) of a series with `at` in [from, to), by `at`. */
  suspects(series: SeriesKey, from: number, to: number): Promise<Suspect[]>
  /** Newest first. */
  rejects(filter: { origin?: string; reason?: string; limit: number }): Promise<Reject[]>
  /** The newest state of each, newest beginning first; of equal ones in any order. */
  alerts(query: AlertQuery): Promise<Alert[]>
  /** How many by reason. */
  counts(table: 'rejects' | 'suspects'): Promise<Map<string, number>>
  /**
   * Joins the blocks of days that ended before `before` into as few as MAX_ROWS allows, superseded rows included (for
   * `as_known_at`); deletes only the blocks it read. Bounded work per call; false when there was nothing left to do.
   */
  foldClosedDays(before: number): Promise<boolean>
  /** Bytes by table, for people and metrics. */
  sizes(): Promise<Map<string, number>>
  close(): Promise<void>
}
