import type { AsOf } from './as-of.js'
import { firstWindow, inWindows, type KnownSeries, newestRow, storedRows } from './history.js'
import type { Beginning } from './requests.js'
import { type Shaped, shaped } from './rows.js'
import type { Selection } from './selection.js'

/** The rows a subscription begins with, series by series, as the store stood at its position. */
export async function* snapshot(
  store: AsOf,
  selection: Selection,
  series: readonly KnownSeries[],
  from: Beginning,
  signal: AbortSignal
): AsyncGenerator<Shaped[]> {
  const firstMs = firstWindow(selection.grid)
  let newest: Shaped[] = []
  for (const each of series) {
    if (signal.aborted) return
    const window = storedRows(store, selection, each)
    if (from === 'latest') {
      const row = await newestRow(window, each.span, latestAt(each), firstMs)
      if (row) newest.push(shaped(row))
      if (newest.length < 500) continue
      yield newest
      newest = []
    } else {
      const since = typeof from === 'object' ? Math.max(each.span.from, from.at) : each.span.from
      for await (const rows of inWindows(window, since, each.span.to, firstMs)) {
        if (signal.aborted) return
        if (rows.length > 0) yield rows.map(shaped)
      }
    }
  }
  if (newest.length > 0) yield newest
}

/** Where the newest row is likely: a day around the newest reading. */
const latestAt = ({ known, register }: KnownSeries): number => {
  const latest = known.latest.find((each) => each.register === register)
  return latest?.at ?? Number.POSITIVE_INFINITY
}
