import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Log, Offsets, TopicStatus } from '../infra/log.js'
import { patience } from '../infra/patience.js'
import type { Store } from '../infra/store.js'

export interface Metrics {
  registry: Registry
  /** Whoever appends readings counts them here: {source}. */
  readings: Counter<'source'>
  /** Messages of brokers, those left out included, by what they were: {what}. */
  heard: Counter<'what'>
  requestSeconds: Histogram<'method' | 'route' | 'status'>
  /** Whoever stores rows says so here: of which table, and how long after the receipt of what they were made of, ms. */
  stored(table: string, delayMs: number): void
}

type Figures = Iterable<readonly [label: string, figure: number]>

/** A consumer group, as far as metrics tell of it. */
export interface MeteredGroup {
  group: string
  /** What metrics call it; absent: as the log does. */
  name?: string
  topics: readonly string[]
  /** Newest heartbeat its tasks in this process have folded, UTC ms; null where it has none. */
  heardAt?(): number | null
  /** Series (or installations) whose history its tasks in this process have yet to fold again. */
  waiting?(): number
}

/**
 * An answer of the log or the store; null while it is away or slow. Whoever scrapes asks again and again, and is told the other
 * figures meanwhile.
 */
const atHand = <Answer>(name: string, ask: () => Promise<Answer>): (() => Promise<Answer | null>) => {
  let newest: Answer | null = null
  const again = patience(name, async () => {
    newest = await ask()
  })
  return async () => ((await again()) === null ? newest : null)
}

/** Counts that the store and the log know are asked for when somebody scrapes; nothing is counted twice or lost by a restart. */
export const createMetrics = (
  store: Pick<Store, 'counts' | 'sizes'>,
  log: Pick<Log, 'status' | 'ends' | 'committed' | 'onCommit'>,
  groups: readonly MeteredGroup[] = []
): Metrics => {
  const registry = new Registry()
  const registers = [registry]
  /** What `ask` answers is told as figures of one label. */
  const gauge = (name: string, label: string, help: string, ask: () => Promise<Figures | null>) =>
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      async collect() {
        this.reset()
        for (const [of, figure] of (await ask()) ?? []) this.set({ [label]: of }, figure)
      }
    })
  const ofStore = (ask: () => Promise<Figures>) => atHand('The store', ask)
  gauge(
    'wattledger_rejects',
    'reason',
    'Lines and files that could not be read, by reason.',
    ofStore(() => store.counts('rejects'))
  )
  gauge(
    'wattledger_suspects',
    'reason',
    'Readings that were not believed, by reason.',
    ofStore(() => store.counts('suspects'))
  )
  gauge(
    'wattledger_store_bytes',
    'table',
    'Bytes of the store, by table.',
    ofStore(() => store.sizes())
  )
  const status = atHand('The log', () => log.status())
  const perTopic = (name: string, help: string, figure: (topic: TopicStatus) => number) =>
    gauge(name, 'topic', help, async () => (await status())?.map((each) => [each.topic, figure(each)] as const) ?? null)
  perTopic('wattledger_log_records', 'Records in the log, by topic.', ({ records }) => records)
  perTopic('wattledger_log_bytes', 'Bytes of the log, segments included, by topic.', ({ bytes, segmentBytes }) => bytes + segmentBytes)
  gauge(
    'wattledger_lag_records',
    'group',
    'Offsets between what a group has committed and the ends of its topics, wherever it runs. Every process tells the same.',
    atHand('The log', async () => {
      const lags = new Map<string, number>()
      for (const { group, name = group, topics } of groups) lags.set(name, lagOf(await log.ends(topics), await log.committed(group)))
      return lags
    })
  )
  gauge(
    'wattledger_lag_seconds',
    'group',
    'Age of the newest heartbeat that all tasks of a group in this process have folded; producers send one a minute at least.',
    async () => {
      const ages = new Map<string, number>()
      for (const { group, heardAt } of groups) {
        const at = heardAt?.() ?? null
        if (at !== null) ages.set(group, Math.max(0, (Date.now() - at) / 1000))
      }
      return ages
    }
  )
  gauge(
    'wattledger_refolds_waiting',
    'group',
    'Series, or installations, whose history the tasks of a group in this process have yet to fold again.',
    async () => groups.flatMap(({ group, waiting }) => (waiting ? [[group, waiting()] as const] : []))
  )
  const commitSeconds = new Histogram({
    name: 'wattledger_commit_seconds',
    help: 'Time from the beginning of a commit of this process until it is stored, by group: outputs, states and offsets of a fold.',
    labelNames: ['group'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    registers
  })
  log.onCommit((group, tookMs) => commitSeconds.observe({ group }, tookMs / 1000))
  const delaySeconds = new Histogram({
    name: 'wattledger_delay_seconds',
    help: 'Time from the receipt of what a block of rows was made of until this process had it in the store, by table.',
    labelNames: ['table'],
    buckets: [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 600, 3600, 86_400],
    registers
  })
  return {
    registry,
    stored: (table, delayMs) => delaySeconds.observe({ table }, Math.max(0, delayMs / 1000)),
    readings: new Counter({
      name: 'wattledger_readings_total',
      help: 'Readings appended since the program started, by source.',
      labelNames: ['source'],
      registers
    }),
    heard: new Counter({
      name: 'wattledger_flukso_messages_total',
      help: 'Messages heard of Fluksometers since the program started: config, counter, gauge; left out, with the reason, all others.',
      labelNames: ['what'],
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
