import { createReadStream, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cluster } from '../../infra/local/kafka.js'
import { openPlatform, type Platform } from '../../main.js'
import { findFiles } from '../../producers/folder.js'
import type { Settings } from '../../schemas/settings.js'
import { settingsFor, temporary } from '../whole/platform.js'
import { type CassandraRig, cassandraRig } from './cassandra.js'
import { kafkaForTest } from './kafka.js'

/** The whole platform on real engines: what it says must be what the embedded one says. */

const SAMPLES = resolve(import.meta.dirname, '../../docs/samples/files')
const REGISTRY = `points:
  - point: flukso/fed676021dacaaf6a12a8dda7685be34
    name: Workshop
    zone: Europe/Brussels
    registers:
      1.8.0: { ratedPower: 9.2 kW, expectedInterval: 1 min }
`

let kafka: Cluster
let cassandra: CassandraRig
const folders: string[] = []
beforeAll(async () => {
  ;[kafka, cassandra] = await Promise.all([kafkaForTest(), cassandraRig()])
})
afterAll(async () => {
  await Promise.all([kafka.close(), cassandra.close()])
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const folder = (): string => {
  const made = temporary()
  folders.push(made)
  return made
}

const clustered = (): Settings => {
  const { contactPoints, keyspace } = cassandra.settings()
  return {
    ...settingsFor(folder()),
    kafka: { brokers: [...kafka.brokers], partitions: 4, replicas: 1 },
    cassandra: { nodes: [...contactPoints], dataCenter: 'datacenter1', keyspace, replicas: 1 }
  }
}

const importSamples = async ({ importFile, settle }: Platform): Promise<void> => {
  for (const { path, name } of await findFiles(SAMPLES)) await importFile(createReadStream(path), name, { backfill: true })
  await settle()
}

const send = async ({ app, token }: Platform, method: 'GET' | 'POST', url: string, payload?: string, type = 'application/yaml') => {
  const headers = { authorization: `Bearer ${token}`, ...(payload === undefined ? {} : { 'content-type': type }) }
  const answer = await app.inject({ method, url, payload, headers })
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json()
}

/** What the ledger says after the samples, and after a registry row that holds in the past. */
const told = async (platform: Platform) => {
  await importSamples(platform)
  const first = await platform.hash()
  await send(platform, 'POST', '/v1/registry?dryRun=false', REGISTRY)
  await platform.settle()
  return { first, second: await platform.hash() }
}

const embedded = async () => {
  const platform = await openPlatform(settingsFor(folder()))
  const hashes = await told(platform)
  await platform.close()
  return hashes
}

test('the samples give the same ledger on Kafka and Cassandra, day by day, and again after a restart', async () => {
  const settings = clustered()
  const ours = await embedded()
  const platform = await openPlatform(settings)
  expect(await told(platform)).toEqual(ours)
  const october = await send(platform, 'GET', '/v1/series?point=ES0291000000000001DN&register=1.8.0&from=2023-10-01&to=2023-11-01&grid=P1M')
  expect(october.summary.milli).toBe(196_893_000)
  await platform.close()

  const again = await openPlatform(settings)
  await again.settle()
  expect(await again.hash()).toEqual(ours.second)
  await again.close()
}, 300_000)
