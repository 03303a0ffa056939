import { afterAll, beforeAll, expect, test } from 'vitest'
import { KafkaLog } from '../../infra/kafka/log.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { contents } from './counted.js'
import { kafkaOnLine } from './line.js'

/**
 * A broker that refuses the first batch of a partition, as one does that is not its leader yet, and takes the second, which is on its
 * way: the first batch is damaged between it and the client, the broker refuses that, and the client sends it again.
 */
const PRODUCE = 0
const RECORDS = 8
const RECORD_BYTES = 600_000

let kafka: Cluster
/** Whose next batch is damaged; null: nobody's. */
let victim: string | null = null
beforeAll(async () => {
  kafka = await kafkaOnLine({
    request(api, bytes) {
      if (victim === null || api !== PRODUCE || !bytes.includes(victim)) return
      victim = null
      bytes[bytes.length - 1000] ^= 1
    }
  })
})
afterAll(() => kafka.close())

const records = Array.from({ length: RECORDS }, (_, i) => ({ key: String(i), value: Buffer.alloc(RECORD_BYTES, i + 1), partition: 0 }))

test('every acknowledged record is stored, in order, when the first batch of a partition is refused', async () => {
  const log = await KafkaLog.open({ brokers: kafka.brokers, partitions: 1 })
  await log.create(['fresh'])
  victim = 'fresh'
  const positions = await log.append('fresh', records)
  expect(victim).toBe(null)
  expect(positions.map(({ offset }) => offset)).toEqual(records.map((_, i) => i))
  expect((await contents(log, 'fresh')).map(({ key }) => key)).toEqual(records.map(({ key }) => key))
  await log.close()
})
