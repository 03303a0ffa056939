import type { Row } from '../../client/frames.js'
import type { MemberDays, SensorInfo, SensorsPort } from '../answers.js'
import { thousands } from '../files/words.js'
import { clock, percent, powerText, span } from '../format.js'
import type { Missing, Power, PowerScene, PowerSlot } from './power.js'

export const POWER_NAMES: Record<Power, string> = { p_cons: 'Consumption', p_prod: 'Production', p_tot: 'Grid', p_ve: 'Vehicles' }

/** What passes the meter at the street: "Withdrawal", "Injection". */
export const exchangeName = (watts: number): string => (watts < 0 ? 'Injection' : 'Withdrawal')

/** "14:00–14:15", and how much of it is known where that is not all. */
export const slotText = ({ start, end, coveredMs }: PowerSlot, zone: string): string => {
  const seconds = end - start < 60_000
  const when = `${clock(start, zone, seconds)}–${clock(end, zone, seconds)}`
  if (coveredMs === 0) return `${when}, the house is missing`
  return coveredMs < end - start ? `${when}, mean of the ${percent(coveredMs / (end - start))} that is known` : when
}

/** What the picture shows, for who does not see it. */
export const curveText = ({ slots, missing }: PowerScene): string => {
  const known = (power: Power): number[] => slots.flatMap(({ watts }) => watts[power] ?? [])
  const most = (watts: readonly number[]): number => watts.reduce((high, watt) => Math.max(high, watt), Number.NEGATIVE_INFINITY)
  const [grid, vehicles] = [known('p_tot'), known('p_ve')]
  if (grid.length + vehicles.length === 0) return 'Power of the day: nothing was measured.'
  const least = grid.reduce((low, watt) => Math.min(low, watt), Number.POSITIVE_INFINITY)
  const told = [
    ...(grid.length > 0 ? [`from the grid between ${powerText(least)} and ${powerText(most(grid))}`] : []),
    ...(vehicles.length > 0 ? [`vehicles up to ${powerText(most(vehicles))}`] : [])
  ]
  return `Power of the day: ${told.join('; ')}.${missing.length > 0 ? ` ${missingText(missing)}.` : ''}`
}

const msOf = (missing: readonly Missing[]): number => missing.reduce((sum, { from, to, share }) => sum + (to - from) * share, 0)

/** "7 h missing". */
export const missingText = (missing: readonly Missing[]): string => `${span(msOf(missing))} missing`

/** The newest row of a power: "1.80 kW"; a dash where nobody knows. */
export const nowText = (row: Row | undefined): string =>
  powerText(row === undefined || row.v === null || row.op !== 'put' ? null : row.v * 10 ** -row.sc)

/** Sensors that are asked for, in a sentence. */
export const sensorsText = (all: number, troubled: number): string => {
  if (all === 0) return 'No sensor has a token yet.'
  if (all === 1) return `The one sensor is ${troubled === 0 ? '' : 'not '}fine.`
  return troubled === 0 ? `All ${all} sensors are fine.` : `${troubled} of ${all} sensors ${troubled === 1 ? 'is' : 'are'} not fine.`
}

/** Where nobody is asked, only the tokens are known. */
export const tokensText = (all: number): string =>
  all === 0 ? 'No sensor has a token yet.' : all === 1 ? 'One sensor has a token.' : `${all} sensors have tokens.`

const SENSOR_STATES: Record<string, string> = {
  fine: 'fine',
  new: 'not asked yet',
  refused: 'token refused',
  away: 'no answer',
  unexpected: 'unexpected answer',
  gone: 'block is gone',
  unasked: 'asked by nobody'
}
export const sensorStateText = (state: string): string => SENSOR_STATES[state] ?? state

/** A token that was just given, and what became of it. */
export interface Given {
  sensor: string
  /** Server's clock, ms. */
  at: number
  was: 'none' | 'another' | 'the same'
}

/** Whether a sensor was asked since its token was given. */
export const wasAsked = ({ at }: Given, row: SensorInfo | undefined): boolean => row?.askedAt != null && Date.parse(row.askedAt) > at

const GIVEN: Record<Given['was'], string> = {
  none: 'Its token is kept',
  another: 'Its token took the place of the one before',
  'the same': 'This token was kept already'
}

/** What becomes of a token that was given. */
export const givenText = (given: Given, row: SensorInfo | undefined, { asks, everyMinutes, advice }: SensorsPort): string => {
  const kept = GIVEN[given.was]
  if (asks !== 'here') return `${kept}. ${advice}`
  if (row === undefined || !wasAsked(given, row)) {
    const minutes = Math.max(1, Math.ceil((everyMinutes ?? 0) * 1.1))
    return `${kept}: the sensor is asked within ${minutes === 1 ? 'a minute' : `${minutes} minutes`}, and this says how it went.`
  }
  if (row.state === 'fine') return `${kept}, the sensor was asked for, and its blocks come.`
  if (row.state === 'refused')
    return `The token is refused (${row.detail}): copy it again from the page of the sensor, and put it in once more.`
  return `${kept}, and the sensor was asked: ${sensorStateText(row.state)} (${row.detail}). It is asked again by itself.`
}

/** What people call a sensor: what it measures, or its id. */
export const memberName = ({ label, name, point }: Pick<MemberDays['members'][number], 'label' | 'name' | 'point'>): string =>
  label || name || point.slice(point.indexOf('/') + 1)

/** "12 of 206 sensors are complete in October 2023; 194 miss 76 days together. Of 3 there is nothing." */
export const membersText = ({ members, complete, missing, missingMs }: MemberDays['totals'], month: string): string => {
  if (members === 0) return `Nothing is expected of any sensor in ${month}.`
  if (complete === members)
    return members === 1 ? `The one sensor is complete in ${month}.` : `All ${thousands(members)} sensors are complete in ${month}.`
  const partial = members - complete
  if (members === 1)
    return missing === 1 ? `There is nothing of the one sensor in ${month}.` : `The one sensor misses ${span(missingMs)} in ${month}.`
  const lack = `${partial === 1 ? '1 misses' : `${thousands(partial)} miss`} ${span(missingMs)}${partial === 1 ? '' : ' together'}`
  const nothing = missing === 0 ? '' : ` Of ${thousands(missing)} there is nothing.`
  return `${complete === 0 ? 'None' : thousands(complete)} of ${thousands(members)} sensors ${complete === 1 ? 'is' : 'are'} complete in ${month}; ${lack}.${nothing}`
}
