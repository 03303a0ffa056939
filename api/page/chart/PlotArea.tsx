import { useRef, useState } from 'preact/hooks'
import { indexAt } from './bars.js'
import { drawBars, drawGaps } from './draw.js'
import { LEFT_PX, type Paint, Plot, RIGHT_PX } from './Plot.js'
import type { Range } from './range.js'
import type { Scene } from './scene.js'
import { BarTold, Tooltip } from './Tooltip.js'
import { barText } from './words.js'

const BARS: Paint<Scene> = { behind: drawGaps, over: drawBars }

interface Props {
  scene: Scene
  unit: string
  zone: string
  /** Start of the bar that the keyboard stands on. */
  standing: number | null
  stand(start: number): void
  explain(start: number): void
  zoom(range: Range): void
  zoomOut(): void
}

/** The curve with what is pointed at, by pointer or keyboard. */
export const PlotArea = ({ scene, unit, zone, standing, stand, explain, zoom, zoomOut }: Props) => {
  const box = useRef<HTMLDivElement>(null)
  const [hovered, setHovered] = useState<number | null>(null)
  const [focused, setFocused] = useState(false)
  const { bars, range, states } = scene
  const holding = (at: number | null): number => {
    const i = at === null ? -1 : indexAt(bars, at)
    return i >= 0 && at !== null && at < bars[i].end ? i : -1
  }
  const at = holding(hovered) >= 0 || !focused ? holding(hovered) : holding(standing)
  const text = at < 0 ? null : barText(bars[at], states[at], unit, zone, scene.now)
  const width = (box.current?.clientWidth ?? 0) - LEFT_PX - RIGHT_PX

  const move = (by: number): void => {
    const last = bars.length - 1
    if (last < 0) return
    const i = holding(standing)
    const from = i >= 0 ? i : by > 0 ? -1 : bars.length
    stand(bars[Math.min(Math.max(from + by, 0), last)].start)
  }
  const keys: Record<string, () => void> = {
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    PageUp: () => move(-10),
    PageDown: () => move(10),
    Home: () => move(Number.NEGATIVE_INFINITY),
    End: () => move(Number.POSITIVE_INFINITY),
    Enter: () => standing !== null && explain(standing),
    ' ': () => standing !== null && explain(standing)
  }

  return (
    <div
      class="plot-area"
      ref={box}
      role="slider"
      tabIndex={0}
      aria-label="Load curve. Arrow keys go from bar to bar, Enter explains the bar."
      aria-valuemin={0}
      aria-valuemax={Math.max(bars.length - 1, 0)}
      aria-valuenow={Math.max(at, 0)}
      aria-valuetext={text ? `${text.when}: ${text.amount}, ${text.state}` : 'No bar chosen'}
      onKeyDown={(event) => {
        const act = keys[event.key]
        if (!act || event.ctrlKey || event.metaKey || event.altKey) return
        event.preventDefault()
        setHovered(null)
        act()
      }}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
    >
      <Plot
        scene={scene}
        paint={BARS}
        zone={zone}
        onHover={setHovered}
        onPick={(when) => {
          const i = holding(when)
          if (i >= 0) explain(bars[i].start)
        }}
        onZoom={zoom}
        onZoomOut={zoomOut}
      />
      {text && (
        <div class="over-plot" style={{ left: `${LEFT_PX}px`, right: `${RIGHT_PX}px` }} aria-hidden="true">
          <Tooltip left={placeOf((bars[at].start + bars[at].end) / 2, range) * width} width={width}>
            <BarTold text={text} />
          </Tooltip>
        </div>
      )}
    </div>
  )
}

const placeOf = (at: number, { from, to }: Range): number => Math.min(Math.max((at - from) / (to - from), 0), 1)
