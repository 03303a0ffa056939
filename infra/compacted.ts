import type { Log, LogRecord } from './log.js'

export interface CompactedMap<Value> {
  entries: ReadonlyMap<string, Value>
  /** Resolves when stored; only then is it remembered. null forgets the key. */
  put(key: string, value: Value | null): Promise<void>
}

/** A compacted topic of JSON values as a map: read to its end, then kept up by its only writer, this process. */
export const compactedMap = async <Value>(log: Log, topic: string): Promise<CompactedMap<Value>> => {
  const entries = new Map<string, Value>()
  const take = (key: string, value: Value | null) => void (value === null ? entries.delete(key) : entries.set(key, value))
  for await (const { key, value } of readAll(log, topic)) take(key, value === null ? null : JSON.parse(value.toString()))
  return {
    entries,
    put: async (key, value) => {
      await log.append(topic, [{ key, value: value === null ? null : Buffer.from(JSON.stringify(value)) }])
      take(key, value)
    }
  }
}

/** Every record of a topic that is there now, partition by partition. */
export async function* readAll(log: Log, topic: string): AsyncGenerator<LogRecord> {
  const ends = (await log.ends([topic])).get(topic) ?? []
  for (const [partition, end] of ends.entries()) {
    if (end === 0) continue
    const stop = new AbortController()
    try {
      for await (const records of log.tail(topic, [], stop.signal, partition)) {
        for (const record of records) if (record.offset < end) yield record
        if (records[records.length - 1].offset + 1 >= end) break
      }
    } finally {
      stop.abort()
    }
  }
}
