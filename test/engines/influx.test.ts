import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import { findFiles } from '../../producers/folder.js'
import type { Slots } from '../../schemas/generated.js'
import { Op, Quality } from '../../schemas/quality.js'
import { Influx } from '../../schemas/settings-influx.js'
import { period20TD } from '../../schemas/tariff.js'
import { allTopics, Topics } from '../../schemas/topics.js'
import { type InfluxSink, runInfluxSink } from '../../sinks/influx/sink.js'
import { HOUR, hours, MAY, slots } from '../schemas/blocks-at-random.js'
import { alert } from '../sinks/influx/samples.js'
import { recordedCurve, sharedFile, utc } from '../whole/files.js'
import { type Json, openWhole, type Whole } from '../whole/platform.js'
import { BUILDING_MS, type InfluxRig, influxRig } from './influx-server.js'

/** What a real InfluxDB makes of our lines, asked the way analysts ask. */

const SAMPLES = resolve(import.meta.dirname, '../../docs/samples/files')
const HOME = 'ES0291000000000001DN'
const PUBLIC_F5D = sharedFile('infoenergia/real/cch/F5D_0237_0762_20211008.0')
const PUBLIC = 'ES0237504543669057KF'

let rig: InfluxRig
const folders: string[] = []
beforeAll(async () => {
  rig = await influxRig()
}, BUILDING_MS)
afterAll(async () => {
  await rig.close()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'wattledger-'))
  folders.push(made)
  return made
}

const settingsOf = async (more: { bucket?: string; power?: Influx['power'] } = {}): Promise<Influx> => {
  const file = join(folder(), 'token')
  writeFileSync(file, `${rig.token}\n`)
  return Influx.parse({ url: rig.url, org: rig.org, bucket: await rig.bucket(), ...more, token: { file } })
}

const withPlatform = async (work: (whole: Whole, bucket: string) => Promise<void>): Promise<void> => {
  const influx = await settingsOf()
  const whole = await openWhole(folder(), { influx })
  try {
    await work(whole, influx.bucket)
  } finally {
    await whole.close()
  }
}

const total = async (bucket: string, where: string): Promise<unknown> => {
  const [row] = await rig.ask(bucket, `SELECT SUM(milli) AS milli, SUM(kwh) AS kwh, COUNT(milli) AS count FROM energy WHERE ${where}`)
  return row && [row.milli, Math.round((row.kwh as number) * 1e6), row.count]
}

test('the samples: a month to the mWh, by hours and by days, and every row as the ledger tells it', () =>
  withPlatform(async (whole, bucket) => {
    for (const { path, name } of await findFiles(SAMPLES)) await whole.platform.importFile(createReadStream(path), name)
    await whole.platform.settle()
    const october = `point = '${HOME}' AND register = '1.8.0' AND time >= '2023-09-30T22:00:00Z' AND time < '2023-10-31T23:00:00Z'`
    expect(await total(bucket, `grid = 'PT1H' AND ${october}`)).toEqual([196_893_000, 196_893_000, 745])
    expect(await total(bucket, `grid = 'P1D' AND ${october}`)).toEqual([196_893_000, 196_893_000, 31])

    const { points } = await whole.ask('/v1/points')
    for (const { id, registers } of points)
      for (const { register } of registers)
        for (const grid of ['PT1H', 'P1D']) {
          const query = { point: id, register, grid, from: '2010-01-01', to: '2030-01-01' }
          const told = (await whole.ask('/v1/series', query)).rows.map((row: Json) => [utc(row.start), row.milli, row.completeness])
          const q = `SELECT milli, completeness FROM energy WHERE point = '${id}' AND register = '${register}' AND grid = '${grid}'`
          const found = (await rig.ask(bucket, q)).map(({ time, milli, completeness }) => [time, milli, completeness])
          expect(found).toEqual(told)
        }
    expect(await rig.ask(bucket, `SELECT COUNT(milli) FROM energy WHERE grid != 'PT1H' AND grid != 'P1D'`)).toEqual([])
  }))

