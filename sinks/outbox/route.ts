import type { Log, Processing } from '../../infra/log.js'
import { decoding } from '../../schemas/decoding.js'
import type { Alert } from '../../schemas/generated.js'
import { Topics } from '../../schemas/topics.js'
import { NotARecord, type Wire } from '../../schemas/wire.js'
import { matchesAny } from '../patterns.js'
import type { Channel, Receiver } from './channel.js'

const NOTHING = new Map<string, Buffer | null>()

export const routeGroup = (channel: string): string => `${channel}-route`
/** Key of what is on its way to a receiver. */
export const addressOf = (channel: string, receiver: string): string => `${channel}/${receiver}`

const wants = ({ rules, subjects }: Receiver, { rule, subject }: Alert): boolean => matchesAny(rules, rule) && matchesAny(subjects, subject)

/**
 * Puts each step that is worth telling on alert.outbox, once for each receiver that wants it, in one commit with the offset: from there on
 * it will be told, however long the receiver is away. What expired before it came here, in a topic that is read again say, is told nobody.
 */
export const routeAlerts = ({ name, receivers }: Channel, rooms: { log: Log; wire: Wire; now(): number }): Processing => {
  const decode = decoding(rooms.wire)
  return rooms.log.process(routeGroup(name), [Topics.alerts], {
    batch: async (_task, records) => {
      const outputs = []
      for (const { value } of records) {
        if (value === null) continue
        try {
          const alert = await decode('Alert', value)
          if (!alert.notify || (alert.expires !== null && alert.expires < rooms.now())) continue
          // That something was refused is told by other ways: who refused it would refuse this, and so on.
          if (alert.source === name) continue
          for (const receiver of receivers)
            if (wants(receiver, alert)) outputs.push({ topic: Topics.alertOutbox, key: addressOf(name, receiver.name), value })
        } catch (error) {
          // The store sets such a record aside, for all.
          if (!(error instanceof NotARecord)) throw error
        }
      }
      return { outputs, states: NOTHING }
    }
  })
}
