import { createReadStream, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cluster } from '../../infra/local/kafka.js'
import { openPlatform, type Platform } from '../../main.js'
import { findFiles } from '../../producers/folder.js'
import { sources } from '../../producers/index.js'
import { LineReader } from '../live/line-reader.js'
import { until } from '../whole/child.js'
import { recordedCurve } from '../whole/files.js'
import { type Json, settingsFor, temporary } from '../whole/platform.js'
import { makeWorld } from '../whole/world.js'
import { type CassandraRig, cassandraRig } from './cassandra.js'
import { Consumer, NODE, PYTHON, pythonWith } from './consumers.js'
import { kafkaForTest } from './kafka.js'

/**
 * The figures of the samples, and of a site whose files correct each other, by the consumers of docs/topics.md: programs of their own,
 * which have the topics and what the ledger publishes of them.
 */
const HOME = 'ES0291000000000001DN'
const CLAMP = 'flukso/fed676021dacaaf6a12a8dda7685be34'
const WORLD = makeWorld(7)
/** All that happens at the made-up site. */
const FROM = '2024-03-01T00:00Z'
const TO = '2024-05-01T00:00Z'
const BROKEN = `${HOME}0F;2024/01/08 01:00;0;abc;0;;;;;1;1;F1;\r\n`

const folder = temporary()
let kafka: Cluster
let cassandra: CassandraRig
let platform: Platform
let python: Awaited<ReturnType<typeof pythonWith>>
let address: string
beforeAll(async () => {
  ;[kafka, cassandra, python] = await Promise.all([kafkaForTest(), cassandraRig(), pythonWith(join(folder, 'venv'))])
  const { contactPoints, keyspace } = cassandra.settings()
  platform = await openPlatform({
    ...settingsFor(folder),
    kafka: { brokers: [...kafka.brokers], partitions: 4, replicas: 1 },
    cassandra: { nodes: [...contactPoints], dataCenter: 'datacenter1', keyspace, replicas: 1 }
  })
  for (const { path, name } of await findFiles(resolve(import.meta.dirname, '../../docs/samples/files')))
    await platform.importFile(createReadStream(path), name, { backfill: true })
  for (const { name, bytes } of [
    recordedCurve('F5D_0291_0762_20240415.0'),
    ...WORLD.files,
    { name: 'F5D_0291_0762_20240501.0', bytes: Buffer.from(BROKEN) }
  ])
    await platform.importFile(Readable.from([Buffer.from(bytes)]), name, { backfill: true })
  await platform.settle()
  await platform.app.listen({ host: '127.0.0.1', port: 0 })
  address = `http://127.0.0.1:${(platform.app.server.address() as { port: number }).port}`
  // Two engines, and a pip that fetches.
}, 600_000)
afterAll(async () => {
  await platform.close()
  await Promise.all([kafka.close(), cassandra.close()])
  rmSync(folder, { recursive: true, force: true })
})

const ask = async (path: string): Promise<Json> => {
  const answer = await platform.app.inject({ method: 'GET', url: path, headers: { authorization: `Bearer ${platform.token}` } })
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json()
}
const rowOf = ({ point, register, grid, start }: Json): string => `${point} ${register} ${grid} ${start}`
const alertOf = ({ rule, subject, register, since }: Json): string => `${rule} ${subject} ${register} ${since}`
const sum = (rows: readonly Json[], column: string): number => rows.reduce((total, row) => total + row[column], 0)

const consumers = {
  Node: {
    code: NODE,
    start: (args: string[]) => new Consumer(process.execPath, ['--input-type=module', '-', ...args], NODE, platform.token)
  },
  Python: {
    code: PYTHON,
    start: (args: string[]) => new Consumer((python as { python: string }).python, ['-', ...args], PYTHON, platform.token)
  }
}

