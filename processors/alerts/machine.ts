import type { AlertEvidence } from '../../schemas/generated.js'

export const SEVERITIES = ['info', 'warning', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

/** One time that a rule's condition held: event time, UTC ms. What the ledger no longer says is simply no longer among the causes. */
export interface Cause {
  from: number
  /** When it ended; null: it holds still. */
  to: number | null
  /** When it has held (or been seen) often enough to be told; a cause that ends before was nothing. */
  firesAt: number
  /** Severity from an instant on, the first from `firesAt`. */
  levels: { at: number; severity: Severity }[]
  value: number | null
  threshold: number | null
  unit: string
  text: string
  rows: AlertEvidence[]
  /** How many it stands for. */
  count: number
}

/** What somebody did about the alert that was active at `since`. */
export interface Acknowledgement {
  since: number
  at: number
  by: string
  note: string
}

export interface Policy {
  /** The condition must be gone for so long before the alert is resolved; if it comes back sooner, it is the same alert. */
  clearMs: number
  /** A severity stays for at least so long. */
  dwellMs: number
  /** Minutes from one reminder to the next, the last of them for ever. */
  remindersMin: readonly number[]
  /** More than `times` causes within `windowMs` are told as one that flaps. */
  flapping: { times: number; windowMs: number }
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

export const POLICY: Policy = {
  clearMs: 10 * MINUTE,
  dwellMs: 15 * MINUTE,
  remindersMin: [15, 30, 60],
  flapping: { times: 5, windowMs: HOUR }
}

export type AlertState = 'pending' | 'firing' | 'flapping' | 'acked' | 'resolving' | 'ok'

/** One alert as it stands at an instant. */
export interface Episode {
  since: number
  state: AlertState
  severity: Severity
  /** When it last changed. */
  at: number
  until: number | null
  reminders: number
  ack: Acknowledgement | null
  /** Oldest first. */
  causes: readonly Cause[]
  /** When it changes next if nothing comes; infinite: never. */
  due: number
}

/**
 * The alerts of one key (rule, subject, register) at `now`, oldest first: all but the last are over. A function of the causes (by
 * `from`), what was acknowledged and the time, whatever came first: that is why a replay, late readings and a revision give the same.
 */
export const episodesOf = (causes: readonly Cause[], acks: readonly Acknowledgement[], now: number, policy: Policy): Episode[] => {
  const groups: Cause[][] = []
  let end = Number.NEGATIVE_INFINITY
  for (const cause of causes) {
    if (endOf(cause) < cause.firesAt) continue
    if (groups.length === 0 || cause.from > end + policy.clearMs) groups.push([cause])
    else groups[groups.length - 1].push(cause)
    end = Math.max(end, endOf(cause))
  }
  return groups.map((group) => episodeOf(group, acks, now, policy))
}

const endOf = ({ to }: Cause): number => to ?? Number.POSITIVE_INFINITY

const episodeOf = (causes: readonly Cause[], acks: readonly Acknowledgement[], now: number, policy: Policy): Episode => {
  const since = causes[0].from
  const firedAt = Math.min(...causes.map(({ firesAt }) => firesAt))
  const endedAt = Math.max(...causes.map(endOf))
  const resolvedAt = endedAt + policy.clearMs
  const ack = acks.find((each) => each.since >= since && each.since <= endedAt && each.at < resolvedAt && each.at <= now) ?? null
  const flappingAt = flapsAt(causes, policy)
  const quietAt = Math.min(ack?.at ?? Number.POSITIVE_INFINITY, flappingAt, endedAt)
  const reminders = remindersBy(Math.min(now, quietAt), firedAt, policy)
  const level = levelAt(causes, Math.min(now, endedAt), policy)
  const steps: { at: number; state: AlertState }[] = [
    { at: firedAt, state: 'firing' },
    { at: flappingAt, state: 'flapping' },
    { at: ack?.at ?? Number.POSITIVE_INFINITY, state: 'acked' },
    { at: endedAt, state: 'resolving' },
    { at: resolvedAt, state: 'ok' }
  ]
  const passed = steps.filter(({ at }) => at <= now)
  const state = passed.at(-1)?.state ?? 'pending'
  const at =
    passed.length === 0 ? since : Math.max(...passed.map((step) => step.at), state === 'ok' ? since : Math.max(reminders.lastAt, level.at))
  const nextReminder = reminders.nextAt < quietAt ? reminders.nextAt : Number.POSITIVE_INFINITY
  const nextLevel = level.nextAt < endedAt ? level.nextAt : Number.POSITIVE_INFINITY
  const due = Math.min(nextReminder, nextLevel, ...steps.map((step) => step.at).filter((each) => each > now))
  const until = endedAt <= now ? endedAt : null
  return {
    since,
    state,
    severity: level.severity,
    at,
    until,
    reminders: reminders.count,
    ack,
    causes,
    due: state === 'ok' ? Number.POSITIVE_INFINITY : due
  }
}

/** When the condition has come more often within the window than people want to be told. */
const flapsAt = (causes: readonly Cause[], { flapping }: Policy): number => {
  for (let i = flapping.times; i < causes.length; i++)
    if (causes[i].firesAt - causes[i - flapping.times].firesAt <= flapping.windowMs) return causes[i].firesAt
  return Number.POSITIVE_INFINITY
}

const remindersBy = (now: number, firedAt: number, { remindersMin }: Policy): { count: number; lastAt: number; nextAt: number } => {
  let lastAt = Number.NEGATIVE_INFINITY
  let nextAt = firedAt
  let count = 0
  for (const minutes of remindersMin.slice(0, -1)) {
    nextAt += minutes * MINUTE
    if (nextAt > now) return { count, lastAt, nextAt }
    lastAt = nextAt
    count++
  }
  const everyMs = remindersMin[remindersMin.length - 1] * MINUTE
  const more = Math.max(0, Math.floor((now - nextAt) / everyMs))
  return { count: count + more, lastAt: more > 0 ? nextAt + more * everyMs : lastAt, nextAt: nextAt + (more + 1) * everyMs }
}

/** The severity at an instant: what the newest cause says, but never sooner than the dwell after the last change. */
const levelAt = (causes: readonly Cause[], now: number, { dwellMs }: Policy): { severity: Severity; at: number; nextAt: number } => {
  const wanted = causes.flatMap(({ levels }) => levels).sort((a, b) => a.at - b.at)
  let current = wanted[0]
  let changedAt = Number.NEGATIVE_INFINITY
  let nextAt = Number.POSITIVE_INFINITY
  for (const [i, level] of wanted.entries()) {
    if (level.severity === current.severity) continue
    const at = Math.max(level.at, current.at + dwellMs)
    // By then something else is wanted.
    if (i + 1 < wanted.length && wanted[i + 1].at <= at) continue
    if (at > now) {
      nextAt = at
      break
    }
    current = { at, severity: level.severity }
    changedAt = at
  }
  return { severity: current.severity, at: changedAt, nextAt }
}
