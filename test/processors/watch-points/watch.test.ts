import { describe, expect, test } from 'vitest'
import { blocksOfTrace, rulesOfTrace } from '../../../processors/energy/comparison.js'
import { GOLDEN, type Trace } from '../../../processors/energy/golden.js'
import { NO_RULES, type SeriesRules } from '../../../processors/energy/rules.js'
import { READING_COLUMNS, slice } from '../../../schemas/blocks.js'
import type { Readings, Reject } from '../../../schemas/generated.js'
import { resolved } from '../../../schemas/reject.js'
import { counterBlock, HOUR, MINUTE, Series } from '../series.js'
import { Watching } from './watching.js'

const every = (expectedMs: number, more: Partial<SeriesRules['versions'][0]> = {}): SeriesRules => ({
  versions: [{ ...NO_RULES.versions[0], expectedMs, ...more }],
  devices: []
})
const shown = (minute: number, kwh: number, more: Partial<Readings> = {}): Readings =>
  counterBlock([[minute, kwh]], 3, { ingestedAt: minute * MINUTE, ...more })
const watts = (minute: number, w: number): Readings =>
  counterBlock([[minute, w / 1000]], 3, { ingestedAt: minute * MINUTE, kind: 'GAUGE', register: '1.7.0', unit: 'W', scale: 0, value: [w] })

/** A trace through the counter rule and the watch, reading by reading. */
const watched = async (trace: Trace, also: (minute: number) => Readings[] = () => []): Promise<Watching> => {
  const rules = rulesOfTrace(trace)
  const series = new Series(rules)
  const watching = new Watching(rules)
  for (const whole of blocksOfTrace(trace))
    for (let i = 0; i < whole.rows; i++) {
      const block = { ...slice(whole, READING_COLUMNS, i, i + 1), ingestedAt: whole.at[i] }
      for (const other of also(block.at[0] / MINUTE)) watching.readings(other)
      watching.readings(block)
      const sent = series.blocks.length
      await series.feed(block).answer()
      for (const each of series.blocks.slice(sent)) watching.intervals(each)
    }
  return watching
}

const BACKWARDS = new Set(['reset', 'swap up', 'swap down', 'swap down, unsaid', 'not from 0'])

describe('golden traces of RULES §1', () => {
  for (const trace of GOLDEN) {
    const rules = BACKWARDS.has(trace.name) ? ['backwards'] : []
    test(`${trace.name}: ${rules.length > 0 ? 'alert backwards' : 'no alert'}`, async () => {
      const alerts = (await watched(trace)).alerts().filter(({ state }) => state !== 'retracted')
      expect(alerts.map(({ rule, state }) => [rule, state])).toEqual(rules.map((rule) => [rule, 'firing']))
      for (const { rows } of alerts) expect(rows).toEqual([expect.objectContaining({ register: '1.8.0', topic: 't', partition: 0 })])
    })
  }
  test('prints 0 for 3 days: after one it looks like a fall, and people are told; when it shows the old figure again, that is taken back', async () => {
    const watching = await watched(GOLDEN.find(({ name }) => name === 'prints 0 for 3 days')!)
    expect(watching.alerts().map(({ rule, state, notify }) => [rule, state, notify])).toEqual([['backwards', 'retracted', true]])
    expect(watching.notified()[0]).toMatchObject({ state: 'firing', since: 0 })
  })
  test('frozen register, while its power says 2 kW: alert frozen, with the reading that showed it', async () => {
    const trace = GOLDEN.find(({ name }) => name === 'frozen register')!
    const watching = await watched(trace, (minute) => [watts(minute, 2000)])
    expect(watching.alerts()).toEqual([
      expect.objectContaining({ rule: 'frozen', register: '1.8.0', state: 'firing', since: 0, at: 55 * MINUTE, unit: 'Wh' })
    ])
    const [{ rows, value }] = watching.alerts()
    expect(value).toBeCloseTo((2000 * 55) / 60, 0)
    expect(rows).toEqual([{ register: '1.8.0', start: 55 * MINUTE, end: 55 * MINUTE, topic: 'readings.test', partition: 0, offset: 23 }])
    watching.readings(shown(60, 80.1)).beat(70 * MINUTE)
    expect(watching.alerts()[0]).toMatchObject({ state: 'ok', until: 60 * MINUTE })
  })
})

