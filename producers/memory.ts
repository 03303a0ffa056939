import { compactedMap } from '../infra/compacted.js'
import type { Log } from '../infra/log.js'
import { Topics } from '../schemas/topics.js'
import type { ProducerMemory } from './run.js'

/** What producers remember, from topic producers.state. */
export const openMemory = async (log: Log, signal: AbortSignal): Promise<ProducerMemory> => {
  const { entries, put } = await compactedMap<unknown>(log, Topics.producersState, signal)
  return { get: (key) => entries.get(key), put }
}
