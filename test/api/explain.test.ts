import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Suspect } from '../../schemas/generated.js'
import { Op, Quality } from '../../schemas/quality.js'
import { DEFAULT_RULES } from '../../schemas/registry.js'
import { HOUR, intervals, type Ledger, openLedger, pointRow, readings, START, slots, TOPIC, WORDS, writeDay } from './ledger.js'

let ledger: Ledger
let headers: { authorization: string }
const point = 'flukso/x'
const later = START + 50 * HOUR
beforeAll(async () => {
  ledger = await openLedger()
  headers = ledger.as('admin')
  await writeDay(ledger.store, point)
  // What was one row of two hours became two; the second crosses a gap and holds a glitch.
  const withdrawn = intervals(point, [START + 10 * HOUR, START + 12 * HOUR], [1_500_000], { knownAt: [START + 999], rev: [0] })
  const revised = intervals(point, [START + 10 * HOUR, START + 11 * HOUR, START + 12 * HOUR], [800_000, 700_000], {
    words: [...WORDS, 'gap+glitch'],
    rule: [1, 6],
    rev: [2, 2],
    knownAt: [later, later],
    factor: [0, 5],
    travel: [0, 17_500],
    quality: [Quality.RAW, Quality.ESTIMATED]
  })
  const suspect: Suspect = {
    point,
    register: '1.8.0',
    source: 'flukso',
    device: 'M1',
    at: START + 11.5 * HOUR,
    until: START + 11.5 * HOUR,
    count: 1,
    value: 0,
    unit: 'Wh',
    reason: 'glitch',
    detail: '0 between 21 kWh and 22 kWh',
    topic: TOPIC,
    partition: 0,
    offset: 9,
    line: 44,
    op: Op.PUT,
    rev: 2,
    knownAt: later,
    ruleVersion: 1
  }
  await ledger.store.write({
    intervals: [withdrawn, revised],
    suspects: [suspect],
    points: [
      pointRow(point, {
        validFrom: START + 11 * HOUR,
        knownAt: 5,
        registers: [{ register: '1.8.0', ...DEFAULT_RULES, factor: '40', dial: 1e10 }]
      })
    ]
  })
})
afterAll(() => ledger.close())

const get = async (query: string, as = headers) =>
  (await ledger.app.inject({ url: `/v1/explain?point=${point}&${query}`, headers: as })).json()

test('the two readings as printed, with file, line and position', async () => {
  const answer = await get('at=2024-03-01T05:30')
  expect(answer).toMatchObject({
    point,
    register: '1.8.0',
    unit: 'Wh',
    grid: 'intervals',
    count: 1,
    explained: 1,
    sum: { milli: 1_000_000, kwh: '1.000000' }
  })
  expect([answer.start, answer.end]).toEqual(['2024-03-01T04:00:00.000Z', '2024-03-01T05:00:00.000Z'])
  const [row] = answer.intervals
  expect(row.from).toEqual({
    stored: true,
    at: '2024-03-01T04:00:00.000Z',
    value: '6000.0',
    unit: 'Wh',
    quality: 'RAW',
    spanMs: 0,
    curve: '',
    device: 'M1',
    source: 'flukso',
    topic: TOPIC,
    partition: 0,
    offset: 7,
    file: 'march.csv',
    line: 7,
    origin: 'f00d',
    receivedAt: '2024-02-29T23:00:01.000Z'
  })
  expect(row.to).toMatchObject({ value: '7000.0', line: 8 })
  expect(row).toMatchObject({ rule: 'counter', factor: null, suspects: [], low: 1_000_000, high: 1_000_000 })
  expect(row.rules[0].sentence).toContain('second reading minus the first')
  expect(row.settings).toMatchObject({ registered: true, validFrom: null, factor: '1', dial: 'none' })
})

test('rules, factor, suspects, settings and superseded revisions', async () => {
  const [row] = (await get('at=2024-03-01T11:15')).intervals
  expect(row.rules.map(({ rule }: { rule: string }) => rule)).toEqual(['gap', 'glitch'])
  expect(row).toMatchObject({ factor: { applied: '40 since 2024-01-01', travel: '17.500' }, quality: 'ESTIMATED', milli: 700_000 })
  expect(row.suspects).toEqual([
    expect.objectContaining({ reason: 'glitch', value: '0.000', detail: '0 between 21 kWh and 22 kWh', line: 44 })
  ])
  expect(row.settings).toMatchObject({ factor: '40', dial: '10000 kWh', validFrom: '2024-03-01T10:00:00Z' })
  const [before] = (await get('at=2024-03-01T10:15')).intervals
  expect(before.suspects).toEqual([])
  expect(before.revisions.map(({ rev, milli, end }: Record<string, unknown>) => [rev, milli, end])).toEqual([
    [0, 1_500_000, '2024-03-01T11:00:00.000Z'],
    [1, 1_000_000, '2024-03-01T10:00:00.000Z'],
    [2, 800_000, '2024-03-01T10:00:00.000Z']
  ])
})

