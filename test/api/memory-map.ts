import type { CompactedMap } from '../../infra/compacted.js'

/** A compacted topic that is forgotten with its test. */
export const memoryMap = <Value>(entries = new Map<string, Value>()): CompactedMap<Value> => ({
  entries,
  put: async (key, value) => void (value === null ? entries.delete(key) : entries.set(key, value))
})
