import type { Identity } from '../../schemas/access.js'
import { keyOfPoint } from '../../schemas/installations.js'
import { partitionOf } from '../../schemas/partition.js'
import { isKnownZone } from '../../schemas/registry.js'
import type { Measure } from '../client/frames.js'
import type { Deps } from '../deps.js'
import { alertSnapshot } from './alerts.js'
import { AsOf } from './as-of.js'
import { digest, readCursor } from './cursor.js'
import { gridOf, requireStored, seriesOfSelection } from './history.js'
import type { Hub } from './hub.js'
import type { Outlet } from './outlet.js'
import { type Positions, recordsBetween } from './positions.js'
import { FrameError, type FrameOf, measureOf } from './requests.js'
import { type Selection, select } from './selection.js'
import { snapshot } from './snapshot.js'
import { type Start, Subscription } from './subscription.js'

/** What is asked for, as far as it is open; throws FrameError otherwise. */
export const selectionOf = async (deps: Deps, frame: FrameOf<'sub' | 'query'>, identity: Identity): Promise<Selection> => {
  const { zone } = frame
  if (zone !== undefined && !isKnownZone(zone))
    throw new FrameError('bad_request', `zone: "${zone}" is no time zone, such as Europe/Madrid.`)
  const needsMembers = frame.select.points === undefined
  const grid = gridOf(measureOf(frame.select), frame.grid)
  return select(frame.select, { grid, zone }, identity, needsMembers ? await deps.store.installations() : [])
}

/** Puts a subscription together. Its position is taken before anything is read from the store. */
export const begin = async (
  deps: Deps,
  hub: Hub,
  frame: FrameOf<'sub'>,
  identity: Identity,
  outlet: Outlet,
  signal: AbortSignal,
  now: () => number
): Promise<Subscription> => {
  const selection = await selectionOf(deps, frame, identity)
  const feeds = await hub.feeds(selection.measure)
  if (selection.measure !== 'alerts') requireStored(selection, frame.zone, await seriesOfSelection(deps, selection, hub.limits.series))
  const partitions = partitionsOf(selection, hub.partitions)
  const resumed = typeof frame.from === 'object' && 'cursor' in frame.from ? await resume(hub, selection, frame.from.cursor) : null
  const start: Start =
    resumed && 'positions' in resumed
      ? { positions: resumed.positions, resumed: true, snapshot: null }
      : await fromSnapshot(deps, hub, frame, selection, signal, resumed?.reason)
  return new Subscription(hub, feeds, partitions, selection, frame, start, outlet, now)
}

const partitionsOf = ({ points }: Selection, partitions: number): number[] =>
  points === null
    ? Array.from({ length: partitions }, (_, partition) => partition)
    : [...new Set([...points.keys()].map((point) => partitionOf(keyOfPoint(point), partitions)))].sort((a, b) => a - b)

/** Where a cursor stands, or why it cannot be gone on from: everything that was missed, or nothing of it. */
const resume = async (hub: Hub, selection: Selection, text: string): Promise<{ positions: Positions } | { reason: string }> => {
  const cursor = readCursor(hub.key, text)
  if (cursor?.kind !== 'cursor') return { reason: 'unknown-cursor' }
  if (cursor.who !== digest(selection.who)) throw new FrameError('forbidden', 'This cursor was given to somebody else.')
  if (cursor.epoch !== hub.epoch) return { reason: 'other-epoch' }
  if (cursor.selection !== selection.hash) return { reason: 'other-selection' }
  const behind = recordsBetween(cursor.positions, await hub.ends(selection.measure))
  if (behind === null) return { reason: 'not-in-the-log' }
  if (behind > hub.limits.behind) return { reason: 'too-old' }
  return { positions: cursor.positions }
}

const fromSnapshot = async (
  deps: Deps,
  hub: Hub,
  frame: FrameOf<'sub'>,
  selection: Selection,
  signal: AbortSignal,
  reason: string | undefined
): Promise<Start> => {
  const positions = await hub.stored(selection.measure)
  const from = typeof frame.from === 'object' && 'cursor' in frame.from ? frame.from.otherwise : frame.from
  if (selection.measure === 'alerts')
    return { positions, resumed: false, reason, snapshot: alertSnapshot(deps.store, selection, from, hub.limits.series) }
  // The series are looked up behind the position, or one that is new in between would be missed.
  const series = await seriesOfSelection(deps, selection, hub.limits.series)
  const store = await asOf(deps, hub, selection, selection.measure, positions)
  return { positions, resumed: false, reason, snapshot: snapshot(store, selection, series, from, signal) }
}

export const asOf = async (deps: Deps, hub: Hub, selection: Selection, measure: Measure, positions: Positions): Promise<AsOf> => {
  const [feed] = measure === 'readings' ? [null] : await hub.feeds(measure)
  return new AsOf(hub, deps.store, positions, feed, measure, (point) => selection.hasPoint(point))
}
