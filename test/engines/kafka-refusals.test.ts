import type { Admin } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Clients } from '../../infra/kafka/clients.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { readingsTopic } from '../../schemas/topics.js'
import { kafkaForTest } from './kafka.js'
import { SOURCE } from './readings.js'
import { inScene, type Scene, undisturbedRounds } from './scene.js'
import type { Outcome } from './undisturbed.js'

/** The failure matrix, rows 15, 16 and 18: topics and offsets that do not belong together are refused, never guessed at. */
const SESSION_MS = 1_000

let kafka: Cluster
let admin: Admin
let expected: Outcome
beforeAll(async () => {
  ;[kafka, expected] = await Promise.all([kafkaForTest(), undisturbedRounds()])
  admin = await new Clients({ brokers: kafka.brokers }).admin()
})
afterAll(async () => {
  await admin.disconnect()
  await kafka.close()
})

const remove = async (topic: string): Promise<void> => {
  await admin.deleteTopics({ topics: [topic] })
  await expect.poll(async () => (await admin.listTopics()).includes(topic), { timeout: 20_000 }).toBe(false)
}

/** Half of the input is folded, and the process that did has ended. */
const foldedInHalf = async (scene: Scene): Promise<void> => {
  await scene.append(0, 3)
  const first = scene.start(0, { sessionTimeoutMs: SESSION_MS })
  await scene.settled()
  first.signal('SIGTERM')
  await first.ended
}

/** What a process that is started now says as it ends. */
const refusal = (scene: Scene): Promise<string> => scene.start(0, { sessionTimeoutMs: SESSION_MS }).says('ended')

test('M15 a changelog that is behind its offsets: nothing is folded, and what it says to do mends it', () =>
  inScene(kafka.brokers, async (scene) => {
    const [group, changelog] = [scene.named('loadcurve'), scene.named('loadcurve.changelog')]
    await foldedInHalf(scene)
    const before = await scene.rows()
    await remove(changelog)
    expect(await refusal(scene)).toMatch(/its changelog says 0: .* delete the topic "s\d+.loadcurve.changelog" and the group's offsets/)
    expect(await scene.rows()).toEqual(before)
    await remove(changelog)
    // Kafka refuses while the group has a member, and one that ended stays one until its session is over.
    await expect.poll(() => admin.deleteGroups([group]).then(() => 'deleted', String), { timeout: 60_000 }).toBe('deleted')
    scene.start(0)
    await scene.append(3)
    await scene.settled()
    // The same rows were sent once more, each as the revision that it was.
    await expect.poll(async () => [...new Set(await scene.rows())].sort(), { timeout: 60_000 }).toEqual([...expected.rows].sort())
  }))

for (const what of [readingsTopic(SOURCE), 'energy.changelog'])
  test(`M16 ${what} has another number of partitions than before`, () =>
    inScene(kafka.brokers, async (scene) => {
      await foldedInHalf(scene)
      await admin.createPartitions({ topicPartitions: [{ topic: scene.named(what), count: 6 }] })
      expect(await refusal(scene)).toMatch(/has 6 partitions, and the settings ask for 4.* use an empty cluster/)
    }))

test('M18 a topic that was made anew while nobody looked', () =>
  inScene(kafka.brokers, async (scene) => {
    const topic = scene.named(readingsTopic(SOURCE))
    await foldedInHalf(scene)
    const before = await scene.rows()
    await remove(topic)
    await scene.log.create([topic])
    await scene.append(0, 1)
    // Kafka has forgotten its offsets with the topic, and the changelog has not.
    expect(await refusal(scene)).toMatch(/The topic was made anew, .* delete the topic "s\d+.energy.changelog"/)
    expect(await scene.rows()).toEqual(before)
  }))

test('M18 a topic that is made anew under a process that reads it', () =>
  inScene(kafka.brokers, async (scene) => {
    const topic = scene.named(readingsTopic(SOURCE))
    await scene.append(0, 3)
    const reading = scene.start(0)
    await scene.settled()
    const before = await scene.rows()
    await remove(topic)
    await scene.log.create([topic])
    await scene.append(0, 1)
    expect(await reading.says('ended')).toMatch(/made anew/)
    expect(await scene.rows()).toEqual(before)
  }))
