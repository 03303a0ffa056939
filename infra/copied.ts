import type { Wire } from '../schemas/wire.js'
import { readAll } from './compacted.js'
import type { Log, NewRecord } from './log.js'
import type { Store } from './store.js'

const BATCH = 1000

/** Copies what a topic holds now into the same partitions of another log. */
export const copyTopic = async (from: Log, to: Log, topic: string): Promise<void> => {
  let batch: { key: string; value: Buffer | null; partition: number }[] = []
  const send = async () => {
    await to.append(topic, batch)
    batch = []
  }
  for await (const { key, value, partition } of readAll(from, topic)) {
    batch.push({ key, value, partition })
    if (batch.length === BATCH) await send()
  }
  await send()
}

/** Keys of what topics hold now, each once; beats have none. */
export const keysOf = async (log: Log, topics: readonly string[]): Promise<string[]> => {
  const keys = new Set<string>()
  for (const topic of topics) for await (const { key } of readAll(log, topic)) keys.add(key)
  keys.delete('')
  return [...keys].sort()
}

const MONTH_MS = 31 * 86_400_000
/** A reading without a value is not the newest of its register, and may be newer than it. */
const MARGIN_MS = 13 * MONTH_MS

/** Appends the readings a store has of a point to the topics of another log that they came on. Any order of them gives the same ledger. */
export const copyReadings = async (from: Store, to: { log: Log; wire: Wire }, point: string): Promise<void> => {
  for (const { register, firstAt, at } of await from.latest(point)) {
    const copied = new Set<string>()
    for (let month = firstAt; month <= at + MARGIN_MS; month += MONTH_MS) {
      const topics = new Map<string, NewRecord[]>()
      for (const { block, position } of await from.readings({ point, register }, month, month + MONTH_MS)) {
        // A block that reaches over the month is met in both, cut or whole.
        const place = `${position.topic} ${position.partition} ${position.offset} ${block.at[0]}`
        if (copied.has(place)) continue
        copied.add(place)
        const record = { key: point, value: to.wire.encode('Readings', block) }
        topics.set(position.topic, [...(topics.get(position.topic) ?? []), record])
      }
      for (const [topic, records] of topics) await to.log.append(topic, records)
    }
  }
}
