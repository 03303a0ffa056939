import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Slots } from '../../schemas/generated.js'
import { Op, Quality } from '../../schemas/quality.js'
import { HOUR, intervals, type Ledger, openLedger, pointRow, START, slots, writeDay } from './ledger.js'

/** Days are local days of Madrid from 1 March 2024 on; it is 8 March, 12:00, and `since` is the start of 7 March. */
const DAY = 24 * HOUR
const NOW = START + 7 * DAY + 12 * HOUR
const SINCE = START + 6 * DAY

let ledger: Ledger
beforeAll(async () => {
  ledger = await openLedger({ now: NOW })
  for (const point of ['flukso/a', 'flukso/b']) await writeDay(ledger.store, point)
})
afterAll(() => ledger.close())

/** A daily figure of `n` days after 1 March. */
const day = (point: string, n: number, amount: number, rev: number, knownAt: number, said: Partial<Slots> = {}): Slots => ({
  ...slots([intervals(point, [START, START + HOUR], [1])]).find(({ grid }) => grid === 'P1D')!,
  start: [START + n * DAY],
  end: [START + (n + 1) * DAY],
  amount: [amount],
  quality: [Quality.RAW],
  rev: [rev],
  knownAt: [knownAt],
  ...said
})

const ask = async (query: Record<string, string> = {}, headers = ledger.as('admin')) => {
  const answer = await ledger.app.inject({ url: `/v1/changes?${new URLSearchParams({ zone: 'Europe/Madrid', ...query })}`, headers })
  return answer.json()
}

test('a day that had been told and is told otherwise is a change; what fills up or is new is not', async () => {
  const { store } = ledger
  const before = SINCE - 12 * HOUR
  const lately = SINCE + 20 * HOUR
  await store.write({
    slots: [
      // Corrected, taken back, the same figure with another revision, told for the first time.
      day('flukso/a', 1, 5_000_000, 2, before),
      day('flukso/a', 1, 7_500_000, 3, lately),
      day('flukso/a', 2, 1_000_000, 2, before),
      day('flukso/a', 2, 1_000_000, 3, lately + 2, { op: [Op.WITHDRAWN] }),
      day('flukso/a', 3, 4_000_000, 2, before),
      day('flukso/a', 3, 4_000_000, 3, lately),
      day('flukso/a', 4, 4_500_000, 3, lately),
      // Under way at `since` until its last reading, minutes after it; then yesterday and today.
      day('flukso/a', 5, 1_900_000, 2, SINCE - 1000, { quality: [Quality.PARTIAL] }),
      day('flukso/a', 5, 2_000_000, 4, SINCE + 0.2 * HOUR),
      day('flukso/a', 6, 3_000_000, 5, SINCE + DAY),
      day('flukso/a', 7, 600_000, 6, SINCE + DAY + 2 * HOUR, { quality: [Quality.PARTIAL] }),
      // Only its quality.
      day('flukso/b', 1, 5_000_000, 2, before, { quality: [Quality.PARTIAL] }),
      day('flukso/b', 1, 5_000_000, 3, lately + 1)
    ]
  })
  const answer = await ask()
  expect(answer).toMatchObject({ since: '2024-03-06T23:00:00.000Z', zone: 'Europe/Madrid', more: false })
  expect(answer.changes.map(({ why, ...change }: { why: string[] }) => change)).toEqual([
    {
      point: 'flukso/a',
      name: 'Name of flukso/a',
      register: '1.8.0',
      unit: 'Wh',
      day: '2024-03-02T23:00:00.000Z',
      end: '2024-03-03T23:00:00.000Z',
      before: { milli: 1_000_000, kwh: '1.000000', quality: 'RAW' },
      after: null,
      revisedAt: '2024-03-07T19:00:00.002Z'
    },
    expect.objectContaining({ point: 'flukso/b', before: expect.objectContaining({ quality: 'PARTIAL' }) }),
    expect.objectContaining({
      day: '2024-03-01T23:00:00.000Z',
      before: { milli: 5_000_000, kwh: '5.000000', quality: 'RAW' },
      after: { milli: 7_500_000, kwh: '7.500000', quality: 'RAW' }
    })
  ])
  for (const { why } of answer.changes) expect(why.length).toBeGreaterThan(0)
  expect(answer.arrived).toEqual([
    {
      point: 'flukso/a',
      name: 'Name of flukso/a',
      register: '1.8.0',
      unit: 'Wh',
      days: 3,
      from: '2024-03-04T23:00:00.000Z',
      to: '2024-03-08T23:00:00.000Z',
      milli: 8_100_000,
      kwh: '8.100000'
    }
  ])
  expect(answer.totals).toEqual({
    changes: 3,
    points: 2,
    registers: [{ register: '1.8.0', unit: 'Wh', changes: 3, milli: 1_500_000, kwh: '1.500000' }],
    arrived: { series: 1, days: 3 }
  })
})

