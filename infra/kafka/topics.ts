import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { COMPACTED } from '../../schemas/topics.js'
import { Refused } from '../errors.js'
import { patiently } from './calls.js'
import { isChangelog } from './names.js'

/** How topics that do not exist yet are made. */
export interface TopicSettings {
  partitions: number
  /** Brokers that keep a copy; undefined: as the cluster does by default. */
  replication?: number
  /** ms after which records of a topic may go; undefined or no answer: kept for ever. Never asked of compacted topics. */
  retentionMs?(topic: string): number | undefined
}

const PATIENCE_MS = 30_000
const POLL_MS = 20
const FOR_EVER = '-1'

/** Only segments that are full are compacted, and whoever takes over a task reads all of them: Kafka's own gigabyte is many times the states. */
const COMPACTED_SEGMENT_BYTES = 64 * 1024 * 1024

const configOf = (topic: string, { retentionMs }: TopicSettings): { name: string; value: string }[] =>
  COMPACTED.has(topic) || isChangelog(topic)
    ? [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'segment.bytes', value: String(COMPACTED_SEGMENT_BYTES) }
      ]
    : [
        { name: 'cleanup.policy', value: 'delete' },
        { name: 'retention.ms', value: String(retentionMs?.(topic) ?? FOR_EVER) },
        { name: 'retention.bytes', value: FOR_EVER }
      ]

/** Partitions of each topic, 0 where there is none of that name. */
const partitionsOf = async (admin: Admin, topics: readonly string[]): Promise<Map<string, number>> => {
  const existing = new Set(await patiently(() => admin.listTopics()))
  const there = topics.filter((topic) => existing.has(topic))
  const found = new Map(topics.map((topic) => [topic, 0]))
  if (there.length === 0) return found
  const { topics: described } = await patiently(() => admin.fetchTopicMetadata({ topics: there }))
  for (const { name, partitions } of described) if (partitions.every(({ leader }) => leader >= 0)) found.set(name, partitions.length)
  return found
}

/** Rejects with Refused when a topic is not there, or has another number of partitions than the settings say. */
export const checkTopics = async (admin: Admin, topics: readonly string[], partitions: number): Promise<void> =>
  expectPartitions(await partitionsOf(admin, topics), partitions)

const expectPartitions = (topics: ReadonlyMap<string, number>, partitions: number): void => {
  for (const [topic, found] of topics) {
    if (found === 0)
      throw new Refused(
        `Kafka has no topic "${topic}", or its user may not see it. Create it first, check the name, or give the user the ACL Describe on it.`
      )
    if (found === partitions) continue
    throw new Refused(
      `The topic "${topic}" has ${found} partitions, and the settings ask for ${partitions}. The number decides where a key is and cannot change: set it to ${found}, or use an empty cluster.`
    )
  }
}

/** Makes topics that do not exist, and resolves when all have leaders. */
export const createTopics = async (admin: Admin, topics: readonly string[], settings: TopicSettings): Promise<void> => {
  const { partitions, replication = -1 } = settings
  const there = await partitionsOf(admin, topics)
  const missing = topics.filter((topic) => there.get(topic) === 0)
  if (missing.length > 0) {
    const wanted = missing.map((topic) => ({
      topic,
      numPartitions: partitions,
      replicationFactor: replication,
      configEntries: configOf(topic, settings)
    }))
    // It may throw although the topics are made, as when another process makes them at the same time: what counts is what is there.
    const failure = await admin.createTopics({ topics: wanted, waitForLeaders: false }).then(
      () => null,
      (error) => error
    )
    // Not asked again: the next broker to answer may not have heard of them yet.
    for (const [topic, found] of await made(admin, missing, failure)) there.set(topic, found)
  }
  expectPartitions(there, partitions)
}

const made = async (admin: Admin, topics: readonly string[], failure: Error | null): Promise<Map<string, number>> => {
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const found = await partitionsOf(admin, topics)
    const missing = topics.filter((topic) => found.get(topic) === 0)
    if (missing.length === 0) return found
    const givenUp = failure !== null && !/exists/i.test(failure.message)
    if (givenUp || waitedMs >= PATIENCE_MS)
      throw new Refused(
        `Kafka did not make the topics ${missing.join(', ')}: ${failure?.message ?? 'no leader was elected'}. Give the user of the settings the right to create topics (ACL: Create on the cluster) or make them first; the cluster needs enough brokers for the replication.`,
        { cause: failure }
      )
    await sleep(POLL_MS)
  }
}
