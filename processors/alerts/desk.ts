import type { Alert } from '../../schemas/generated.js'
import { type Acknowledgement, type Cause, type Episode, episodesOf, type Policy } from './machine.js'

/** What is kept of one key (rule, register) of a subject; plain JSON. */
export interface Desk {
  /** By `from`. */
  causes: Cause[]
  acks: Acknowledgement[]
  /** Alerts as they last went out, by `since`. */
  told: Told[]
  /** Event time of the next change if nothing comes; null: none. */
  due: number | null
}

/** `heard`: some step of it was worth telling people. */
export type Told = Step & { heard: boolean }
export type Step = Omit<Alert, 'rev'>

export const emptyDesk = (): Desk => ({ causes: [], acks: [], told: [], due: null })

/** What every alert of a key says alike. */
export type Head = Pick<Alert, 'rule' | 'subject' | 'register' | 'source' | 'ruleVersion'>

/** When and why it is looked at: event time by now, and `knownAt` of what caused it. */
export interface Moment {
  now: number
  /** Newest event time of what came: how old that is says whether this is back-fill. */
  eventAt: number
  knownAt: number
  /** What happened longer ago is recorded and told nobody, ms: 2 x expected interval + 15 min. */
  ageMs: number
}

export interface Reviewed {
  desk: Desk
  /** What is new, withdrawals first. */
  steps: Step[]
}

const MAX_CAUSES = 24
const MAX_ROWS = 8

/** Holds the causes against what was told of them. Pure; what went out before goes out again only where it differs. */
export const review = (before: Desk, head: Head, moment: Moment, policy: Policy): Reviewed => {
  const desk = trimmed(before, moment.now, policy)
  const episodes = episodesOf(desk.causes, desk.acks, moment.now, policy).filter(({ state }) => state !== 'pending')
  const steps: Step[] = []
  const standing = new Set(episodes.map(({ since }) => since))
  for (const last of desk.told) if (!standing.has(last.since)) steps.push(retracted(last, moment))
  const told = episodes.map((episode): Told => {
    const last = desk.told.find(({ since }) => since === episode.since)
    const step = stepOf(episode, head, moment, last)
    if (last !== undefined && factsOf(step) === factsOf(last)) return last
    steps.push(step)
    return { ...step, heard: step.notify || last?.heard === true }
  })
  return { desk: { ...desk, told, due: dueOf(desk, moment.now, policy) }, steps }
}

const dueOf = ({ causes, acks }: Desk, now: number, policy: Policy): number | null => {
  const due = Math.min(...episodesOf(causes, acks, now, policy).map((episode) => episode.due))
  return Number.isFinite(due) ? due : null
}

/** The oldest make room: joined where they are of one alert, so that it goes on; let go where theirs is over. */
const trimmed = (desk: Desk, now: number, policy: Policy): Desk => {
  if (desk.causes.length <= MAX_CAUSES) return desk
  const [first, second, ...rest] = desk.causes
  const together = episodesOf([first, second], [], now, policy).length === 1
  if (together) {
    const joined: Cause = {
      ...second,
      from: first.from,
      firesAt: first.firesAt,
      levels: [...first.levels, ...second.levels].slice(-MAX_ROWS),
      to: first.to === null || second.to === null ? null : Math.max(first.to, second.to),
      rows: [...first.rows, ...second.rows].slice(0, MAX_ROWS),
      count: first.count + second.count
    }
    return trimmed({ ...desk, causes: [joined, ...rest] }, now, policy)
  }
  return trimmed({ ...desk, causes: [second, ...rest], told: desk.told.filter(({ since }) => since !== first.from) }, now, policy)
}

const stepOf = (episode: Episode, head: Head, moment: Moment, last: Told | undefined): Step => {
  const { since, state, severity, at, until, reminders, ack, causes } = episode
  const newest = causes[causes.length - 1]
  const rows = causes.flatMap((cause) => cause.rows).slice(-MAX_ROWS)
  const { value, threshold, unit, text } = newest
  return {
    ...head,
    state,
    severity,
    since,
    at,
    until,
    value,
    threshold,
    unit,
    text,
    rows,
    occurrences: causes.reduce((sum, { count }) => sum + count, 0),
    reminders,
    notify: isNews(episode, last) && moment.now - Math.max(at, moment.eventAt) <= moment.ageMs,
    expires: Math.max(at, moment.eventAt) + moment.ageMs,
    ackedBy: ack?.by ?? '',
    note: ack?.note ?? '',
    knownAt: moment.knownAt
  }
}

/** It began, began to flap, weighs otherwise, was not looked after, or is over: of what nobody was told, not the end either. */
const isNews = ({ state, severity, reminders }: Episode, last: Told | undefined): boolean => {
  if (state === 'firing' || state === 'flapping')
    return last === undefined || last.state !== state || last.severity !== severity || last.reminders !== reminders
  return state === 'ok' && last?.heard === true
}

const retracted = ({ heard, ...last }: Told, { now, knownAt, ageMs }: Moment): Step => ({
  ...last,
  state: 'retracted',
  at: now,
  notify: heard,
  expires: now + ageMs,
  knownAt
})

/** All but how it became known. */
const factsOf = ({ state, severity, at, until, value, threshold, text, occurrences, reminders, ackedBy, note, rows }: Step): string =>
  JSON.stringify([
    state,
    severity,
    at,
    until,
    value,
    threshold,
    text,
    occurrences,
    reminders,
    ackedBy,
    note,
    rows.map(({ start }) => start)
  ])
