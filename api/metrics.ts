import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Log, Offsets, TopicStatus } from '../infra/log.js'
import { patience } from '../infra/patience.js'
import type { Store } from '../infra/store.js'

export interface Metrics {
  registry: Registry
  /** Whoever appends readings counts them here: {source}. */
  readings: Counter<'source'>
  requestSeconds: Histogram<'method' | 'route' | 'status'>
}

/** A consumer group, as far as metrics tell of it. */
export interface MeteredGroup {
  group: string
  topics: readonly string[]
  /** Newest heartbeat its tasks in this process have folded, UTC ms; null where it has none. */
  heardAt?(): number | null
}

/** Counts that the store and the log know are asked for when somebody scrapes; nothing is counted twice or lost by a restart. */
export const createMetrics = (
  store: Pick<Store, 'counts' | 'sizes'>,
  log: Pick<Log, 'status' | 'ends' | 'committed'>,
  groups: readonly MeteredGroup[] = []
): Metrics => {
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
  const lags = new Map<string, number>()
  // Whoever scrapes asks again and again, also while the log is away and nothing is answered.
  const askLags = patience('The log', async () => {
    for (const { group, topics } of groups) lags.set(group, lagOf(await log.ends(topics), await log.committed(group)))
  })
  new Gauge({
    name: 'wattledger_lag_records',
    help: 'Offsets between what a group has committed and the ends of its topics, wherever it runs. Every process tells the same.',
    labelNames: ['group'],
    registers,
    async collect() {
      this.reset()
      if ((await askLags()) === null) for (const [group, lag] of lags) this.set({ group }, lag)
    }
  })
  new Gauge({
    name: 'wattledger_lag_seconds',
    help: 'Age of the newest heartbeat that all tasks of a group in this process have folded; producers send one a minute at least.',
    labelNames: ['group'],
    registers,
    collect() {
      this.reset()
      for (const { group, heardAt } of groups) {
        const at = heardAt?.() ?? null
        if (at !== null) this.set({ group }, Math.max(0, (Date.now() - at) / 1000))
      }
    }
  })
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

const lagOf = (ends: Offsets, committed: Offsets): number => {
  let lag = 0
  for (const [topic, list] of ends)
    for (const [partition, end] of list.entries()) lag += Math.max(0, end - (committed.get(topic)?.[partition] ?? 0))
  return lag
}
