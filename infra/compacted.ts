import { setTimeout as wait } from 'node:timers/promises'
import type { Log, LogRecord } from './log.js'

export interface CompactedMap<Value> {
  entries: ReadonlyMap<string, Value>
  /** Resolves when stored; only then is it remembered. null forgets the key. */
  put(key: string, value: Value | null): Promise<void>
}

/** A compacted topic of JSON values as a map: read to its end, then kept up with what any process writes, until `signal`. */
export const compactedMap = async <Value>(log: Log, topic: string, signal: AbortSignal): Promise<CompactedMap<Value>> => {
  const entries = new Map<string, Value>()
  /** Where what is known of a key was written. Our own writes are known before they come back. */
  const offsets = new Map<string, number>()
  const take = (key: string, offset: number, value: Value | null) => {
    if (offset <= (offsets.get(key) ?? -1)) return
    offsets.set(key, offset)
    if (value === null) entries.delete(key)
    else entries.set(key, value)
  }
  await follow(log, topic, signal, ({ key, offset, value }) => take(key, offset, value === null ? null : JSON.parse(value.toString())))
  return {
    entries,
    put: async (key, value) => {
      const [{ offset }] = await log.append(topic, [{ key, value: value === null ? null : Buffer.from(JSON.stringify(value)) }])
      take(key, offset, value)
    }
  }
}

const AGAIN_MS = 1000

/** Takes every record of a topic: resolves when those that are there now have been taken, and goes on with what comes, until `signal`. */
export const follow = async (
  log: Log,
  topic: string,
  signal: AbortSignal,
  take: (record: LogRecord) => void | Promise<void>
): Promise<void> => {
  const next: number[] = []
  const taken = async (record: LogRecord) => {
    await take(record)
    next[record.partition] = record.offset + 1
  }
  for await (const record of readAll(log, topic)) await taken(record)
  const goOn = async () => {
    while (!signal.aborted) {
      try {
        for await (const records of log.tail(topic, next, signal)) for (const record of records) await taken(record)
      } catch {
        // The log is away, which others say louder: it goes on from where it was.
      }
      await wait(AGAIN_MS, undefined, { signal, ref: false }).catch(() => {})
    }
  }
  void goOn()
}

/** Every record of a topic that is there now, those of a partition in their order; `from`: next offsets, where it begins (missing: at the start). */
export async function* readAll(log: Log, topic: string, from: readonly number[] = []): AsyncGenerator<LogRecord> {
  const ends = (await log.ends([topic])).get(topic) ?? []
  const open = new Set([...ends.keys()].filter((partition) => ends[partition] > (from[partition] ?? 0)))
  if (open.size === 0) return
  const stop = new AbortController()
  try {
    for await (const records of log.tail(topic, from, stop.signal)) {
      for (const record of records) {
        const end = ends[record.partition]
        if (record.offset < end) yield record
        if (record.offset + 1 >= end) open.delete(record.partition)
      }
      if (open.size === 0) return
    }
  } finally {
    stop.abort()
  }
}
