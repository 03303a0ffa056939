import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Series, SeriesColumns } from '../answers.js'
import { get, HttpError } from '../http.js'
import { connection, keyOf, now, onRows } from '../live.js'
import { changedStarts, type Loaded, loadedIntervals, loadedSlots, mergeTail } from './bars.js'
import { type Grid, slotEnd, slotStart } from './grid.js'
import { paced, type What } from './paced.js'
import type { Range } from './range.js'

export interface Wanted {
  point: string
  register: string
  zone: string
  grid: Grid
  range: Range
  /** The range moves on with the clock: what is loaded is added to, not asked anew. */
  moving: boolean
}

export interface CurveData {
  /** The last answer; of another range while the next is on its way. */
  loaded: Loaded | null
  loading: boolean
  problem: string | null
  /** Starts of bars that were revised a moment ago. */
  changed: ReadonlySet<number>
  again(): void
}

const LIVE_MS = 2000
const SHOWN_MS = 2500
const RETRY_MS = 5000
/** While nothing comes in, silence is to be seen too. */
const QUIET_MS = 60_000
/** Readings are asked from a little earlier: the one that began before the range reaches into it. */
const LEAD_MS = 30 * 60_000
const NONE: ReadonlySet<number> = new Set()

const asked = ({ grid, zone, range }: Wanted): Range =>
  grid === 'intervals'
    ? { from: range.from - LEAD_MS, to: range.to }
    : { from: slotStart(grid, zone, range.from), to: slotEnd(grid, zone, range.to) }

const ask = async ({ point, register, grid }: Wanted, { from, to }: Range, signal: AbortSignal): Promise<Loaded> => {
  const query = { point, register, grid, from: new Date(from).toISOString(), to: new Date(to).toISOString() }
  if (grid === 'intervals') return loadedIntervals(await get<Series>('/v1/series', query, signal))
  return loadedSlots(await get<SeriesColumns>('/v1/series', { ...query, format: 'columns' }, signal), grid)
}

/** The last two bars may still grow: a reading that crosses a border grows both. */
const tailOf = ({ bars }: Loaded): number => (bars.at(-2) ?? bars.at(-1))?.start ?? Number.NEGATIVE_INFINITY

/** What began before the first reading that was asked for is not known to be a gap. */
const withoutLead = (loaded: Loaded): Loaded =>
  loaded.grid === 'intervals' ? { ...loaded, gaps: loaded.gaps.filter(({ from }) => from > loaded.range.from) } : loaded

/** Loads a curve and keeps it: new rows add to its end at most every 2 s, revised ones bring all of it again. */
export const useCurveData = (wanted: Wanted | null): CurveData => {
  const [loaded, setLoaded] = useState<Loaded | null>(null)
  const [loading, setLoading] = useState(true)
  const [problem, setProblem] = useState<string | null>(null)
  const [changed, setChanged] = useState<ReadonlySet<number>>(NONE)
  const [round, setRound] = useState(0)
  const latest = useRef({ wanted, loaded })
  latest.current = { wanted, loaded }
  const { range } = wanted ?? {}
  const identity = wanted && [wanted.grid, wanted.moving ? wanted.range.to - wanted.range.from : `${range?.from} ${range?.to}`].join(' ')

  const mark = useCallback((starts: ReadonlySet<number>) => {
    if (starts.size === 0) return
    setChanged(starts)
    setTimeout(() => setChanged((shown) => (shown === starts ? NONE : shown)), SHOWN_MS)
  }, [])

  useEffect(() => {
    const { wanted } = latest.current
    if (!wanted) return
    const stop = new AbortController()
    let retry: ReturnType<typeof setTimeout> | undefined
    setLoading(true)
    ask(wanted, asked(wanted), stop.signal)
      .then((answer) => {
        setLoaded(withoutLead(answer))
        setProblem(null)
        setLoading(false)
      })
      .catch((error: unknown) => {
        if (stop.signal.aborted) return
        setProblem((error as Error).message)
        setLoading(false)
        if (error instanceof HttpError && (error.status === 0 || error.status >= 500))
          retry = setTimeout(() => setRound((last) => last + 1), RETRY_MS)
      })
    return () => {
      stop.abort()
      clearTimeout(retry)
    }
  }, [identity, round])

  useEffect(() => {
    if (!identity) return
    const stop = new AbortController()
    const refresh = async (what: What): Promise<void> => {
      const { wanted, loaded } = latest.current
      if (!wanted || !loaded || loaded.grid !== wanted.grid) return
      const { from, to } = asked(wanted)
      const tail = what === 'tail' ? Math.max(tailOf(loaded), from) : from
      const answer = await ask(wanted, { from: tail, to }, stop.signal)
      if (stop.signal.aborted) return
      const after = tail > from ? mergeTail(loaded, answer) : withoutLead(answer)
      setLoaded(after)
      setProblem(null)
      if (what === 'all') mark(changedStarts(loaded, after))
    }
    const pace = paced(refresh, LIVE_MS)
    const unlisten = onRows((rows) => {
      const { wanted, loaded } = latest.current
      if (!wanted || !loaded) return
      const key = keyOf(wanted.point, wanted.register)
      for (const { k, s, e } of rows)
        if (k === key && e > wanted.range.from && s < wanted.range.to + QUIET_MS) pace.ask(s >= tailOf(loaded) ? 'tail' : 'all')
    })
    const quiet = setInterval(() => {
      const { wanted } = latest.current
      if (wanted && wanted.range.from < now.value && now.value <= wanted.range.to + QUIET_MS) pace.ask('tail')
    }, QUIET_MS)
    return () => {
      stop.abort()
      unlisten()
      clearInterval(quiet)
      pace.stop()
    }
  }, [identity, mark])

  // What was revised while nobody was connected is not told again.
  const { state } = connection.value
  const lost = useRef(false)
  useEffect(() => {
    if (state === 'live' && lost.current) setRound((last) => last + 1)
    lost.current = state === 'lost'
  }, [state])

  return { loaded, loading, problem, changed, again: () => setRound((last) => last + 1) }
}
