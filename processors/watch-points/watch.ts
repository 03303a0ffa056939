import { isActiveAlert } from '../../schemas/alerts.js'
import type { Alert, AlertCommand, Intervals, Readings, Reject } from '../../schemas/generated.js'
import { isOpen } from '../../schemas/reject.js'
import { review, type Step } from '../alerts/desk.js'
import { type Cause, POLICY } from '../alerts/machine.js'
import { NO_RULES, settingsAt } from '../energy/rules.js'
import type { Where } from '../energy/step.js'
import { takeIntervals } from './intervals.js'
import { type RulesOf, silentAt, takeReadings } from './readings.js'
import { ageOf, silence } from './silence.js'
import { deskKey, deskOf, ownWatch, type WatchState } from './state.js'

/** Version of the rules of this folder, in every alert they make; raise it when an alert would come out different. */
export const RULE_VERSION = 1

const HOUR = 3_600_000
/** A payload that was rejected is told for a day. */
const TOLD_MS = 24 * HOUR
const MOST_OPEN = 100
const MOST_ACKS = 24

export interface Watched {
  state: WatchState
  alerts: Alert[]
}

/** A block of readings of the point. `live`: not from the back-fill topic, whose readings only fill what was silent. Pure. */
export const watchReadings = (before: WatchState, block: Readings, where: Where, live: boolean, rulesOf: RulesOf): Watched => {
  const state = ownWatch(before)
  if (live) state.source = block.source
  const changed = takeReadings(state, block, where, live)
  return conclude(state, changed, block.ingestedAt, block.at[block.rows - 1], rulesOf)
}

/** A block of intervals of the point: rows that nothing explains, and those that came instead of them. Pure. */
export const watchIntervals = (before: WatchState, block: Intervals, rulesOf: RulesOf): Watched => {
  const state = ownWatch(before)
  if (state.source === '') state.source = block.source
  const last = block.rows - 1
  return conclude(state, takeIntervals(state, block, rulesOf(block.register)), block.knownAt[last], block.end[last], rulesOf)
}

/** Something that came in could not be read, or can be now: one alert for each payload. Pure. */
export const watchReject = (before: WatchState, reject: Reject): Watched => {
  const { source, origin, name, line, field, ingestedAt, reason } = reject
  const identity = [name, line, field].join('|')
  const known = before.open.includes(identity)
  // Of very many the rest is one: such a payload is told of until the day is over.
  const open = isOpen(reject)
    ? [...before.open, ...(known || before.open.length > MOST_OPEN ? [] : [identity])]
    : without(before.open, identity)
  if (known === isOpen(reject) || open.length === before.open.length) return { state: before, alerts: [] }
  const state = { ...ownWatch(before), source, open }
  const desk = deskOf(state, 'block-rejected', '')
  const [last] = desk.causes
  const from = last?.from ?? ingestedAt
  const place = line === 0 ? '' : `, first in line ${line}`
  const cause: Cause = {
    from,
    to: Math.max(ingestedAt + TOLD_MS, last?.to ?? 0),
    firesAt: from,
    levels: [{ at: from, severity: 'warning' }],
    value: open.length,
    threshold: 0,
    unit: 'count',
    text: last?.text ?? `${name === '' ? origin : name} could not be read wholly: ${reason}${place}.`,
    rows: [],
    count: open.length
  }
  state.desks[deskKey('block-rejected', '')] = { ...desk, causes: open.length === 0 ? [] : [cause] }
  return conclude(state, new Set([deskKey('block-rejected', '')]), ingestedAt, ingestedAt, noRules)
}

const without = (list: readonly string[], word: string): string[] => list.filter((each) => each !== word)

/** Nobody listened to the source in [from, to]: what did not come then is not the meters' silence. Pure. */
export const watchLateness = (before: WatchState, from: number, to: number): Watched => {
  const state = { ...ownWatch(before), source: before.subject }
  const desk = deskOf(state, 'platform-late', '')
  const cause: Cause = {
    from,
    to,
    firesAt: to,
    levels: [{ at: to, severity: 'warning' }],
    value: to - from,
    threshold: null,
    unit: 'ms',
    text: `Nothing listened to ${before.subject} from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}.`,
    rows: [],
    count: 1
  }
  state.desks[deskKey('platform-late', '')] = { ...desk, causes: [...desk.causes, cause] }
  return conclude(state, new Set([deskKey('platform-late', '')]), to, to, noRules)
}

