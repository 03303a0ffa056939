import { useMemo, useRef, useState } from 'preact/hooks'
import type { Home } from '../answers.js'
import { LEFT_PX, Plot, RIGHT_PX } from '../chart/Plot.js'
import type { Range } from '../chart/range.js'
import { Tooltip } from '../chart/Tooltip.js'
import { clock, powerText } from '../format.js'
import { now } from '../live.js'
import { type PowerData, usePower } from './curve-data.js'
import { todayIn } from './day.js'
import { POWER } from './draw.js'
import { HOUSE, POWERS, type Power, type PowerScene, type PowerSlot, sceneOf, slotAt, VEHICLES } from './power.js'
import { curveText, exchangeName, missingText, nowText, POWER_NAMES, slotText } from './words.js'

interface Props {
  home: Home
  range: Range
  /** Whether it is today that is looked at. */
  live: boolean
  zoom(range: Range): void
  zoomOut(): void
}

const MINUTE_MS = 60_000

/** The power of an installation over a day or a part of it. */
export const HomeChart = ({ home, range, live, zoom, zoomOut }: Props) => {
  const { id, zone } = home
  const { curve, loading, problem, latest } = usePower(home, range, live)
  // What is missing is judged by the clock, once a minute.
  const minute = live ? Math.floor(now.value / MINUTE_MS) : 0
  const scene = useMemo(() => curve && sceneOf(curve, now.peek()), [curve, minute])
  const isEmpty = scene?.slots.every(({ watts }) => POWERS.every((power) => watts[power] === null))
  return (
    <div class={`home-chart ${loading ? 'loading' : ''}`} aria-busy={loading} data-testid={`chart ${id}`}>
      {problem !== null && <p class="notice bad">{problem}</p>}
      {live && <Now latest={latest} zone={zone} id={id} />}
      {scene && <Picture scene={scene} zone={zone} zoom={zoom} zoomOut={zoomOut} />}
      {scene ? <Legend scene={scene} /> : problem === null && <div class="curve-waiting" />}
      {isEmpty && <p class="muted small">Nothing was measured in this time.</p>}
    </div>
  )
}

const Now = ({ latest, zone, id }: { latest: PowerData['latest']; zone: string; id: string }) => {
  // The newest row of one that is silent is of another day, and says nothing of now.
  if (!latest.p_tot || todayIn(zone, latest.p_tot.s) !== todayIn(zone, now.value)) return null
  const told = latest[VEHICLES] && latest.p_tot.s - latest[VEHICLES].s < MINUTE_MS ? POWERS : HOUSE
  return (
    <dl class="row home-now" data-testid={`now ${id}`}>
      {told.map((power) => (
        <div key={power}>
          <dt class="small muted">{POWER_NAMES[power]}</dt>
          <dd class="figure">{nowText(latest[power])}</dd>
        </div>
      ))}
      <div class="small muted">at {clock(latest.p_tot.e, zone, true)}</div>
    </dl>
  )
}

const Picture = ({ scene, zone, zoom, zoomOut }: { scene: PowerScene; zone: string } & Pick<Props, 'zoom' | 'zoomOut'>) => {
  const box = useRef<HTMLDivElement>(null)
  const [hovered, setHovered] = useState<number | null>(null)
  const { range, slots, unit } = scene
  const slot = hovered === null ? null : slotAt(slots, hovered)
  const width = (box.current?.clientWidth ?? 0) - LEFT_PX - RIGHT_PX
  const placeOf = (at: number): number => ((at - range.from) / (range.to - range.from)) * width
  return (
    <>
      <p class="muted small">Power, {unit}</p>
      <div class="plot-area" ref={box} role="img" aria-label={curveText(scene)}>
        <Plot scene={scene} paint={POWER} zone={zone} onHover={setHovered} onPick={setHovered} onZoom={zoom} onZoomOut={zoomOut} />
        {slot && (
          <div class="over-plot" style={{ left: `${LEFT_PX}px`, right: `${RIGHT_PX}px` }} aria-hidden="true">
            <Tooltip left={placeOf((slot.start + slot.end) / 2)} width={width}>
              <SlotTold slot={slot} powers={scene.powers} zone={zone} />
            </Tooltip>
          </div>
        )}
      </div>
    </>
  )
}

const SlotTold = ({ slot, powers, zone }: { slot: PowerSlot; powers: readonly Power[]; zone: string }) => (
  <>
    <p class="small muted">{slotText(slot, zone)}</p>
    {powers.map((power) => (
      <p key={power} class="row spread small">
        <span>
          <i class={`line ${power}`} /> {power === 'p_tot' ? exchangeName(slot.watts.p_tot ?? 0) : POWER_NAMES[power]}
        </span>
        <span class="figure">{powerText(slot.watts[power])}</span>
      </p>
    ))}
  </>
)

const Legend = ({ scene: { missing, powers } }: { scene: PowerScene }) => (
  <ul class="legend small muted">
    {powers.map((power) => (
      <li key={power}>
        <i class={`line ${power}`} /> {POWER_NAMES[power]}
      </li>
    ))}
    {powers.includes('p_tot') && (
      <>
        <li>
          <i class="swatch withdrawal" /> Withdrawal
        </li>
        <li>
          <i class="swatch injection" /> Injection
        </li>
      </>
    )}
    {missing.length > 0 && (
      <li>
        <i class="swatch lack" /> {missingText(missing)}
      </li>
    )}
  </ul>
)
