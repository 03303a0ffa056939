import { createReadStream, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CassandraSettings } from '../../infra/cassandra/open.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { openPlatform, type Platform } from '../../main.js'
import { findFiles } from '../../producers/folder.js'
import { recordedCurve, sharedFile } from '../whole/files.js'
import { type Given, type Json, settingsFor, temporary } from '../whole/platform.js'
import { makeWorld, REGISTRY } from '../whole/world.js'
import { type CassandraRig, cassandraRig } from './cassandra.js'
import { kafkaForTest } from './kafka.js'
import { readPublished } from './published-reader.js'

/**
 * The figures of the ledger, out of Cassandra by the reader of docs/cassandra.md: a program of its own, which has the tables and the
 * schemas as they are published, and nothing else of ours.
 */
const ROOT = resolve(import.meta.dirname, '../..')

const HOME = 'ES0291000000000001DN'
const CLAMP = 'flukso/fed676021dacaaf6a12a8dda7685be34'
/** What is not in the checkout is said to be skipped, not left out. */
const PUBLIC_F5D = sharedFile('infoenergia/real/cch/F5D_0237_0762_20211008.0')
const PUBLIC = 'ES0237504543669057KF'

const folder = temporary()
let kafka: Cluster
let cassandra: CassandraRig
let platform: Platform
let tables: CassandraSettings
beforeAll(async () => {
  ;[kafka, cassandra] = await Promise.all([kafkaForTest(), cassandraRig()])
  tables = cassandra.settings()
  const { contactPoints, keyspace } = tables
  platform = await openPlatform({
    ...settingsFor(folder),
    kafka: { brokers: [...kafka.brokers], partitions: 4, replicas: 1 },
    cassandra: { nodes: [...contactPoints], dataCenter: 'datacenter1', keyspace, replicas: 1 }
  })
  for (const { path, name } of await findFiles(resolve(ROOT, 'docs/samples/files')))
    await platform.importFile(createReadStream(path), name, { backfill: true })
  await take(recordedCurve('F5D_0291_0762_20240415.0'), ...makeWorld(7).files, ...(PUBLIC_F5D ? [PUBLIC_F5D] : []))
  await platform.settle()
  await send('POST', '/v1/registry?dryRun=false', REGISTRY)
  await platform.settle()
})
afterAll(async () => {
  await platform.close()
  await Promise.all([kafka.close(), cassandra.close()])
  rmSync(folder, { recursive: true, force: true })
})

const take = async (...files: Given[]): Promise<void> => {
  for (const { name, bytes } of files) await platform.importFile(Readable.from([Buffer.from(bytes)]), name, { backfill: true })
}

const send = async (method: 'GET' | 'POST', url: string, payload?: string): Promise<Json> => {
  const headers = { authorization: `Bearer ${platform.token}`, ...(payload && { 'content-type': 'application/yaml' }) }
  const answer = await platform.app.inject({ method, url, payload, headers })
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json()
}

const read = (what: string, point: string, from: string, to: string, register = '1.8.0'): Promise<Json[]> =>
  readPublished(tables, { what, point, register, from, to })

const sum = (rows: readonly Json[], column: string): number => rows.reduce((total, row) => total + row[column], 0)

test('the register of the clamp travelled 24.508 kWh', async () => {
  const range = ['2014-06-01T00:00Z', '2014-08-01T00:00Z'] as const
  const intervals = await read('intervals', CLAMP, ...range)
  expect([sum(intervals, 'milli'), sum(await read('P1D', CLAMP, ...range), 'amount')]).toEqual([24_508_000, 24_508_000])
  expect(intervals[0].unit).toBe('Wh')
  expect(intervals.at(-1)!.toValue - intervals[0].fromValue).toBe(24_508_000)
})

test('October 2023 has 745 hours, and a day in March has 23', async () => {
  const october = await read('PT1H', HOME, '2023-09-30T22:00Z', '2023-10-31T23:00Z')
  expect([october.length, sum(october, 'amount')]).toEqual([745, 196_893_000])
  const march = await read('intervals', HOME, '2024-03-30T23:00Z', '2024-03-31T22:00Z')
  expect(march.map(({ milli }) => milli / 10_000)).toEqual(Array.from({ length: 23 }, (_, i) => i + 1))
})

/** Periods of the 2.0TD tariff on the mainland, in months without a holiday on a working day. */
const MADRID = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Madrid', weekday: 'short', hour: '2-digit', hourCycle: 'h23' })
const periodOf = (start: string): string => {
  const [day, hour] = MADRID.format(new Date(start)).split(', ')
  if (day === 'Sat' || day === 'Sun' || Number(hour) < 8) return 'P3'
  return (Number(hour) >= 10 && Number(hour) < 14) || (Number(hour) >= 18 && Number(hour) < 22) ? 'P1' : 'P2'
}
const periods = (rows: readonly Json[]): Record<string, number> => {
  const sums: Record<string, number> = { P1: 0, P2: 0, P3: 0 }
  for (const { start, amount } of rows) sums[periodOf(start)] += amount / 1000
  return sums
}

test.runIf(PUBLIC_F5D !== null)('the public F5D (needs ../shared): two invoices and their periods', async () => {
  const months = await read('P1M', PUBLIC, '2021-05-31T22:00Z', '2021-07-31T22:00Z')
  expect(months.map(({ amount }) => amount)).toEqual([169_003_000, 165_004_000])
  const june = await read('PT1H', PUBLIC, '2021-05-31T22:00Z', '2021-06-30T22:00Z')
  expect([june.length, periods(june)]).toEqual([720, { P1: 49_003, P2: 48_002, P3: 71_998 }])
  const july = await read('PT1H', PUBLIC, '2021-06-30T22:00Z', '2021-07-31T22:00Z')
  expect([july.length, periods(july)]).toEqual([744, { P1: 55_002, P2: 48_998, P3: 61_004 }])
})

const figuresOf =
  (what: string) =>
  (row: Json): unknown[] =>
    what === 'intervals'
      ? [row.start, row.end, row.milli, row.word ?? row.rule, row.rev]
      : [row.start, row.end, row.amount ?? row.milli, row.coveredMs, row.received]

for (const when of ['as it was written', 'folded'])
  test(`what was corrected, withdrawn, reset and late reads as the program says, ${when}`, async () => {
    if (when === 'folded') await platform.foldDays()
    const [FROM, TO] = ['2024-03-01T00:00Z', '2024-05-01T00:00Z']
    // In the middle of what happens, so that rows reach over both ends.
    const [LATER, SOONER] = ['2024-03-29T20:30:10Z', '2024-03-29T21:10:10Z']
    let rows = 0
    for (const point of makeWorld(7).points) {
      const { points } = await send('GET', `/v1/points?point=${point}`)
      const { registers } = points.find(({ id }: Json) => id === point)
      for (const { register } of registers) {
        for (const [what, from, to] of [
          ['intervals', FROM, TO],
          ['PT1H', FROM, TO],
          ['intervals', LATER, SOONER]
        ]) {
          const told = await send('GET', `/v1/series?point=${point}&register=${register}&from=${from}&to=${to}&grid=${what}`)
          const found = await read(what, point, from, to, register)
          // The program names a row by where it starts.
          const inside = found.filter(({ start }) => Date.parse(start) >= Date.parse(from))
          expect(inside.map(figuresOf(what))).toEqual(told.rows.map(figuresOf(what)))
          rows += found.length
        }
      }
    }
    expect(rows).toBeGreaterThan(1000)
  }, 400_000)
