import type { LogRecord } from '../../infra/log.js'
import type { Latest, Store, StoreBatch } from '../../infra/store.js'
import { unusable } from '../../infra/unusable.js'
import type { Readings, RecordName } from '../../schemas/generated.js'
import { hasValue } from '../../schemas/quality.js'
import { backfillTopic, readingsTopic, Topics } from '../../schemas/topics.js'
import { NotARecord, type Records } from '../../schemas/wire.js'

/** The consumer group whose offsets say how far the store is. */
export const STORE_GROUP = 'store'

export const storedTopics = (sources: readonly string[]): string[] => [
  Topics.registryPoints,
  Topics.registryInstallations,
  ...sources.map(readingsTopic),
  ...sources.map(backfillTopic),
  Topics.rejected,
  Topics.intervals,
  Topics.suspect,
  Topics.slots,
  Topics.members,
  Topics.power,
  Topics.alerts
]

/** Where load curves are: of points, of members of installations, of these. */
const SLOTS: ReadonlySet<string> = new Set([Topics.slots, Topics.members, Topics.power])

export type Decode = <Name extends RecordName>(name: Name, value: Buffer) => Promise<Records[Name]>

/** Told of each block of rows that is in the store, and how long after the receipt of what it was made of, ms. */
export type Stored = (table: 'readings' | 'intervals' | 'slots', delayMs: number) => void

/** Writes a batch of records of any of `storedTopics`; twice is once. What is no such record is kept as a reject, met at `now`, UTC ms. */
export const storeSink =
  (store: Store, decode: Decode, now: () => number, stored: Stored = () => {}) =>
  async (records: readonly LogRecord[]): Promise<void> => {
    const batch = { readings: [], intervals: [], slots: [], suspects: [], rejects: [], points: [], installations: [], alerts: [] } as Filled
    const latest = new Map<string, Latest>()
    for (const record of records) {
      if (record.value === null) continue
      try {
        await sort(batch, latest, record, record.value, decode)
      } catch (error) {
        if (!(error instanceof NotARecord)) throw error
        batch.rejects.push(unusable(record, error, now()))
      }
    }
    await store.write({ ...batch, latest: [...latest.values()] })
    const at = now()
    for (const { block } of batch.readings) stored('readings', at - block.ingestedAt)
    for (const table of ['intervals', 'slots'] as const) for (const { rows, knownAt } of batch[table]) stored(table, at - knownAt[rows - 1])
  }

type Filled = { [Table in keyof Required<Omit<StoreBatch, 'latest'>>]: NonNullable<StoreBatch[Table]>[number][] }

const sort = async (batch: Filled, latest: Map<string, Latest>, record: LogRecord, value: Buffer, decode: Decode): Promise<void> => {
  const { topic, partition, offset } = record
  if (topic === Topics.intervals) {
    const block = await decode('Intervals', value)
    if (block.rows > 0) batch.intervals.push(block)
  } else if (SLOTS.has(topic)) {
    const block = await decode('Slots', value)
    if (block.rows > 0) batch.slots.push(block)
  } else if (topic === Topics.suspect) batch.suspects.push(await decode('Suspect', value))
  else if (topic === Topics.rejected) batch.rejects.push(await decode('Reject', value))
  else if (topic === Topics.registryPoints) batch.points.push(await decode('Point', value))
  else if (topic === Topics.alerts) batch.alerts.push(await decode('Alert', value))
  else if (topic === Topics.registryInstallations) batch.installations.push(await decode('Installation', value))
  else {
    const block = await decode('Readings', value)
    if (block.rows === 0) return
    batch.readings.push({ block, position: { topic, partition, offset } })
    noteLatest(latest, block)
  }
}

/** The newest reading with a value, and the oldest reading, of each series in the batch. */
const noteLatest = (latest: Map<string, Latest>, block: Readings): void => {
  let i = block.rows - 1
  while (i > 0 && !hasValue(block.quality[i])) i--
  const key = `${block.point}\u0000${block.register}`
  const before = latest.get(key)
  const firstAt = Math.min(before?.firstAt ?? block.at[0], block.at[0])
  if (before !== undefined && before.at >= block.at[i]) {
    before.firstAt = firstAt
    return
  }
  const { point, register, source, kind, unit, scale, device } = block
  latest.set(key, {
    point,
    register,
    source,
    kind,
    unit,
    scale,
    device,
    at: block.at[i],
    value: block.value[i],
    quality: block.quality[i],
    firstAt
  })
}
