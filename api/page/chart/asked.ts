import type { PointInfo, RegisterInfo } from '../answers.js'
import { keyOf, newestOf, now } from '../live.js'
import { route } from '../route.js'
import { gridFor, gridsFor, isGrid, slotEnd } from './grid.js'
import { type Alive, follows, rangeOf, viewOf } from './range.js'

export interface Known {
  point: PointInfo
  info: RegisterInfo
  nativeMs: number
  alive: Alive
}

/** What the address asks for, with the range and grid it comes to. Reads the clock: a range that ends now moves on every second. */
export const askedFor = ({ point: { id, zone }, info: { register }, nativeMs, alive: { first, last } }: Known) => {
  const { params } = route.value
  const clock = now.value
  const alive = { first, last: Math.max(last, newestOf(keyOf(id, register)).value?.end ?? 0) }
  const view = viewOf(params, alive, clock)
  const { from, to } = rangeOf(view, zone, clock, alive)
  const forced = params.get('grid')
  const offered = gridsFor(to - from, nativeMs)
  const grid = isGrid(forced) && offered.includes(forced) ? forced : gridFor(to - from, nativeMs)
  const moving = follows(view)
  // Whole slots: the axis of a day moves on with each quarter, not with each second.
  const end = moving ? slotEnd(grid, zone, to) : to
  return { view, alive, offered, grid, moving, from: end - (to - from), to: end, explained: params.get('explain') }
}
