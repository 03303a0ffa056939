import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Reject, Suspect } from '../../schemas/generated.js'
import { HOUR, type Ledger, openLedger, START, TOPIC, writeDay } from './ledger.js'

let ledger: Ledger
const reject = (origin: string, line: number, reason: string): Reject => ({
  source: 'flukso',
  origin,
  name: 'march.csv',
  line,
  field: 'value',
  reason,
  expected: 'a number',
  found: 'abc',
  advice: 'Mend the line.',
  ingestedAt: START,
  parserVersion: 1
})
const suspect = (at: number): Suspect => ({
  point: 'flukso/a',
  register: '1.8.0',
  source: 'flukso',
  device: 'M1',
  at,
  until: at + 60_000,
  count: 2,
  value: 5000,
  unit: 'Wh',
  reason: 'jump',
  detail: 'too fast',
  topic: TOPIC,
  partition: 0,
  offset: 1,
  line: 3,
  op: 0,
  rev: 1,
  knownAt: START,
  ruleVersion: 1
})
beforeAll(async () => {
  ledger = await openLedger()
  await writeDay(ledger.store, 'flukso/a')
  await ledger.store.write({
    rejects: [reject('a1', 1, 'not-a-number'), reject('a1', 2, 'not-a-number'), reject('b2', 9, 'control-letters')],
    suspects: [suspect(START + HOUR), suspect(START + 5 * HOUR)]
  })
})
afterAll(() => ledger.close())
const get = async (url: string, headers = ledger.as('admin')) => (await ledger.app.inject({ url, headers })).json()

test('rejects by reason and origin', async () => {
  expect((await get('/v1/rejects')).rejects.length).toBe(3)
  expect((await get('/v1/rejects?limit=1')).rejects.length).toBe(1)
  expect((await get('/v1/rejects?origin=a1')).rejects.map(({ line }: { line: number }) => line).sort()).toEqual([1, 2])
  expect((await get('/v1/rejects?reason=control-letters')).rejects).toEqual([
    { ...reject('b2', 9, 'control-letters'), ingestedAt: '2024-02-29T23:00:00.000Z' }
  ])
  expect((await get('/v1/rejects/counts')).counts).toEqual([
    { reason: 'not-a-number', count: 2 },
    { reason: 'control-letters', count: 1 }
  ])
})

test('suspects of a span, clipped by grants', async () => {
  const at = async (url: string, headers?: { authorization: string }) =>
    (await get(url, headers)).suspects.map((row: { at: string }) => (Date.parse(row.at) - START) / HOUR)
  expect(await at('/v1/suspects?point=flukso/a')).toEqual([1, 5])
  expect(await at('/v1/suspects?point=flukso/a&register=1.8.0&from=2024-03-01T02:00')).toEqual([5])
  expect(await at('/v1/suspects?point=flukso/a&to=2024-03-01T02:00')).toEqual([1])
  expect(await at('/v1/suspects?point=flukso/a', ledger.as('reader', [{ point: 'flukso/a', from: START + 2 * HOUR, to: null }]))).toEqual([
    5
  ])
  // A run that reaches past the grant stays hidden.
  expect(
    await at('/v1/suspects?point=flukso/a', ledger.as('reader', [{ point: 'flukso/a', from: null, to: START + HOUR + 30_000 }]))
  ).toEqual([])
  expect((await get('/v1/suspects?point=flukso/a')).suspects[0]).toMatchObject({
    value: '5.000',
    unit: 'Wh',
    reason: 'jump',
    count: 2,
    line: 3
  })
})

test('metrics', async () => {
  await ledger.log.create([TOPIC])
  await ledger.log.append(
    TOPIC,
    ['a', 'b', 'c'].map((key) => ({ key, value: Buffer.alloc(10) }))
  )
  ledger.deps.metrics.readings.inc({ source: 'flukso' }, 25)
  const answer = await ledger.app.inject({ url: '/metrics', headers: ledger.as('reader') })
  expect(answer.headers['content-type']).toContain('text/plain')
  for (const line of [
    'wattledger_rejects{reason="not-a-number"} 2',
    'wattledger_suspects{reason="jump"} 2',
    'wattledger_readings_total{source="flukso"} 25',
    'wattledger_log_records{topic="readings.flukso"} 3',
    'wattledger_log_bytes{topic="readings.flukso"} ',
    'wattledger_request_seconds_count{method="GET",route="/v1/suspects",status="200"}'
  ]) {
    expect(answer.body).toContain(line)
  }
})
