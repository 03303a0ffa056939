import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { KafkaConsumer, Producer } from 'node-rdkafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerOf } from '../../infra/kafka/calls.js'
import { Clients } from '../../infra/kafka/clients.js'
import { KafkaLog } from '../../infra/kafka/log.js'
import type { Cluster } from '../../infra/local/kafka.js'
import type { LogRecord } from '../../infra/log.js'
import { contents } from './counted.js'
import { kafkaForTest } from './kafka.js'

/** The failure matrix, row 17: nobody reads what is not committed. */
const ROOT = resolve(import.meta.dirname, '../..')
const ROOMS = ['api', 'infra', 'processors', 'producers', 'schemas', 'sinks', 'main.ts']
const TIMEOUT_MS = 30_000

let kafka: Cluster
let clients: Clients
let log: KafkaLog
beforeAll(async () => {
  kafka = await kafkaForTest()
  clients = new Clients({ brokers: kafka.brokers })
  log = await KafkaLog.open({ brokers: kafka.brokers, partitions: 4 })
})
afterAll(async () => {
  await log.close()
  await kafka.close()
})

describe('M17 every consumer reads what is committed', () => {
  const consumers: Record<string, () => Promise<KafkaConsumer>> = {
    'a reader': () => clients.reader('error'),
    'a reader from the start': () => clients.reader('earliest'),
    'a member of a group': () => clients.member({ group: 'g', instance: 'i', sessionTimeoutMs: 6_000, onRebalance: () => {} })
  }
  for (const [name, open] of Object.entries(consumers))
    test(name, async () => {
      const consumer = await open()
      expect((consumer as unknown as { globalConfig: object }).globalConfig).toMatchObject({ 'isolation.level': 'read_committed' })
      await answerOf((done) => consumer.disconnect(done))
    })

  test('and nobody else makes one', () => {
    const files = ROOMS.flatMap((room) =>
      room.endsWith('.ts') ? [room] : readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' }).map((file) => join(room, file))
    )
    const making = files.filter(
      (file) => file.endsWith('.ts') && /new (rdkafka\.)?KafkaConsumer\(|\.consumer\(/.test(readFileSync(join(ROOT, file), 'utf8'))
    )
    expect(making).toEqual([join('infra', 'kafka', 'clients.ts')])
    // As many as are looked at above: two kinds, one of them with two settings.
    expect(readFileSync(join(ROOT, making[0]), 'utf8').match(/new rdkafka\.KafkaConsumer\(/g)).toHaveLength(2)
  })
})

describe('M17 a transaction that is aborted, or not decided', () => {
  let producer: Producer
  const call = (name: 'beginTransaction' | 'commitTransaction' | 'abortTransaction') =>
    answerOf((done) =>
      name === 'beginTransaction'
        ? producer.beginTransaction((error) => done(error, null))
        : producer[name](TIMEOUT_MS, (error) => done(error, null))
    )
  const put = async (topic: string, value: string) => {
    for (let partition = 0; partition < 4; partition++) producer.produce(topic, partition, Buffer.from(value), 'k')
    await answerOf((done) => producer.flush(TIMEOUT_MS, (error) => done(error, null)))
  }
  const valuesOf = (records: readonly LogRecord[]): string[] => records.map(({ value }) => String(value)).sort()

  beforeAll(async () => {
    producer = await clients.transactional('hand')
    await answerOf((done) => producer.initTransactions(TIMEOUT_MS, (error) => done(error, null)))
    await log.create(['hand'])
    for (const [value, end] of [
      ['first', 'commitTransaction'],
      ['aborted', 'abortTransaction'],
      ['second', 'commitTransaction']
    ] as const) {
      await call('beginTransaction')
      await put('hand', value)
      await call(end)
    }
    await call('beginTransaction')
    await put('hand', 'open')
  })
  afterAll(async () => {
    await call('abortTransaction')
    await answerOf((done) => producer.disconnect(TIMEOUT_MS, done))
  })

  const COMMITTED = ['first', 'first', 'first', 'first', 'second', 'second', 'second', 'second']

  test('is on no tail, and before no end', async () => {
    await expect.poll(async () => valuesOf(await contents(log, 'hand')), { timeout: TIMEOUT_MS }).toEqual(COMMITTED)
    // First, its marker, the aborted one, its marker: 4 is the second.
    expect((await log.ends(['hand'])).get('hand')).toEqual([5, 5, 5, 5])
  })

  test('is in no batch, and in no state', async () => {
    const seen: LogRecord[] = []
    const run = log.process('hands', ['hand'], {
      batch: (_task, records) => {
        seen.push(...records)
        return { outputs: [], states: new Map(records.map(({ key, value }) => [key, value])) }
      }
    })
    await run.drained()
    await run.stop()
    expect(valuesOf(seen)).toEqual(COMMITTED)
    const restored: string[] = []
    const again = log.process('hands', ['hand'], {
      assign: (_task, states) => void restored.push(...[...states].map(([, value]) => String(value))),
      batch: () => ({ outputs: [], states: new Map() })
    })
    await again.drained()
    await again.stop()
    expect(restored).toEqual(['second', 'second', 'second', 'second'])
  })
})
