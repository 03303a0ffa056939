import { afterAll, beforeAll, expect, test } from 'vitest'
import { MAX_COMPARED } from '../../api/compare.js'
import { MAX_ROWS } from '../../schemas/blocks.js'
import { DEFAULT_RULES } from '../../schemas/registry.js'
import { HOUR, intervals, type Ledger, openLedger, pointRow, readings, START, TOPIC, WORDS, writeDay } from './ledger.js'

/** What others would bill from the readings the ledger has. */
let ledger: Ledger
let headers: { authorization: string }
beforeAll(async () => {
  ledger = await openLedger()
  headers = ledger.as('admin')
  await writeDay(ledger.store, 'flukso/a')
  await writeRegister(
    'flukso/dips',
    [1_000_000, 0, 1_030_000, 1_040_000],
    [
      [0, 2, 30_000, 4],
      [2, 3, 10_000, 1]
    ]
  )
  await writeRegister(
    'flukso/rolls',
    [998_000, 3_000, 9_000],
    [
      [0, 1, 5_000, 1],
      [1, 2, 6_000, 1]
    ],
    {
      registers: [{ register: '', ...DEFAULT_RULES, factor: '40', dial: 1_000_000 }]
    }
  )
})
afterAll(() => ledger.close())

/** Hourly figures in thousandths of Wh, and the interval rows (from, to, energy, rule) that were made of them. */
const writeRegister = async (
  point: string,
  shown: number[],
  rows: [from: number, to: number, milli: number, rule: number][],
  registry: Parameters<typeof pointRow>[1] = {}
) => {
  const at = shown.map((_, i) => START + i * HOUR)
  const block = {
    ...intervals(
      point,
      [START, ...rows.map(([, to]) => at[to])],
      rows.map(([, , milli]) => milli)
    ),
    rule: rows.map(([, , , rule]) => rule)
  }
  await ledger.store.write({
    points: [pointRow(point, registry)],
    readings: [{ block: readings(point, { at, value: shown, scale: 3 }), position: { topic: TOPIC, partition: 0, offset: 1 } }],
    intervals: [block],
    latest: [
      {
        point,
        register: '1.8.0',
        source: 'flukso',
        kind: 'COUNTER',
        unit: 'Wh',
        scale: 3,
        device: 'M1',
        at: at[at.length - 1],
        value: shown[shown.length - 1],
        quality: 4,
        firstAt: START
      }
    ]
  })
}

const ask = async (query: Record<string, string>, as = headers) => {
  const url = `/v1/compare?${new URLSearchParams(query)}`
  const answer = await ledger.app.inject({ method: 'GET', url, headers: as })
  return { status: answer.statusCode, body: answer.json() }
}
const iso = (hours: number): string => new Date(START + hours * HOUR).toISOString()
const billed = ({ others }: { others: { name: string; milli: number }[] }) =>
  Object.fromEntries(others.map(({ name, milli }) => [name, milli]))

test('where the register only climbs, everybody bills the same, also of parts of intervals', async () => {
  for (const [from, to, milli, count] of [
    [0, 24, 24_000_000, 25],
    [0.5, 2.25, 1_750_000, 2],
    [0.25, 0.75, 500_000, 0],
    [23.5, 200, 500_000, 1]
  ]) {
    const { body } = await ask({ point: 'flukso/a', from: iso(from), to: iso(to) })
    expect(body).toMatchObject({ readings: count, ours: { milli, tail: false, rules: [] }, dips: [] })
    expect(new Set(Object.values(billed(body))), `${from} to ${to}`).toEqual(new Set([milli]))
  }
})

test('a dip costs others a whole register', async () => {
  const { body } = await ask({ point: 'flukso/dips', from: iso(0), to: iso(10) })
  expect(body).toMatchObject({ unit: 'Wh', readings: 4, ours: { milli: 40_000, kwh: '0.040000', rules: [WORDS[4]] } })
  expect(billed(body)).toMatchObject({ 'Home Assistant': 1_040_000, emonCMS: 1_040_000, OED: 40_000 })
  expect(body.dips).toEqual([{ at: iso(1), value: '0.000', unit: 'Wh', suspect: null }])
  expect((await ask({ point: 'flukso/dips', from: iso(2), to: iso(10) })).body.dips).toEqual([])
})

