import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { addCoarse, coarseAt, coarseRow } from '../../processors/installations/coarse.js'
import { COARSE_REGISTERS, SLOT_MS } from '../../processors/installations/power.js'
import { resolveInstallation } from '../../processors/installations/rules.js'
import { nightOf } from '../../processors/installations/sun.js'
import { type GridRow, toSlots } from '../../processors/loadcurve/step.js'
import { initialWatch, type WatchedInstallation } from '../../processors/watch-installations/state.js'
import { dueOf, type Watched, watchCommand, watchDays, watchTime } from '../../processors/watch-installations/watch.js'
import type { Alert, Installation } from '../../schemas/generated.js'
import { slotAt, storedGrid } from '../../schemas/grid.js'
import { Op, Quality } from '../../schemas/quality.js'

const ZONE = 'Europe/Brussels'
const HOUR = 3_600_000
const BRUSSELS = { latitude: 50.8503, longitude: 4.3517 }
const member = { point: 'flukso/a', register: '1.8.0', tot: 1, prod: 0, ve: 0, cons: 1, label: '', device: '', startDate: '' }
const HOME: Installation = {
  installation: 'HOME',
  validFrom: 0,
  knownAt: 0,
  deleted: false,
  name: '',
  zone: ZONE,
  latitude: null,
  longitude: null,
  members: [member]
}
const rules = resolveInstallation([HOME])
const dayOf = (date: string) => slotAt(storedGrid('P1D'), ZONE, Date.parse(`${date}T12:00:00Z`))

interface Slot {
  at: number
  /** W; null: no value. */
  cons: number | null
  prod: number
  /** Absent: no vehicle. */
  ve?: number
}

const amountOf = (watt: number): number => Math.trunc((watt * SLOT_MS) / 3600 / 1e-3)

/** The home's alerts, over the days that its slots make. */
class Home {
  state: WatchedInstallation = initialWatch('HOME')
  readonly #steps: Alert[] = []
  #rev = 0