describe('frozen', () => {
  test('a total that stands still while a tariff register beside it counts', () => {
    const watching = new Watching()
    for (let i = 0; i < 12; i++) {
      watching.readings(shown(5 * i, 10 + i, { register: '1.8.1' }))
      watching.readings(shown(5 * i, 80))
    }
    expect(watching.alerts().map(({ rule, register }) => [rule, register])).toEqual([['frozen', '1.8.0']])
  })
  test('a tariff register that rests while another counts is as it should be', () => {
    const watching = new Watching()
    for (let i = 0; i < 40; i++) {
      watching.readings(shown(5 * i, 10 + i, { register: '1.8.1' }))
      watching.readings(shown(5 * i, 80, { register: '1.8.2' }))
    }
    expect(watching.alerts()).toEqual([])
  })
  test('a site that feeds in: its import may rest, its export may not', () => {
    const watching = new Watching()
    for (let i = 0; i < 12; i++) {
      watching.readings(watts(5 * i, -2000))
      watching.readings(shown(5 * i, 80))
      watching.readings(shown(5 * i, 30, { register: '2.8.0' }))
    }
    expect(watching.alerts().map(({ rule, register }) => [rule, register])).toEqual([['frozen', '2.8.0']])
  })
  test('no use, or power that was measured long ago, is no reason', () => {
    const idle = new Watching()
    const stale = new Watching()
    stale.readings(watts(0, 2000))
    for (let i = 4; i < 40; i++) {
      idle.readings(watts(5 * i, 0)).readings(shown(5 * i, 80))
      stale.readings(shown(5 * i, 80))
    }
    expect([...idle.alerts(), ...stale.alerts()]).toEqual([])
  })
})

describe('silent', () => {
  const rules = every(5 * MINUTE)
  const AFTER = 25 * MINUTE

  test('fires when a heartbeat shows it, dated by the threshold; is over when a reading comes', () => {
    const watching = new Watching(rules).readings(shown(0, 1)).beat(24 * MINUTE)
    expect(watching.alerts()).toEqual([])
    watching.beat(26 * MINUTE)
    expect(watching.alerts()).toEqual([
      expect.objectContaining({ rule: 'silent', register: '', state: 'firing', since: 0, at: AFTER, threshold: AFTER, notify: true })
    ])
    watching.readings(shown(30, 1.1))
    expect(watching.alerts()[0]).toMatchObject({ state: 'resolving', until: 30 * MINUTE })
    watching.beat(45 * MINUTE)
    expect(watching.alerts()[0]).toMatchObject({ state: 'ok', at: 40 * MINUTE, notify: true })
  })
  test('acknowledged, it reminds nobody; unacknowledged, after 15, 30 and then 60 minutes', () => {
    const acked = new Watching(rules).readings(shown(0, 1)).beat(26 * MINUTE)
    acked.ack({ rule: 'silent', register: '', since: 0, at: 27 * MINUTE }).beat(300 * MINUTE)
    expect(acked.alerts()[0]).toMatchObject({ state: 'acked', ackedBy: 'ann', note: 'seen', reminders: 0 })
    const alone = new Watching(rules).readings(shown(0, 1))
    for (let minute = 26; minute < 200; minute++) alone.beat(minute * MINUTE)
    expect(alone.notified().map(({ reminders, at }) => [reminders, at / MINUTE])).toEqual([
      [0, 25],
      [1, 40],
      [2, 70],
      [3, 130],
      [4, 190]
    ])
  })
  test('a reading that comes late takes it back, or makes it shorter', () => {
    const whole = new Watching(rules)
      .readings(shown(0, 1))
      .beat(26 * MINUTE)
      .readings(shown(30, 1.1))
    whole.readings(shown(20, 1.05, { ingestedAt: 31 * MINUTE }), false)
    expect(whole.alerts()).toEqual([expect.objectContaining({ state: 'retracted', since: 0, notify: true })])
    const part = new Watching(rules)
      .readings(shown(0, 1))
      .beat(26 * MINUTE)
      .readings(shown(90, 1.1))
      .beat(105 * MINUTE)
    part.readings(shown(20, 1.05, { ingestedAt: 91 * MINUTE }))
    expect(part.alerts().map(({ since, state }) => [since / MINUTE, state])).toEqual([
      [0, 'retracted'],
      [20, 'ok']
    ])
  })
  test('after a time in which nobody listened, silence counts from the first heartbeat', () => {
    const watching = new Watching(rules).readings(shown(0, 1))
    watching.heardSince = 10 * HOUR
    watching.beat(10 * HOUR + 24 * MINUTE)
    expect(watching.alerts()).toEqual([])
    watching.beat(10 * HOUR + 26 * MINUTE)
    expect(watching.alerts()[0]).toMatchObject({ since: 0, at: 10 * HOUR + AFTER, notify: true })
  })
  test('back-fill alone is not listened for, and a counter of pulses may rest for a day', () => {
    expect(new Watching(rules).readings(shown(0, 1), false).beat(1e12).alerts()).toEqual([])
    expect(
      new Watching()
        .readings(shown(0, 1))
        .beat(23 * HOUR)
        .alerts()
    ).toEqual([])
    expect(
      new Watching()
        .readings(shown(0, 1))
        .beat(25 * HOUR)
        .alerts().length
    ).toBe(1)
  })
})

