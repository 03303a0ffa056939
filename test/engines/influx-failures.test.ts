import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import { Influx } from '../../schemas/settings-influx.js'
import { allTopics } from '../../schemas/topics.js'
import { type InfluxSink, runInfluxSink } from '../../sinks/influx/sink.js'
import { until } from '../whole/child.js'
import { Load } from './influx-load.js'
import { BUILDING_MS, type InfluxRig, influxRig } from './influx-server.js'
import { type SlowProxy, slowProxy } from './slow-proxy.js'

/** A real InfluxDB that is killed, full, slow, without its bucket, while slots keep coming. */

const PACE = { firstMs: 20, longestMs: 500, patienceMs: 2000 }

let rig: InfluxRig
let proxy: SlowProxy
beforeAll(async () => {
  rig = await influxRig()
  proxy = await slowProxy(Number(new URL(rig.url).port))
}, BUILDING_MS)
afterAll(async () => {
  await proxy.close()
  await rig.close()
})

let folder: string
let embedded: Embedded
let bucket: string
let load: Load
let token: string
let sink: InfluxSink
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-'))
  embedded = await openEmbedded(folder)
  await embedded.log.create(allTopics([]))
  load = new Load(embedded.log, embedded.wire)
  bucket = await rig.bucket()
  token = rig.token
})
afterEach(async () => {
  await sink.processing.stop()
  await embedded.close()
  rmSync(folder, { recursive: true, force: true })
})

const run = (url = rig.url, timeoutMs = 10_000): void => {
  const { log, wire } = embedded
  const settings = Influx.parse({ url, org: rig.org, bucket, token: { env: 'NOT_READ' }, batchRows: 500 })
  sink = runInfluxSink(settings, { log, wire, sources: [], token: () => token, now: () => 0, pace: PACE, timeoutMs })
}

const rounds = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) {
    await load.round()
    await sleep(50)
  }
}
const trouble = (word: string | RegExp) => until(async () => expect(sink.trouble()).toMatch(word))
/** Everything is written, and it is what was said. */
const clean = async (): Promise<void> => {
  await until(async () => {
    await sink.settled()
    expect(sink.trouble()).toBe(null)
    await load.check(rig, bucket)
  }, 90_000)
  expect(sink.counts.setAside).toBe(0)
}

test('killed and started again, three times, under load', async () => {
  run()
  for (let kill = 0; kill < 3; kill++) {
    await rounds(2)
    await rig.kill()
    await rounds(2)
    await trouble('does not answer')
    await rig.restart()
  }
  await rounds(1)
  await clean()
})

test('a token that is revoked and given back; the sink tells what to do, and not the token', async () => {
  const given = await rig.tokenFor(bucket)
  token = given.token
  run()
  await rounds(2)
  await clean()
  await given.active(false)
  await rounds(2)
  await trouble(/40[13].*token/)
  expect(sink.trouble()).not.toContain(given.token)
  await given.active(true)
  await clean()
  // Or another one takes its place.
  await given.active(false)
  await rounds(1)
  await trouble(/40[13]/)
  token = rig.token
  await clean()
})

test('a bucket that is removed and made again: what was written before is gone with it, what comes after is there', async () => {
  await rig.removeBucket(bucket)
  run()
  await rounds(2)
  await trouble(/404.*influx\.bucket/)
  await rig.bucket(bucket)
  await clean()
})

test('a full cache', async () => {
  run()
  await rounds(1)
  await clean()
  await rig.kill()
  await rig.restart(['--storage-cache-max-memory-size=50000'])
  await rounds(4)
  await trouble(/500.*cache-max-memory-size/)
  await rig.kill()
  await rig.restart([])
  await clean()
})

test('slow answers, later than the time for one, and connections that are cut with the answer on its way', async () => {
  run(proxy.url, 500)
  proxy.delayMs = 1500
  await rounds(2)
  await trouble('does not answer')
  proxy.delayMs = 300
  proxy.cutEach = 3
  await rounds(3)
  await sleep(1000)
  proxy.cutEach = 0
  proxy.delayMs = 0
  await clean()
})