/** Somebody acknowledges an alert; of one that is over, or never was, nothing comes. Pure. */
export const watchCommand = (before: WatchState, { command, rule, register, since, by, note, at }: AlertCommand): Watched => {
  const desk = deskOf(before, rule, register)
  const alert = desk.told.find((each) => each.since === since)
  if (command !== 'ack' || alert === undefined || !isActiveAlert(alert)) return { state: before, alerts: [] }
  const state = ownWatch(before)
  state.desks[deskKey(rule, register)] = { ...desk, acks: [...desk.acks, { since, at, by, note }].slice(-MOST_ACKS) }
  return conclude(state, new Set([deskKey(rule, register)]), at, at, noRules)
}

/** Event time reached `at`; the source has been listened to without a break since `heardSince`. Pure. */
export const watchTime = (before: WatchState, at: number, heardSince: number, rulesOf: RulesOf): Watched => {
  const state = ownWatch(before)
  const changed = new Set(Object.keys(state.desks).filter((key) => (state.desks[key].due ?? Number.POSITIVE_INFINITY) <= at))
  const silent = silentAt(state, rulesOf)
  if (silent !== null) {
    const firesAt = Math.max(silent.last, heardSince) + silent.afterMs
    if (firesAt <= at) {
      const desk = deskOf(state, 'silent', '')
      state.desks[deskKey('silent', '')] = { ...desk, causes: [...desk.causes, silence(silent.last, null, firesAt, silent.afterMs)] }
      changed.add(deskKey('silent', ''))
    }
  }
  return changed.size === 0 ? { state: before, alerts: [] } : conclude(state, changed, at, Number.NEGATIVE_INFINITY, rulesOf)
}

/** Event time at which a heartbeat changes the state; infinite when none does. */
export const dueOf = (state: WatchState, rulesOf: RulesOf): number =>
  Math.min(
    silentAt(state, rulesOf)?.at ?? Number.POSITIVE_INFINITY,
    ...Object.values(state.desks).map(({ due }) => due ?? Number.POSITIVE_INFINITY)
  )

const PASSING = ['block-rejected|', 'platform-late|']

/** Nothing is left to say of a payload or a source. What was told of a point is kept: a revision may take it back. */
export const isOver = ({ registers, desks }: WatchState): boolean =>
  Object.keys(registers).length === 0 && Object.entries(desks).every(([key, { due }]) => PASSING.includes(key) && due === null)

const noRules: RulesOf = () => NO_RULES

const expectedOf = (state: WatchState, rulesOf: RulesOf): number | null => {
  const expected = Object.entries(state.registers).map(([register, { at }]) => settingsAt(rulesOf(register), at).expectedMs)
  const known = expected.filter((ms) => ms !== null)
  return known.length === 0 ? null : Math.max(...known)
}

/** Looks at the desks that changed, and gives what they say its revisions. */
const conclude = (state: WatchState, changed: ReadonlySet<string>, knownAt: number, eventAt: number, rulesOf: RulesOf): Watched => {
  state.knownAt = Math.max(state.knownAt, knownAt)
  state.now = Math.max(state.now, knownAt)
  const alerts: Alert[] = []
  for (const key of changed) {
    const [rule, register] = key.split('|')
    const head = { rule, register, subject: state.subject, source: state.source, ruleVersion: RULE_VERSION }
    const moment = { now: state.now, eventAt, knownAt: state.knownAt, ageMs: ageOf(expectedOf(state, rulesOf)) }
    const { desk, steps } = review(state.desks[key], head, moment, POLICY)
    if (desk.causes.length === 0 && desk.told.length === 0) delete state.desks[key]
    else state.desks[key] = desk
    for (const step of steps) alerts.push(withRev(step, ++state.rev))
  }
  return { state, alerts }
}

const withRev = (step: Step, rev: number): Alert => ({ ...step, rev })
