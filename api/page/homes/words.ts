import type { Row } from '../../client/frames.js'
import { clock, percent, powerText, span } from '../format.js'
import type { Missing, Power, PowerScene, PowerSlot } from './power.js'

export const POWER_NAMES: Record<Power, string> = { p_cons: 'Consumption', p_prod: 'Production', p_tot: 'Grid' }

/** What passes the meter at the street: "Withdrawal", "Injection". */
export const exchangeName = (watts: number): string => (watts < 0 ? 'Injection' : 'Withdrawal')

/** "14:00–14:15", and how much of it is known where that is not all. */
export const slotText = ({ start, end, coveredMs }: PowerSlot, zone: string): string => {
  const seconds = end - start < 60_000
  const when = `${clock(start, zone, seconds)}–${clock(end, zone, seconds)}`
  return coveredMs < end - start ? `${when}, mean of the ${percent(coveredMs / (end - start))} that is known` : when
}

/** What the picture shows, for who does not see it. */
export const curveText = ({ slots, missing }: PowerScene): string => {
  const known = slots.flatMap(({ watts }) => (watts.p_tot === null ? [] : [watts.p_tot]))
  if (known.length === 0) return 'Power of the day: nothing was measured.'
  const [least, most] = known.reduce(([low, high], watt) => [Math.min(low, watt), Math.max(high, watt)], [known[0], known[0]])
  const lack = missing.length > 0 ? ` ${missingText(missing)}.` : ''
  return `Power of the day: from the grid between ${powerText(least)} and ${powerText(most)}.${lack}`
}

const msOf = (missing: readonly Missing[]): number => missing.reduce((sum, { from, to, share }) => sum + (to - from) * share, 0)

/** "7 h missing". */
export const missingText = (missing: readonly Missing[]): string => `${span(msOf(missing))} missing`

/** The newest row of a power: "1.80 kW"; a dash where nobody knows. */
export const nowText = (row: Row | undefined): string =>
  powerText(row === undefined || row.v === null || row.op !== 'put' ? null : row.v * 10 ** -row.sc)

/** Sensors that are asked for, in a sentence. */
export const sensorsText = (all: number, troubled: number): string => {
  if (all === 0) return 'No sensor is asked for over HTTP by this process.'
  if (all === 1) return `The one sensor is ${troubled === 0 ? '' : 'not '}fine.`
  return troubled === 0 ? `All ${all} sensors are fine.` : `${troubled} of ${all} sensors ${troubled === 1 ? 'is' : 'are'} not fine.`
}

const SENSOR_STATES: Record<string, string> = {
  fine: 'fine',
  new: 'not asked yet',
  refused: 'token refused',
  away: 'no answer',
  unexpected: 'unexpected answer',
  gone: 'block is gone'
}
export const sensorStateText = (state: string): string => SENSOR_STATES[state] ?? state