test('`since` is read in the zone asked for, that of the one point, or UTC; the future is refused', async () => {
  const headers = ledger.as('admin')
  const sinceOf = async (query: string) => (await ledger.app.inject({ url: `/v1/changes${query}`, headers })).json()
  expect(await sinceOf('')).toMatchObject({ since: '2024-03-07T00:00:00.000Z', zone: 'UTC' })
  expect(await sinceOf('?point=flukso/b')).toMatchObject({ since: '2024-03-06T23:00:00.000Z', zone: 'Europe/Madrid' })
  expect(await sinceOf('?since=2024-03-02&zone=America/Chicago')).toMatchObject({ since: '2024-03-02T06:00:00.000Z' })
  expect((await sinceOf('?since=2024-03-09')).error.message).toMatch(/future/)
  expect((await sinceOf('?since=lately')).error.message).toMatch(/^since: "lately" is no instant/)
  expect((await sinceOf('?limit=1001')).error.code).toBe('bad_request')
})

test('one point, a later since, and a limit', async () => {
  expect((await ask({ point: 'flukso/b' })).changes).toHaveLength(1)
  expect((await ask({ since: '2024-03-07T19:00:00.001Z' })).changes.map(({ after }: { after: object | null }) => after)).toEqual([null])
  expect((await ask({ since: '2024-03-08T11:00Z' })).changes).toEqual([])
  const one = await ask({ limit: '1' })
  expect([one.changes.length, one.changes[0].revisedAt, one.totals.changes, one.more]).toEqual([1, '2024-03-07T19:00:00.002Z', 3, true])
})

test('grants: nobody learns of a point, or of a day outside', async () => {
  const onlyB = ledger.as('reader', [{ point: 'flukso/b', from: null, to: null }])
  const b = await ask({}, onlyB)
  expect([...b.changes, ...b.arrived].map(({ point }: { point: string }) => point)).toEqual(['flukso/b'])
  expect(b.totals).toMatchObject({ changes: 1, points: 1, arrived: { series: 0, days: 0 } })
  expect((await ask({ point: 'flukso/a' }, onlyB)).error.code).toBe('not_found')
  expect(await ask({ point: 'flukso/a' }, onlyB)).toEqual(await ask({ point: 'flukso/none' }, onlyB))
  // From noon of 2 March: that day is not open as a whole, the next one is; today ends outside.
  const part = await ask({}, ledger.as('reader', [{ point: 'flukso/a', from: START + 1.5 * DAY, to: START + 7.5 * DAY }]))
  expect(part.changes.map((change: { day: string }) => change.day)).toEqual(['2024-03-02T23:00:00.000Z'])
  expect(part.arrived).toMatchObject([{ days: 2, to: '2024-03-07T23:00:00.000Z' }])
  expect((await ask({}, ledger.as('reader'))).totals.changes).toBe(0)
})

test('why: another factor, a rule that fired, readings that came late, what lies outside is not told', async () => {
  const { store } = ledger
  const at = Array.from({ length: 4 }, (_, i) => START + 2 * DAY + i * 8 * HOUR)
  const old = { rev: [1, 1, 1], knownAt: [SINCE - DAY, SINCE - DAY, SINCE - DAY] }
  const row = (point: string, rev: number, said: object = {}) =>
    store.write({
      points: [pointRow(point, { knownAt: 1 })],
      intervals: [
        intervals(point, at, [5, 5, 5], rev === 1 ? old : { rev: [2, 2, 2], knownAt: [SINCE + HOUR, SINCE + HOUR, SINCE + HOUR], ...said })
      ],
      slots: [day(point, 2, rev * 15, rev, rev === 1 ? SINCE - DAY : SINCE + HOUR)]
    })
  const why = async (point: string, said: object, headers?: { authorization: string }) => {
    await row(point, 1)
    await row(point, 2, said)
    const { changes } = await ask({}, headers)
    return changes.find((change: { point: string }) => change.point === point).why
  }
  expect(await why('flukso/factor', { factor: [5, 5, 5] })).toEqual(['Another factor: 40 since 2024-01-01, where it was none.'])
  expect(await why('flukso/glitch', { rule: [1, 4, 1] })).toEqual([expect.stringMatching(/^A reading in between was not believable/)])
  expect(await why('flukso/late', { toOffset: [7, 8, 7] })).toEqual(['Readings came late: a reading of flukso.'])
  expect(await why('flukso/again', {})).toEqual(['Folded again from the same readings, with the rules that hold now.'])
  await store.write({ points: [pointRow('flukso/again', { knownAt: SINCE + HOUR })] })
  const [again] = (await ask({ point: 'flukso/again' })).changes
  expect(again.why).toEqual([expect.stringMatching(/^The registry entry of the point .* was changed, 2024-03-07T00:00/)])
})
