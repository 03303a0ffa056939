import type { Latest, SeriesKey, Store } from '../../infra/store.js'
import type { Range } from '../../schemas/access.js'
import { parseGrid, STORED_GRIDS, slotAt } from '../../schemas/grid.js'
import { versionsByName } from '../../schemas/installations/versions.js'
import { installationOf, keyOfPoint, POWER_GRID, pointOfInstallation } from '../../schemas/installations.js'
import { mergeIntervals, mergeSlots } from '../../schemas/merge.js'
import { currentVersions } from '../../schemas/registry.js'
import type { Measure, Row } from '../client/frames.js'
import type { Deps } from '../deps.js'
import { knownInstallation } from '../installation.js'
import { aliveSpan, type KnownPoint, zoneAt } from '../question.js'
import { FrameError } from './requests.js'
import { intervalRow, keyOf, powerRow, readingRow, slotRow } from './rows.js'
import type { Selection } from './selection.js'

/** A series that is selected and of which the store has something. */
export interface KnownSeries extends SeriesKey {
  k: string
  known: KnownPoint
  /** Time in which it can have rows that are open. */
  span: Range
}

const COUNTS = new Set(['COUNTER', 'INTERVAL'])

/** By key, so that pages go on where the last one ended. */
export const seriesOfSelection = async (deps: Deps, selection: Selection, most: number): Promise<KnownSeries[]> => {
  const latest = await latestOf(deps, selection)
  const chosen = latest.filter(
    ({ point, register, kind }) => selection.has(point, register) && (selection.measure === 'readings' || COUNTS.has(kind))
  )
  if (chosen.length > most)
    throw new FrameError('too_large', `The selection has ${chosen.length} series; at most ${most} go into one: name points or registers.`)
  const points = new Map<string, KnownPoint>()
  const found: KnownSeries[] = []
  for (const { point, register } of chosen) {
    const known = points.get(point) ?? (await knownPoint(deps, selection, point))
    points.set(point, known)
    const alive = aliveSpan(known, register)
    const open = known.ranges
    const span = { from: Math.max(alive.from, open[0].from), to: Math.min(alive.to, open[open.length - 1].to) }
    found.push({ k: keyOf(point, register), point, register, known, span })
  }
  return found.sort((a, b) => (a.k < b.k ? -1 : 1))
}

const latestOf = async ({ store }: Deps, { points, measure }: Selection): Promise<Latest[]> => {
  if (measure !== 'power')
    return points ? (await Promise.all([...points.keys()].map((point) => store.latest(point)))).flat() : await store.latest()
  const names = points ? [...points.keys()] : [...versionsByName(await store.installations()).keys()].map(pointOfInstallation)
  return (await Promise.all(names.map((point) => knownInstallation(store, keyOfPoint(point))))).flatMap((known) => known?.latest ?? [])
}

const knownPoint = async (deps: Deps, selection: Selection, point: string): Promise<KnownPoint> => {
  const ranges = [...selection.ranges(point)]
  const installation = installationOf(point)
  const known = installation === null ? null : await knownInstallation(deps.store, installation)
  if (known !== null) return { point, versions: [], ranges, ...known }
  const [versions, latest] = await Promise.all([deps.store.points(point).then(currentVersions), deps.store.latest(point)])
  return { point, versions, latest, zone: zoneAt(deps, point, versions), ranges }
}

/** Rows of a series whose instant lies in [from, to), in order. */
export type Window = (from: number, to: number) => Promise<Row[]>

/** What orders the rows of a series: readings by their instant, all others by their start. */
export const instantOf = (measure: Measure, row: Row): number => (measure === 'readings' ? row.e : row.s)

type Readable = Pick<Store, 'intervals' | 'slots' | 'readings'>

