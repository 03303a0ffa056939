import Papa from 'papaparse'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Op, Quality } from '../../schemas/quality.js'
import { DEFAULT_RULES } from '../../schemas/registry.js'
import { HOUR, intervals, type Ledger, openLedger, pointRow, START, slots, writeDay } from './ledger.js'

let ledger: Ledger
let headers: { authorization: string }
beforeAll(async () => {
  ledger = await openLedger()
  headers = ledger.as('admin')
  await writeDay(ledger.store, 'flukso/a')
})
afterAll(() => ledger.close())

const get = async (url: string) => {
  const answer = await ledger.app.inject({ url, headers })
  expect(answer.statusCode, answer.body.slice(0, 300)).toBe(200)
  return answer.json()
}
const latestOf = (point: string, register: string, at: number) => ({
  point,
  register,
  source: 'flukso',
  kind: 'COUNTER',
  unit: 'kWh',
  scale: 3,
  device: '',
  at,
  value: 1,
  quality: Quality.RAW,
  firstAt: START
})

test('an hour of a day', async () => {
  const answer = await get('/v1/series?point=flukso/a&from=2024-03-01&to=2024-03-02')
  expect(answer).toMatchObject({
    point: 'flukso/a',
    register: '1.8.0',
    unit: 'Wh',
    zone: 'Europe/Madrid',
    grid: 'PT1H',
    from: '2024-02-29T23:00:00.000Z',
    to: '2024-03-01T23:00:00.000Z',
    summary: { milli: 24_000_000, kwh: '24.000000', completeness: 1, quality: 'RAW' },
    gaps: []
  })
  expect(answer.rows.length).toBe(24)
  expect(answer.rows[1]).toEqual({
    start: '2024-03-01T00:00:00.000Z',
    end: '2024-03-01T01:00:00.000Z',
    milli: 1_000_000,
    kwh: '1.000000',
    quality: 'RAW',
    completeness: 1,
    coveredMs: HOUR,
    estimatedMs: 0,
    expected: null,
    received: 1,
    power: 1000
  })
})

test('stored and computed grids agree, in every form of asking for the range', async () => {
  const sum = async (query: string) => {
    const { rows, summary } = await get(`/v1/series?point=flukso/a&${query}`)
    return [rows.length, summary.milli]
  }
  expect(await sum('from=2024-03-01&to=2024-03-02&grid=PT15M')).toEqual([96, 24_000_000])
  expect(await sum('from=2024-03-01&to=2024-03-02&grid=PT5M')).toEqual([288, 24_000_000])
  expect(await sum('from=2024-03-01&to=2024-03-02&grid=P1D')).toEqual([1, 24_000_000])
  expect(await sum('from=2024-03-01&to=2024-04-01&grid=P1M')).toEqual([1, 24_000_000])
  expect(await sum('from=2024-01-01&to=2025-01-01&grid=P1Y')).toEqual([1, 24_000_000])
  expect(await sum('from=2024-03-01&to=2024-03-03&grid=P1D&zone=UTC')).toEqual([1, 23_000_000])
  expect(await sum('from=2024-03-01T10:00&to=2024-03-01T12:00:00')).toEqual([2, 2_000_000])
  expect(await sum('from=2024-03-01T10:00:00Z&to=2024-03-01T13:00:00%2B01:00')).toEqual([2, 2_000_000])
  // Slots that start in the range, whole: the one at 10:00 begins before it, the one at 12:00 ends after it.
  expect(await sum('from=2024-03-01T10:30&to=2024-03-01T12:30')).toEqual([2, 2_000_000])
  expect(await sum('from=2024-03-01&to=2024-03-02&grid=intervals')).toEqual([24, 24_000_000])
})