test('a slot lists all its intervals and their parts, and sums to the figure', async () => {
  const hours = await get('at=2024-03-01T11:59&grid=PT2H')
  expect([hours.start, hours.end, hours.count]).toEqual(['2024-03-01T09:00:00.000Z', '2024-03-01T11:00:00.000Z', 2])
  expect(hours.sum.milli).toBe(1_500_000)
  expect(hours.figure).toMatchObject({ milli: 1_500_000, quality: 'ESTIMATED' })
  const quarter = await get('start=2024-03-01T11:15&grid=PT5M')
  expect(quarter.intervals[0]).toMatchObject({ inSlot: 58_333, inSlotKwh: '0.058333', milli: 700_000 })
  expect(quarter.figure.milli).toBe(58_333)
  const day = await get('at=2024-03-01&grid=P1D&limit=5')
  expect([day.count, day.explained, day.intervals.length, day.sum.milli]).toEqual([24, 5, 5, 23_500_000])
  const utc = await get('at=2024-03-01T12:00:00Z&grid=P1D&zone=UTC')
  expect([utc.start, utc.count, utc.sum.milli]).toEqual(['2024-03-01T00:00:00.000Z', 23, 22_500_000])
})

test('where nothing is known', async () => {
  expect((await get('at=2025-01-01')).error.code).toBe('not_found')
  expect((await get('at=2025-01-01&grid=P1D')).error.code).toBe('not_found')
})

test('a reading behind the edge of a grant stays hidden, as do revisions and suspects there', async () => {
  const ana = ledger.as('reader', [{ point, from: START + 11 * HOUR, to: START + 11.5 * HOUR }])
  const half = await get('at=2024-03-01T11:10&grid=PT30M', ana)
  expect(half.intervals).toEqual([expect.objectContaining({ clipped: true, inSlot: 350_000 })])
  expect(JSON.stringify(half)).not.toContain('1500000')
  expect(JSON.stringify(half)).not.toContain('glitch"')
  const bob = ledger.as('reader', [{ point, from: START + 10 * HOUR, to: START + 11 * HOUR }])
  const [row] = (await get('at=2024-03-01T10:10', bob)).intervals
  // The revision that reached to 12:00 tells of time that is not open.
  expect(row.revisions.map(({ rev }: { rev: number }) => rev)).toEqual([1, 2])
  expect(row.clipped).toBe(false)
})

test("a load curve's interval is one reading", async () => {
  const curve = 'ES0021000000000001JN'
  const block = intervals(curve, [START, START + HOUR], [123_000], {
    native: HOUR,
    words: ['', 'curve', 'backfill.infoenergia'],
    fromValue: [0],
    toValue: [123_000]
  })
  const stored = readings(curve, {
    kind: 'INTERVAL',
    curve: 'F5D',
    at: [START + HOUR],
    span: [HOUR],
    value: [123],
    scale: 0,
    attrs: {},
    line: [0]
  })
  await ledger.store.write({
    intervals: [block],
    slots: slots([block]),
    readings: [{ block: stored, position: { topic: 'backfill.infoenergia', partition: 0, offset: 7 } }],
    latest: [
      {
        point: curve,
        register: '1.8.0',
        source: 'infoenergia',
        kind: 'INTERVAL',
        unit: 'Wh',
        scale: 0,
        device: '',
        at: START + HOUR,
        value: 123,
        quality: 0,
        firstAt: START
      }
    ]
  })
  const answer = (await ledger.app.inject({ url: `/v1/explain?point=${curve}0F&at=2024-03-01T00:30:00%2B01:00`, headers })).json()
  expect(answer.intervals[0]).toMatchObject({
    from: null,
    to: { stored: true, value: '123', curve: 'F5D', spanMs: HOUR, file: null, line: null },
    rule: 'curve'
  })
  expect(answer.intervals[0].settings.registered).toBe(false)
})
