import type { ComponentChildren } from 'preact'
import type { BarText } from './words.js'

const ROOM_PX = 230

/** What is pointed at; beside the pointer on whichever side has room. */
export const Tooltip = ({ left, width, children }: { left: number; width: number; children: ComponentChildren }) => {
  const onLeft = left > width / 2
  // On a phone neither side has room: then it lies over the curve, and not over its edge.
  const most = Math.max(width - ROOM_PX, 0)
  return (
    <>
      <i class="cursor-line" style={{ left: `${left}px` }} />
      <div
        class="tooltip"
        style={onLeft ? { right: `${Math.min(width - left + 12, most)}px` } : { left: `${Math.min(left + 12, most)}px` }}
      >
        {children}
      </div>
    </>
  )
}

export const BarTold = ({ text }: { text: BarText }) => (
  <>
    <p class="small muted">{text.when}</p>
    <p class="figure">
      {text.amount}
      {text.power !== null && <small>{text.power}</small>}
    </p>
    <p class="small muted">{text.state}</p>
  </>
)
