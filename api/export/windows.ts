const DAY_MS = 86_400_000
const MONTH_MS = 31 * DAY_MS
const SHORTEST_MS = 60_000
/** Rows read in one go: fewer cost more questions, more cost memory and hold up whoever else asks. */
const MANY_ROWS = 20_000
const FEW_ROWS = 5_000

export interface Window {
  from: number
  to: number
}

/** Reads one window: rows to hand out, and how many were read for them. */
export type Read<Row> = (window: Window) => Promise<{ rows: readonly Row[]; read: number }>

/**
 * Reads [from, to) in windows that grow over empty time and shrink where rows are dense, so that memory does not depend on the range.
 * `edge` moves the end of a window to where it may end, not before the given instant; `longestMs` bounds what one may hold.
 */
export async function* windows<Row>(
  { from, to }: Window,
  edge: (at: number) => number,
  longestMs: number,
  read: Read<Row>
): AsyncGenerator<readonly Row[]> {
  const most = Math.min(MONTH_MS, longestMs)
  let spanMs = Math.min(DAY_MS, most)
  for (let at = from; at < to; ) {
    const end = Math.max(edge(Math.min(at + spanMs, to)), at + 1)
    const window = await read({ from: at, to: end })
    if (window.rows.length > 0) yield window.rows
    if (window.read > MANY_ROWS) spanMs = Math.max(SHORTEST_MS, spanMs / 2)
    else if (window.read < FEW_ROWS) spanMs = Math.min(most, spanMs * 2)
    at = end
  }
}
