import { slotAt } from '../../schemas/grid.js'
import type { Settings } from './rules.js'

/**
 * How others turn two successive readings into energy, as functions of one signature, and the profiles a register may choose
 * (`strict`, the rules of counter.ts, is not among them: it needs more than two readings). Figures are thousandths of the unit.
 * What each does is described in RULES §1; `wattledger rules` prints them beside ours.
 */
export interface Shown {
  at: number
  value: number
}

/** Energy from one reading to the next, or null when the step is dropped. */
export type Profile = (from: Shown, to: Shown) => number | null

/** total_increasing: below nine tenths the meter started again from 0; a smaller fall is subtracted. */
export const homeAssistant: Profile = (from, to) => (to.value < 0.9 * from.value ? to.value : to.value - from.value)

const EMONCMS_CAP_W = 60_000

/** A fall only sets a new base; a step above 60 kW counts nothing. */
export const emoncms: Profile = (from, to) => {
  const milli = to.value - from.value
  const capMilli = (EMONCMS_CAP_W * (to.at - from.at)) / 3600
  return milli < 0 || milli > capMilli ? 0 : milli
}

const OED_MAX_GAP_MS = 3_600_000

/** A fall inside the daily window is a reset to 0, outside it is subtracted; readings too far apart are dropped. */
export const oed =
  (inWindow: (at: number) => boolean): Profile =>
  (from, to) => {
    if (to.at - from.at > OED_MAX_GAP_MS) return null
    if (to.value >= from.value) return to.value - from.value
    return inWindow(to.at) ? to.value : to.value - from.value
  }

/** The first fall in a new period starts from 0; any other fall counts nothing. */
export const period =
  (periodOf: (at: number) => number): Profile =>
  (from, to) => {
    if (to.value >= from.value) return to.value - from.value
    return periodOf(to.at) > periodOf(from.at) ? to.value : 0
  }

const CALENDAR = { 'period-day': 'day', 'period-week': 'week', 'period-month': 'month' } as const

/** The profile a register has chosen; null for `strict`. */
export const profileOf = (settings: Settings): Profile | null => {
  if (settings.profile === 'strict') return null
  if (settings.profile === 'home-assistant') return homeAssistant
  if (settings.profile === 'emoncms') return emoncms
  // Without a window of one's own, the whole day is the window.
  if (settings.profile === 'oed') return oed(() => true)
  const calendar = CALENDAR[settings.profile as keyof typeof CALENDAR]
  if (calendar === undefined) return null
  return period((at) => slotAt({ name: '', ms: 0, calendar }, settings.zone || 'UTC', at).start)
}
