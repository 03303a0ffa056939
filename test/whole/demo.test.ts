import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPlatform, type Platform } from '../../main.js'
import { until } from './child.js'
import { type Json, settingsFor, temporary } from './platform.js'

/** The made-up street as `npm start` plays it, asked as the page asks. */
const folder = temporary()
let platform: Platform
const troubles: unknown[] = []

const open = async () => {
  platform = await openPlatform(settingsFor(folder), { plays: true })
  platform.play(({ error }) => troubles.push(error))
}
beforeAll(open)
afterAll(async () => {
  await platform.close()
  rmSync(folder, { recursive: true, force: true })
})

const send = async (path: string, query: Record<string, string>): Promise<{ status: number; body: Json }> => {
  const headers = { authorization: `Bearer ${platform.token}` }
  const { statusCode, payload } = await platform.app.inject({ method: 'GET', url: `${path}?${new URLSearchParams(query)}`, headers })
  return { status: statusCode, body: JSON.parse(payload) }
}
const ask = async (path: string, query: Record<string, string> = {}): Promise<Json> => {
  const { status, body } = await send(path, query)
  if (status !== 200) throw new Error(JSON.stringify(body))
  return body
}
const firstOf = async (point: string): Promise<number> => Date.parse((await ask('/v1/latest', { point })).registers[0].first)
const iso = (at: number): string => new Date(at).toISOString()
const MINUTE = 60_000

/** The blip of four readings before the first start, once the ledger has it. */
const blip = async (): Promise<{ point: string; from: string; to: string }> => {
  const first = await until(() => firstOf('demo/fridge-plug'))
  return { point: 'demo/fridge-plug', from: iso(first), to: iso(first + 15 * MINUTE) }
}

test('within seconds a newcomer sees what others would bill for the plug that dips', async () => {
  const query = await blip()
  const compared = await until(async () => {
    const answer = await ask('/v1/compare', query)
    expect(answer.ours.rules).toEqual(['glitch'])
    return answer
  })
  expect(compared).toMatchObject({
    unit: 'Wh',
    readings: 4,
    ours: { milli: 19_000, kwh: '0.019000', tail: false },
    dips: [{ at: iso(Date.parse(query.from) + 5 * MINUTE), value: '0.000', unit: 'kWh', suspect: 'glitch' }]
  })
  const billed = Object.fromEntries(compared.others.map(({ name, kwh }: Json) => [name, kwh]))
  expect(billed).toMatchObject({ 'Home Assistant': '3.756000', emonCMS: '3.756000' })
  const series = await ask('/v1/series', { ...query, grid: 'intervals' })
  expect(series.summary.milli).toBe(compared.ours.milli)
})

test('of a part of an interval, everybody bills the same part', async () => {
  const { point, from } = await blip()
  // From the middle of the first believed interval (10 minutes, 9 Wh) to its end.
  const half = await ask('/v1/compare', { point, from: iso(Date.parse(from) + 5 * MINUTE), to: iso(Date.parse(from) + 10 * MINUTE) })
  expect([half.readings, half.ours.milli]).toEqual([2, 4500])
  expect(half.others.find(({ name }: Json) => name === 'Home Assistant').milli).toBe(3_746_000)
})

test('what is no counter cannot be compared', async () => {
  await until(() => firstOf('demo/linden-4'))
  const { status, body } = await send('/v1/compare', { point: 'demo/linden-4', from: '2020-01-01' })
  expect([status, body.error.message]).toEqual([400, expect.stringContaining('1.8.0 of this point is no counter')])
})

test('the dial of the workshop rolls over: nothing is lost, and the explanation says so, and that it is made up', async () => {
  const point = 'demo/workshop'
  const from = iso(await until(() => firstOf(point)))
  const { rows } = await ask('/v1/series', { point, from, grid: 'intervals' })
  const rolled = rows.filter(({ rule }: Json) => rule === 'rollover')
  expect(rolled.length).toBeGreaterThanOrEqual(10)
  const compared = await ask('/v1/compare', { point, from })
  for (const { name, milli } of compared.others) expect(milli, name).toBeLessThan(compared.ours.milli)
  const { intervals } = await ask('/v1/explain', { point, at: rolled[0].start })
  expect(intervals[0].rules[0].rule).toBe('rollover')
  expect(intervals[0].to).toMatchObject({ file: 'made up for the demo', origin: 'demo', source: 'demo', stored: true })
})

test('it lives: readings of the last seconds are in the ledger, and stay what they were after a restart', async () => {
  const point = 'demo/linden-1'
  const started = Date.now()
  const lastOf = async () => Date.parse((await ask('/v1/latest', { point })).registers[0].last)
  await until(async () => expect(await lastOf()).toBeGreaterThan(started))
  const from = iso(started - 60 * MINUTE)
  const before = (await ask('/v1/series', { point, from, grid: 'intervals' })).rows
  await platform.close()
  const stopped = Date.now()
  await open()
  await until(async () => expect(await lastOf()).toBeGreaterThan(stopped))
  await platform.settle()
  const { rows, gaps } = await ask('/v1/series', { point, from, to: iso(await lastOf()), grid: 'intervals' })
  expect(rows.slice(0, before.length)).toEqual(before)
  expect(new Set(rows.slice(1).map(({ start, end }: Json) => Date.parse(end) - Date.parse(start)))).toEqual(new Set([8000]))
  // The row that `from` cuts is no part of the answer, and the newest reading may be stored a moment before its interval.
  expect(Date.parse(rows[rows.length - 1].end)).toBeGreaterThan(stopped)
  expect(gaps.filter(({ start }: Json) => start >= rows[0].start && start < rows[rows.length - 1].end)).toEqual([])
}, 40_000)

test('other ledgers have nothing of it', async () => {
  const other = temporary()
  const plain = await openPlatform(settingsFor(other))
  try {
    const headers = { authorization: `Bearer ${plain.token}` }
    const { payload } = await plain.app.inject({ method: 'GET', url: '/metrics', headers })
    expect(payload).toContain('readings.flukso')
    expect(payload).not.toContain('demo')
  } finally {
    await plain.close()
    rmSync(other, { recursive: true, force: true })
  }
})

test('replaying its topics gives the same ledger while it plays', async () => {
  const headers = { authorization: `Bearer ${platform.token}` }
  const { payload } = await platform.app.inject({ method: 'POST', url: '/v1/replay/verify', headers })
  expect(JSON.parse(payload).differences).toEqual([])
  expect(troubles).toEqual([])
}, 40_000)
