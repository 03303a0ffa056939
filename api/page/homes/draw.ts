import type uPlot from 'uplot'
import type { Colours } from '../chart/colours.js'
import type { Paint } from '../chart/Plot.js'
import { xOf } from '../chart/strip.js'
import type { Power, PowerScene } from './power.js'

/** Shaded where something is missing, the more the more of it. */
const behind = (u: uPlot, { missing, range }: PowerScene, colours: Colours): void => {
  const { ctx, bbox } = u
  ctx.save()
  ctx.fillStyle = colours.missing
  for (const { from, to, share } of missing) {
    const left = xOf(u, Math.max(from, range.from))
    ctx.globalAlpha = 0.2 + 0.4 * share
    ctx.fillRect(left, bbox.top, Math.max(xOf(u, Math.min(to, range.to)) - left, 1), bbox.height)
  }
  ctx.restore()
}

/** P_tot as an area, above zero withdrawal and below it injection; the powers as lines that break where nothing is known; that of vehicles is dashed. */
const over = (u: uPlot, scene: PowerScene, colours: Colours, ratio: number): void => {
  const { ctx, bbox } = u
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top - ratio, bbox.width, bbox.height + 2 * ratio)
  ctx.clip()
  drawExchange(u, scene, colours)
  drawLine(u, scene, 'p_tot', colours.ink, ratio)
  drawLine(u, scene, 'p_cons', colours.consumption, 1.8 * ratio)
  drawLine(u, scene, 'p_prod', colours.production, 1.8 * ratio)
  drawLine(u, scene, 'p_ve', colours.vehicles, 1.8 * ratio, [6 * ratio, 3 * ratio])
  ctx.restore()
}

const drawExchange = (u: uPlot, { slots, factor }: PowerScene, { bar, exported }: Colours): void => {
  const { ctx } = u
  const zero = u.valToPos(0, 'y', true)
  ctx.globalAlpha = 0.4
  for (const { start, end, watts } of slots) {
    if (watts.p_tot === null) continue
    const [left, top] = [xOf(u, start), u.valToPos(watts.p_tot / factor, 'y', true)]
    ctx.fillStyle = watts.p_tot < 0 ? exported : bar
    ctx.fillRect(left, Math.min(top, zero), Math.max(xOf(u, end) - left, 1), Math.abs(zero - top))
  }
  ctx.globalAlpha = 1
}

const drawLine = (u: uPlot, { slots, factor }: PowerScene, power: Power, colour: string, width: number, dashes: number[] = []): void => {
  const line = new Path2D()
  let lastEnd = Number.NaN
  for (const { start, end, watts } of slots) {
    const watt = watts[power]
    if (watt === null) continue
    const top = u.valToPos(watt / factor, 'y', true)
    if (start === lastEnd) line.lineTo(xOf(u, start), top)
    else line.moveTo(xOf(u, start), top)
    line.lineTo(xOf(u, end), top)
    lastEnd = end
  }
  u.ctx.strokeStyle = colour
  u.ctx.lineWidth = width
  u.ctx.lineJoin = 'round'
  u.ctx.setLineDash(dashes)
  u.ctx.stroke(line)
}

export const POWER: Paint<PowerScene> = { behind, over }
