import { createHash } from 'node:crypto'
import { alertKey } from '../../schemas/alerts.js'
import type { Alert, Reject } from '../../schemas/generated.js'
import type { Webhook } from '../../schemas/settings-outlets.js'
import { type Channel, type Delivered, NotTaken } from '../outbox/channel.js'
import { type OutboxRooms, type Outlet, runOutbox } from '../outbox/run.js'
import { post, type Refusal } from './post.js'
import { isLongEnough, LEAST_KEY_BYTES, signed } from './sign.js'

/** The sink's name and group. */
export const WEBHOOK = 'webhook'
/** Steps posted before what was taken is committed. */
const AT_ONCE = 20

/** What is posted: one step of one alert, times in ISO 8601. */
export const bodyOf = (alert: Alert): string => {
  const { since, at, until, expires, knownAt, notify, rows, ...rest } = alert
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
  const times = { since: iso(since), at: iso(at), until: iso(until), knownAt: iso(knownAt) }
  const evidence = rows.map(({ register, start, end }) => ({ register, start: iso(start), end: iso(end) }))
  return JSON.stringify({
    type: `alert.${alert.state}`,
    timestamp: times.at,
    data: { key: alertKey(alert), ...rest, ...times, rows: evidence }
  })
}

/** The same for the same step: who is told twice can know it. */
const idOf = (alert: Alert): string =>
  `alert_${createHash('sha256')
    .update(`${alertKey(alert)} ${alert.rev}`)
    .digest('hex')
    .slice(0, 32)}`

/** All of a webhook's are of one origin, and so one alert. */
const rejectOf = (name: string, alert: Alert, { status, said }: Refusal, at: number): Reject => ({
  source: WEBHOOK,
  origin: `${WEBHOOK} ${name}`,
  name: `${WEBHOOK} ${name}`,
  line: 0,
  field: `${alertKey(alert)} ${alert.rev}`,
  reason: 'webhook-refused',
  expected: 'an answer of 200 to 299',
  found: `${status}: ${said}`.slice(0, 200),
  advice:
    status < 400
      ? 'It wants to be asked at another address: write that one under webhooks in the settings.'
      : 'See the url and the secret under webhooks in the settings, and what the receiver takes. The alert stands in wattledger alerts.',
  ingestedAt: at,
  parserVersion: 1
})

type WebhookRooms = OutboxRooms & {
  /** What stands where the settings say. */
  secret(webhook: Webhook): string
}

const webhookChannel = (webhooks: readonly Webhook[], { secret, now }: WebhookRooms): Channel => {
  const byName = new Map(webhooks.map((webhook) => [webhook.name, webhook]))
  return {
    name: WEBHOOK,
    receivers: webhooks,
    // Each step is told, in the order of the outbox: that of a subject is the order of its alerts.
    slotOf: (_alert, offset) => String(offset),
    dueAt: (_name, since) => since,
    deliver: async (name, waiting): Promise<Delivered> => {
      const webhook = byName.get(name)!
      const key = secret(webhook)
      if (!isLongEnough(key))
        throw new NotTaken(
          `webhooks.${name}.secret has fewer than ${LEAST_KEY_BYTES} bytes: make a longer one, with openssl rand -base64 32.`
        )
      const rejects: Reject[] = []
      let done = 0
      for (const { alert } of waiting.slice(0, AT_ONCE)) {
        const body = bodyOf(alert)
        try {
          const refusal = await post(webhook.url, body, signed(key, idOf(alert), now(), body))
          if (refusal !== null) rejects.push(rejectOf(name, alert, refusal, now()))
        } catch (error) {
          // What was taken is noted first; the next attempt begins with this one, and waits if it fails again.
          if (done === 0) throw error
          break
        }
        done++
      }
      return { done, rejects }
    }
  }
}

/** Posts each step of an alert that is worth telling to each webhook that wants it. */
export const runWebhookSink = (webhooks: readonly Webhook[], rooms: WebhookRooms): Outlet =>
  runOutbox(webhookChannel(webhooks, rooms), rooms)
