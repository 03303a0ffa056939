import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KafkaLog } from '../../infra/kafka/log.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { until } from '../whole/child.js'
import { caughtUp, contents, countingProcess, expectCounted, numbered } from './counted.js'
import { kafkaForTest } from './kafka.js'

/**
 * The failure matrix: whatever dies, freezes or moves, the ledger is, row for row, that of an undisturbed run. Rows 1, 2, 3, 5 and 14 are
 * in kafka-kills.test.ts, 4 in kafka-replies, 6 to 8 in kafka-restores, 9, 10 and 12 in kafka-zombies, 13 in kafka-poison, 15, 16 and 18 in
 * kafka-refusals, 17 in kafka-readers. 11 is in kafka-zombies between two steps, and here at any, with more records than the folds send.
 */
let kafka: Cluster
let log: KafkaLog
beforeAll(async () => {
  kafka = await kafkaForTest()
  log = await KafkaLog.open({ brokers: kafka.brokers, partitions: 4 })
})
afterAll(async () => {
  await log.close()
  await kafka.close()
})

test('M11 a second process takes half of the tasks while records come, and gives them back', async () => {
  const settings = { brokers: kafka.brokers, group: 'group', input: 'in', output: 'out', sessionTimeoutMs: 3_000 }
  await log.create([settings.input, settings.output])
  const first = countingProcess({ ...settings, slot: 0 })
  let sent = 0
  const send = async (rounds: number) => {
    for (let i = 0; i < rounds; i++) {
      await log.append(settings.input, numbered(100, sent))
      sent += 100
      await sleep(20)
    }
  }
  await send(20)
  const second = countingProcess({ ...settings, slot: 1 })
  await second.says('running')
  await send(60)
  second.signal('SIGTERM')
  await send(60)
  await second.ended
  await caughtUp(log, settings.group, settings.input)
  // The markers of one transaction reach its partitions one after the other: offsets may be seen before outputs.
  await until(async () => expect((await contents(log, settings.output)).length).toBeGreaterThanOrEqual(sent))
  expectCounted(await contents(log, settings.output), sent)
  await first.kill()
})
