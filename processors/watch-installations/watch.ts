import { isActiveAlert } from '../../schemas/alerts.js'
import type { Alert, AlertCommand, Slots } from '../../schemas/generated.js'
import { slotAt, storedGrid } from '../../schemas/grid.js'
import { pointOfInstallation } from '../../schemas/installations.js'
import { emptyDesk, review } from '../alerts/desk.js'
import { type Cause, POLICY } from '../alerts/machine.js'
import type { InstallationRules } from '../installations/rules.js'
import { hasMembers, sayingOf, silentDay } from './day.js'
import { DAY_RULES, RULE_VERSION } from './rules.js'
import type { Day, WatchedInstallation } from './state.js'

const HOUR = 3_600_000
/** A day is judged at one in the morning of the next, when blocks that come late have come. */
const JUDGED_AFTER_MS = HOUR
/** So many days can still be taken back; older ones are history. */
const MOST_DAYS = 40
const MOST_MS = MOST_DAYS * 24 * HOUR
/** What was wrong longer ago is recorded and told nobody. */
const AGE_MS = 6 * HOUR
const MOST_ACKS = 24

export interface Watched {
  state: WatchedInstallation
  alerts: Alert[]
}

/** A block of days of the installation. Pure. */
export const watchDays = (before: WatchedInstallation, block: Slots, rules: InstallationRules): Watched => {
  const saying = sayingOf(block)
  if (block.grid !== 'P1D' || saying === null) return { state: before, alerts: [] }
  const state = { ...before, source: block.source, days: [...before.days] }
  for (let i = 0; i < block.rows; i++) {
    const day = dayAt(state, block.start[i], rules)
    if (day !== null) state.days[day] = { ...state.days[day], ...saying(block, i) }
    state.knownAt = Math.max(state.knownAt, block.knownAt[i])
  }
  return judged(state, Math.max(state.now, state.knownAt), rules)
}

/** Event time reached `at`. A day of which nothing was heard is one that is missing. Pure. */
export const watchTime = (before: WatchedInstallation, at: number, rules: InstallationRules): Watched => {
  const state = { ...before, days: [...before.days], knownAt: Math.max(before.knownAt, at) }
  // Whoever was silent from the beginning is missed from the first whole day on.
  const first = state.days.length === 0 ? slotAt(storedGrid('P1D'), rules.zone, at).end : at - JUDGED_AFTER_MS
  dayAt(state, first, rules)
  return judged(state, at, rules)
}

/** Somebody acknowledges an alert; of one that is over, or never was, nothing comes. Pure. */
export const watchCommand = (
  before: WatchedInstallation,
  { command, rule, since, by, note, at }: AlertCommand,
  rules: InstallationRules
): Watched => {
  const desk = before.desks[rule] ?? emptyDesk()
  const alert = desk.told.find((each) => each.since === since)
  if (command !== 'ack' || alert === undefined || !isActiveAlert(alert)) return { state: before, alerts: [] }
  const acked = { ...desk, acks: [...desk.acks, { since, at, by, note }].slice(-MOST_ACKS) }
  const state = { ...before, desks: { ...before.desks, [rule]: acked }, knownAt: Math.max(before.knownAt, at) }
  return judged(state, Math.max(before.now, at), rules)
}

/** Event time at which a heartbeat changes the state. */
export const dueOf = (state: WatchedInstallation, rules: InstallationRules): number => {
  if (rules.versions.length === 0) return Number.POSITIVE_INFINITY
  const unjudged = state.days.find(({ end }) => end + JUDGED_AFTER_MS > state.now)
  const nextDay = unjudged === undefined ? (state.days.at(-1)?.end ?? 0) : unjudged.end + JUDGED_AFTER_MS
  return Math.min(nextDay, ...Object.values(state.desks).map(({ due }) => due ?? Number.POSITIVE_INFINITY))
}

/** Where the day of an instant is, made if need be with those between; null: it is too old to be judged. */
const dayAt = (state: WatchedInstallation, at: number, { zone }: InstallationRules): number | null => {
  const grid = storedGrid('P1D')
  const empty = (instant: number): Day => silentDay(slotAt(grid, zone, instant))
  const { days } = state
  if (days.length === 0) days.push(empty(at))
  // Not further back than what is kept.
  if (days[0].start - at > MOST_MS) return null
  while (days[0].start > at) {
    if (days.length >= MOST_DAYS) return null
    days.unshift(empty(days[0].start - 1))
  }
  if (at - days[days.length - 1].end > MOST_MS) days.splice(0, days.length, empty(at))
  while (days[days.length - 1].end <= at) days.push(empty(days[days.length - 1].end))
  days.splice(0, Math.max(0, days.length - MOST_DAYS))
  return days.findIndex(({ start, end }) => start <= at && at < end)
}

const judged = (state: WatchedInstallation, now: number, rules: InstallationRules): Watched => {
  const over = state.days.filter((day) => day.end + JUDGED_AFTER_MS <= now && hasMembers(rules, day))
  const kept = state.days[0]?.start ?? Number.POSITIVE_INFINITY
  const next = { ...state, now, desks: { ...state.desks } }
  const alerts: Alert[] = []
  for (const { rule, find } of DAY_RULES) {
    const before = state.desks[rule] ?? emptyDesk()
    const causes = [...before.causes.filter(({ from }) => from < kept), ...over.flatMap((day) => causeOf(day, find(day)) ?? [])]
    const head = { rule, subject: pointOfInstallation(state.installation), register: '', source: state.source, ruleVersion: RULE_VERSION }
    const eventAt = over.at(-1)?.end ?? now
    const { desk, steps } = review({ ...before, causes }, head, { now, eventAt, knownAt: state.knownAt, ageMs: AGE_MS }, POLICY)
    if (desk.causes.length + desk.told.length > 0) next.desks[rule] = desk
    else delete next.desks[rule]
    for (const step of steps) alerts.push({ ...step, rev: ++next.rev })
  }
  return { state: next, alerts }
}

/** It holds from the judgement of its day to that of the next: days one after the other are one alert. */
const causeOf = (day: Day, finding: ReturnType<(typeof DAY_RULES)[number]['find']>): Cause | null => {
  if (finding === null) return null
  const firesAt = day.end + JUDGED_AFTER_MS
  return {
    from: day.start,
    to: firesAt + 24 * HOUR,
    firesAt,
    levels: [{ at: firesAt, severity: 'warning' }],
    ...finding,
    rows: [],
    count: 1
  }
}
