import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KafkaLog } from '../../infra/kafka/log.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { topicSchemaIds } from '../../infra/schema-registry/topic.js'
import { Influx } from '../../schemas/settings-influx.js'
import { allTopics, Topics } from '../../schemas/topics.js'
import { Wire } from '../../schemas/wire.js'
import { type InfluxSink, influxGroup, runInfluxSink } from '../../sinks/influx/sink.js'
import { until } from '../whole/child.js'
import { Load } from './influx-load.js'
import { BUILDING_MS, type InfluxRig, influxRig } from './influx-server.js'
import { kafkaForTest } from './kafka.js'

/** The sink on Kafka: two processes' worth of it share the partitions while InfluxDB comes and goes. */

const PACE = { firstMs: 20, longestMs: 500, patienceMs: 4000 }
const PARTITIONS = 6

let kafka: Cluster
let rig: InfluxRig
const logs: KafkaLog[] = []
beforeAll(async () => {
  ;[kafka, rig] = await Promise.all([kafkaForTest(), influxRig()])
}, BUILDING_MS)
afterAll(async () => {
  for (const log of logs) await log.close()
  await Promise.all([kafka.close(), rig.close()])
})

const open = async (slot: number): Promise<{ log: KafkaLog; wire: Wire }> => {
  const log = await KafkaLog.open({ brokers: [...kafka.brokers], partitions: PARTITIONS, replication: 1, slot, sessionTimeoutMs: 6000 })
  logs.push(log)
  await log.create(allTopics([]))
  return { log, wire: await Wire.open(await topicSchemaIds(log)) }
}

// Who joins during the outage gets nothing, and when the server is back nothing goes on: it passed before members left their groups.
test('away for longer than its patience, joined and left by others meanwhile: nothing is lost, nothing doubled', async () => {
  const bucket = await rig.bucket()
  const settings = Influx.parse({ url: rig.url, org: rig.org, bucket, token: { env: 'NOT_READ' }, batchRows: 1000 })
  const { log, wire } = await open(0)
  const load = new Load(log, wire)
  const begin = async (slot: number): Promise<InfluxSink> => {
    const rooms = slot === 0 ? { log, wire } : await open(slot)
    return runInfluxSink(settings, { ...rooms, sources: [], token: () => rig.token, now: () => 0, pace: PACE })
  }
  const rounds = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await load.round()
  }
  const clean = (): Promise<void> => until(() => load.check(rig, bucket), 90_000)

  const first = await begin(0)
  await rounds(2)
  await clean()
  await rig.kill()
  await rounds(2)
  await until(async () => expect(first.trouble()).not.toBe(null))
  const second = await begin(1)
  await rounds(2)
  await until(async () => expect(second.trouble()).not.toBe(null), 60_000)
  await sleep(3 * PACE.patienceMs)
  await rig.restart()
  await clean()
  await rounds(2)
  await first.processing.stop()
  await rounds(1)
  await clean()
  const behind = async () => {
    const [end, committed] = [await log.ends([Topics.slots]), await log.committed(influxGroup(settings))]
    expect(committed.get(Topics.slots)).toEqual(end.get(Topics.slots))
  }
  await until(behind, 30_000)
  expect([first.counts.setAside, second.counts.setAside]).toEqual([0, 0])
  await second.processing.stop()
}, 300_000)
