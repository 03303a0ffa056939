import './chart.css'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { PointInfo } from '../answers.js'
import { Explain } from '../explain/Explain.js'
import { isEnergy } from '../format.js'
import { address } from '../http.js'
import { now } from '../live.js'
import { hrefOf, look } from '../route.js'
import { askedFor, type Known } from './asked.js'
import { expectedGaps, slackOf, within } from './bars.js'
import { useCurveData } from './curve-data.js'
import { GridChoice } from './GridChoice.js'
import { type Grid, snapped } from './grid.js'
import { Legend } from './Legend.js'
import { nativeOf } from './native.js'
import { PlotArea } from './PlotArea.js'
import { RangeBar } from './RangeBar.js'
import { paramsOf, type Range, type View, widened } from './range.js'
import { SlotTable } from './SlotTable.js'
import { Summary } from './Summary.js'
import { type Scene, sceneOf } from './scene.js'
import { totalsOf } from './totals.js'
import { viewText } from './words.js'

interface Props {
  point: PointInfo
  register: string
}

const MINUTE_MS = 60_000

/** The load curve of a register, from years to seconds, and why each figure is what it is. */
export const Curve = ({ point, register }: Props) => {
  const info = point.registers.find((each) => each.register === register)
  const [native, setNative] = useState<number | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const { first, last } = info ?? {}
  const counts = info?.kind === 'COUNTER' || info?.kind === 'INTERVAL'
  useEffect(() => {
    if (!last || !counts) return
    const stop = new AbortController()
    nativeOf(point.id, register, Date.parse(last), stop.signal).then(setNative, (error: Error) => {
      if (!stop.signal.aborted) setProblem(error.message)
    })
    return () => stop.abort()
  }, [point.id, register, counts])
  if (!info || !first || !last) return <p class="empty card">No reading of this register is open to you yet.</p>
  if (!counts) return <p class="empty card">This register counts no energy, so it has no load curve. Choose another one above.</p>
  if (problem !== null) return <p class="notice bad">{problem}</p>
  if (native === null) return <div class="card curve-waiting loading" aria-busy="true" data-testid="curve" />
  return <CurveOf point={point} info={info} nativeMs={native} alive={{ first: Date.parse(first), last: Date.parse(last) }} />
}

const CurveOf = (known: Known) => {
  const { point, info, nativeMs } = known
  const { id, zone } = point
  const { register } = info
  const { view, alive, offered, grid, moving, from, to, explained } = askedFor(known)
  const range = useMemo(() => ({ from, to }), [from, to])
  // What is judged by the clock is judged anew once a minute.
  const minute = Math.ceil(now.value / MINUTE_MS)
  const data = useCurveData({ point: id, register, zone, grid, range, moving })
  const [standing, stand] = useState<number | null>(null)
  const [table, showTable] = useState(false)
  const before = useRef<View[]>([])
  const { loaded, changed } = data
  const chosen = explained === null ? standing : Date.parse(explained)
  const shown = useMemo(() => {
    if (loaded === null) return null
    const { bars, gaps } = within(loaded, range)
    const expected = { first: alive.first, now: now.peek(), slackMs: slackOf(nativeMs) }
    return { bars, gaps: expectedGaps(gaps, expected), unit: loaded.unit, grid: loaded.grid, expected }
  }, [loaded, range, minute])
  const scene = useMemo(
    () => shown && sceneOf({ ...shown, range, exported: register.startsWith('2.8'), chosen, changed }),
    [shown, chosen, changed]
  )
  // Each bar counts where it starts, so that what stands side by side adds up.
  const totals = useMemo(
    () =>
      shown &&
      totalsOf(
        shown.bars.filter(({ start }) => start >= from),
        shown.gaps,
        shown.expected
      ),
    [shown]
  )

  const go = (next: View): void => look({ ...paramsOf(next), grid: null, explain: null })
  const zoom = (to: Range): void => {
    before.current.push(view)
    go(snapped(to, zone, nativeMs))
  }
  const zoomOut = (): void => go(before.current.pop() ?? widened(view, zone, now.peek(), alive))
  const explain = (start: number): void => look({ explain: new Date(start).toISOString() })
  const fixed = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), grid }
  const link = `${location.origin}${location.pathname}${hrefOf('meters', id, register, fixed)}`
  const unit = loaded?.unit ?? info.unit

  return (
    <section class={`curve ${explained === null ? '' : 'explaining'}`} data-testid="curve" aria-label="Load curve">
      <div class={`card curve-card ${data.loading ? 'loading' : ''}`} aria-busy={data.loading}>
        <RangeBar
          view={view}
          text={viewText(view, range, zone)}
          zone={zone}
          now={now.value}
          alive={alive}
          nativeMs={nativeMs}
          go={(next) => {
            before.current = []
            go(next)
          }}
          zoomOut={'span' in view ? null : zoomOut}
        />
        <div class="row spread">
          <p class="muted small">{scene && captionOf(scene)}</p>
          {offered.length > 1 && <GridChoice grid={grid} offered={offered} choose={(next) => look({ grid: next, explain: null })} />}
        </div>
        {data.problem !== null && (
          <p class="notice bad row">
            {data.problem}
            <button type="button" class="button" onClick={data.again}>
              Try again
            </button>
          </p>
        )}
        {scene && (
          <PlotArea
            scene={scene}
            unit={unit}
            zone={zone}
            standing={standing}
            stand={stand}
            explain={explain}
            zoom={zoom}
            zoomOut={zoomOut}
          />
        )}
        {scene === null && data.problem === null && <div class="curve-waiting" />}
        {scene && <Legend scene={scene} />}
        {totals && (
          <Summary
            totals={totals}
            unit={unit}
            zone={zone}
            csv={address('/v1/series', { point: id, register, ...fixed, format: 'csv' })}
            link={link}
            table={table}
            showTable={showTable}
          />
        )}
        {table && scene && <SlotTable scene={scene} unit={unit} zone={zone} explain={explain} />}
      </div>
      {explained !== null && (
        <Explain
          key={explained}
          point={id}
          register={register}
          zone={zone}
          at={explained}
          grid={grid}
          close={() => look({ explain: null }, true)}
        />
      )}
    </section>
  )
}

const captionOf = ({ steps, grid, unit }: Scene): string =>
  steps ? `Mean power, ${unit}` : `${isEnergyUnit(unit) ? 'Energy' : 'Amount'} per ${SLOTS[grid]}, ${unit}`

const SLOTS: Record<Grid, string> = {
  intervals: 'reading',
  PT1M: 'minute',
  PT15M: '15 min',
  PT1H: 'hour',
  P1D: 'day',
  P1M: 'month'
}

const isEnergyUnit = (unit: string): boolean => isEnergy(unit.replace(/^[kM]/, ''))
