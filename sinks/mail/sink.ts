import { createHash } from 'node:crypto'
import { Cron } from 'croner'
import { alertKey } from '../../schemas/alerts.js'
import type { Reject } from '../../schemas/generated.js'
import type { Mail, Recipient } from '../../schemas/settings-outlets.js'
import type { Channel, Waiting } from '../outbox/channel.js'
import { type OutboxRooms, type Outlet, runOutbox } from '../outbox/run.js'
import { digestOf } from './digest.js'
import { type Send, sender } from './send.js'

/** The sink's name and group. */
export const MAIL = 'mail'
const FOUND_CHARACTERS = 200

/** When what has waited since an instant is mailed, UTC ms: after the delay, and then at the next time of the schedule. */
export const mailedAt = (
  { delayMinutes, schedule, zone }: Pick<Recipient, 'delayMinutes' | 'schedule' | 'zone'>,
  since: number
): number => {
  if (schedule === undefined) return since + delayMinutes * 60_000
  return new Cron(schedule, { paused: true, timezone: zone }).nextRun(new Date(since))?.getTime() ?? Number.POSITIVE_INFINITY
}

const idOf = (recipient: string, waiting: readonly Waiting[]): string => {
  const steps = waiting.map(({ alert }) => `${alertKey(alert)} ${alert.rev}`)
  return createHash('sha256')
    .update(JSON.stringify([recipient, ...steps]))
    .digest('hex')
    .slice(0, 32)
}

const refusal = (name: string, addresses: readonly string[], at: number): Reject => ({
  source: MAIL,
  origin: `${MAIL} ${name}`,
  name: `${MAIL} ${name}`,
  line: 0,
  field: 'to',
  reason: 'mail-refused',
  expected: 'addresses that the server takes',
  found: addresses.join(', ').slice(0, FOUND_CHARACTERS),
  advice: 'The others have the mail. Correct the address under mail.recipients in the settings.',
  ingestedAt: at,
  parserVersion: 1
})

const mailChannel = ({ recipients }: Mail, send: Send, now: () => number): Channel => {
  const byName = new Map(recipients.map((recipient) => [recipient.name, recipient]))
  return {
    name: MAIL,
    receivers: recipients,
    slotOf: alertKey,
    dueAt: (name, since) => mailedAt(byName.get(name)!, since),
    deliver: async (name, waiting, told) => {
      const { to, zone } = byName.get(name)!
      const digest = digestOf(
        waiting.map(({ alert }) => alert),
        told,
        zone
      )
      const refused = digest === null ? [] : await send({ ...digest, to, id: idOf(name, waiting) })
      return { done: waiting.length, rejects: refused.length === 0 ? [] : [refusal(name, refused, now())] }
    }
  }
}

/** Mails each recipient a digest of what began, goes on and is over. */
export const runMailSink = (settings: Mail, rooms: OutboxRooms & { password(): string }): Outlet =>
  runOutbox(mailChannel(settings, sender(settings, rooms.password), rooms.now), rooms)
