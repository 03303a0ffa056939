import { z } from 'zod'
import type { Store } from '../infra/store.js'
import { covers, type Identity, readable } from '../schemas/access.js'
import { type AlertIdentity, alertKey } from '../schemas/alerts.js'
import type { Alert } from '../schemas/generated.js'
import { iso } from './format.js'

/** An alert as answers show it. */
export const AlertBody = z.object({
  key: z.string().describe('Names the alert, for POST /v1/alerts/ack.'),
  rule: z.string(),
  subject: z.string().describe('Point; of block-rejected the origin of the payload, of platform-late the source.'),
  register: z.string(),
  source: z.string(),
  state: z.string(),
  severity: z.string(),
  since: z.string(),
  at: z.string(),
  until: z.string().nullable(),
  value: z.number().nullable(),
  threshold: z.number().nullable(),
  unit: z.string(),
  text: z.string(),
  evidence: z.array(
    z.object({ register: z.string(), start: z.string(), end: z.string(), topic: z.string(), partition: z.number(), offset: z.number() })
  ),
  occurrences: z.number(),
  reminders: z.number(),
  ackedBy: z.string(),
  note: z.string(),
  rev: z.number(),
  ruleVersion: z.number(),
  knownAt: z.string()
})

export const alertRow = (alert: Alert): z.infer<typeof AlertBody> => {
  const { rule, subject, register, source, state, severity, since, at, until, value, threshold, unit, text } = alert
  const { rows, occurrences, reminders, ackedBy, note, rev, ruleVersion, knownAt } = alert
  return {
    key: alertKey(alert),
    rule,
    subject,
    register,
    source,
    state,
    severity,
    since: iso(since),
    at: iso(at),
    until: until === null ? null : iso(until),
    value,
    threshold,
    unit,
    text,
    evidence: rows.map((row) => ({ ...row, start: iso(row.start), end: iso(row.end) })),
    occurrences,
    reminders,
    ackedBy,
    note,
    rev,
    ruleVersion,
    knownAt: iso(knownAt)
  }
}

/** Whether all of the time that an alert tells about is open to somebody. */
export const mayRead = (identity: Identity, { subject, since, until, at }: Alert): boolean =>
  covers(readable(identity, subject), since, Math.max(until ?? at, since) + 1)

/** Null: there is none. */
export const findAlert = async (store: Store, { rule, subject, register, since }: AlertIdentity): Promise<Alert | null> => {
  const found = await store.alerts({ rule, subject, from: since, to: since + 1, limit: 100 })
  return found.find((alert) => alert.register === register) ?? null
}
