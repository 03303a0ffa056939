import type uPlot from 'uplot'
import type { State } from './bars.js'
import type { Colours } from './colours.js'
import type { Range } from './range.js'
import type { Scene } from './scene.js'

/** Room below the bars for the strip that says where data is, CSS px. */
export const STRIP_PX = 5
export const STRIP_GAP_PX = 3

/** On whole pixels, or neighbours would show a seam. */
export const xOf = (u: uPlot, at: number): number => Math.round(u.valToPos(at, 'x', true))

/** Full, partly, nothing: per column of pixels the worst, so that an hour without data is seen in a year. */
export const drawStrip = (u: uPlot, scene: Scene, colours: Colours, main: string, ratio: number): void => {
  const { ctx, bbox } = u
  const top = bbox.top + bbox.height + STRIP_GAP_PX * ratio
  const height = STRIP_PX * ratio
  const band = (from: number, to: number, colour: string, alpha: number): void => {
    const first = Math.max(from, scene.range.from)
    const last = Math.min(to, scene.range.to, scene.now)
    if (last <= first) return
    const left = xOf(u, first)
    const right = xOf(u, last)
    ctx.globalAlpha = alpha
    ctx.fillStyle = colour
    ctx.fillRect(left, top, Math.max(right - left, ratio), height)
  }
  const covered: [State, string, number][] = [
    ['measured', main, 0.45],
    ['estimated', colours.estimated, 0.5],
    ['partial', colours.estimated, 1],
    ['unknown', colours.estimated, 1],
    ['none', colours.bad, 1]
  ]
  const runs = runsOf(scene)
  for (const [state, colour, alpha] of covered) for (const run of runs) if (run.state === state) band(run.from, run.to, colour, alpha)
  for (const { from, to } of scene.gaps) band(from, to, colours.bad, 1)
  ctx.globalAlpha = 1
}

/** Neighbours alike as one: thinner than a pixel each, they would lie on one another. */
const runsOf = ({ bars, states }: Scene): (Range & { state: State })[] => {
  const runs: (Range & { state: State })[] = []
  for (const [i, { start, end }] of bars.entries()) {
    const last = runs.at(-1)
    if (last?.to === start && last.state === states[i]) last.to = end
    else runs.push({ from: start, to: end, state: states[i] })
  }
  return runs
}
