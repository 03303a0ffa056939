import { useEffect, useRef, useState } from 'preact/hooks'
import type { Row } from '../../client/frames.js'
import type { Home, SeriesColumns } from '../answers.js'
import { type Pace, paced, type What } from '../chart/paced.js'
import type { Range } from '../chart/range.js'
import { get, HttpError } from '../http.js'
import { connection, subscribed } from '../live.js'
import { gridOf, POWER_GRIDS, type PowerGrid } from './day.js'
import { type Curve, curveOf, POWERS, type Power, withTail } from './power.js'

export interface PowerData {
  /** The last answer, perhaps of another range. */
  curve: Curve | null
  loading: boolean
  problem: string | null
  /** Newest rows, when the range is followed. */
  latest: Readonly<Partial<Record<Power, Row>>>
}

const LIVE_MS = 2000
const RETRY_MS = 5000
/** The socket tells what is in the log; the store that is asked may be a moment behind. */
const BEHIND_MS = 5000

/** Null: the installation has no such register, or nothing was heard of it. */
export const columnsOf = async (point: string, register: string, { from, to }: Range, grid: string, signal: AbortSignal) => {
  const query = { point, register, grid, from: new Date(from).toISOString(), to: new Date(to).toISOString(), format: 'columns' }
  try {
    return (await get<SeriesColumns>('/v1/series', query, signal)).columns
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return null
    throw error
  }
}

const ask = async ({ point }: Home, range: Range, grid: string, signal: AbortSignal): Promise<Curve> => {
  const [p_cons, p_prod, p_tot, p_ve] = await Promise.all(POWERS.map((power) => columnsOf(point, power, range, grid, signal)))
  return curveOf(range, { p_cons, p_prod, p_tot, p_ve })
}

/** The last two slots may still be filled. */
const tailOf = ({ range, slots }: Curve): number => (slots.at(-2) ?? slots.at(-1))?.start ?? range.from

/** Loads the power of an installation; `live`: whatever the socket tells of it is asked for, at most every 2 s. */
export const usePower = (home: Home, range: Range, live: boolean): PowerData => {
  const [curve, setCurve] = useState<Curve | null>(null)
  const [loading, setLoading] = useState(true)
  const [problem, setProblem] = useState<string | null>(null)
  const [latest, setLatest] = useState<PowerData['latest']>({})
  const shown = useRef<Curve | null>(null)
  const pace = useRef<Pace | null>(null)
  const { from, to } = range
  const identity = `${home.id} ${from} ${to}`
  const drawn = gridOf(range)

  useEffect(() => {
    const stop = new AbortController()
    let retry: ReturnType<typeof setTimeout> | undefined
    const refresh = async (what: What): Promise<void> => {
      const before = what === 'tail' ? shown.current : null
      const asked = { from: before === null ? from : tailOf(before), to }
      try {
        const answer = await ask(home, asked, drawn, stop.signal)
        if (stop.signal.aborted) return
        shown.current = before === null ? answer : withTail(before, answer)
        setCurve(shown.current)
        setProblem(null)
      } catch (error) {
        if (stop.signal.aborted) return
        setProblem((error as Error).message)
        if (error instanceof HttpError && (error.status === 0 || error.status >= 500))
          retry = setTimeout(() => pace.current?.ask('all'), RETRY_MS)
      }
      setLoading(false)
    }
    shown.current = null
    setLoading(true)
    pace.current = paced(refresh, LIVE_MS)
    pace.current.ask('all')
    return () => {
      stop.abort()
      clearTimeout(retry)
      pace.current?.stop()
    }
  }, [identity])

  useEffect(() => {
    setLatest({})
    if (!live) return
    const select = { installations: [home.id], measure: 'power', registers: POWERS } as const
    let again: ReturnType<typeof setTimeout> | undefined
    const take = (rows: readonly Row[]): void => {
      const known = shown.current
      if (known !== null) pace.current?.ask(rows.some(({ s }) => s < tailOf(known)) ? 'all' : 'tail')
      clearTimeout(again)
      again = setTimeout(() => pace.current?.ask('all'), BEHIND_MS)
    }
    const stops = (Object.keys(POWER_GRIDS) as PowerGrid[]).map((grid) =>
      subscribed(
        { select, grid, from: 'latest' },
        {
          rows: (rows) => {
            if (grid === 'PT8S') setLatest((before) => newest(before, rows, home.point))
            if (grid === drawn) take(rows)
          }
        }
      )
    )
    return () => {
      for (const stop of stops) stop()
      clearTimeout(again)
    }
  }, [home.id, live, drawn])

  // What was revised while nobody was connected is not told again.
  const { state } = connection.value
  const lost = useRef(false)
  useEffect(() => {
    if (state === 'live' && lost.current) pace.current?.ask('all')
    lost.current = state === 'lost'
  }, [state])

  return { curve, loading, problem, latest }
}

/** Of each power the row that begins last, in its last revision. */
const newest = (before: PowerData['latest'], rows: readonly Row[], point: string): PowerData['latest'] => {
  const after = { ...before }
  for (const power of POWERS)
    for (const row of rows) {
      const known = after[power]
      if (row.k !== `${point}|${power}` || (known && (row.s < known.s || (row.s === known.s && row.rev < known.rev)))) continue
      after[power] = row
    }
  return after
}