/** The rows of a series as they are stored and open, current ones only. */
export const storedRows =
  (store: Readable, selection: Selection, { k, point, register }: KnownSeries, knownAt?: number): Window =>
  async (from, to) => {
    const series = { point, register }
    const wanted = { from, to, knownAt }
    const { measure } = selection
    let rows: Row[]
    if (measure === 'readings') {
      const blocks = (await store.readings(series, from, to)).map(({ block }) => block)
      rows = blocks
        .filter(({ ingestedAt }) => knownAt === undefined || ingestedAt <= knownAt)
        .flatMap((block) => block.at.map((_, i) => readingRow(block, k, i)))
        .sort((a, b) => a.e - b.e)
    } else if (measure === 'intervals') {
      const blocks = mergeIntervals(await store.intervals(series, from, to), wanted)
      rows = blocks.flatMap((block) => block.start.map((_, i) => intervalRow(block, k, i)))
    } else {
      const blocks = mergeSlots(await store.slots(series, selection.grid!, from, to), wanted)
      const rowOf = measure === 'power' ? powerRow : slotRow
      rows = blocks.flatMap((block) => block.start.map((_, i) => rowOf(block, k, i)))
    }
    return rows.filter((row) => {
      const at = instantOf(measure, row)
      return at >= from && at < to && selection.shows(point, row.s, row.e)
    })
  }

const DAY = 86_400_000
const YEAR = 366 * DAY
/** Rows of a window that is worth widening, and of one that had better be narrower. */
const FEW = 500
const MANY = 4000

/** A first window of about a thousand rows, where the grid says how many there are. */
export const firstWindow = (grid: string | null): number => {
  const ms = grid === null ? 0 : (parseGrid(grid)?.ms ?? 0)
  if (grid !== null && ms === 0) return YEAR
  return Math.min(YEAR, ms === 0 ? DAY : 1000 * ms)
}

/** Rows of [from, to) in pieces of some thousand: as many as are there, whether a row a month or one every second. */
export async function* inWindows(window: Window, from: number, to: number, firstMs: number): AsyncGenerator<Row[]> {
  let ms = firstMs
  for (let at = from; at < to; ) {
    const end = Math.min(at + ms, to)
    const rows = await window(at, end)
    at = end
    if (rows.length < FEW) ms = Math.min(ms * 2, YEAR)
    else if (rows.length > MANY) ms = Math.max(Math.floor(ms / 2), 60_000)
    yield rows
  }
}

/** The newest row before `to`: looked for from the end, further and further back. */
export const newestRow = async (window: Window, { from, to }: Range, aroundTo: number, firstMs: number): Promise<Row | null> => {
  let end = to
  for (let ms = firstMs, start = Math.min(aroundTo, to) - firstMs; end > from; ms *= 4, start = end - ms) {
    start = Math.max(start, from)
    const rows = await window(start, end)
    if (rows.length > 0) return rows[rows.length - 1]
    end = start
  }
  return null
}

const POWER_GRIDS: readonly string[] = [POWER_GRID, ...STORED_GRIDS.filter((grid) => grid !== 'P1M')]

/** The grid of a live subscription, or of rows as they are stored; null: intervals and readings have none. */
export const gridOf = (measure: Measure, grid: string | undefined): string | null => {
  if (measure === 'power') {
    if (grid === undefined || POWER_GRIDS.includes(grid)) return grid ?? POWER_GRID
    throw new FrameError('bad_request', `grid: "${grid}" is not stored of power; there are ${POWER_GRIDS.join(', ')}.`)
  }
  if (measure !== 'slots') {
    if (grid !== undefined) throw new FrameError('bad_request', `grid: ${measure} have none.`)
    return null
  }
  if (grid === undefined) return 'PT1H'
  if (!parseGrid(grid)) throw new FrameError('bad_request', `grid: "${grid}" is none; such as PT15M, PT1H, P1D, P1M.`)
  return grid
}

export const isStored = (grid: string): boolean => (STORED_GRIDS as readonly string[]).includes(grid)

/** Only stored grids in the points' own zones are on the topic; any other can be asked for, and is computed then. */
export const requireStored = (selection: Selection, zone: string | undefined, series: readonly KnownSeries[]): void => {
  if (selection.measure !== 'slots') return
  if (!isStored(selection.grid!))
    throw new FrameError(
      'unsupported',
      `grid: ${selection.grid} is not stored, so it cannot be followed live; query computes it. Stored: ${STORED_GRIDS.join(', ')}.`
    )
  if (zone === undefined) return
  const other = series.find(({ known }) => known.zone !== zone)
  if (other || selection.points === null)
    throw new FrameError(
      'unsupported',
      `zone: live slots are in the zone of their point${other ? ` (${other.point}: ${other.known.zone})` : ''}; query computes others.`
    )
}

/** A slot that a window's start cuts belongs to the one before. */
export const slotStart = (grid: string, zone: string, at: number): number => slotAt(parseGrid(grid)!, zone, at).start