test('A5: 25 hours of the day the clock goes back', () =>
  withPlatform(async (whole, bucket) => {
    await whole.take(recordedCurve('F5D_0291_0762_20231115.0'))
    const q = `SELECT milli FROM energy WHERE grid = 'PT1H' AND register = '1.8.0' AND point = '${HOME}' AND time >= '2023-10-28T22:00:00Z' AND time < '2023-10-29T23:00:00Z'`
    const rows = await rig.ask(bucket, q)
    expect(rows.map(({ milli }) => milli)).toEqual(Array.from({ length: 25 }, (_, i) => 10_000 * (i + 1)))
    expect(rows[2].time).toBe(utc('2023-10-29T00:00Z'))
    // The same again, as another version of the file: no point more.
    await whole.take(recordedCurve('F5D_0291_0762_20231115.1'))
    expect(await rig.ask(bucket, q)).toEqual(rows)
  }))

test.runIf(PUBLIC_F5D !== null)('A10, A21 (needs ../shared): June and July 2021, and their tariff periods', () =>
  withPlatform(async (whole, bucket) => {
    await whole.take(PUBLIC_F5D!)
    const of = (from: string, to: string) =>
      `grid = 'PT1H' AND point = '${PUBLIC}' AND register = '1.8.0' AND time >= '${from}' AND time < '${to}'`
    const [june, july] = [of('2021-05-31T22:00:00Z', '2021-06-30T22:00:00Z'), of('2021-06-30T22:00:00Z', '2021-07-31T22:00:00Z')]
    expect(await total(bucket, june)).toEqual([169_003_000, 169_003_000, 720])
    expect(await total(bucket, july)).toEqual([165_004_000, 165_004_000, 744])
    const sums: Record<string, number> = { P1: 0, P2: 0, P3: 0 }
    for (const { time, milli } of await rig.ask(bucket, `SELECT milli FROM energy WHERE ${june}`))
      sums[period20TD(time as number, 'Europe/Madrid')] += (milli as number) / 1000
    expect(sums).toEqual({ P1: 49_003, P2: 48_002, P3: 71_998 })
  })
)

interface Direct {
  embedded: Embedded
  sink: InfluxSink
  bucket: string
  put(...blocks: Slots[]): Promise<void>
}

/** The sink alone, on slots that a test makes up. */
const direct = async (work: (direct: Direct) => Promise<void>, more: Parameters<typeof settingsOf>[0] = {}): Promise<void> => {
  const influx = await settingsOf(more)
  const embedded = await openEmbedded(folder())
  await embedded.log.create(allTopics([]))
  const { log, wire } = embedded
  const sink = runInfluxSink(influx, { log, wire, sources: [], token: () => rig.token, now: () => MAY })
  const put = async (...blocks: Slots[]) => {
    const records = blocks.map((block) => ({ key: block.point, value: wire.encode('Slots', block) }))
    await log.append(Topics.slots, records)
    await sink.settled()
  }
  try {
    await work({ embedded, sink, bucket: influx.bucket, put })
  } finally {
    await sink.processing.stop()
    await embedded.close()
  }
}

const one = { start: MAY, end: MAY + HOUR }

test('ESTIMATED, then VALID: one point', () =>
  direct(async ({ put, bucket }) => {
    await put(slots([{ ...one, amount: 500_001, quality: Quality.ESTIMATED, rev: 1 }], { point: 'p' }))
    await put(slots([{ ...one, amount: 700_001, quality: Quality.VALID, rev: 2 }], { point: 'p' }))
    expect(await rig.ask(bucket, 'SELECT * FROM energy')).toEqual([
      { time: MAY, completeness: 1, grid: 'PT1H', kwh: 0.700001, milli: 700_001, point: 'p', quality: 1, register: '1.8.0' }
    ])
  }))

