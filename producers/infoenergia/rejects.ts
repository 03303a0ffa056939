import type { Reject } from '../../schemas/generated.js'

/** What is the same in every reject of a payload. */
export type About = Pick<Reject, 'source' | 'origin' | 'name' | 'ingestedAt' | 'parserVersion'>
/** What is wrong with a line (0: the whole file). */
export type Fault = Pick<Reject, 'line' | 'field' | 'reason' | 'expected' | 'found' | 'advice'>

/** Rejects of one reason that are told one by one; the others are counted. */
export const MAX_DETAILED = 1000
const FOUND_LENGTH = 200

export interface RejectBook {
  add(fault: Fault): void
  /** What was added since the last call. */
  take(): Reject[]
  /** One reject per reason that had more than MAX_DETAILED. */
  rest(): Reject[]
}

/** Rejects of a payload, bounded: nothing is lost silently, nor told a million times. */
export const rejectBook = (about: About): RejectBook => {
  let fresh: Reject[] = []
  const reasons = new Map<string, { count: number; firstMore: Fault | null }>()
  const written = (fault: Fault): Reject => ({ ...about, ...fault, found: fault.found.slice(0, FOUND_LENGTH) })
  return {
    add: (fault) => {
      const reason = reasons.get(fault.reason) ?? { count: 0, firstMore: null }
      reasons.set(fault.reason, reason)
      if (++reason.count <= MAX_DETAILED) fresh.push(written(fault))
      else reason.firstMore ??= fault
    },
    take: () => {
      const taken = fresh
      fresh = []
      return taken
    },
    rest: () =>
      [...reasons.values()].flatMap(({ count, firstMore }) =>
        firstMore
          ? [written({ ...firstMore, found: `${count - MAX_DETAILED} more lines from here on; the first: ${firstMore.found}` })]
          : []
      )
  }
}
