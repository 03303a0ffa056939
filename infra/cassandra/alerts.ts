import { isActiveAlert } from '../../schemas/alerts.js'
import { decoding } from '../../schemas/decoding.js'
import type { Alert } from '../../schemas/generated.js'
import { partitionOf } from '../../schemas/partition.js'
import type { Wire } from '../../schemas/wire.js'
import { bucketOf } from '../blocks/buckets.js'
import type { AlertQuery } from '../store.js'
import type { Contents } from './contents.js'
import { addTo, inFlight, type Session, type Statement } from './session.js'

const SHARDS = 16

// The rev decides, whoever writes when.
const PUT = 'INSERT INTO alerts (subject, since, rule, register, record) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?'
const PUT_ORDER = 'INSERT INTO alert_order (bucket, since, subject, rule, register, record) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?'
const PUT_ACTIVE = 'INSERT INTO active_alerts (shard, since, subject, rule, register, record) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?'
const REMOVE_ACTIVE =
  'DELETE FROM active_alerts USING TIMESTAMP ? WHERE shard = ? AND since = ? AND subject = ? AND rule = ? AND register = ?'
const OF_SUBJECT = 'SELECT record FROM alerts WHERE subject = ? AND since >= ? AND since < ?'
const ORDERED = 'SELECT record FROM alert_order WHERE bucket = ? AND since >= ? AND since < ?'
const ACTIVE = 'SELECT record FROM active_alerts WHERE shard = ? AND since >= ? AND since < ?'

/** Further than any event, and what a bigint of the engine holds. */
const ALWAYS = { from: -8.64e15, to: 8.64e15 }

/** Alerts by subject, by UTC month of their beginning, and those that are active. */
export class Alerts {
  constructor(
    private readonly session: Session,
    private readonly wire: Wire,
    private readonly contents: Contents
  ) {}

  async put(alerts: readonly Alert[]): Promise<void> {
    const partitions = new Map<string, Statement[]>()
    for (const alert of alerts) {
      const { subject, since, rule, register, rev } = alert
      const record = this.wire.encode('Alert', alert)
      const bytes = record.length
      const bucket = bucketOf(since, 'month')
      const shard = partitionOf(subject, SHARDS)
      addTo(partitions, `of ${subject}`, { query: PUT, params: [subject, since, rule, register, record, rev], bytes })
      addTo(partitions, `in ${bucket}`, { query: PUT_ORDER, params: [bucket, since, subject, rule, register, record, rev], bytes })
      const active = isActiveAlert(alert)
        ? { query: PUT_ACTIVE, params: [shard, since, subject, rule, register, record, rev], bytes }
        : { query: REMOVE_ACTIVE, params: [rev, shard, since, subject, rule, register] }
      addTo(partitions, `active ${shard}`, active)
    }
    await this.contents.put(alerts.map(({ since }) => ({ name: 'alerts', part: '', bucket: bucketOf(since, 'month') })))
    await this.session.writeEach(partitions)
  }

  /** Newest first. */
  async find(query: AlertQuery): Promise<Alert[]> {
    const { subject, active, from = ALWAYS.from, to = ALWAYS.to, limit } = query
    if (!(from < to)) return []
    if (subject !== undefined) return newestFirst(await this.#matching(query, OF_SUBJECT, [subject, from, to])).slice(0, limit)
    if (active) return newestFirst(await this.#active(query, from, to)).slice(0, limit)
    const found: Alert[] = []
    for (const bucket of await this.contents.buckets('alerts', '', bucketOf(from, 'month'))) {
      if (found.length >= limit) break
      found.push(...(await this.#matching(query, ORDERED, [bucket, from, to], limit - found.length)))
    }
    return found
  }

  async #active(query: AlertQuery, from: number, to: number): Promise<Alert[]> {
    const found: Alert[][] = []
    await inFlight(
      Array.from({ length: SHARDS }, (_, shard) => shard),
      async (shard) => {
        found.push(await this.#matching(query, ACTIVE, [shard, from, to]))
      }
    )
    return found.flat()
  }

  async #matching({ rule, active }: AlertQuery, query: string, params: unknown[], limit = Number.POSITIVE_INFINITY): Promise<Alert[]> {
    const found: Alert[] = []
    for await (const rows of this.session.pages(query, params)) {
      for (const { record } of rows) {
        const alert = await decoding(this.wire)('Alert', record)
        if ((rule === undefined || alert.rule === rule) && (!active || isActiveAlert(alert))) found.push(alert)
      }
      if (found.length >= limit) break
    }
    return found.slice(0, limit)
  }
}

const newestFirst = (alerts: Alert[]): Alert[] => alerts.sort((a, b) => b.since - a.since)