test('raw intervals carry the figures that make them', async () => {
  const { rows } = await get('/v1/series?point=flukso/a&from=2024-03-01T10:00&to=2024-03-01T11:00&grid=intervals')
  expect(rows).toEqual([
    {
      start: '2024-03-01T09:00:00.000Z',
      end: '2024-03-01T10:00:00.000Z',
      milli: 1_000_000,
      kwh: '1.000000',
      quality: 'RAW',
      op: 'put',
      low: 1_000_000,
      high: 1_000_000,
      rule: 'counter',
      rev: 1,
      knownAt: '2024-02-29T23:00:01.000Z',
      fromAt: '2024-03-01T09:00:00.000Z',
      fromValue: '11000.000',
      toAt: '2024-03-01T10:00:00.000Z',
      toValue: '12000.000',
      power: 1000
    }
  ])
})

test('gaps are listed and what has not happened is none', async () => {
  const other = await openLedger({ now: START + 30 * HOUR })
  await writeDay(other.store, 'flukso/a', 12)
  const answer = (
    await other.app.inject({ url: '/v1/series?point=flukso/a&from=2024-02-29&to=2024-03-05', headers: other.as('admin') })
  ).json()
  expect(answer.gaps).toEqual([
    { start: '2024-02-28T23:00:00.000Z', end: '2024-02-29T23:00:00.000Z' },
    { start: '2024-03-01T11:00:00.000Z', end: '2024-03-02T05:00:00.000Z' }
  ])
  expect(answer.summary.completeness).toBeCloseTo(12 / 54, 5)
  // Without `to`: until now.
  const open = (await other.app.inject({ url: '/v1/series?point=flukso/a&from=2024-03-01', headers: other.as('admin') })).json()
  expect([open.rows.length, open.to]).toEqual([12, '2024-03-02T05:00:00.000Z'])
  await other.close()
})

test('partly covered: no power, quality PARTIAL, unknown energy covers nothing', async () => {
  const point = 'flukso/part'
  const block = intervals(point, [START, START + HOUR / 2, START + HOUR, START + 2.5 * HOUR], [100, 200, 7], {
    op: [Op.PUT, Op.PUT, Op.UNKNOWN],
    high: [100, 200, -1]
  })
  await ledger.store.write({ intervals: [block], slots: slots([block]), latest: [latestOf(point, '1.8.0', START + 3 * HOUR)] })
  const query = `/v1/series?point=${point}&from=2024-02-29T23:00:00Z&to=2024-03-01T02:00:00Z`
  const answer = await get(query)
  expect(
    answer.rows.map(({ milli, power, quality, completeness, kwh }: Record<string, unknown>) => [milli, power, quality, completeness, kwh])
  ).toEqual([
    [300, 0.3, 'RAW', 1, '0.000300'],
    [5, null, 'PARTIAL', 0, '0.000005'],
    [2, null, 'PARTIAL', 0, '0.000002']
  ])
  expect(answer.gaps).toEqual([{ start: '2024-03-01T00:00:00.000Z', end: '2024-03-01T02:00:00.000Z' }])
  expect(answer.summary).toMatchObject({ milli: 307, quality: 'PARTIAL' })
  expect(answer.summary.completeness).toBeCloseTo(1 / 3, 5)
  const raw = await get(`${query}&grid=intervals`)
  expect(raw.rows[2]).toMatchObject({ op: 'unknown', low: 7, high: null, power: null })
  // Its zone is its source's: no registry row says another.
  expect(answer.zone).toBe('Europe/Brussels')
})

