import { createReadStream, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCassandra } from '../../infra/cassandra/open.js'
import { KafkaLog } from '../../infra/kafka/log.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { topicSchemaIds } from '../../infra/schema-registry/topic.js'
import { type Cast, openPlatform, type Platform } from '../../main.js'
import type { Settings } from '../../schemas/settings.js'
import { Wire } from '../../schemas/wire.js'
import { until } from '../whole/child.js'
import { settingsFor, temporary } from '../whole/platform.js'
import { type CassandraRig, cassandraRig } from './cassandra.js'
import { kafkaForTest } from './kafka.js'
import { type Room, startRoom } from './rooms.js'

/** Commands on a machine of their own, while the rooms run in processes elsewhere: history is made again, also when one of them dies. */

const SAMPLES = resolve(import.meta.dirname, '../../docs/samples/files')
const FILES = ['F5D_0291_0762_20231115.0', 'F5D_0291_0762_20231120.1']
const POINT = 'ES0291000000000001DN'
const OCTOBER = `/v1/series?point=${POINT}&register=1.8.0&from=2023-10-01&to=2023-11-01&grid=P1M`
const MILLI = 196_893_000
const COMMAND: Cast = { producers: false, processors: [], sinks: [], api: 'command' }
const LONG_MS = 120_000

let kafka: Cluster
let cassandra: CassandraRig
let common: Partial<Settings>
let command: Platform
const folders: string[] = []
const rooms: Room[] = []

const folder = (): string => {
  const made = temporary()
  folders.push(made)
  return made
}
const run = async (args: string): Promise<Room> => {
  const room = await startRoom(args.split(' '), common, folder())
  rooms.push(room)
  return room
}
const openCommand = (): Promise<Platform> => {
  const made = folder()
  return openPlatform({ ...settingsFor(made), ...common, http: { ...settingsFor(made).http, ...common.http } }, { cast: COMMAND })
}
const send = async (method: 'GET' | 'POST', url: string, payload?: string, type = 'application/json') => {
  const { statusCode, body } = await command.app.inject({
    method,
    url,
    payload,
    headers: { authorization: `Bearer ${command.token}`, ...(payload === undefined ? {} : { 'content-type': type }) }
  })
  return { status: statusCode, body: JSON.parse(body) }
}
const october = async (): Promise<number> => (await send('GET', OCTOBER)).body.summary.milli

beforeAll(async () => {
  ;[kafka, cassandra] = await Promise.all([kafkaForTest(), cassandraRig()])
  const { contactPoints, keyspace } = cassandra.settings()
  const token = join(folder(), 'token')
  writeFileSync(token, 'a-token-that-only-the-tests-know-0123456789')
  common = {
    http: { token: { file: token } } as Settings['http'],
    kafka: { brokers: [...kafka.brokers], partitions: 4, replicas: 1, sessionSeconds: 6 },
    cassandra: { nodes: [...contactPoints], dataCenter: 'datacenter1', keyspace: keyspace ?? 'wattledger', replicas: 1 }
  }
  await run('sinks')
  await run('processors --only loadcurve')
  command = await openCommand()
})
afterAll(async () => {
  await command.close()
  for (const room of rooms) room.process.kill('SIGKILL')
  await Promise.all([kafka.close(), cassandra.close()])
  for (const each of folders) rmSync(each, { recursive: true, force: true })
})

/** Halves an interval in the store, past the ledger. */
const falsify = async (): Promise<void> => {
  const log = await KafkaLog.open({ brokers: kafka.brokers, partitions: 4 })
  const wire = await Wire.open(await topicSchemaIds(log))
  const { nodes, ...rest } = common.cassandra!
  const store = await openCassandra({ contactPoints: nodes, dataCenter: rest.dataCenter, keyspace: rest.keyspace, replicas: 1 }, wire)
  const from = Date.UTC(2023, 9, 10)
  const [block] = await store.intervals({ point: POINT, register: '1.8.0' }, from, from + 3_600_000)
  await store.write({ intervals: [{ ...block, milli: block.milli.map((milli) => Math.floor(milli / 2)) }] })
  await store.close()
  await log.close()
}

const differing = async (): Promise<number> => {
  const { status, body } = await send('POST', '/v1/replay/verify', '{}')
  expect(status).toBe(200)
  return body.differences.length
}

test('refold, registry, reparse and replay from any machine', async () => {
  const energy = await run('processors --only energy --slot 0')
  for (const name of FILES) await command.importFile(createReadStream(join(SAMPLES, name)), name)
  await command.settle()
  expect(await october()).toBe(MILLI)
  expect(await differing()).toBe(0)

  await falsify()
  expect(await differing()).toBeGreaterThan(0)
  // The only one that could hear it dies: the command waits for whoever comes next.
  await energy.kill()
  const refolded = send('POST', '/v1/refold', JSON.stringify({ point: POINT }))
  await run('processors --only energy --slot 1')
  expect((await refolded).status).toBe(200)
  expect(await differing()).toBe(0)
  expect(await october()).toBe(MILLI)

  const row = `points:\n  - point: ${POINT}\n    zone: Europe/Madrid\n    registers:\n      1.8.0: { factor: 2 }\n`
  const entered = await send('POST', '/v1/registry?dryRun=false', row, 'application/yaml')
  expect([entered.status, await october()]).toEqual([200, 2 * MILLI])

  expect((await send('POST', '/v1/reparse', '{}')).body).toMatchObject({ files: FILES.length })
  expect(await october()).toBe(2 * MILLI)
  const before = command
  command = await openCommand()
  const empty = await send('POST', '/v1/reparse', '{}')
  expect([empty.status, empty.body.error.message]).toEqual([400, expect.stringContaining('no raw bytes')])
  await before.close()
  await until(async () => expect(await differing()).toBe(0), LONG_MS)
}, 420_000)
