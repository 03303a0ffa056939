import type uPlot from 'uplot'
import type { State } from './bars.js'
import { type Colours, hatched } from './colours.js'
import { columnsOf, mostOf, type Scene } from './scene.js'
import { drawStrip, STRIP_GAP_PX, STRIP_PX, xOf } from './strip.js'

type Fills = Record<State, string | CanvasPattern>

/** Behind the axes: where there is no data. */
export const drawGaps = (u: uPlot, { gaps, range }: Scene, { missing }: Colours): void => {
  const { ctx, bbox } = u
  ctx.save()
  ctx.fillStyle = missing
  ctx.globalAlpha = 0.55
  for (const gap of gaps) {
    const left = xOf(u, Math.max(gap.from, range.from))
    const right = xOf(u, Math.min(gap.to, range.to))
    if (right > left) ctx.fillRect(left, bbox.top, Math.max(right - left, 1), bbox.height)
  }
  ctx.restore()
}

/** Bars or steps, and the strip beneath. */
export const drawBars = (u: uPlot, scene: Scene, colours: Colours, ratio: number): void => {
  const { ctx, bbox } = u
  const main = scene.exported ? colours.exported : colours.bar
  const fills: Fills = {
    measured: main,
    estimated: hatched(ctx, colours.estimated, ratio),
    partial: scene.exported ? `color-mix(in srgb, ${main} 45%, ${colours.card})` : colours.open,
    unknown: colours.open,
    none: colours.missing
  }
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top - ratio, bbox.width, bbox.height + (STRIP_PX + STRIP_GAP_PX + 2) * ratio)
  ctx.clip()
  const perBar = scene.bars.length === 0 ? Number.POSITIVE_INFINITY : bbox.width / inView(scene)
  if (perBar < 1.6 * ratio) drawColumns(u, scene, fills)
  else if (scene.steps) drawSteps(u, scene, fills, ratio)
  else drawEach(u, scene, fills, ratio)
  drawUnknown(u, scene, colours, ratio)
  drawMarks(u, scene, colours, ratio)
  drawStrip(u, scene, colours, main, ratio)
  ctx.restore()
}

/** How many bars as long as these the whole range has room for. */
const inView = ({ bars, range }: Scene): number => {
  const length = bars.reduce((sum, { start, end }) => sum + end - start, 0)
  return length === 0 ? 1 : ((range.to - range.from) * bars.length) / length
}

const drawEach = (u: uPlot, scene: Scene, fills: Fills, ratio: number): void => {
  const { ctx } = u
  const zero = u.valToPos(0, 'y', true)
  for (const [i, { start, end }] of scene.bars.entries()) {
    const left = xOf(u, start)
    const right = xOf(u, end)
    const apart = right - left > 8 * ratio ? 2 * ratio : right - left > 3.5 * ratio ? ratio : 0
    const top = u.valToPos(scene.values[i], 'y', true)
    ctx.fillStyle = fills[scene.states[i]]
    if (scene.states[i] === 'none') continue
    // Nothing used is not the same as nothing known: a measured 0 has a foot.
    const height = Math.max(Math.abs(zero - top), ratio)
    ctx.fillRect(left + apart / 2, Math.min(top, zero - ratio), Math.max(right - left - apart, ratio), height)
  }
}

const drawSteps = (u: uPlot, scene: Scene, fills: Fills, ratio: number): void => {
  const { ctx } = u
  const zero = u.valToPos(0, 'y', true)
  const line = new Path2D()
  let lastEnd = Number.NaN
  for (const [i, { start, end }] of scene.bars.entries()) {
    if (scene.states[i] === 'none' || scene.states[i] === 'unknown') continue
    const left = xOf(u, start)
    const right = xOf(u, end)
    const top = u.valToPos(scene.values[i], 'y', true)
    ctx.globalAlpha = scene.states[i] === 'measured' ? 0.2 : 0.6
    ctx.fillStyle = fills[scene.states[i]]
    ctx.fillRect(left, Math.min(top, zero), right - left, Math.abs(zero - top))
    if (start === lastEnd) line.lineTo(left, top)
    else line.moveTo(left, top)
    line.lineTo(right, top)
    lastEnd = end
  }
  ctx.globalAlpha = 1
  ctx.strokeStyle = fills.measured
  ctx.lineWidth = 1.5 * ratio
  ctx.lineJoin = 'round'
  ctx.stroke(line)
}

/** A column's mean solid, up to its highest lighter: a short peak is seen, and is not taken for a plateau. */
const drawColumns = (u: uPlot, scene: Scene, fills: Fills): void => {
  const { ctx, bbox } = u
  const zero = u.valToPos(0, 'y', true)
  for (const [at, column] of columnsOf(scene, scene.range, Math.round(bbox.width)).entries()) {
    if (!column || column.state === 'none') continue
    const left = bbox.left + at
    const fill = (to: number): void => {
      const top = u.valToPos(to, 'y', true)
      ctx.fillRect(left, Math.min(top, zero - 1), 1, Math.max(Math.abs(zero - top), 1))
    }
    ctx.fillStyle = column.state === 'estimated' ? fills.estimated : fills.measured
    ctx.globalAlpha = 0.38
    fill(column.high)
    if (column.low < 0) fill(column.low)
    ctx.globalAlpha = 1
    fill(column.mean)
  }
}

/** Unknown energy: a frame from the least to the most it may be; open above where nobody knows the most. */
const drawUnknown = (u: uPlot, scene: Scene, { ink3 }: Colours, ratio: number): void => {
  const { ctx, bbox } = u
  ctx.strokeStyle = ink3
  ctx.lineWidth = ratio
  ctx.setLineDash([4 * ratio, 3 * ratio])
  for (const [i, bar] of scene.bars.entries()) {
    if (scene.states[i] !== 'unknown' || bar.unknown === null) continue
    const left = xOf(u, bar.start)
    const width = Math.max(xOf(u, bar.end) - left, 2 * ratio)
    const most = mostOf(scene, bar)
    const top = most === null ? bbox.top - 2 * ratio : u.valToPos(most, 'y', true)
    ctx.strokeRect(left, top, width, u.valToPos(scene.values[i], 'y', true) - top)
  }
  ctx.setLineDash([])
}

/** The chosen bar, and those that have just been revised. */
const drawMarks = (u: uPlot, scene: Scene, { ink, accent }: Colours, ratio: number): void => {
  const { ctx, bbox } = u
  for (const [i, { start, end }] of scene.bars.entries()) {
    const chosen = start === scene.chosen
    if (!chosen && !scene.changed.has(start)) continue
    const left = xOf(u, start)
    const width = Math.max(xOf(u, end) - left, 3 * ratio)
    const top = Math.min(u.valToPos(scene.values[i], 'y', true), u.valToPos(0, 'y', true) - 4 * ratio)
    ctx.fillStyle = chosen ? ink : accent
    ctx.globalAlpha = chosen ? 0.1 : 0.22
    ctx.fillRect(left, bbox.top, width, bbox.height)
    ctx.globalAlpha = 1
    ctx.strokeStyle = chosen ? ink : accent
    ctx.lineWidth = 1.5 * ratio
    ctx.strokeRect(left, top, width, bbox.top + bbox.height - top)
  }
}