  /** A day made of these slots. */
  day(date: string, slots: readonly Slot[], knownAt = dayOf(date).end + HOUR / 2): this {
    const coarse = coarseAt('P1D', ZONE, dayOf(date).start)
    for (const { at, cons, prod, ve } of slots) {
      const watts: Record<string, number> = { p_cons: cons ?? 0, p_prod: prod, p_tot: (cons ?? 0) + prod }
      if (ve !== undefined) watts.p_ve = ve
      for (const made of COARSE_REGISTERS) {
        if (!(made.of in watts)) continue
        const whole = made.of === 'p_ve' || cons !== null
        const row: GridRow = {
          start: at,
          end: at + SLOT_MS,
          amount: whole ? amountOf(watts[made.of]) : 0,
          op: Op.PUT,
          quality: whole ? Quality.RAW : Quality.PARTIAL,
          coveredMs: whole ? SLOT_MS : 0,
          estimatedMs: 0,
          expected: 1,
          received: whole ? 1 : 0
        }
        addCoarse(coarse, made, row, BRUSSELS)
      }
    }
    this.#rev++
    for (const [register, sum] of Object.entries(coarse.registers)) {
      const head = { point: 'installation/HOME', register, unit: 'Wh', source: 'flukso', grid: 'P1D', rev: this.#rev, knownAt } as const
      this.#take(watchDays(this.state, toSlots(head, [coarseRow(sum)]), rules))
    }
    return this
  }

  /** As many slots of a day, from its beginning. */
  filled(date: string, count: number, cons: number | null = 100): this {
    const { start } = dayOf(date)
    return this.day(
      date,
      Array.from({ length: count }, (_, i) => ({ at: start + i * SLOT_MS, cons, prod: 0 }))
    )
  }

  beat(at: number): this {
    if (dueOf(this.state, rules) <= at) this.#take(watchTime(this.state, at, rules))
    return this
  }

  ack(rule: string, since: number, at: number): this {
    const command = { command: 'ack', subject: 'installation/HOME', rule, register: '', since, at, by: 'ann', note: '' }
    this.#take(watchCommand(this.state, command, rules))
    return this
  }

  /** The newest state of each alert. */
  get alerts(): Alert[] {
    return [...new Map(this.#steps.map((step) => [`${step.rule} ${step.since}`, step])).values()]
  }

  get active(): [rule: string, value: number | null][] {
    return this.alerts.filter(({ state }) => state === 'firing').map(({ rule, value }) => [rule, value])
  }

  #take({ state, alerts }: Watched): void {
    this.state = JSON.parse(JSON.stringify(state))
    this.#steps.push(...alerts)
  }
}

const { sign, missing } = JSON.parse(readFileSync('test/recorded/flukso/expected/alerts.json', 'utf8'))

describe('A13: signs', () => {
  const DAY = '2022-07-02'
  const { start, end } = dayOf(DAY)
  for (const { name, rows, required } of sign.filter((each: { rows?: unknown }) => each.rows !== undefined))
    test(name, () => {
      const slots = rows.map((row: { p_cons: number; p_prod: number; night: boolean }, i: number) => ({
        at: (row.night ? start : start + 12 * HOUR) + i * SLOT_MS,
        cons: row.p_cons,
        prod: row.p_prod
      }))
      const found = new Set(
        new Home()
          .day(DAY, slots)
          .beat(end + HOUR)
          .active.map(([rule]) => rule)
      )
      expect({
        cons_neg: found.has('sign-consumption'),
        prod_pos: found.has('sign-production'),
        pv_night: found.has('production-at-night')
      }).toEqual({ cons_neg: required.cons_neg, prod_pos: required.prod_pos, pv_night: required.pv_night })
    })

  test('A11: a swapped clamp shows in both', () => {
    const home = new Home().day(DAY, [{ at: start + 10 * HOUR, cons: -3150, prod: 1800 }]).beat(end + HOUR)
    expect(home.active.filter(([rule]) => rule.startsWith('sign'))).toEqual([
      ['sign-consumption', -3150],
      ['sign-production', 1800]
    ])
  })
})

describe('A14: missing', () => {
  for (const { name, day: date, rows, zero_sum_rows: zeros, valid_slots: valid, required } of missing)
    test(name, () => {
      const { start, end } = dayOf(date)
      const slots = Array.from({ length: rows }, (_, i) => ({
        at: start + i * SLOT_MS,
        cons: i < valid ? (i < zeros ? 0 : 100) : null,
        prod: 0
      }))
      const home = new Home().beat(start - 9 * HOUR)
      if (rows > 0) home.day(date, slots)
      expect(home.beat(end + HOUR).active).toEqual(required.alert ? [['missing', required.percent]] : [])
    })

  test('2000 of 10800 without a value; measured zeros are values', () => {
    const { start, end } = dayOf('2022-07-02')
    const slots = Array.from({ length: 10_800 }, (_, i) => ({ at: start + i * SLOT_MS, cons: i < 2000 ? null : 0, prod: 0 }))
    expect(new Home().day('2022-07-02', slots).beat(end + HOUR).active).toEqual([['missing', 18.5]])
    expect(new Home().filled('2022-07-02', 10_800, 0).beat(end + HOUR).active).toEqual([])
  })

  test('a home that says nothing at all misses everything, from the first whole day on', () => {
    const { start, end } = dayOf('2022-07-02')
    const home = new Home().beat(start - 9 * HOUR).beat(end + HOUR - 1)
    expect(home.active).toEqual([])
    expect(home.beat(end + HOUR).active).toEqual([['missing', 100]])
  })

  test('not before one in the morning; what comes late takes it back', () => {
    const { end } = dayOf('2022-07-02')
    const home = new Home().filled('2022-07-02', 5000).beat(end + HOUR - 1)
    expect(home.active).toEqual([])
    expect(home.beat(end + HOUR).active).toEqual([['missing', 53.7]])
    home.filled('2022-07-02', 10_800)
    expect(home.alerts.map(({ rule, state }) => [rule, state])).toEqual([['missing', 'retracted']])
  })

  test('days one after the other are one alert, which somebody has seen; a good day ends it', () => {
    const home = new Home()
    for (const date of ['2022-07-02', '2022-07-03']) home.filled(date, 5000).beat(dayOf(date).end + HOUR)
    expect(home.alerts.map(({ state, occurrences }) => [state, occurrences])).toEqual([['firing', 2]])
    home.ack('missing', dayOf('2022-07-02').start, dayOf('2022-07-03').end + 2 * HOUR)
    expect(home.alerts.map(({ state, ackedBy }) => [state, ackedBy])).toEqual([['acked', 'ann']])
    home.filled('2022-07-04', 10_800).beat(dayOf('2022-07-04').end + 2 * HOUR)
    expect(home.alerts.map(({ state }) => state)).toEqual(['ok'])
  })
})

test('a year that is imported notifies nobody', () => {
  const home = new Home()
  const now = Date.parse('2023-01-15T12:00:00Z')
  for (let at = Date.parse('2022-01-15T12:00:00Z'); at < now; at += 24 * HOUR)
    home.filled(new Date(at).toISOString().slice(0, 10), 10).day(new Date(at).toISOString().slice(0, 10), [], now)
  home.beat(now)
  expect(home.alerts.length).toBeGreaterThan(0)
  expect(home.alerts.filter(({ notify, at }) => notify && at < now - 24 * HOUR)).toEqual([])
})

describe('V14: no part takes more than the whole', () => {
  const DAY = '2022-07-02'
  const { start, end } = dayOf(DAY)
  /** A day of which all slots but so many have a value, at these mean powers, W. */
  const whole = (cons: number, ve: number, unknown = 0): Slot[] =>
    Array.from({ length: 10_800 }, (_, i) => ({ at: start + i * SLOT_MS, cons: i < unknown ? null : cons, prod: 0, ve }))
  const judged = (slots: readonly Slot[]): Home => new Home().day(DAY, slots).beat(end + HOUR)

  test('vehicles that took more than all that was consumed, with the figures', () => {
    const [alert] = judged(whole(1000, 2000)).alerts
    expect(alert).toMatchObject({ rule: 'conservation', state: 'firing', since: start, value: 48, threshold: 25.2, unit: 'kWh' })
    expect(alert.text).toContain('Vehicles took 48 kWh of 24 kWh')
  })

  test.each([
    ['5 % more is what clamps differ by', 1000, 1049, []],
    ['and not a watt-hour beyond it', 1000, 1051, [['conservation', 25.22]]],
    ['of nearly nothing 100 Wh', 0, 4, []],
    ['and no more', 0, 4.5, [['conservation', 0.11]]],
    ['a part that is less', 1000, 400, []]
  ])('%s', (_what, cons, ve, active) => {
    expect(judged(whole(cons, ve)).active).toEqual(active)
  })

  test('what is not known to 99 % is not compared', () => {
    expect(judged(whole(1000, 2000, 108)).active).toHaveLength(1)
    expect(judged(whole(1000, 2000, 109)).active).toEqual([])
  })

  test('a clamp that is mended takes it back', () => {
    const home = judged(whole(1000, 2000)).day(DAY, whole(3000, 2000), end + 5 * HOUR)
    expect(home.alerts.map(({ rule, state }) => [rule, state])).toEqual([['conservation', 'retracted']])
  })
})

describe('A16: the sun at the default site', () => {
  const cases = [
    ['2022-07-01', '02:47', '20:45'],
    ['2021-12-17', '07:01', '16:17']
  ]
  for (const [date, dawn, dusk] of cases)
    test(date, () => {
      const { start, end } = dayOf(date)
      const isNight = nightOf(start, end, BRUSSELS)
      const minutes = (time: string, by: number) => Date.parse(`${date}T${time}:00Z`) + by * 60_000
      expect([isNight(minutes(dawn, -3)), isNight(minutes(dawn, 3)), isNight(minutes(dusk, -3)), isNight(minutes(dusk, 3))]).toEqual([
        true,
        false,
        false,
        true
      ])
    })
  test('where it does not get dark, and where it does not get light', () => {
    const north = { latitude: 69, longitude: 20 }
    const noon = (date: string) => dayOf(date).start + 12 * HOUR
    expect(nightOf(dayOf('2022-06-21').start, dayOf('2022-06-21').end, north)(dayOf('2022-06-21').start + HOUR)).toBe(false)
    expect(nightOf(dayOf('2022-12-21').start, dayOf('2022-12-21').end, { latitude: 80, longitude: 20 })(noon('2022-12-21'))).toBe(true)
  })
})
