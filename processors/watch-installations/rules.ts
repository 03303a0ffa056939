import { mulDivRound } from '../../schemas/exact.js'
import { SLOT_MS, slotsIn } from '../installations/power.js'
import type { Day } from './state.js'

/** Version of the rules of this folder, in every alert they make; raise it when an alert would come out different. */
export const RULE_VERSION = 1

/** What a rule says of a day; null: nothing is wrong. */
export interface Finding {
  value: number
  threshold: number
  unit: string
  text: string
}

export interface DayRule {
  rule: string
  find(day: Day): Finding | null
}

/** Percent of the local day's slots without a value (RULES §3). */
const MISSING_PERCENT = 10
/** W: what a clamp shows by itself. */
const NOISE_WATT = 15

/** Percent of the day in which both are known, or they are not compared (V14: the gate). */
const BOTH_KNOWN_PERCENT = 99
/** What two clamps differ by: percent of what was consumed, and at least so much, millionths of Wh (V14: the tolerance; both ours). */
const CLAMPS_PERCENT = 5
const CLAMPS_LEAST = 100_000_000

const MICROWATT = 1_000_000
const HOUR_MS = 3_600_000

/** Mean power of a slot, exactly, millionths of W. */
const microwattOf = (amount: number): number => mulDivRound(amount, HOUR_MS, SLOT_MS)

/** For people: W to a tenth. */
const shown = (microwatt: number): number => mulDivRound(microwatt, 10, MICROWATT) / 10

const beyond = (amount: number | null, isWrong: (microwatt: number) => boolean, threshold: number, text: (watt: number) => string) => {
  if (amount === null) return null
  const microwatt = microwattOf(amount)
  if (!isWrong(microwatt)) return null
  const value = shown(microwatt)
  return { value, threshold, unit: 'W', text: text(value) }
}

const LIMIT = NOISE_WATT * MICROWATT

/** For people: kWh to a hundredth. */
const kwhOf = (amount: number): number => mulDivRound(amount, 1, 10_000_000) / 100

/** The rules that every installation has, by the day; the first four of the dossier's daily checks. */
export const DAY_RULES: readonly DayRule[] = [
  {
    rule: 'missing',
    find: (day) => {
      const slots = slotsIn(day)
      const missing = slots - day.received
      if (missing * 100 < MISSING_PERCENT * slots) return null
      const value = mulDivRound(missing, 1000, slots) / 10
      return { value, threshold: MISSING_PERCENT, unit: '%', text: `${missing} of the day's ${slots} slots have no value (${value} %).` }
    }
  },
  {
    rule: 'sign-consumption',
    find: ({ low }) =>
      beyond(
        low,
        (microwatt) => microwatt < -LIMIT,
        -NOISE_WATT,
        (watt) => `Consumption was down to ${watt} W: a sign is wrong in the installation.`
      )
  },
  {
    rule: 'sign-production',
    find: ({ high }) =>
      beyond(
        high,
        (microwatt) => microwatt > LIMIT,
        NOISE_WATT,
        (watt) => `Production was up to ${watt} W, where it should be below 0: a sign is wrong.`
      )
  },
  {
    rule: 'production-at-night',
    find: ({ night }) =>
      beyond(
        night,
        (microwatt) => Math.max(microwatt, -microwatt) > LIMIT,
        NOISE_WATT,
        (watt) => `Production was ${watt} W at night: a clamp measures something else.`
      )
  },
  {
    // V14: the main meter is P_cons, and what is measured behind it are the vehicles.
    rule: 'conservation',
    find: (day) => {
      const { cons, ve, received, veReceived } = day
      if (cons === null || ve === null || Math.min(received, veReceived) * 100 < BOTH_KNOWN_PERCENT * slotsIn(day)) return null
      const most = cons + Math.max(CLAMPS_LEAST, mulDivRound(Math.max(0, cons), CLAMPS_PERCENT, 100))
      if (ve <= most) return null
      const text = `Vehicles took ${kwhOf(ve)} kWh of ${kwhOf(cons)} kWh that were consumed in all: a factor is wrong, or a clamp left out.`
      return { value: kwhOf(ve), threshold: kwhOf(most), unit: 'kWh', text }
    }
  }
]
