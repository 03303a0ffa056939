import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Latest } from '../../infra/store.js'
import type { Intervals } from '../../schemas/generated.js'
import { HOUR, intervals, type Ledger, openLedger, pointRow, START, slots } from './ledger.js'

/** Days are local days of Madrid from 1 March 2024 on; it is 4 March, 12:00. */
const DAY = 24 * HOUR
const NOW = START + 3 * DAY + 12 * HOUR
const SPAN = { from: '2024-03-01', to: '2024-03-06' }

let ledger: Ledger
beforeAll(async () => {
  ledger = await openLedger({ now: NOW })
})
afterAll(() => ledger.close())

/** A counter read every hour in each of these spans (hours after START), silent in between. */
const write = async (point: string, spans: [from: number, to: number][], latest: Partial<Latest> = {}) => {
  const blocks: Intervals[] = spans.map(([from, to]) => {
    const at = Array.from({ length: to - from + 1 }, (_, i) => START + (from + i) * HOUR)
    return intervals(point, at, at.slice(1).fill(1000))
  })
  await ledger.store.write({
    points: [pointRow(point, { name: `Name of ${point}` })],
    intervals: blocks,
    slots: slots(blocks),
    latest: [
      {
        ...{ point, register: '1.8.0', source: 'flukso', kind: 'COUNTER', unit: 'kWh', scale: 1, device: 'M1', value: 1, quality: 4 },
        at: START + spans[spans.length - 1][1] * HOUR,
        firstAt: START + spans[0][0] * HOUR,
        ...latest
      }
    ]
  })
}

// biome-ignore lint/suspicious/noExplicitAny: an answer, looked at as it came
const ask = async (query: Record<string, string> = {}, headers = ledger.as('admin')): Promise<any> =>
  (await ledger.app.inject({ url: `/v1/completeness?${new URLSearchParams({ ...SPAN, ...query })}`, headers })).json()

test('no meter: nothing is missing', async () => {
  expect(await ask()).toEqual({
    days: ['2024-03-01', '2024-03-02', '2024-03-03', '2024-03-04', '2024-03-05'],
    series: [],
    totals: { series: 0, complete: 0, partial: 0, silent: 0, missingMs: 0 },
    more: false
  })
})

test('worst first: what is missing inside, since it fell silent, and not what is awaited or yet to come', async () => {
  await write('flukso/hole', [
    [0, 30],
    [42, 83]
  ])
  await write('flukso/full', [[12, 84]])
  await write('flukso/gone', [[0, 24]])
  const answer = await ask()
  expect(answer.series).toEqual([
    {
      ...{ point: 'flukso/gone', name: 'Name of flukso/gone', register: '1.8.0', unit: 'Wh', zone: 'Europe/Madrid', silent: false },
      ...{ completeness: 0.285714, missingMs: 60 * HOUR, missingDays: 3, partialDays: 0, last: '2024-03-01T23:00:00.000Z' },
      days: [1, 0, 0, 0, null]
    },
    expect.objectContaining({ point: 'flukso/hole', missingMs: 12 * HOUR, missingDays: 0, partialDays: 1, days: [1, 0.5, 1, 1, null] }),
    // Born at noon of the first day; half of the fourth is still to come.
    expect.objectContaining({ point: 'flukso/full', completeness: 1, missingMs: 0, days: [1, 1, 1, 1, null] })
  ])
  expect(answer.totals).toEqual({ series: 3, complete: 1, partial: 2, silent: 0, missingMs: 72 * HOUR })
})

test('only what misses something, a limit, one point', async () => {
  const points = async (query: Record<string, string>) => {
    const { series, totals, more } = await ask(query)
    return [series.map(({ point }: { point: string }) => point), totals.series, more]
  }
  expect(await points({ worst: 'true' })).toEqual([['flukso/gone', 'flukso/hole'], 3, false])
  expect(await points({ limit: '1' })).toEqual([['flukso/gone'], 3, true])
  expect(await points({ limit: '3' })).toEqual([['flukso/gone', 'flukso/hole', 'flukso/full'], 3, false])
  expect(await points({ point: 'flukso/full' })).toEqual([['flukso/full'], 1, false])
})

