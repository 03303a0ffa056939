import type { Store } from '../../infra/store.js'
import type { Identity } from '../../schemas/access.js'
import { parseGrid } from '../../schemas/grid.js'
import { QUALITIES } from '../../schemas/quality.js'
import type { Measure, Row } from '../client/frames.js'
import type { Deps } from '../deps.js'
import { aliveSpan } from '../question.js'
import { readSlots } from '../series.js'
import { asOf, selectionOf } from './begin.js'
import { digest, type PageAt, readCursor, writeCursor } from './cursor.js'
import { firstWindow, instantOf, inWindows, isStored, type KnownSeries, seriesOfSelection, storedRows, type Window } from './history.js'
import type { Hub } from './hub.js'
import type { Positions } from './positions.js'
import { FrameError, type FrameOf } from './requests.js'
import { type Shaped, shaped } from './rows.js'
import type { Selection } from './selection.js'

export interface Page {
  rows: Shaped[]
  next?: string
}

/** One page of an answer. Its token holds where it goes on and where the store stood, so that all pages show one version. */
export const answerQuery = async (deps: Deps, hub: Hub, frame: FrameOf<'query'>, identity: Identity): Promise<Page> => {
  const [from, to] = frame.range
  if (to <= from) throw new FrameError('bad_request', 'range: it ends before it begins.')
  const selection = await selectionOf(deps, frame, identity)
  if (selection.measure === 'alerts') throw new FrameError('unsupported', 'measure: past alerts are asked for with GET /v1/alerts.')
  const about = digest(selection.hash, String(from), String(to), frame.zone ?? '', String(frame.as_known_at ?? ''))
  const begun = frame.page === undefined ? null : pageAt(hub, frame.page, selection.who, about)
  const positions = begun?.positions ?? (await positionsNow(hub, selection.measure))
  const store = await storeAt(deps, hub, selection, positions)
  const series = await seriesOfSelection(deps, selection, hub.limits.series)
  const most = Math.min(frame.limit ?? hub.limits.pageRows, hub.limits.pageRows)
  const pager = new Pager(most, hub.limits.frameOut - 32 * 1024, selection)
  for (const each of series) {
    const page = begun?.page
    if (page && each.k < page.k) continue
    const here = page?.k === each.k ? page : null
    const window = windowOf(store, selection, each, frame)
    const next = await pager.read(each, window, Math.max(from, here?.at ?? from), to, here?.skip ?? 0)
    if (next) return { rows: pager.rows, next: token(hub, selection.who, about, positions, next) }
  }
  return { rows: pager.rows }
}

/** Slots may have to be computed from intervals, so both topics are pinned. */
const positionsNow = async (hub: Hub, measure: Measure): Promise<Positions> => {
  await Promise.all([hub.catchUp(measure), measure === 'slots' ? hub.catchUp('intervals') : null])
  const positions = await hub.stored(measure)
  if (measure === 'slots') for (const [topic, offsets] of (await hub.stored('intervals')).offsets) positions.offsets.set(topic, offsets)
  return positions
}

const storeAt = async (deps: Deps, hub: Hub, selection: Selection, positions: Positions): Promise<Rows> => {
  const own = await asOf(deps, hub, selection, selection.measure, positions)
  const intervals = selection.measure === 'slots' ? await asOf(deps, hub, selection, 'intervals', positions) : own
  return {
    readings: (series, from, to) => own.readings(series, from, to),
    slots: (series, grid, from, to) => own.slots(series, grid, from, to),
    intervals: (series, from, to) => intervals.intervals(series, from, to)
  }
}

const token = ({ key, epoch }: Hub, who: string, about: string, positions: Positions, page: PageAt): string =>
  writeCursor(key, { kind: 'page', epoch, who: digest(who), selection: about, positions, page })

const pageAt = (hub: Hub, text: string, who: string, about: string): { positions: Positions; page: PageAt } => {
  const read = readCursor(hub.key, text)
  if (read?.kind !== 'page' || !read.page || read.epoch !== hub.epoch)
    throw new FrameError('cursor_expired', 'page: this server does not know this token; ask from the first page again.')
  if (read.who !== digest(who)) throw new FrameError('forbidden', 'This page token was given to somebody else.')
  if (read.selection !== about) throw new FrameError('bad_request', 'page: the token belongs to another question; send the same one again.')
  return { positions: read.positions, page: read.page }
}

/** Fills a page, and knows where the next one begins. */
class Pager {
  readonly rows: Shaped[] = []
  #bytes = 0

  constructor(
    private readonly most: number,
    private readonly mostBytes: number,
    private readonly selection: Selection
  ) {}

  /** Rows of one series; where to go on when the page is full. */
  async read(series: KnownSeries, window: Window, from: number, to: number, skip: number): Promise<PageAt | null> {
    let at = from
    let sameAt = skip
    let toSkip = skip
    const start = Math.max(from, series.span.from)
    for await (const rows of inWindows(window, start, Math.min(to, series.span.to), firstWindow(this.selection.grid))) {
      for (const row of rows) {
        const instant = instantOf(this.selection.measure, row)
        if (instant === from && toSkip > 0) {
          toSkip--
          continue
        }
        if (instant !== at) {
          at = instant
          sameAt = 0
        }
        const each = shaped(row)
        if (this.rows.length === this.most || this.#bytes + each.json.length > this.mostBytes) return { k: series.k, at, skip: sameAt }
        this.rows.push(each)
        this.#bytes += each.json.length + 1
        sameAt++
      }
    }
    return null
  }
}

/** What is read of the store here; the rest of it has no version. */
type Rows = Pick<Store, 'readings' | 'slots' | 'intervals'>

/** Stored rows, or slots of any other grid or zone, computed from the intervals as they stood. */
const windowOf = (store: Rows, selection: Selection, series: KnownSeries, frame: FrameOf<'query'>): Window => {
  const { grid } = selection
  const { known, k, point, register } = series
  const zone = frame.zone ?? known.zone
  if (selection.measure !== 'slots') return storedRows(store, selection, series, frame.as_known_at)
  const stored = isStored(grid!) && zone === known.zone ? storedRows(store, selection, series, frame.as_known_at) : null
  const computed: Window = async (from, to) => {
    const question = {
      point,
      register,
      from,
      to,
      grid: parseGrid(grid!)!,
      zone,
      pointZone: '',
      versions: known.versions,
      ranges: known.ranges,
      knownAt: frame.as_known_at,
      alive: aliveSpan(known, register),
      maxRows: Number.MAX_SAFE_INTEGER
    }
    const { rows, unit } = await readSlots(store as Store, question)
    return rows
      .filter(({ start, end }) => selection.shows(point, start, end))
      .map(
        ({ start, end, amount, micro, quality, coveredMs, estimatedMs }): Row => ({
          k,
          s: start,
          e: end,
          v: micro ?? amount,
          sc: micro === undefined ? 3 : 6,
          u: unit ?? '',
          q: QUALITIES[quality] ?? String(quality),
          // Made for this answer: it has no history of its own.
          rev: 0,
          op: 'put',
          c: coveredMs,
          est: estimatedMs
        })
      )
  }
  if (!stored) return computed
  // A series of hours has no stored quarters; then they are computed, as over HTTP.
  return async (from, to) => {
    const rows = await stored(from, to)
    if (rows.length > 0 || grid !== 'PT15M') return rows
    return computed(from, to)
  }
}
