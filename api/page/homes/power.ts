import type { SeriesColumns } from '../answers.js'
import type { Range } from '../chart/range.js'
import type { Extent } from '../chart/scene.js'

/** What the curve of an installation is made of. */
export const HOUSE = ['p_cons', 'p_prod', 'p_tot'] as const
/** Vehicles by themselves: only some have any, and neither waits for what is missing of the other. */
export const VEHICLES = 'p_ve'
export const POWERS = [...HOUSE, VEHICLES] as const
export type Power = (typeof POWERS)[number]

/** A slot with what is known of it. */
export interface PowerSlot {
  start: number
  end: number
  /** So much is known of the house; of an installation that is only vehicles, of these. */
  coveredMs: number
  /** Mean W over the part that is known; null: none is. */
  watts: Readonly<Record<Power, number | null>>
}

export interface Curve {
  range: Range
  /** By start. */
  slots: readonly PowerSlot[]
}

/** Slots of the clamps, which lie across the borders of quarters: a quarter of 896 s of them is whole. */
const CLAMP_MS = 8_000

const wholeOf = (lengthMs: number, coveredMs: number): number => (lengthMs - coveredMs < CLAMP_MS && coveredMs > 0 ? lengthMs : coveredMs)

const NOTHING = { p_cons: null, p_prod: null, p_tot: null, p_ve: null }

/** Answers to the same question about each register, as one curve. */
export const curveOf = (range: Range, answers: Readonly<Record<Power, SeriesColumns['columns'] | null>>): Curve => {
  const slots = new Map<number, PowerSlot & { watts: Record<Power, number | null> }>()
  const hasHouse = HOUSE.some((power) => (answers[power]?.start.length ?? 0) > 0)
  for (const power of POWERS) {
    const { start, end, milli, coveredMs } = answers[power] ?? { start: [], end: [], milli: [], coveredMs: [] }
    for (const [i, at] of start.entries()) {
      const knownMs = power === VEHICLES && hasHouse ? 0 : wholeOf(end[i] - at, coveredMs[i])
      const slot = slots.get(at) ?? { start: at, end: end[i], coveredMs: knownMs, watts: { ...NOTHING } }
      if (coveredMs[i] > 0) slot.watts[power] = (milli[i] * 3600) / coveredMs[i]
      slots.set(at, slot)
    }
  }
  return { range, slots: [...slots.values()].sort((a, b) => a.start - b.start) }
}

/** What was asked again from the tail's start on is laid over what was there. */
export const withTail = ({ range, slots }: Curve, tail: Curve): Curve => ({
  range: { from: range.from, to: tail.range.to },
  slots: [...slots.filter(({ start }) => start < tail.range.from), ...tail.slots]
})

/** A time of which `share` (0 to 1) is missing. */
export interface Missing extends Range {
  share: number
}

/** What is on its way is not missing yet: blocks come up to so late. */
const LATE_MS = 15 * 60_000

/** What of a curve is missing up to now, by time. */
export const missingOf = ({ range, slots }: Curve, now: number): Missing[] => {
  const until = Math.min(range.to, now)
  const missing: Missing[] = []
  const add = (from: number, to: number, share: number): void => {
    const last = missing.at(-1)
    if (from >= to || share <= 0) return
    if (last?.to === from && last.share === share) last.to = to
    else missing.push({ from, to, share })
  }
  let at = range.from
  for (const { start, end, coveredMs } of slots) {
    if (start >= until) break
    add(at, start, 1)
    const passed = Math.min(end, until)
    add(start, passed, 1 - Math.min(1, coveredMs / (passed - start)))
    at = passed
  }
  add(at, until, 1)
  const last = missing.at(-1)
  if (last && last.to === now && now - last.from < LATE_MS) missing.pop()
  return missing
}

/** What is drawn, in W or kW. */
export interface PowerScene extends Extent, Curve {
  powers: readonly Power[]
  missing: readonly Missing[]
  unit: 'W' | 'kW'
  factor: number
}

/** Space above and below what is drawn. */
const MARGIN = 0.08

/** Vehicles where there are any; the house, unless there is nothing but vehicles. */
const powersOf = ({ slots }: Curve): readonly Power[] => {
  const isKnown = (power: Power): boolean => slots.some(({ watts }) => watts[power] !== null)
  if (!isKnown(VEHICLES)) return HOUSE
  return HOUSE.some(isKnown) ? POWERS : [VEHICLES]
}

export const sceneOf = (curve: Curve, now: number): PowerScene => {
  let [least, most] = [0, 0]
  for (const { watts } of curve.slots)
    for (const power of POWERS) {
      least = Math.min(least, watts[power] ?? 0)
      most = Math.max(most, watts[power] ?? 0)
    }
  const factor = Math.max(most, -least) >= 1000 ? 1000 : 1
  // A day without data has an axis too.
  const size = most - least || factor
  return {
    ...curve,
    powers: powersOf(curve),
    missing: missingOf(curve, now),
    factor,
    unit: factor === 1000 ? 'kW' : 'W',
    low: least === 0 ? 0 : (least - size * MARGIN) / factor,
    high: (most === 0 && least === 0 ? size : most + size * MARGIN) / factor
  }
}

/** The slot that holds an instant, if anything of it is known. */
export const slotAt = (slots: readonly PowerSlot[], at: number): PowerSlot | null =>
  slots.find(({ start, end, watts }) => start <= at && at < end && POWERS.some((power) => watts[power] !== null)) ?? null