test('a withdrawn row is gone, and only that one; put again, it is there', () =>
  direct(async ({ put, bucket }) => {
    const block = (point: string, grid: string, register: string) =>
      slots(
        hours(3, (i) => ({ amount: i + 1 })),
        { point, grid, register }
      )
    const all = ['p', 'p 2'].flatMap((point) =>
      ['PT1H', 'P1D'].flatMap((grid) => ['1.8.0', '2.8.0'].map((register) => block(point, grid, register)))
    )
    await put(...all)
    const left = async () =>
      (await rig.ask(bucket, 'SELECT milli FROM energy GROUP BY *')).map(
        ({ point, grid, register, milli }) => `${point} ${grid} ${register} ${milli}`
      )
    const before = await left()
    expect(before.length).toBe(24)
    const gone = { start: MAY + HOUR, end: MAY + 2 * HOUR, op: Op.WITHDRAWN, rev: 2 }
    await put(slots([gone], { point: 'p' }))
    expect(await left()).toEqual(before.filter((row) => row !== 'p PT1H 1.8.0 2'))
    await put(slots([{ ...gone, op: Op.PUT, amount: 9, rev: 3 }], { point: 'p' }))
    expect((await left()).sort()).toEqual(before.map((row) => (row === 'p PT1H 1.8.0 2' ? 'p PT1H 1.8.0 9' : row)).sort())
  }))

test('installations: energy as of any point, and mean power on the grids that are named', () =>
  direct(
    async ({ embedded: { log, wire }, sink, bucket }) => {
      const put = async (...blocks: Slots[]) => {
        await log.append(
          Topics.power,
          blocks.map((block) => ({ key: block.point.split('/')[1], value: wire.encode('Slots', block) }))
        )
        await sink.settled()
      }
      const told = async (measurement: string) =>
        (await rig.ask(bucket, `SELECT * FROM ${measurement}`))
          .map(({ time, ...row }) => ({ at: ((time as number) - MAY) / 8000, ...row }))
          .map((row) => Object.values(Object.fromEntries(Object.entries(row).sort())).join(' '))
          .sort()
      const eight = (i: number, more: object = {}) => ({
        start: MAY + i * 8000,
        end: MAY + (i + 1) * 8000,
        amount: 1_000_000 * (i + 1),
        ...more
      })
      const home = (register: string, grid = 'PT8S', point = 'installation/HOME01') =>
        ({ point, register, grid, scale: 6, unit: 'Wh' }) as const
      const silent = { amount: 0, coveredMs: 0, received: 0, quality: Quality.PARTIAL }
      await put(
        slots([eight(0), eight(1, silent), eight(2)], home('p_tot')),
        slots([eight(0)], home('p_tot', 'PT8S', 'installation/OTHER')),
        slots([{ start: MAY, end: MAY + HOUR, amount: 2_000_000, received: 450 }], home('p_tot', 'PT1H', 'installation/OTHER')),
        slots([{ start: MAY, end: MAY + HOUR, amount: 5 }], home('p_cons.low', 'PT1H'))
      )
      // at, completeness, grid, installation, quality, register, w
      expect(await told('power')).toEqual([
        '0 1 PT1H OTHER 4 p_tot 2',
        '0 1 PT8S HOME01 4 p_tot 450',
        '1 0 PT8S HOME01 7 p_tot ',
        '2 1 PT8S HOME01 4 p_tot 1350'
      ])
      expect(await rig.ask(bucket, 'SELECT milli, kwh, point, register FROM energy')).toEqual([
        { time: MAY, milli: 0, kwh: 5e-9, point: 'installation/HOME01', register: 'p_cons.low' },
        { time: MAY, milli: 2000, kwh: 0.002, point: 'installation/OTHER', register: 'p_tot' }
      ])
      await put(slots([eight(1, { rev: 2 }), eight(2, { rev: 2, op: Op.WITHDRAWN })], home('p_tot')))
      expect(await told('power')).toEqual(['0 1 PT1H OTHER 4 p_tot 2', '0 1 PT8S HOME01 4 p_tot 450', '1 1 PT8S HOME01 4 p_tot 900'])
    },
    { power: [{ installation: 'HOME*', grids: ['PT8S'] }, { grids: ['PT1H'] }] }
  ))

