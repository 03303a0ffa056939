import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Log, TopicStatus } from '../infra/log.js'
import type { Store } from '../infra/store.js'

export interface Metrics {
  registry: Registry
  /** Whoever appends readings counts them here: {source}. */
  readings: Counter<'source'>
  requestSeconds: Histogram<'method' | 'route' | 'status'>
}

/** Counts that the store and the log know are asked for when somebody scrapes; nothing is counted twice or lost by a restart. */
export const createMetrics = (store: Pick<Store, 'counts' | 'sizes'>, log: Pick<Log, 'status'>): Metrics => {
  const registry = new Registry()
  const registers = [registry]
  for (const table of ['rejects', 'suspects'] as const) {
    new Gauge({
      name: `wattledger_${table}`,
      help: table === 'rejects' ? 'Lines and files that could not be read, by reason.' : 'Readings that were not believed, by reason.',
      labelNames: ['reason'],
      registers,
      async collect() {
        this.reset()
        for (const [reason, count] of await store.counts(table)) this.set({ reason }, count)
      }
    })
  }
  new Gauge({
    name: 'wattledger_store_bytes',
    help: 'Bytes of the store, by table.',
    labelNames: ['table'],
    registers,
    async collect() {
      this.reset()
      for (const [table, bytes] of await store.sizes()) this.set({ table }, bytes)
    }
  })
  const perTopic = (name: string, help: string, figure: (topic: TopicStatus) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['topic'],
      registers,
      async collect() {
        this.reset()
        for (const status of await log.status()) this.set({ topic: status.topic }, figure(status))
      }
    })
  perTopic('wattledger_log_records', 'Records in the log, by topic.', ({ records }) => records)
  perTopic('wattledger_log_bytes', 'Bytes of the log, segments included, by topic.', ({ bytes, segmentBytes }) => bytes + segmentBytes)
  return {
    registry,
    readings: new Counter({
      name: 'wattledger_readings_total',
      help: 'Readings appended since the program started, by source.',
      labelNames: ['source'],
      registers
    }),
    requestSeconds: new Histogram({
      name: 'wattledger_request_seconds',
      help: 'Time to answer a request.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers
    })
  }
}
