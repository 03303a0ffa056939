import type { SeriesKey, Store } from '../infra/store.js'
import type { Intervals } from '../schemas/generated.js'
import { mergeIntervals } from '../schemas/merge.js'

const CHUNK_MS = 31 * 86_400_000

/** Current rows that overlap [from, to), as merged blocks. */
export const currentIntervals = async (store: Store, series: SeriesKey, from: number, to: number, knownAt?: number): Promise<Intervals[]> =>
  mergeIntervals(await store.intervals(series, from, to), { from, to, knownAt })

/** [from, to) in pieces of about a month, each ending where `edge` says: at the border of a slot. */
export function* chunks(from: number, to: number, edge: (at: number) => number): Generator<{ from: number; to: number }> {
  for (let at = from; at < to; ) {
    const end = Math.max(edge(Math.min(at + CHUNK_MS, to)), at + 1)
    yield { from: at, to: end }
    at = end
  }
}
