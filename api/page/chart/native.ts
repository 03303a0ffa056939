import { get, HttpError } from '../http.js'
import type { Range } from './range.js'

/** Newest intervals that are looked at: one alone may be an outage. */
const LOOKS = 3
/** Whoever reads this often is not asked again. */
const OFTEN_MS = 5 * 60_000

const known = new Map<string, number>()

/**
 * About how often a register is read, ms, by its newest intervals: what is finer than that would be made up.
 * `last` is its last reading, UTC ms; 0 when no interval is known.
 */
export const nativeOf = async (point: string, register: string, last: number, signal: AbortSignal): Promise<number> => {
  const key = `${point}|${register}`
  let shortest = known.get(key) ?? Number.POSITIVE_INFINITY
  let before = last
  for (let look = 0; look < LOOKS && shortest > OFTEN_MS; look++) {
    const found = await intervalAt(point, register, before - 1, signal)
    if (!found) break
    shortest = Math.min(shortest, found.to - found.from)
    before = found.from
  }
  if (shortest === Number.POSITIVE_INFINITY) return 0
  known.set(key, shortest)
  return shortest
}

const intervalAt = async (point: string, register: string, at: number, signal: AbortSignal): Promise<Range | null> => {
  try {
    const query = { point, register, at: new Date(at).toISOString(), limit: 1 }
    const { start, end } = await get<{ start: string; end: string }>('/v1/explain', query, signal)
    return { from: Date.parse(start), to: Date.parse(end) }
  } catch (error) {
    // The first reading of a counter makes no interval yet.
    if (error instanceof HttpError && error.status === 404) return null
    throw error
  }
}
