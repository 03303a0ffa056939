/** What a mouse, a finger or a pen does on the bars: point, pick, choose a range. One way for all three. */
export interface Pointing {
  /** Over the bars at so many CSS px from the left; null: gone. */
  hover(x: number | null): void
  pick(x: number): void
  /** While a range is being drawn; null: given up. */
  draw(range: { from: number; to: number } | null): void
  choose(range: { from: number; to: number }): void
  out(): void
}

const DRAG_PX = 6
/** A second click within this is a double click, and the first was no pick. */
const DOUBLE_MS = 240

/** Returns how to stop listening. */
export const listen = (element: HTMLElement, to: Pointing): (() => void) => {
  let startX: number | null = null
  let drawing = false
  let picking: ReturnType<typeof setTimeout> | undefined
  const xOf = (event: PointerEvent): number => {
    const { left, width } = element.getBoundingClientRect()
    return Math.min(Math.max(event.clientX - left, 0), width)
  }
  const between = (x: number) => ({ from: Math.min(startX ?? x, x), to: Math.max(startX ?? x, x) })
  const handlers = {
    pointerdown: (event: PointerEvent) => {
      if (event.button !== 0 || !event.isPrimary) return
      clearTimeout(picking)
      startX = xOf(event)
      drawing = false
    },
    pointermove: (event: PointerEvent) => {
      const x = xOf(event)
      if (startX !== null && !drawing && Math.abs(x - startX) >= DRAG_PX) {
        drawing = true
        // Captured only now: a tap must remain a tap.
        element.setPointerCapture(event.pointerId)
      }
      if (drawing) to.draw(between(x))
      to.hover(x)
    },
    pointerup: (event: PointerEvent) => {
      if (startX === null) return
      const range = between(xOf(event))
      const wasDrawing = drawing
      startX = null
      drawing = false
      if (!wasDrawing) {
        picking = setTimeout(() => to.pick(range.to), DOUBLE_MS)
        return
      }
      to.draw(null)
      if (range.to - range.from >= DRAG_PX) to.choose(range)
    },
    pointercancel: () => {
      startX = null
      drawing = false
      to.draw(null)
      to.hover(null)
    },
    pointerleave: (event: PointerEvent) => {
      // A finger that was lifted leaves too; what it pointed at stays to be read.
      if (event.pointerType === 'mouse' && startX === null) to.hover(null)
    },
    dblclick: () => {
      clearTimeout(picking)
      to.out()
    }
  }
  const entries = Object.entries(handlers) as [string, (event: Event) => void][]
  for (const [name, handler] of entries) element.addEventListener(name, handler)
  return () => {
    clearTimeout(picking)
    for (const [name, handler] of entries) element.removeEventListener(name, handler)
  }
}