test('days of 23 and 25 hours', async () => {
  const point = 'flukso/dst'
  for (const [day, hours] of [
    ['2024-03-31', 23],
    ['2024-10-27', 25]
  ] as const) {
    const midnight = Date.parse(`${day}T00:00:00+0${day === '2024-03-31' ? 1 : 2}:00`)
    const block = intervals(
      point,
      Array.from({ length: hours + 1 }, (_, i) => midnight + i * HOUR),
      Array.from({ length: hours }, () => 1000)
    )
    await ledger.store.write({
      points: [pointRow(point)],
      intervals: [block],
      slots: slots([block]),
      latest: [latestOf(point, '1.8.0', midnight + hours * HOUR)]
    })
    const next = day === '2024-03-31' ? '2024-04-01' : '2024-10-28'
    const byHour = await get(`/v1/series?point=${point}&from=${day}&to=${next}`)
    const byDay = await get(`/v1/series?point=${point}&from=${day}&to=${next}&grid=P1D`)
    expect([byHour.rows.length, byHour.summary.milli, byHour.gaps]).toEqual([hours, hours * 1000, []])
    expect([byDay.rows.length, byDay.rows[0].milli, byDay.rows[0].completeness]).toEqual([1, hours * 1000, 1])
    expect(byDay.rows[0].power).toBe(1)
  }
})

test('revisions: the highest counts, and an earlier state of knowledge can be asked for', async () => {
  const point = 'flukso/rev'
  const first = intervals(point, [START, START + 3 * HOUR], [300])
  const later = START + 9 * HOUR
  const second = intervals(point, [START, START + HOUR, START + 3 * HOUR], [50, 190], { rev: [2, 2], knownAt: [later, later] })
  await ledger.store.write({ points: [pointRow(point)], intervals: [first, second], latest: [latestOf(point, '1.8.0', later)] })
  const query = `/v1/series?point=${point}&from=2024-03-01&to=2024-03-01T03:00`
  expect((await get(query)).rows.map(({ milli }: { milli: number }) => milli)).toEqual([50, 95, 95])
  // A range that the long first row reaches into, and its short successor does not.
  expect((await get(`/v1/series?point=${point}&from=2024-03-01T02:00&to=2024-03-01T03:00`)).summary.milli).toBe(95)
  const before = await get(`${query}&asKnownAt=${new Date(later - 1).toISOString()}`)
  expect(before.rows.map(({ milli }: { milli: number }) => milli)).toEqual([100, 100, 100])
})

test('expected readings make completeness where an interval is registered', async () => {
  const point = 'flukso/exp'
  const block = intervals(point, [START, START + HOUR / 2, START + HOUR], [1, 1])
  await ledger.store.write({
    points: [pointRow(point, { registers: [{ register: '', ...DEFAULT_RULES, expectedMs: HOUR / 4 }] })],
    intervals: [block],
    latest: [latestOf(point, '1.8.0', START + HOUR)]
  })
  const { rows } = await get(`/v1/series?point=${point}&from=2024-03-01&to=2024-03-01T01:00`)
  expect(rows[0]).toMatchObject({ expected: 4, received: 2, completeness: 0.5, coveredMs: HOUR, power: 0.002 })
})

test('CSV has the same columns and rows', async () => {
  for (const grid of ['PT1H', 'intervals']) {
    const query = `/v1/series?point=flukso/a&from=2024-03-01&to=2024-03-02&grid=${grid}`
    const json = await get(query)
    const csv = await ledger.app.inject({ url: `${query}&format=csv`, headers })
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(csv.headers['content-disposition']).toBe('attachment; filename="flukso_a-1.8.0-2024-02-29.csv"')
    expect(csv.body.endsWith('\r\n')).toBe(true)
    const { data, meta } = Papa.parse<Record<string, string>>(csv.body.trimEnd(), { header: true })
    expect(meta.fields).toEqual(Object.keys(json.rows[0]))
    expect(data).toEqual(
      json.rows.map((row: object) =>
        Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value === null ? '' : String(value)]))
      )
    )
  }
})