for (const [name, { start }] of Object.entries(consumers))
  test(`the ${name} consumer of docs/topics.md: intervals, slots and alerts are those of the ledger`, async ({ skip }) => {
    if (name === 'Python' && 'missing' in python) skip(python.missing)
    const consumer = start([kafka.brokers.join(','), address, 'energy.intervals', 'energy.slots', 'alerts'])
    try {
      const intervals = () => consumer.current('energy.intervals', rowOf)
      const slots = () => consumer.current('energy.slots', rowOf)
      const wanted = new Map<string, unknown[]>()
      for (const point of WORLD.points) {
        const { points } = await ask(`/v1/points?point=${point}`)
        for (const { register } of points.find(({ id }: Json) => id === point).registers)
          for (const grid of ['intervals', 'PT1H']) {
            const { rows } = await ask(`/v1/series?point=${point}&register=${register}&from=${FROM}&to=${TO}&grid=${grid}`)
            wanted.set(
              `${point} ${register} ${grid}`,
              rows.map((row: Json) => [Date.parse(row.start), Date.parse(row.end), row.milli])
            )
          }
      }
      await until(async () => {
        expect(
          sum(
            intervals().filter(({ point }) => point === CLAMP),
            'milli'
          )
        ).toBe(24_508_000)
        const october = slots().filter(
          ({ point, register, grid, start: at }) =>
            point === HOME &&
            register === '1.8.0' &&
            grid === 'PT1H' &&
            at >= Date.parse('2023-09-30T22:00Z') &&
            at < Date.parse('2023-10-31T23:00Z')
        )
        expect([october.length, sum(october, 'amount')]).toEqual([745, 196_893_000])
        for (const [series, rows] of wanted) {
          const [point, register, grid] = series.split(' ')
          const found = (grid === 'intervals' ? intervals() : slots()).filter(
            (row) =>
              row.point === point &&
              row.register === register &&
              (grid === 'intervals' || row.grid === grid) &&
              row.start >= Date.parse(FROM) &&
              row.start < Date.parse(TO)
          )
          const figures = found.map((row) => [row.start, row.end, row.milli ?? row.amount]).sort(([a], [b]) => a - b)
          expect(figures, series).toEqual(rows)
        }
      }, 100_000)
      expect([...wanted.values()].flat().length).toBeGreaterThan(1000)
      const { alerts } = await ask('/v1/alerts?limit=5000')
      const told = consumer.current('alerts', alertOf).map(({ rule, subject, state }) => `${rule} ${subject} ${state}`)
      expect(told.sort()).toEqual(alerts.map(({ rule, subject, state }: Json) => `${rule} ${subject} ${state}`).sort())
      expect(told).toContainEqual(expect.stringMatching(/^block-rejected/))
    } finally {
      consumer.stop()
    }
  }, 200_000)

test('the streams over HTTP are the same here: alerts, changes, and a cursor that goes on', async () => {
  const alerts = await LineReader.open(address, '/v1/alerts/stream', platform.token)
  await alerts.has('live')
  const { alerts: stand } = await ask('/v1/alerts?limit=5000')
  const standing = stand.filter(({ state }: Json) => state !== 'retracted').map(({ key }: Json) => key)
  expect([...new Set(alerts.of('alert').map(({ key }) => key))].sort()).toEqual(standing.sort())

  const changes = await LineReader.open(address, '/v1/changes/stream', platform.token, { grid: 'PT1H' })
  const { cursor } = await changes.has('live')
  const corrected = recordedCurve('F5D_0291_0762_20240415.0')
  const bytes = Buffer.from(String(Buffer.from(corrected.bytes)).replace('01:00;0;10;', '01:00;0;4321;'))
  await platform.importFile(Readable.from([bytes]), 'F5D_0291_0762_20240416.0', { backfill: true })
  const change = await changes.has('change')
  expect([change.point, change.before.milli, change.after.milli]).toEqual([HOME, 10_000, 4_321_000])
  changes.close()
  const again = await LineReader.open(address, '/v1/changes/stream', platform.token, { grid: 'PT1H', cursor: cursor! })
  // The rows before it were no changes: how far behind the line its cursor stands may differ.
  expect({ ...(await again.has('change')), cursor: null }).toEqual({ ...change, cursor: null })
  expect(again.lines[0]).toEqual({ t: 'begin', resumed: true })
  for (const each of [alerts, again]) each.close()
})

test('the topics of Kafka are as the document says', async () => {
  const document = await ask('/asyncapi.json')
  expect(document.channels.readings.parameters.source.enum).toEqual(sources.map(({ name }) => name))
  const admin = new kafkajs.Kafka({ brokers: [...kafka.brokers], logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    for (const { address: named, bindings } of Object.values<Json>(document.channels)) {
      const topic = named.replace('{source}', 'flukso')
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }]
      })
      const found = new Map(resources[0].configEntries.map(({ configName, configValue }) => [configName, configValue]))
      for (const [name, value] of Object.entries(bindings.kafka.topicConfiguration))
        expect(found.get(name), `${topic} ${name}`).toBe(String(value))
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      expect(topics[0].partitions.length, topic).toBe(bindings.kafka.partitions)
    }
  } finally {
    await admin.disconnect()
  }
})
