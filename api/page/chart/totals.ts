import { QUALITIES } from '../../../schemas/quality.js'
import { type Bar, type Expected, lackOf } from './bars.js'
import type { Range } from './range.js'

const BEST_FIRST: readonly string[] = QUALITIES

/** A time of which something is missing: all of it, or `ms` of a slot whose readings do not tell where. */
export interface Missing extends Range {
  ms: number
}

export interface Totals {
  /** Thousandths of the unit, exact. */
  milli: number
  /** Share of the time that has passed which is covered; null where none has. */
  completeness: number | null
  /** Share of what is covered that is estimated, at most: a day counts whole for one hour of it. */
  estimated: number
  /** Worst quality; null when there is nothing. */
  quality: string | null
  /** Some of the energy is not known: the sum is the least it can be. */
  unknown: boolean
  /** Longest first. */
  missing: Missing[]
}

/** Of bars, and of the gaps in which something was expected. */
export const totalsOf = (bars: readonly Bar[], gaps: readonly Range[], expected: Expected): Totals => {
  const missing: Missing[] = []
  let milli = 0
  let coveredMs = 0
  let estimatedMs = 0
  let askedMs = 0
  let worst = -1
  let unknown = false
  for (const bar of bars) {
    const lack = lackOf(bar, expected)
    milli += bar.milli
    unknown ||= bar.unknown !== null || (bar.coveredMs === 0 && bar.milli !== 0)
    // A slot before whose readings nothing was expected, or that is still running, is PARTIAL by nature: that says nothing of them.
    if (bar.quality !== 'PARTIAL' || lack > 0) worst = Math.max(worst, BEST_FIRST.indexOf(bar.quality))
    coveredMs += bar.coveredMs
    estimatedMs += bar.quality === 'ESTIMATED' ? bar.coveredMs : bar.estimatedMs
    // A slot that nothing covers is listed as a gap too.
    if (bar.coveredMs === 0 && !bar.unknown) continue
    askedMs += bar.coveredMs + lack
    if (lack > 0) missing.push({ from: bar.start, to: Math.min(bar.end, expected.now), ms: lack })
  }
  for (const { from, to } of gaps) {
    askedMs += to - from
    missing.push({ from, to, ms: to - from })
  }
  return {
    milli,
    completeness: askedMs === 0 ? null : coveredMs / askedMs,
    estimated: coveredMs === 0 ? 0 : estimatedMs / coveredMs,
    quality: QUALITIES[worst] ?? null,
    unknown,
    missing: missing.sort((a, b) => b.ms - a.ms)
  }
}

/** Decimals that say something, at least three. */
export const decimalsOf = (milli: number, unit: string): number =>
  unit === 'Wh' && milli !== 0 ? Math.max(3, 6 - (/0*$/.exec(String(milli))?.[0].length ?? 0)) : 3

/** To the last digit, in kWh where it is Wh: what stands in an answer is not rounded. */
export const exact = (milli: number, unit: string, decimals: number = decimalsOf(milli, unit)): string => {
  const digits = unit === 'Wh' ? 6 : 3
  const text = String(Math.abs(milli)).padStart(digits + 1, '0')
  const whole = Number(text.slice(0, -digits)).toLocaleString('en')
  return `${milli < 0 ? '−' : ''}${whole}.${text.slice(-digits).slice(0, decimals)} ${unit === 'Wh' ? 'kWh' : unit}`
}
