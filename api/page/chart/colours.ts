/** The colours of style.css, as they are now: light or dark. */
export interface Colours {
  bar: string
  open: string
  exported: string
  consumption: string
  production: string
  vehicles: string
  estimated: string
  missing: string
  bad: string
  ink: string
  ink3: string
  line: string
  accent: string
  card: string
}

export const coloursOf = (element: HTMLElement): Colours => {
  const style = getComputedStyle(element)
  const of = (name: string): string => style.getPropertyValue(name).trim()
  return {
    bar: of('--bar'),
    open: of('--bar-open'),
    exported: of('--bar-export'),
    consumption: of('--consumption'),
    production: of('--production'),
    vehicles: of('--vehicles'),
    estimated: of('--estimated'),
    missing: of('--missing'),
    bad: of('--bad'),
    ink: of('--ink'),
    ink3: of('--ink-3'),
    line: of('--line'),
    accent: of('--accent'),
    card: of('--card')
  }
}

const HATCH_PX = 6

/** Stripes of a colour, at so many device pixels per CSS px. */
export const hatched = (ctx: CanvasRenderingContext2D, colour: string, ratio: number): CanvasPattern | string => {
  const tile = document.createElement('canvas')
  const size = Math.round(HATCH_PX * ratio)
  tile.width = size
  tile.height = size
  const brush = tile.getContext('2d')
  if (!brush) return colour
  brush.globalAlpha = 0.35
  brush.fillStyle = colour
  brush.fillRect(0, 0, size, size)
  brush.globalAlpha = 1
  brush.strokeStyle = colour
  brush.lineWidth = 1.6 * ratio
  for (const shift of [-size, 0, size]) {
    brush.moveTo(shift, size)
    brush.lineTo(shift + size, 0)
  }
  brush.stroke()
  return ctx.createPattern(tile, 'repeat') ?? colour
}
