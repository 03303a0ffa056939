import { createHash } from 'node:crypto'
import { bulkhead } from 'cockatiel'
import type { Commit, Log, LogRecord, Processing } from '../../infra/log.js'
import { decoding } from '../../schemas/decoding.js'
import type { Influx } from '../../schemas/settings-influx.js'
import { backfillTopic, readingsTopic, Topics } from '../../schemas/topics.js'
import type { Wire } from '../../schemas/wire.js'
import { Attempts, type Pace } from './attempts.js'
import { type Changes, changesOf } from './batch.js'
import { chunksOf } from './chunks.js'
import { influxRequests } from './client.js'
import { delivery, type Refusal } from './deliver.js'
import { lasting } from './lasting.js'
import { pointOf } from './lines.js'
import { rejectsOf } from './rejects.js'
import { selectionOf } from './select.js'
import { InfluxTrouble } from './trouble.js'

/** Requests of this process under way at once: three are half as fast again as one, and more are not faster. */
const IN_FLIGHT = 3
const REQUEST_BYTES = 1_000_000
const TIMEOUT_MS = 20_000
const PACE: Pace = { firstMs: 250, longestMs: 15_000, patienceMs: 60_000 }

export interface InfluxRooms {
  log: Log
  wire: Wire
  sources: readonly string[]
  /** What stands where the settings say the token is; asked again when it is refused. */
  token(): string
  /** UTC ms. */
  now(): number
  /** How patient it is; shorter in tests. */
  pace?: Pace
  timeoutMs?: number
}

/** Rows since the program started, counted again when they are written again. */
export interface InfluxCounts {
  written: number
  removed: number
  setAside: number
}

/** The copy for analysts, being kept up to date until it is stopped. */
export interface InfluxSink {
  processing: Processing
  readonly counts: InfluxCounts
  /** Why nothing is written at present, and what to do; null when all is well. */
  trouble(): string | null
  /** Resolves when it has everything, or when it has to wait for the server: the log keeps what it will need. */
  settled(): Promise<void>
  /** Tells when it begins to wait, and with null when it goes on. */
  onTrouble(told: (trouble: string | null) => void): void
}

export const influxTopics = (settings: Influx, sources: readonly string[]): string[] => [
  ...(settings.gauges ? [...sources.map(readingsTopic), ...sources.map(backfillTopic)] : []),
  Topics.slots,
  Topics.power,
  Topics.alerts
]

/** The consumer group. Another bucket, or another choice of what goes there, is another group: it gets everything from the beginning. */
export const influxGroup = ({ org, bucket, grids, points, finer, power, gauges }: Influx): string => {
  const choice = JSON.stringify([org, bucket, grids, points, finer, gauges, power])
  return `influx-${createHash('sha256').update(choice).digest('hex').slice(0, 8)}`
}

const SAME_STATE: Commit['states'] = new Map()

export const runInfluxSink = (settings: Influx, rooms: InfluxRooms): InfluxSink => {
  const { log, wire, sources, token, now, pace = PACE, timeoutMs = TIMEOUT_MS } = rooms
  const { url, org, bucket, batchRows } = settings
  const stopping = new AbortController()
  const listeners = new Set<(trouble: string | null) => void>()
  const attempts = new Attempts(pace, stopping.signal, (trouble) => {
    for (const told of listeners) told(trouble?.message ?? null)
  })
  const requests = influxRequests({ url, org, bucket, token, timeoutMs })
  const deliver = delivery(requests, attempts)
  const decode = decoding(wire)
  const selection = selectionOf(settings)
  const counts: InfluxCounts = { written: 0, removed: 0, setAside: 0 }
  const lanes = bulkhead(IN_FLIGHT, Number.POSITIVE_INFINITY)

  /** Takes one after the other as a lane is free. Rejects when all that is under way has ended, so that nothing of it comes in later. */
  const each = async <Item>(items: Iterator<Item>, work: (item: Item) => Promise<void>): Promise<void> => {
    const one = async (): Promise<boolean> => {
      const { value, done } = items.next()
      if (!done) await work(value)
      return !done
    }
    let failed = false
    const lane = async () => {
      try {
        while (!failed && (await lanes.execute(one)));
      } catch (error) {
        failed = true
        throw error
      }
    }
    const ended = await Promise.allSettled(Array.from({ length: IN_FLIGHT }, lane))
    for (const result of ended) if (result.status === 'rejected') throw result.reason
  }

  const write = async ({ removed, lines }: Changes): Promise<Refusal[]> => {
    const refusals: Refusal[] = []
    await each(removed.values(), async (place) => {
      try {
        await attempts.run(() => requests.remove(place))
        counts.removed++
      } catch (error) {
        if (!(error instanceof InfluxTrouble) || error.kind !== 'refused') throw error
        refusals.push({ place: pointOf(place), trouble: error })
      }
    })
    await each(chunksOf(lines, batchRows, REQUEST_BYTES), async (chunk) => {
      const refused = await deliver(chunk)
      counts.written += chunk.length - refused.length
      refusals.push(...refused)
    })
    return refusals
  }

  const batch = async (_task: unknown, records: readonly LogRecord[]): Promise<Commit> => {
    const changes = await changesOf(records, decode, selection)
    const refusals = (await write(changes)).filter(({ trouble }) => !trouble.how.unwanted)
    counts.setAside += refusals.length + changes.unwritable.length
    const rejects = rejectsOf(refusals, changes.unwritable, now())
    const outputs = rejects.map((reject) => ({ topic: Topics.rejected, key: reject.origin, value: wire.encode('Reject', reject) }))
    return { outputs, states: SAME_STATE }
  }

  const group = influxGroup(settings)
  const topics = influxTopics(settings, sources)
  const processing = lasting(
    () => {
      attempts.renew()
      return log.process(group, topics, { elsewhere: true, batch })
    },
    (error) => error instanceof InfluxTrouble,
    () => pace.longestMs * (0.5 + Math.random() / 2)
  )
  return {
    processing: {
      ...processing,
      stop: () => {
        stopping.abort()
        return processing.stop()
      }
    },
    counts,
    trouble: () => attempts.trouble?.message ?? null,
    settled: async () => {
      if (attempts.trouble) return
      let told = () => {}
      const waits = new Promise<void>((resolve) => {
        told = resolve
        listeners.add(told)
      })
      try {
        await Promise.race([processing.drained(), waits])
      } finally {
        listeners.delete(told)
      }
    },
    onTrouble: (told) => void listeners.add(told)
  }
}
