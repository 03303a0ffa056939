import type { UploadSummary } from '../answers.js'

/** A meter that a file's readings went to, and over which time. */
export interface Went {
  point: string
  /** The first in the order of OBIS: import, where there is one. */
  register: string
  from: string
  to: string
}

/** One line a meter, however many of its registers a file has. */
export const whereTo = (touched: UploadSummary['touched']): Went[] => {
  const points = new Map<string, Went>()
  for (const { point, register, from, to } of touched) {
    const known = points.get(point)
    if (!known) points.set(point, { point, register, from, to })
    else {
      if (register < known.register) known.register = register
      // ISO 8601 in UTC sorts as text.
      if (from < known.from) known.from = from
      if (to > known.to) known.to = to
    }
  }
  return [...points.values()]
}
