import type { RecordName } from '../../schemas/generated.js'
import { Topics } from '../../schemas/topics.js'
import type { Records, Wire } from '../../schemas/wire.js'
import type { LogRecord } from '../log.js'
import type { Supersedes } from './archiver.js'

/** Topics of which the last value of a key counts. */
const COMPACTED = new Set<string>([Topics.producersState, Topics.registryPeople])
/** A heartbeat is two names and an instant; what is longer is not worth a look. */
const LONGEST_BEAT_BYTES = 200
const HOUR_MS = 3_600_000

/** What a live topic holds besides heartbeats; null where there are none. */
const blocksOf = (topic: string): Extract<RecordName, 'Readings' | 'Intervals' | 'Slots'> | null => {
  if (topic === Topics.intervals) return 'Intervals'
  if (topic === Topics.slots) return 'Slots'
  if (topic === Topics.rejected || topic === Topics.suspect) return null
  return topic.startsWith('readings.') ? 'Readings' : null
}

/**
 * What archiving leaves out: values of compacted topics that were replaced, and heartbeats, six a minute and partition, except the
 * last of each hour (folds carry it forward).
 */
export const superseded =
  (wire: Wire): Supersedes =>
  (record) =>
    COMPACTED.has(record.topic) ? record.key : beatName(wire, record)

const beatName = (wire: Wire, { topic, value }: LogRecord): string | null => {
  const name = blocksOf(topic)
  if (!name || !value || value.length > LONGEST_BEAT_BYTES) return null
  const block = decoded(wire, name, value)
  if (!block || block.rows > 0) return null
  const at = 'beat' in block ? block.beat : block.at[0]
  return `${block.source} ${Math.floor(at / HOUR_MS)}`
}

/** Null for what is no such record: whose it is does not matter here, it stays. */
const decoded = <Name extends 'Readings' | 'Intervals' | 'Slots'>(wire: Wire, name: Name, value: Buffer): Records[Name] | null => {
  try {
    return wire.decode(name, value)
  } catch {
    return null
  }
}
