import { readAll } from './compacted.js'
import type { Log } from './log.js'

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