test('columns have the same figures, only of slots, and only what is open', async () => {
  const url = '/v1/series?point=flukso/a&from=2024-03-01&to=2024-03-02&grid=PT15M'
  const { rows, ...head } = await get(url)
  const { columns, ...same } = await get(`${url}&format=columns`)
  expect(same).toEqual(head)
  expect(columns).toEqual({
    start: rows.map(({ start }: { start: string }) => Date.parse(start)),
    end: rows.map(({ end }: { end: string }) => Date.parse(end)),
    milli: rows.map(({ milli }: { milli: number }) => milli),
    quality: rows.map(() => Quality.RAW),
    coveredMs: rows.map(({ coveredMs }: { coveredMs: number }) => coveredMs),
    estimatedMs: rows.map(({ estimatedMs }: { estimatedMs: number }) => estimatedMs)
  })
  const clipped = { url: `${url}&format=columns`, headers: ledger.as('reader', [{ point: 'flukso/a', from: START, to: START + HOUR }]) }
  expect((await ledger.app.inject(clipped)).json().columns.start).toHaveLength(4)
  const raw = await ledger.app.inject({ url: '/v1/series?point=flukso/a&from=2024-03-01&grid=intervals&format=columns', headers })
  expect(raw.json().error.message).toMatch(/^format: columns are of slots/)
})

test('too many rows: the answer says what to ask instead', async () => {
  const other = await openLedger({ limits: { rows: 20 } })
  await writeDay(other.store, 'flukso/a')
  const admin = other.as('admin')
  for (const grid of ['PT1H', 'PT15M', 'PT1S', 'intervals', 'PT5M']) {
    const answer = await other.app.inject({ url: `/v1/series?point=flukso/a&from=2024-03-01&to=2024-03-02&grid=${grid}`, headers: admin })
    expect([answer.statusCode, answer.json().error.code], grid).toEqual([413, 'too_large'])
    expect(answer.json().error.message).toContain('shorter range')
  }
  expect(
    (await other.app.inject({ url: '/v1/series?point=flukso/a&from=2024-03-01&to=2024-03-02&grid=P1D', headers: admin })).statusCode
  ).toBe(200)
  await other.close()
})

test('a year of minutes streams', async () => {
  const point = 'flukso/year'
  const minutes = 60 * 24 * 60
  for (let from = 0; from < minutes; from += 4000) {
    const rows = Math.min(4000, minutes - from)
    const at = Array.from({ length: rows + 1 }, (_, i) => START + (from + i) * 60_000)
    await ledger.store.write({
      intervals: [
        intervals(
          point,
          at,
          Array.from({ length: rows }, () => 3),
          {}
        )
      ]
    })
  }
  await ledger.store.write({ latest: [latestOf(point, '1.8.0', START)], points: [pointRow(point)] })
  const answer = await get(`/v1/series?point=${point}&from=2024-03-01&to=2024-04-30&grid=intervals`)
  expect([answer.rows.length, answer.summary.milli]).toEqual([minutes - 60, (minutes - 60) * 3])
  const months = await get(`/v1/series?point=${point}&from=2024-03-01&to=2024-05-01&grid=P1M`)
  expect(months.rows.map(({ milli }: { milli: number }) => milli)).toEqual([(31 * 24 - 1) * 180, minutes * 3 - (31 * 24 - 1) * 180])
})

test('a range of eight thousand years costs no more than its data', async () => {
  const began = Date.now()
  for (const grid of ['P1D', 'P1Y', 'intervals']) {
    const answer = await get(`/v1/series?point=flukso/a&from=1900-01-01&to=9999-01-01&grid=${grid}&zone=UTC`)
    expect(answer.summary.milli, grid).toBe(24_000_000)
  }
  expect(Date.now() - began).toBeLessThan(5000)
})

test('points and latest', async () => {
  const { points } = await get('/v1/points')
  expect(points[0]).toEqual({
    id: 'flukso/a',
    name: 'Name of flukso/a',
    zone: 'Europe/Madrid',
    registers: [
      {
        register: '1.8.0',
        source: 'flukso',
        unit: 'Wh',
        kind: 'COUNTER',
        device: 'M1',
        first: '2024-02-29T23:00:00.000Z',
        last: '2024-03-01T23:00:00.000Z',
        latest: { at: '2024-03-01T23:00:00.000Z', value: '25000.0', quality: 'RAW' }
      }
    ]
  })
  expect(await get('/v1/latest?point=flukso/a')).toEqual(points[0])
})