test('names with all that may stand in them come back as they are, and are found to be removed', () =>
  direct(async ({ put, bucket }) => {
    const names = ['a b', 'a,b=c', `it's "quoted"`, 'Zähler 1 · Köln', 'flukso/0f', '电表', "x' OR '1'='1", '#', '%20']
    await put(
      ...names.map((point) =>
        slots(
          hours(2, () => ({ amount: 5 })),
          { point }
        )
      )
    )
    const points = async () =>
      (await rig.ask(bucket, 'SELECT COUNT(milli) FROM energy GROUP BY point')).map(({ point, count }) => `${point} ${count}`).sort()
    expect(await points()).toEqual(names.map((name) => `${name} 2`).sort())
    await put(...names.map((point) => slots([{ ...one, op: Op.WITHDRAWN, rev: 2 }], { point })))
    expect(await points()).toEqual(names.map((name) => `${name} 1`).sort())
  }))

test('an alert is one point with the fields of its present state', () =>
  direct(async ({ embedded: { log, wire }, sink, bucket }) => {
    const say = async (some: Parameters<typeof alert>[0]) => {
      await log.append(Topics.alerts, [{ key: 'p', value: wire.encode('Alert', alert(some)) }])
      await sink.settled()
    }
    await say({ rev: 1, state: 'firing', value: 3.5, text: `It said "no", 'never',\nand \\ more.` })
    await say({ rev: 2, state: 'ok', value: 4, until: MAY + HOUR })
    await say({ rev: 3, state: 'firing', value: null, text: `It said "no", 'never',\nand \\ more.` })
    expect(await rig.ask(bucket, 'SELECT * FROM alert')).toEqual([
      {
        time: MAY,
        acked_by: '',
        at_ms: MAY + 60_000,
        notify: true,
        occurrences: 1,
        register: '1.8.0',
        rev: 3,
        rule: 'silent',
        severity: 'warning',
        state: 'firing',
        subject: 'p',
        text: `It said "no", 'never',\nand \\ more.`,
        unit: 'ms'
      }
    ])
  }))

test('a field that somebody else has written with another type: those rows are set aside, the others stand', () =>
  direct(async ({ put, bucket, sink }) => {
    const theirs = `energy,grid=PT1H,point=q,register=1.8.0 milli="text" ${MAY}`
    const path = `/api/v2/write?org=${rig.org}&bucket=${bucket}&precision=ms`
    const answer = await fetch(rig.url + path, { method: 'POST', headers: { authorization: `Token ${rig.token}` }, body: theirs })
    expect(answer.status).toBe(204)
    const week = 7 * 24 * HOUR
    await put(
      slots(
        [
          ...hours(5, () => ({ amount: 1 })),
          ...hours(5, () => ({ amount: 2 })).map(({ start, end, ...row }) => ({ ...row, start: start + 2 * week, end: end + 2 * week }))
        ],
        { point: 'p' }
      )
    )
    expect(sink.counts).toMatchObject({ written: 5, setAside: 5 })
    expect((await rig.ask(bucket, `SELECT kwh FROM energy WHERE point = 'p'`)).length).toBe(5)
  }))

test('what the bucket does not keep is not set aside', async () => {
  await rig.bucket('a-day', 86_400)
  await direct(
    async ({ put, sink }) => {
      await put(
        slots(
          hours(50, () => ({ amount: 1 })),
          { point: 'p' }
        )
      )
      expect(sink.counts).toEqual({ written: 0, removed: 0, setAside: 0 })
      expect(sink.trouble()).toBe(null)
    },
    { bucket: 'a-day' }
  )
})