test('who is older than the whole span is silent: counted, and listed when asked for', async () => {
  const later = { from: '2024-03-02', to: '2024-03-04' }
  const answer = await ask(later)
  expect(answer.totals).toEqual({ series: 3, complete: 1, partial: 1, silent: 1, missingMs: 12 * HOUR })
  expect(answer.series.map(({ point }: { point: string }) => point)).toEqual(['flukso/hole', 'flukso/full'])
  const all = await ask({ ...later, silent: 'true' })
  expect(all.series[0]).toMatchObject({ point: 'flukso/gone', silent: true, missingMs: 48 * HOUR, days: [0, 0] })
  expect(all.totals).toEqual(answer.totals)
  expect((await ask({ from: '2024-02-01', to: '2024-02-20' })).totals.series).toBe(0)
})

test('a curve: its first hour is there before its first reading; one of longer rows than a day is there too; a gauge is none', async () => {
  const { store } = ledger
  await write('flukso/curve', [[24, 84]], { kind: 'INTERVAL', firstAt: START + 25 * HOUR })
  const rows = intervals('flukso/long', [START, START + 2 * DAY], [1000])
  await store.write({
    intervals: [rows],
    latest: [{ ...(await store.latest('flukso/curve'))[0], point: 'flukso/long', firstAt: START + 2 * DAY, at: START + 2 * DAY }]
  })
  await store.write({ latest: [{ ...(await store.latest('flukso/curve'))[0], register: 'power', kind: 'GAUGE' }] })
  const days = async (point: string) => (await ask({ point })).series.map(({ days }: { days: number[] }) => days)
  expect(await days('flukso/curve')).toEqual([[null, 1, 1, 1, null]])
  expect(await days('flukso/long')).toEqual([[1, 1, 0, 0, null]])
})

test('where it is registered how many readings come, they are counted', async () => {
  await write('flukso/counted', [[0, 84]])
  const block = slots([intervals('flukso/counted', [START, START + 84 * HOUR], [84_000])]).find(({ grid }) => grid === 'P1D')!
  const expected = block.start.map(() => 24)
  await ledger.store.write({ slots: [{ ...block, rev: expected.map(() => 2), expected, received: [24, 18, 30, 12] }] })
  const [series] = (await ask({ point: 'flukso/counted' })).series
  expect(series).toMatchObject({ days: [1, 0.75, 1, 1, null], missingMs: 6 * HOUR, partialDays: 1 })
})

test('grants: nobody learns of a point, or of a day that is not open as a whole', async () => {
  const onlyHole = ledger.as('reader', [{ point: 'flukso/hole', from: START + DAY, to: START + 2.5 * DAY }])
  const answer = await ask({}, onlyHole)
  expect(answer.series).toMatchObject([{ point: 'flukso/hole', days: [null, 0.5, null, null, null], missingMs: 12 * HOUR, last: null }])
  expect(answer.totals.series).toBe(1)
  expect((await ask({}, ledger.as('reader'))).totals.series).toBe(0)
  expect(await ask({ point: 'flukso/full' }, onlyHole)).toEqual(await ask({ point: 'flukso/none' }, onlyHole))
})

test('the usual span is 31 days until today, where the point is; a wrong one is told', async () => {
  const headers = ledger.as('admin')
  const get = async (query: string) => (await ledger.app.inject({ url: `/v1/completeness${query}`, headers })).json()
  const { days } = await get('')
  expect([days.length, days[0], days[30]]).toEqual([31, '2024-02-03', '2024-03-04'])
  expect((await get('?zone=Pacific/Kiritimati')).days[30]).toBe('2024-03-05')
  expect((await get('?to=2024-03-01')).days[30]).toBe('2024-02-29')
  expect((await get('?from=2024-03-02&to=2024-03-02')).error.message).toMatch(/^to: the range ends before it begins/)
  expect((await get('?from=2022-03-02')).error.message).toMatch(/^from: these are 734 days; ask for at most 400/)
  for (const wrong of ['from=2024-02-30', 'from=yesterday', 'limit=1001', 'worst=yes', 'zone=Mars/Crater'])
    expect((await get(`?${wrong}`)).error.code, wrong).toBe('bad_request')
})
