import { MINUTE_MS, type Watts } from './load.js'

/** Millijoules to one thousandth of a watt-hour. */
const MJ_PER_MWH = 3600

/** What a meter has counted since an instant. */
export interface Register {
  /** mWh at an instant not before its start. */
  at(instant: number): number
  /** The first instant in [from, to] at which it has counted that much; null when it has not by then. */
  reaches(milli: number, from: number, to: number): number | null
}

/**
 * The integral of a load from `start` (UTC ms) on. It remembers the minute it was last asked for: forward is cheap, back begins
 * again. What it answers depends on the question alone.
 */
export const registerOf = (watts: Watts, start: number): Register => {
  const first = Math.floor(start / MINUTE_MS)
  let minute = first
  /** Counted when `minute` begins. Whole numbers: below 2^53 for some thousand years of a home. */
  let millijoules = 0
  const pass = (): void => {
    millijoules += watts(minute) * MINUTE_MS
    minute++
  }
  const seek = (wanted: number): void => {
    if (wanted < minute) {
      minute = first
      millijoules = 0
    }
    while (minute < wanted) pass()
  }
  const at = (instant: number): number => {
    seek(Math.floor(instant / MINUTE_MS))
    return Math.floor((millijoules + watts(minute) * (instant - minute * MINUTE_MS)) / MJ_PER_MWH)
  }
  return {
    at,
    reaches: (milli, from, to) => {
      seek(Math.floor(from / MINUTE_MS))
      const wanted = milli * MJ_PER_MWH
      while (millijoules + watts(minute) * MINUTE_MS < wanted) {
        // Never past the minute that was asked for: the next question begins there.
        if (minute >= Math.floor(to / MINUTE_MS)) return null
        pass()
      }
      const instant = Math.max(from, minute * MINUTE_MS + Math.ceil((wanted - millijoules) / watts(minute)))
      return instant <= to ? instant : null
    }
  }
}
