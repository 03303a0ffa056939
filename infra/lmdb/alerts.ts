import { isActiveAlert } from '../../schemas/alerts.js'
import type { Alert } from '../../schemas/generated.js'
import type { Wire } from '../../schemas/wire.js'
import type { AlertQuery } from '../store.js'
import type { Environment, Table } from './env.js'
import { after, timeKey, wordsKey } from './keys.js'

/** Alerts by identity, in order of their beginning: all, those of each subject, and those that are active. */
export class Alerts {
  readonly #alerts: Table
  readonly #order: Table

  constructor(
    env: Environment,
    private readonly wire: Wire
  ) {
    this.#alerts = env.table('alerts')
    this.#order = env.table('alert-order')
  }

  /** Inside a transaction. The higher rev stays. */
  put(alert: Alert): void {
    const key = identityKey(alert)
    const stored = this.#alerts.get(key)
    if (stored && this.wire.decode('Alert', stored).rev > alert.rev) return
    this.#alerts.put(key, this.wire.encode('Alert', alert))
    this.#order.put(orderKey(prefixOf({}), alert, key), key)
    this.#order.put(orderKey(prefixOf({ subject: alert.subject }), alert, key), key)
    const active = orderKey(prefixOf({ active: true }), alert, key)
    if (isActiveAlert(alert)) this.#order.put(active, key)
    else this.#order.remove(active)
  }

  /** Newest first. */
  find({ subject, rule, active = false, from, to, limit }: AlertQuery): Alert[] {
    const prefix = prefixOf({ subject, active })
    const start = to === undefined ? after(prefix) : Buffer.concat([prefix, timeKey(to)])
    const end = from === undefined ? prefix : Buffer.concat([prefix, timeKey(from)])
    const found: Alert[] = []
    for (const { key, value } of this.#order.getRange({ start, end, reverse: true })) {
      if (found.length >= limit) break
      // The range of a walk backwards begins behind its start.
      if (to !== undefined && Buffer.compare(key, start) >= 0) continue
      const alert = this.wire.decode('Alert', this.#alerts.get(value)!)
      if ((rule === undefined || alert.rule === rule) && (!active || isActiveAlert(alert))) found.push(alert)
    }
    return found
  }
}

const identityKey = ({ subject, rule, register, since }: Alert): Buffer =>
  Buffer.concat([wordsKey(subject, rule, register), timeKey(since)])

/** A subject has few, so its active ones are found among all of them. */
const prefixOf = ({ subject, active }: { subject?: string; active?: boolean }): Buffer => {
  if (subject !== undefined) return Buffer.concat([Buffer.of(1), wordsKey(subject)])
  return Buffer.of(active ? 2 : 0)
}

const orderKey = (prefix: Buffer, { since }: Alert, key: Buffer): Buffer => Buffer.concat([prefix, timeKey(since), key])
