import type { Store } from '../../infra/store.js'
import type { Alert } from '../../schemas/generated.js'
import type { Row } from '../client/frames.js'
import { type Beginning, FrameError } from './requests.js'
import { Newest, type Shaped, shaped } from './rows.js'
import type { Selection } from './selection.js'

/** An alert as a row: upsert by (k, s) as of all others, `withdrawn` when it was retracted. */
export const alertRow = (alert: Alert): Row => {
  const { subject, register, rule, since, at, until, value, unit, severity, rev, state } = alert
  const { threshold, text, occurrences, reminders, ackedBy, note, rows } = alert
  return {
    k: `${subject}|${register}|${rule}`,
    s: since,
    e: Math.max(until ?? at, since),
    v: value,
    sc: 0,
    u: unit,
    q: severity,
    rev,
    op: state === 'retracted' ? 'withdrawn' : 'put',
    a: { rule, state, at, until, threshold, text, occurrences, reminders, ackedBy, note, rows }
  }
}

/** The alerts a subscription begins with: at least all up to its position, and what of later ones comes again replaces itself. */
export async function* alertSnapshot(store: Store, selection: Selection, from: Beginning, most: number): AsyncGenerator<Shaped[]> {
  const since = typeof from === 'object' ? from.at : undefined
  for (const subject of selection.points?.keys() ?? [undefined]) {
    const found = await store.alerts({ subject, from: since, limit: most + 1 })
    if (found.length > most)
      throw new FrameError(
        'too_large',
        `There are more than ${most} alerts: name points, or begin at {at} an instant. GET /v1/alerts has the others.`
      )
    const standing = found.filter(({ subject, register, state }) => state !== 'retracted' && selection.has(subject, register))
    const rows = standing
      .reverse()
      .map((alert) => ({ ...shaped(alertRow(alert)), alert }))
      .filter(({ alert, row }) => selection.shows(alert.subject, row.s, row.e))
    if (rows.length > 0) yield from === 'latest' ? newestOf(rows) : rows
  }
}

const newestOf = (rows: readonly Shaped[]): Shaped[] => {
  const newest = new Newest()
  newest.add(rows)
  return newest.take(rows.length)
}