test('the factor multiplies what others bill too', async () => {
  const { body } = await ask({ point: 'flukso/rolls', from: iso(0), to: iso(10) })
  expect(billed(body)).toMatchObject({ 'Home Assistant': 40 * 9_000, emonCMS: 40 * 6_000 })
})

test('a grant shows its own time and no more', async () => {
  const reader = ledger.as('reader', [{ point: 'flukso/dips', from: START + 2 * HOUR, to: START + 3 * HOUR }])
  const { body } = await ask({ point: 'flukso/dips', from: iso(0), to: iso(10) }, reader)
  expect(body).toMatchObject({ from: iso(2), to: iso(3), readings: 2, ours: { milli: 10_000, rules: [] }, dips: [] })
  expect(billed(body)['Home Assistant']).toBe(10_000)
  const before = await ask({ point: 'flukso/dips', from: iso(0), to: iso(2) }, reader)
  const unknown = await ask({ point: 'flukso/none', from: iso(0), to: iso(2) }, reader)
  expect([before.status, unknown.status]).toEqual([404, 404])
  const split = ledger.as('reader', [
    { point: 'flukso/a', from: START + 2 * HOUR, to: START + 3 * HOUR },
    { point: 'flukso/a', from: START + 5 * HOUR, to: START + 7 * HOUR }
  ])
  const parts = await ask({ point: 'flukso/a', from: iso(0), to: iso(24) }, split)
  expect([parts.body.ours.milli, billed(parts.body).emonCMS]).toEqual([3_000_000, 3_000_000])
})

test('where there are no readings nobody bills anything', async () => {
  for (const from of ['1990-01-01', '2010-01-01']) {
    const { body } = await ask({ point: 'flukso/a', from, to: `${from.slice(0, 4)}-12-31` })
    expect(body).toMatchObject({ readings: 0, ours: { milli: 0 }, dips: [] })
    expect(billed(body)).toMatchObject({ 'Home Assistant': 0, emonCMS: 0, OED: 0 })
  }
})

test('what it cannot answer it says, and what to do', async () => {
  const turned = await ask({ point: 'flukso/a', from: iso(2), to: iso(1) })
  expect([turned.status, turned.body.error.message]).toEqual([400, 'to: the range ends before it begins.'])
  const odd = await ask({ point: 'flukso/a', from: 'yesterday' })
  expect(odd.status).toBe(400)
})

test('months are read in pieces that add up; more readings than a server should look at are refused', async () => {
  const point = 'flukso/long'
  const step = 8000
  const blocks = Math.ceil(MAX_COMPARED / MAX_ROWS) + 1
  const write = (first: number, count: number) =>
    ledger.store.write({
      readings: Array.from({ length: count }, (_, n) => {
        const at = Array.from({ length: MAX_ROWS }, (_, i) => START + ((first + n) * MAX_ROWS + i) * step)
        return {
          block: readings(point, { at, value: at.map((each) => (each - START) / step), scale: 3 }),
          position: { topic: TOPIC, partition: 0, offset: first + n + 10 }
        }
      }),
      latest: [
        {
          point,
          register: '1.8.0',
          source: 'flukso',
          kind: 'COUNTER',
          unit: 'Wh',
          scale: 3,
          device: 'M1',
          at: START + (first + count) * MAX_ROWS * step,
          value: 1,
          quality: 4,
          firstAt: START
        }
      ]
    })
  await write(0, 170)
  const { body } = await ask({ point, from: iso(0) })
  expect(body.readings).toBe(170 * MAX_ROWS)
  expect(new Set(Object.values(billed(body)))).toEqual(new Set([170 * MAX_ROWS - 1]))
  await write(170, blocks - 170)
  const refused = await ask({ point, from: iso(0) })
  expect([refused.status, refused.body.error.message]).toEqual([413, expect.stringContaining('ask for a shorter range')])
}, 60_000)