describe('clock-drift', () => {
  const drift = (minute: number, seconds: number) =>
    counterBlock([[minute, 0]], 0, {
      kind: 'GAUGE',
      register: 'clock-drift',
      unit: 's',
      scale: 0,
      value: [seconds],
      ingestedAt: minute * MINUTE
    })

  test('what the source measured: one sample over two minutes, until one under one minute', () => {
    const watching = new Watching().readings(drift(0, 119)).readings(drift(1, 137)).readings(drift(2, 90))
    expect(watching.alerts()).toEqual([
      expect.objectContaining({ rule: 'clock-drift', state: 'firing', value: 137_000, threshold: 120_000 })
    ])
    watching.readings(drift(3, 59)).beat(14 * MINUTE)
    expect(watching.alerts()[0]).toMatchObject({ state: 'ok', until: 3 * MINUTE })
  })
  test('near whole hours it says so, and severity follows both ways with a dwell', () => {
    const watching = new Watching().readings(drift(0, -7063))
    expect(watching.alerts()[0]).toMatchObject({ severity: 'critical', text: expect.stringContaining('local time') })
    watching.readings(drift(1, 200)).beat(14 * MINUTE)
    expect(watching.alerts()[0].severity).toBe('critical')
    watching.beat(16 * MINUTE)
    expect(watching.alerts()[0].severity).toBe('warning')
  })
  test('two of three readings dated later than they were received; late ones say nothing', () => {
    const ahead = (minute: number, seconds: number) => shown(minute, minute, { ingestedAt: minute * MINUTE - seconds * 1000 })
    expect(new Watching().readings(ahead(0, 180)).readings(ahead(1, 0)).readings(ahead(2, 0)).alerts()).toEqual([])
    expect(new Watching().readings(ahead(0, 180)).readings(ahead(1, 0)).readings(ahead(2, 180)).alerts().length).toBe(1)
    expect(new Watching().readings(ahead(0, -9000)).readings(ahead(1, -9000)).alerts()).toEqual([])
  })
})

describe('jump and backwards', () => {
  const capped = (dial: number | null) => every(5 * MINUTE, { capPerHour: 15_000_000, ratedPerHour: 10_000_000, dial })

  test('a jump that goes on', async () => {
    const series = new Series(capped(null))
    const watching = new Watching(series.rules)
    for (const [minute, kwh] of [
      [0, 10],
      [5, 5000],
      [10, 5000.1]
    ])
      await series.feed(shown(minute, kwh)).answer()
    for (const block of series.blocks) watching.intervals(block)
    expect(watching.alerts()).toEqual([
      expect.objectContaining({ rule: 'jump', register: '1.8.0', state: 'firing', since: 0, at: 5 * MINUTE, value: 4_990_000 })
    ])
  })
  test('a dial that is registered later takes back what looked like a fall, and tells those who were told', async () => {
    const series = new Series(capped(null))
    const watching = new Watching(series.rules)
    let sent = 0
    const pass = () => {
      for (const block of series.blocks.slice(sent)) watching.intervals(block)
      sent = series.blocks.length
    }
    for (const [minute, kwh] of [
      [0, 9.8],
      [5, 9.9],
      [10, 0.2],
      [15, 0.3]
    ]) {
      await series.feed(shown(minute, kwh)).answer()
      pass()
    }
    expect(watching.alerts().map(({ rule, state, notify }) => [rule, state, notify])).toEqual([['backwards', 'firing', true]])
    await series.again(capped(10_000_000))
    pass()
    expect(watching.alerts().map(({ rule, state, notify }) => [rule, state, notify])).toEqual([['backwards', 'retracted', true]])
    expect(watching.standing()).toEqual([])
  })
})

describe('block-rejected', () => {
  const reject = (minute: number, line: number): Reject => ({
    source: 'flukso',
    origin: 'abc',
    name: 'block.gz',
    line,
    field: '',
    reason: 'not-gzip',
    expected: '',
    found: '',
    advice: '',
    ingestedAt: minute * MINUTE,
    parserVersion: 1
  })
  test('one alert for a payload, over after a day', () => {
    const watching = new Watching(NO_RULES, 'abc').reject(reject(0, 1)).reject(reject(0, 2))
    expect(watching.alerts()).toEqual([
      expect.objectContaining({ rule: 'block-rejected', subject: 'abc', source: 'flukso', state: 'firing', occurrences: 2, value: 2 })
    ])
    watching.beat(25 * HOUR)
    expect(watching.alerts()[0].state).toBe('ok')
  })
  test('taken back when a newer parser reads all of it; the same reject again changes nothing', () => {
    const watching = new Watching(NO_RULES, 'abc').reject(reject(0, 1)).reject(reject(0, 2)).reject(reject(1, 2))
    watching.reject(resolved(reject(0, 1), 'flukso', 2))
    expect(watching.alerts()[0]).toMatchObject({ state: 'firing', occurrences: 1 })
    watching.reject(resolved(reject(1, 2), 'flukso', 2))
    expect(watching.alerts()).toEqual([expect.objectContaining({ state: 'retracted', notify: true })])
  })
})
