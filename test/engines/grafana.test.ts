import { createReadStream, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { energyDashboard } from '../../infra/grafana/energy.js'
import type { Panel } from '../../infra/grafana/panel.js'
import { openPlatform, type Platform } from '../../main.js'
import { demo } from '../../producers/demo/source.js'
import { readingsBetween, streetOf } from '../../producers/demo/street.js'
import { flukso } from '../../producers/flukso/source.js'
import { findFiles } from '../../producers/folder.js'
import { Influx } from '../../schemas/settings-influx.js'
import { HOUR, hours, MAY, readings } from '../schemas/blocks-at-random.js'
import { recordedCurve } from '../whole/files.js'
import { settingsFor, temporary } from '../whole/platform.js'
import { BUILDING_MS, type InfluxRig, influxRig, type Row } from './influx-server.js'

/** Every question of the dashboards, put to a real InfluxDB that has the samples and the made-up street. */

const SAMPLES = resolve(import.meta.dirname, '../../docs/samples/files')
const CLAMP = 'flukso/fed676021dacaaf6a12a8dda7685be34'
const DAY_MS = 86_400_000
const SHIFTS: Record<string, number> = { '28d': 28 * DAY_MS, '1y': 365 * DAY_MS }

let rig: InfluxRig
let platform: Platform
let bucket: string
let folder: string
beforeAll(async () => {
  rig = await influxRig()
  folder = temporary()
  bucket = await rig.bucket()
  const file = join(folder, 'token')
  writeFileSync(file, rig.token)
  const influx = Influx.parse({
    url: rig.url,
    org: rig.org,
    bucket,
    token: { file },
    grids: ['PT15M', 'PT1H', 'P1D', 'P1M'],
    power: [{ grids: ['PT8S', 'PT15M'] }]
  })
  platform = await openPlatform({ ...settingsFor(join(folder, 'data')), influx }, { plays: true })
  const { statusCode } = await platform.app.inject({
    method: 'PUT',
    url: '/v1/installations/HOME01?dryRun=false',
    headers: { authorization: `Bearer ${platform.token}` },
    payload: { validFrom: '2014-01-01', zone: 'Europe/Brussels', members: [{ point: CLAMP, register: '1.8.0', tot: 1 }] }
  })
  expect(statusCode).toBe(200)
  for (const { path, name } of await findFiles(SAMPLES)) await platform.importFile(createReadStream(path), name)
  // Some hours of it: what it shows of them is the same as in a month.
  const now = Date.now()
  const street = streetOf(now).flatMap((meter) => readingsBetween(meter, now - 3 * HOUR, now))
  await platform.publish(demo, { readings: street, rejects: [], rows: street.length }, { backfill: true })
  // Of what neither has: a sensor of momentary figures, and a file that could not be read.
  const gauge = readings(
    hours(3, (i) => ({ at: MAY + i * HOUR, value: 250 + i })),
    {
      ...{ point: 'flukso/gauge', register: '1.7.0', kind: 'GAUGE', curve: '', unit: 'W', source: 'flukso' }
    }
  )
  await platform.publish(flukso, { readings: [gauge], rejects: [], rows: 3 }, { backfill: true })
  const { name, bytes } = recordedCurve('F5D_0291_0762_20240201.0')
  await platform.importFile(Readable.from([Buffer.from(bytes)]), name)
  await platform.settle()
}, BUILDING_MS)
afterAll(async () => {
  await platform?.close()
  await rig?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

/** As Grafana does: a variable in a regular expression is all its values, escaped; elsewhere it is its value. */
const values = new Map<string, string[]>()
const chosen = async (): Promise<void> => {
  for (const { name, type, query, regex } of energyDashboard.templating.list) {
    if (type !== 'query') continue
    const fits = new RegExp((regex ?? '/./').slice(1, -1))
    values.set(
      name,
      (await rig.ask(bucket, query)).map(({ value }) => String(value)).filter((value) => fits.test(value))
    )
  }
}
const escaped = (text: string): string => text.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&')

const resolved = (query: string, from: number, to: number): string =>
  query
    .replaceAll('$timeFilter', `time >= ${from}ms AND time <= ${to}ms`)
    .replaceAll('$__interval', '1h')
    .replace(/\/\^\$(\w+)\$\//g, (_, name) => `/^(${values.get(name)!.map(escaped).join('|')})$/`)
    .replace(/'\$(\w+)'/g, (_, name) => `'${values.get(name)!.includes('PT1H') ? 'PT1H' : values.get(name)![0]}'`)

const asked = (query: string, { timeShift }: Pick<Panel, 'timeShift'> = {}): Promise<Row[]> => {
  const shift = timeShift === undefined ? 0 : SHIFTS[timeShift]
  const question = resolved(query, Date.UTC(2013, 0, 1) - shift, Date.now() - shift)
  expect(question).not.toMatch(/\$[a-z_]/i)
  return rig.ask(bucket, question)
}

test('every variable has values', async () => {
  await chosen()
  expect(values.get('point')!.length).toBeGreaterThan(3)
  expect(values.get('register')).toContain('1.8.0')
  expect(values.get('grid')).toEqual(expect.arrayContaining(['PT15M', 'PT1H']))
  expect(values.get('grid')!.every((grid) => grid.startsWith('PT'))).toBe(true)
})

for (const panel of energyDashboard.panels)
  for (const { query, refId } of panel.targets as { query: string; refId: string }[])
    test(`${panel.title} ${refId}`, async () => {
      const rows = await asked(query, panel)
      expect(rows.length, query).toBeGreaterThan(0)
      const told = rows.filter(({ time, ...columns }) =>
        Object.values(columns).some((value) => typeof value === 'number' || typeof value === 'string')
      )
      expect(told.length).toBe(rows.length)
    })

test('what is drawn of an installation is what its clamp measured, in quarters and in eight seconds', async () => {
  const panel = energyDashboard.panels.find(({ title }) => title === 'Power of an installation')!.targets as { query: string }[]
  const ofHome = async (query: string) => (await asked(query)).filter(({ register }) => register === 'p_tot')
  const [quarters, means] = [await ofHome(panel[0].query), await ofHome(panel[1].query)]
  const ofClamp = await rig.ask(bucket, `SELECT kwh FROM energy WHERE "grid" = 'PT1H' AND "completeness" = 1 AND "point" = '${CLAMP}'`)
  const hours = ofClamp.filter(({ time }) => quarters.filter((row) => hourOf(row) === time).length === 4)
  expect(hours.length).toBeGreaterThan(5)
  for (const { time, kwh } of hours) {
    const watts = quarters.filter((row) => hourOf(row) === time).map(({ w }) => w as number)
    expect(watts.reduce((sum, w) => sum + w, 0) / 4).toBeCloseTo((kwh as number) * 1000, 2)
    expect(means.find((row) => row.time === time)!.mean).toBeCloseTo((kwh as number) * 1000, 2)
  }
})
const hourOf = ({ time }: Row): number => Math.floor((time as number) / HOUR) * HOUR

test('what is drawn as power is energy by time', async () => {
  const one = energyDashboard.panels.find(({ title }) => title === 'Power')!.targets as { query: string }[]
  const [quarters, hours] = [await asked(one[0].query), await asked(one[1].query)]
  const byHour = new Map(hours.map(({ time, point, register, kwh }) => [`${point} ${register} ${time}`, kwh as number]))
  const sums = new Map<string, { kwh: number; count: number }>()
  for (const { time, point, register, kwh } of quarters) {
    const name = `${point} ${register} ${Math.floor((time as number) / HOUR) * HOUR}`
    const sum = sums.get(name) ?? { kwh: 0, count: 0 }
    sums.set(name, { kwh: sum.kwh + (kwh as number) / 4, count: sum.count + 1 })
  }
  const whole = [...sums].filter(([name, { count }]) => count === 4 && byHour.has(name))
  expect(whole.length).toBeGreaterThan(20)
  const open = Date.now() - 2 * HOUR
  for (const [name, { kwh }] of whole) if (Number(name.split(' ').at(-1)) < open) expect(kwh).toBeCloseTo(byHour.get(name)!, 6)
})
