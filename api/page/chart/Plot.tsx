import 'uplot/dist/uPlot.min.css'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { type Colours, coloursOf } from './colours.js'
import { listen } from './pointer.js'
import type { Range } from './range.js'
import type { Extent } from './scene.js'
import { STRIP_GAP_PX, STRIP_PX } from './strip.js'
import { type Tick, ticksOf } from './ticks.js'

/** How a scene gets on the canvas: behind the axes, and over them, at so many device pixels per CSS px. */
export interface Paint<Scene extends Extent> {
  behind(u: uPlot, scene: Scene, colours: Colours): void
  over(u: uPlot, scene: Scene, colours: Colours, ratio: number): void
}

interface Props<Scene extends Extent> {
  scene: Scene
  paint: Paint<Scene>
  zone: string
  onHover(at: number | null): void
  onPick(at: number): void
  onZoom(range: Range): void
  onZoomOut(): void
}

/** What the axes take at the sides; half of the last time stands at the right. */
export const LEFT_PX = 50
export const RIGHT_PX = 20

const HEIGHT_PX = 320
const LOW_HEIGHT_PX = 250
const NARROW_PX = 560
const TICK_PX = 84
const NARROW_TICK_PX = 56

/** The canvas: axes by uPlot, the rest by `paint`. It is made once; a new scene is drawn over the old one. */
export const Plot = <Scene extends Extent>({ scene, paint, zone, ...handlers }: Props<Scene>) => {
  const root = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const latest = useRef({ scene, zone, handlers })
  latest.current = { scene, zone, handlers }

  useLayoutEffect(() => {
    const element = root.current
    if (!element) return
    let colours = coloursOf(element)
    const u = new uPlot(
      optionsOf(() => ({ ...latest.current, colours }), paint, sizeOf(element)),
      extent(latest.current.scene),
      element
    )
    plot.current = u
    const atOf = (x: number): number => u.posToVal(x, 'x')
    const rangeOf = ({ from, to }: Range): Range => ({ from: atOf(from), to: atOf(to) })
    const stop = listen(u.over, {
      hover: (x) => latest.current.handlers.onHover(x === null ? null : atOf(x)),
      pick: (x) => latest.current.handlers.onPick(atOf(x)),
      draw: (range) =>
        u.setSelect(
          { left: range?.from ?? 0, top: 0, width: range ? range.to - range.from : 0, height: range ? u.over.clientHeight : 0 },
          false
        ),
      choose: (range) => latest.current.handlers.onZoom(rangeOf(range)),
      out: () => latest.current.handlers.onZoomOut()
    })
    const sizes = new ResizeObserver(() => u.setSize(sizeOf(element)))
    sizes.observe(element)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const recolour = (): void => {
      colours = coloursOf(element)
      u.redraw(false, true)
    }
    dark.addEventListener('change', recolour)
    return () => {
      stop()
      sizes.disconnect()
      dark.removeEventListener('change', recolour)
      u.destroy()
    }
  }, [])

  useEffect(() => {
    plot.current?.setData(extent(scene))
  }, [scene])

  return <div class="plot" ref={root} />
}

/** uPlot is given the corners only: it needs them for its axes. */
const extent = ({ range, low, high }: Extent): uPlot.AlignedData => [
  [range.from, range.to],
  [low, high]
]

const sizeOf = (element: HTMLElement): { width: number; height: number } => {
  const width = Math.max(element.clientWidth, 200)
  return { width, height: width < NARROW_PX ? LOW_HEIGHT_PX : HEIGHT_PX }
}

type Now<Scene> = () => { scene: Scene; zone: string; colours: Colours }

const optionsOf = <Scene extends Extent>(now: Now<Scene>, paint: Paint<Scene>, size: { width: number; height: number }): uPlot.Options => {
  let ticks: Tick[] = []
  return {
    ...size,
    ms: 1,
    padding: [8, RIGHT_PX, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    series: [{}, { paths: () => null, points: { show: false } }],
    scales: {
      x: { time: false, range: () => [now().scene.range.from, now().scene.range.to] },
      y: { range: () => [now().scene.low, now().scene.high] }
    },
    axes: [
      {
        stroke: () => now().colours.ink3,
        grid: { show: false },
        ticks: { stroke: () => now().colours.line, size: 4, width: 1 },
        gap: 4 + STRIP_GAP_PX + STRIP_PX,
        size: 46,
        splits: (u) => {
          const { scene, zone } = now()
          const width = u.width - LEFT_PX - RIGHT_PX
          ticks = ticksOf(scene.range, zone, width / (u.width < NARROW_PX ? NARROW_TICK_PX : TICK_PX))
          return ticks.map(({ at }) => at)
        },
        values: () => ticks.map(({ label, below }) => (below === '' ? label : `${label}\n${below}`))
      },
      {
        stroke: () => now().colours.ink3,
        grid: { stroke: () => now().colours.line, width: 1 },
        ticks: { show: false },
        size: LEFT_PX,
        gap: 8,
        space: 44
      }
    ],
    hooks: {
      drawClear: [(u) => paint.behind(u, now().scene, now().colours)],
      draw: [(u) => paint.over(u, now().scene, now().colours, uPlot.pxRatio)]
    }
  }
}
