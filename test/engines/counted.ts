import { expect } from 'vitest'
import type { Log, LogRecord, NewRecord } from '../../infra/log.js'
import { until } from '../whole/child.js'
import { type Child, childProcess } from './process.js'

export interface Counting {
  brokers: readonly string[]
  slot: number
  group: string
  input: string
  output: string
  sessionTimeoutMs: number
  /** A batch with the key `hold` is never answered. */
  holds?: boolean
}

export type CountingProcess = Child

/** A process of a group that counts records by key (children/counting.mjs). */
export const countingProcess = (settings: Counting): CountingProcess => childProcess('counting', settings)

const KEYS = 40

export const numbered = (count: number, from = 0): NewRecord[] =>
  Array.from({ length: count }, (_, i) => ({ key: `ES00${(from + i) % KEYS}`, value: Buffer.from(String(from + i)) }))

/** Every record of a topic that is committed now. */
export const contents = async (log: Log, topic: string): Promise<LogRecord[]> => {
  const ends = (await log.ends([topic])).get(topic)!
  const found: LogRecord[] = []
  const next = new Array<number>(log.partitions).fill(0)
  const complete = () => ends.every((end, partition) => next[partition] >= end)
  if (complete()) return found
  for await (const records of log.tail(topic, [], new AbortController().signal)) {
    found.push(...records)
    for (const { partition, offset } of records) next[partition] = offset + 1
    if (complete()) break
  }
  return found
}

/** Waits until the group has committed all of its input. */
export const caughtUp = async (log: Log, group: string, input: string): Promise<void> => {
  const ends = (await log.ends([input])).get(input)!
  await until(async () => expect((await log.committed(group)).get(input) ?? []).toEqual(ends), 90_000)
}

/** Each key's outputs are 1, 2, 3 ... once each: nothing folded twice, nothing lost, nothing out of order. */
export const expectCounted = (outputs: readonly LogRecord[], total: number): void => {
  const counts = new Map<string, number>()
  for (const { key, value } of outputs) {
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    expect(`${key}: ${value}`).toBe(`${key}: ${count}`)
  }
  expect(outputs.length).toBe(total)
}
