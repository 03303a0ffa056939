import { describe, expect, test } from 'vitest'
import { type Meter, readingsBetween, streetOf, WORKSHOP_DIAL } from '../../../producers/demo/street.js'
import { utc } from '../../whole/files.js'

const T0 = utc('2026-05-21T18:17:33Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const meterOf = (point: string, register = '1.8.0', t0 = T0): Meter =>
  streetOf(t0).find((meter) => meter.point === `demo/${point}` && meter.register === register)!

const shown = (meter: Meter, from: number, to: number): [number, number][] =>
  readingsBetween(meter, from, to).flatMap((block) => block.at.map((at, i): [number, number] => [at, block.value[i]]))

const names = streetOf(T0).map(({ point, register }) => [point.slice('demo/'.length), register] as const)

describe.each(names)('%s %s', (point, register) => {
  const from = T0 - 20 * MINUTE
  const to = T0 + 95 * MINUTE

  test('however its time is cut, every reading comes once and shows the same', () => {
    const whole = shown(meterOf(point, register), from, to)
    expect(whole.length).toBeGreaterThan(0)
    const ticking = meterOf(point, register)
    const ticks: [number, number][] = []
    for (let at = from; at < to; at = Math.min(to, at + 1700)) ticks.push(...shown(ticking, at, Math.min(to, at + 1700)))
    expect(ticks).toEqual(whole)
    // A restart in the middle is another street: it remembers nothing of the first.
    for (const cut of [T0 - 7 * MINUTE - 1, T0, T0 + 1, T0 + 61 * MINUTE])
      expect([...shown(meterOf(point, register), from, cut), ...shown(meterOf(point, register), cut, to)]).toEqual(whole)
  })

  test('asked again of an earlier time, it says what it said', () => {
    const meter = meterOf(point, register)
    const first = shown(meter, from, to)
    shown(meter, to, to + 3 * HOUR)
    expect(shown(meter, from, to)).toEqual(first)
  })
})

test('a month of history is coarse, its last day finer, its last two hours as the meter shows them', () => {
  const meter = meterOf('linden-1')
  const all = shown(meter, T0 - meter.historyMs, T0)
  const steps = all.slice(1).map(([at], i) => at - all[i][0])
  const count = (stepMs: number) => steps.filter((step) => step === stepMs).length
  expect([count(15 * MINUTE), count(MINUTE), count(8000)]).toEqual([29 * 96 - 1, 22 * 60 - 1, (2 * HOUR) / 8000 - 1])
  expect(all.every(([, value], i) => i === 0 || value > all[i - 1][1])).toBe(true)
})

test('a home takes some kilowatt-hours a day', () => {
  for (const point of ['linden-1', 'linden-3']) {
    const meter = meterOf(point)
    const perWh = 10 ** meter.scale
    for (let day = 1; day <= 7; day++) {
      const [[, before]] = shown(meter, T0 + day * DAY - 15 * MINUTE, T0 + day * DAY)
      const [[, after]] = shown(meter, T0 + (day + 1) * DAY - 15 * MINUTE, T0 + (day + 1) * DAY)
      expect((after - before) / perWh).toBeGreaterThan(3000)
      expect((after - before) / perWh).toBeLessThan(20_000)
    }
  }
})

test('the roof gives by day and not by night, and nobody buys while it gives more than the home takes', () => {
  const at = (register: string, time: string): number => {
    const instant = utc(time)
    return shown(meterOf('linden-2', register), instant - 8000, instant)[0][1]
  }
  const sold = (from: string, to: string) => at('2.8.0', to) - at('2.8.0', from)
  expect(sold('2026-05-22T20:30Z', '2026-05-23T04:00Z')).toBe(0)
  expect(sold('2026-05-22T10:00Z', '2026-05-22T14:00Z')).toBeGreaterThan(1_000_000)
  expect(sold('2026-12-01T18:00Z', '2026-12-02T06:00Z')).toBe(0)
})

test('pulses come when a watt-hour is full: one step each, at no regular second', () => {
  const pulses = shown(meterOf('linden-3'), T0, T0 + HOUR)
  expect(pulses.length).toBeGreaterThan(60)
  expect(pulses.slice(1).every(([, value], i) => value === pulses[i][1] + 1)).toBe(true)
  expect(new Set(pulses.map(([at]) => at % 1000)).size).toBeGreaterThan(30)
})

test('an hour is sent 45 s after its end, and is what the home took in it', () => {
  const meter = meterOf('linden-4')
  const end = utc('2026-05-21T20:00Z')
  expect(readingsBetween(meter, T0, end + 44_999).flatMap(({ at }) => at)).toEqual([end - HOUR])
  const [block] = readingsBetween(meter, end + 44_999, end + 45_000)
  expect(block).toMatchObject({ kind: 'INTERVAL', at: [end], span: [HOUR] })
  expect(block.value[0]).toBeGreaterThan(80)
})

test('the small dial goes round about every ten minutes, and never shows more than it has', () => {
  const values = shown(meterOf('workshop'), T0 - 2 * HOUR, T0 + 2 * HOUR).map(([, value]) => value)
  const falls = values.filter((value, i) => i > 0 && value < values[i - 1])
  expect(falls.length).toBeGreaterThan(20)
  expect(falls.length).toBeLessThan(30)
  expect(Math.max(...values)).toBeLessThan(WORKSHOP_DIAL / 1000)
})

test('the plug that dips begins with the golden blip, goes on at 110 W and dips every four minutes', () => {
  const meter = meterOf('fridge-plug')
  expect(shown(meter, T0 - meter.historyMs, T0)).toEqual([
    [T0 - 15 * MINUTE, 3737],
    [T0 - 10 * MINUTE, 0],
    [T0 - 5 * MINUTE, 3746],
    [T0, 3756]
  ])
  const live = shown(meter, T0, T0 + HOUR)
  const dips = live.filter(([, value]) => value === 0).map(([at]) => at - T0)
  expect(dips).toEqual(Array.from({ length: 15 }, (_, i) => MINUTE + i * 4 * MINUTE))
  const believed = live.filter(([, value]) => value > 0).map(([, value]) => value)
  expect(believed.every((value, i) => value >= (believed[i - 1] ?? 3756))).toBe(true)
  expect(believed[believed.length - 1] - 3756).toBeGreaterThan(90)
  expect(believed[believed.length - 1] - 3756).toBeLessThan(130)
})

test('every block says that it is made up', () => {
  for (const meter of streetOf(T0))
    for (const block of readingsBetween(meter, T0 - HOUR, T0 + HOUR))
      expect(block).toMatchObject({ source: 'demo', origin: 'demo', attrs: { file: 'made up for the demo' } })
})

test('the dial of the bakery begins again about a minute after the first start', () => {
  const bakery = streetOf(T0).find(({ point }) => point === 'demo/bakery')!
  const values = readingsBetween(bakery, T0 - 2 * MINUTE, T0 + 3 * MINUTE).flatMap(({ value }) => value)
  const falls = values.flatMap((value, i) => (i > 0 && value < values[i - 1] ? [i] : []))
  expect(falls).toHaveLength(1)
  expect(values[falls[0]]).toBeLessThan(values[falls[0] - 1] / 10)
})
