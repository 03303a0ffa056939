import type { Cause } from '../alerts/machine.js'
import { type SeriesRules, settingsAt } from '../energy/rules.js'
import type { Heard } from './state.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Files with a curve come a day later, and a weekend later still. */
const CURVE_MS = 72 * HOUR
/** A counter of pulses says nothing while nothing is used. */
const UNREGISTERED_MS = 24 * HOUR
const CRITICAL_AFTER_MS = 24 * HOUR

/** A: what is older is recorded, and nobody is told (RULES §3). */
export const ageOf = (expectedMs: number | null): number => 2 * (expectedMs ?? 0) + 15 * MINUTE

/** How long a register that reports by itself may say nothing, ms. */
export const silentAfter = ({ kind, at }: Heard, rules: SeriesRules): number => {
  const { expectedMs } = settingsAt(rules, at)
  const registered = expectedMs === null ? UNREGISTERED_MS : ageOf(expectedMs)
  return kind === 'INTERVAL' ? Math.max(CURVE_MS, registered) : registered
}

/** Silence since `from`, told at `firesAt`, until `to` (null: still). */
export const silence = (from: number, to: number | null, firesAt: number, afterMs: number): Cause => ({
  from,
  to,
  firesAt,
  levels: [
    { at: firesAt, severity: 'warning' },
    { at: from + Math.max(CRITICAL_AFTER_MS, 2 * afterMs), severity: 'critical' }
  ],
  value: to === null ? null : to - from,
  threshold: afterMs,
  unit: 'ms',
  text: `Nothing came after ${new Date(from).toISOString()}.`,
  rows: [],
  count: 1
})

/** What is left of silences when a reading of inside comes in late: shorter ones, or none. */
export const filled = (silences: readonly Cause[], at: number): Cause[] =>
  silences.flatMap((cause) => {
    const { from, to, firesAt, threshold } = cause
    if (at <= from || at >= (to ?? Number.POSITIVE_INFINITY)) return [cause]
    const waited = firesAt - from
    const afterMs = threshold ?? waited
    const parts: Cause[] = []
    if (at >= firesAt) parts.push(silence(from, at, firesAt, afterMs))
    if (to === null || to >= at + waited) parts.push(silence(at, to, at + waited, afterMs))
    return parts
  })
