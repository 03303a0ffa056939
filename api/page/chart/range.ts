import { DAY_MS, HOUR_MS, moved, startOf } from './zone.js'

/** [from, to), UTC ms. */
export interface Range {
  from: number
  to: number
}

export const SPANS = ['hour', 'day', 'week', 'month', 'year', 'all'] as const
export type Span = (typeof SPANS)[number]

/** What is looked at: an hour, day … that holds `at`, or (null) the one of now, which moves on; or a free range. */
export type View = { span: Span; at: number | null } | Range

/** First and last reading of the register, UTC ms. */
export interface Alive {
  first: number
  last: number
}

const RECENT_MS = 26 * HOUR_MS
/** Whether a meter speaks still: what is looked at then is now, otherwise its last data. */
export const isRecent = ({ last }: Alive, now: number): boolean => now - last < RECENT_MS

const LENGTHS: Record<Exclude<Span, 'all'>, number> = {
  hour: HOUR_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 31 * DAY_MS,
  year: 366 * DAY_MS
}

const instant = (text: string | null): number | null => {
  const at = text === null ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? null : at
}

/** What fits into a view whole is looked at whole. */
const SHORT_MS = 21 * DAY_MS

/** Without a word in the address: the day until now of a meter that speaks; of one that does not, all of it, or its last month. */
export const usual = (alive: Alive, now: number): View => {
  if (isRecent(alive, now)) return { span: 'day', at: null }
  return alive.last - alive.first < SHORT_MS ? { span: 'all', at: null } : { span: 'month', at: alive.last - 1 }
}

export const viewOf = (params: URLSearchParams, alive: Alive, now: number): View => {
  const from = instant(params.get('from'))
  const to = instant(params.get('to'))
  if (from !== null && to !== null && to > from) return { from, to }
  const span = SPANS.find((each) => each === params.get('span'))
  return span ? { span, at: instant(params.get('at')) } : usual(alive, now)
}

export const paramsOf = (view: View): Record<'span' | 'at' | 'from' | 'to', string | null> =>
  'span' in view
    ? { span: view.span, at: view.at === null ? null : new Date(view.at).toISOString(), from: null, to: null }
    : { span: null, at: null, from: new Date(view.from).toISOString(), to: new Date(view.to).toISOString() }

export const rangeOf = (view: View, zone: string, now: number, { first, last }: Alive): Range => {
  if (!('span' in view)) return view
  const { span, at } = view
  if (span === 'all') return { from: startOf('day', zone, first), to: moved('day', zone, startOf('day', zone, last - 1), 1) }
  // The hour and the day until now; of longer spans the calendar's, which the bill has too.
  if (at === null && (span === 'hour' || span === 'day')) return { from: now - LENGTHS[span], to: now }
  const from = startOf(span, zone, at ?? now)
  return { from, to: moved(span, zone, from, 1) }
}

/** Whether the range moves on with the clock. */
export const follows = (view: View): boolean => 'span' in view && view.at === null && (view.span === 'hour' || view.span === 'day')

/** The one before (-1) or after (1). The day before the one until now is yesterday; where the next would hold now, it is that of now. */
export const stepped = (view: View, by: -1 | 1, zone: string, now: number, alive: Alive): View => {
  const range = rangeOf(view, zone, now, alive)
  if (!('span' in view) || view.span === 'all') {
    const length = range.to - range.from
    return { from: range.from + by * length, to: range.to + by * length }
  }
  const { span } = view
  const at = moved(span, zone, startOf(span, zone, follows(view) ? now : range.from), by)
  return { span, at: now < at || now < moved(span, zone, at, 1) ? null : at }
}

/** Another span around what is looked at now. */
export const respanned = (view: View, span: Span, zone: string, now: number, alive: Alive): View => {
  const { from, to } = rangeOf(view, zone, now, alive)
  const last = Math.min(to, alive.last, now)
  // Of what ends now or holds now, the newest; otherwise the last that has data, as a month of old files is read from its end.
  if (span === 'all' || (to >= now && isRecent(alive, now))) return { span, at: null }
  return { span, at: last > from ? last - 1 : from }
}

/** One step out: the smallest span of the calendar that is longer and holds the middle. */
export const widened = (view: View, zone: string, now: number, alive: Alive): View => {
  const { from, to } = rangeOf(view, zone, now, alive)
  for (const span of ['hour', 'day', 'week', 'month', 'year'] as const) {
    if (LENGTHS[span] > (to - from) * 1.2) return { span, at: (from + to) / 2 }
  }
  return { span: 'all', at: null }
}
