import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Unavailable } from '../../infra/errors.js'
import { KafkaLog } from '../../infra/kafka/log.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { contents } from './counted.js'
import { kafkaForTest } from './kafka.js'

/** Acknowledged means stored, whatever happens to one broker of three at a time. */
let kafka: Cluster
let log: KafkaLog
beforeAll(async () => {
  kafka = await kafkaForTest({ size: 3 })
  log = await KafkaLog.open({ brokers: kafka.brokers, partitions: 4, replication: 3 })
})
afterAll(async () => {
  await log.close()
  await kafka.close()
})

const WRITERS = 4
for (const how of ['stop', 'kill'] as const)
  test(`every acknowledged record is there after each broker in turn met ${how} and came back`, async () => {
    const topic = `in-${how}`
    await log.create([topic])
    const acknowledged = new Set<string>()
    let [appending, sent] = [true, 0]
    const write = async (writer: number) => {
      while (appending) {
        const names = Array.from({ length: 50 }, () => `${writer}/${sent++}`)
        try {
          await log.append(
            topic,
            names.map((name) => ({ key: name, value: Buffer.from(name) }))
          )
          for (const name of names) acknowledged.add(name)
        } catch (error) {
          expect(error).toBeInstanceOf(Unavailable)
        }
        await sleep(5)
      }
    }
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer))
    for (let node = 0; node < 3; node++) {
      const before = acknowledged.size
      await sleep(500)
      await kafka[how](node)
      await sleep(1000)
      await kafka.start(node)
      await expect.poll(() => acknowledged.size, { timeout: 30_000 }).toBeGreaterThan(before + 200)
    }
    appending = false
    await Promise.all(writers)
    const stored = new Set((await contents(log, topic)).map(({ value }) => String(value)))
    expect([...acknowledged].filter((name) => !stored.has(name))).toEqual([])
  })
