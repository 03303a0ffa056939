import { describe, expect, test } from 'vitest'
import type { Home, PointInfo, SeriesColumns } from '../../api/page/answers.js'
import { dayOf, gridOf, movedDay, partOf, rangeOfDay, todayIn } from '../../api/page/homes/day.js'
import { energyDays, shownFigures } from '../../api/page/homes/energy.js'
import { type Curve, curveOf, missingOf, type PowerSlot, sceneOf, slotAt, withTail } from '../../api/page/homes/power.js'
import { ownFirst, shownHomes } from '../../api/page/homes/shown.js'
import { curveText, exchangeName, givenText, membersText, nowText, sensorsText, slotText, tokensText } from '../../api/page/homes/words.js'

const ZONE = 'Europe/Brussels'
const QUARTER = 15 * 60_000
const HOUR = 4 * QUARTER
const at = (text: string): number => Date.parse(text)
const NOON = at('2022-07-01T10:00Z')

/** Slots of `ms` from an instant on: thousandths of Wh, and covered ms. */
const columns = (from: number, ms: number, list: readonly (readonly [milli: number, coveredMs: number])[]): SeriesColumns['columns'] => ({
  start: list.map((_, i) => from + i * ms),
  end: list.map((_, i) => from + (i + 1) * ms),
  milli: list.map(([milli]) => milli),
  quality: list.map(() => 0),
  coveredMs: list.map(([, coveredMs]) => coveredMs),
  estimatedMs: list.map(() => 0)
})

const curve = (from: number, to: number, list: readonly (readonly [milli: number, coveredMs: number])[], first = from): Curve => {
  const told = columns(first, QUARTER, list)
  return curveOf({ from, to }, { p_cons: told, p_prod: null, p_tot: told, p_ve: null })
}

const slot = (from: number, watt: number, ms = QUARTER, coveredMs = ms): PowerSlot => ({
  start: from,
  end: from + ms,
  coveredMs,
  watts: { p_cons: watt, p_prod: 0, p_tot: watt, p_ve: null }
})

describe('which day', () => {
  const point = (last: string | null): PointInfo => ({
    ...{ id: 'flukso/a', name: '', zone: ZONE },
    registers: [{ register: '1.8.0', source: '', unit: 'Wh', kind: 'COUNTER', device: '', first: last, last, latest: null }]
  })
  const now = at('2022-07-02T21:59Z')

  test('the one a link names, none to come; otherwise that of the newest reading, else today, in the zone of the installation', () => {
    expect(dayOf('2022-06-30', [], ZONE, now)).toBe('2022-06-30')
    expect(dayOf('2022-07-03', [], ZONE, now)).toBe('2022-07-02')
    expect(dayOf(null, [], ZONE, now)).toBe('2022-07-02')
    expect(dayOf(null, [], ZONE, now + 60_000)).toBe('2022-07-03')
    expect(dayOf(null, [point(null), point('2022-07-01T12:00:56Z'), point('2022-06-01T00:00:00Z')], ZONE, now)).toBe('2022-07-01')
    // Midnight in Brussels ends the day.
    expect(dayOf(null, [point('2022-06-30T22:00:00Z')], ZONE, now)).toBe('2022-06-30')
    for (const wrong of ['2022-02-30', '2022-7-1', 'yesterday', '']) expect(dayOf(wrong, [], ZONE, now)).toBe('2022-07-02')
  })

  test('it has 23 to 25 hours, and neighbours', () => {
    const hours = (day: string) => (rangeOfDay(day, ZONE).to - rangeOfDay(day, ZONE).from) / HOUR
    expect([hours('2022-03-27'), hours('2022-07-01'), hours('2022-10-30')]).toEqual([23, 24, 25])
    expect(rangeOfDay('2022-07-01', ZONE)).toEqual({ from: at('2022-06-30T22:00Z'), to: at('2022-07-01T22:00Z') })
    expect([movedDay('2022-03-01', -1), movedDay('2024-02-28', 1)]).toEqual(['2022-02-28', '2024-02-29'])
    expect(todayIn('Atlantic/Canary', at('2022-06-30T22:30Z'))).toBe('2022-06-30')
  })

  test('a part of it that was drawn lies on the borders of its slots, and within it', () => {
    const day = rangeOfDay('2022-07-01', ZONE)
    expect(partOf({ from: NOON + 3, to: NOON + 4 * HOUR + 3 }, day)).toEqual({ from: NOON, to: NOON + 4 * HOUR + QUARTER })
    expect(partOf({ from: NOON + 3, to: NOON + HOUR + 3 }, day)).toEqual({ from: NOON, to: NOON + HOUR + 8000 })
    expect(partOf({ from: day.from - HOUR, to: NOON }, day)).toEqual({ from: day.from, to: NOON })
    for (const none of [day, { from: 0, to: 0 }, { from: Number.NaN, to: NOON }, { from: day.to, to: day.to + HOUR }])
      expect(partOf(none, day)).toBe(null)
    expect([gridOf(day), gridOf({ from: NOON, to: NOON + 3 * HOUR }), gridOf({ from: NOON, to: NOON + 3 * HOUR + 1 })]).toEqual([
      'PT15M',
      'PT8S',
      'PT15M'
    ])
  })
})

describe('the curve', () => {
  test('W from energy; of a slot that is known in part the mean of that part; nothing where nothing is known, and never 0', () => {
    const { slots } = curveOf(
      { from: NOON, to: NOON + HOUR },
      {
        // A7: 450 W are 1 Wh in 8 s.
        p_cons: columns(NOON, 8000, [
          [1000, 8000],
          [0, 0],
          [0, 8000]
        ]),
        p_prod: columns(NOON, 8000, [
          [-4000, 8000],
          [0, 0],
          [0, 8000]
        ]),
        p_tot: columns(NOON, 8000, [
          [-3000, 8000],
          [0, 0],
          [0, 8000]
        ]),
        p_ve: null
      }
    )
    expect(slots.map(({ watts }) => [watts.p_cons, watts.p_prod, watts.p_tot])).toEqual([
      [450, -1800, -1350],
      [null, null, null],
      [0, 0, 0]
    ])
    // 112 slots of the clamps are all that begin in this quarter; of the next, one is missing.
    expect(
      curve(
        NOON,
        NOON + HOUR,
        [112, 111].map((slots) => [1, slots * 8000])
      ).slots.map(({ coveredMs }) => coveredMs)
    ).toEqual([QUARTER, 888_000])
    // A third of a quarter, 25 Wh in it.
    expect(curve(NOON, NOON + HOUR, [[25_000, QUARTER / 3]]).slots[0].watts).toEqual({ p_cons: 300, p_prod: null, p_tot: 300, p_ve: null })
  })

  test('what is missing: before, between, after, and within slots; not what is still to come or on its way', () => {
    const list = [
      [1000, QUARTER],
      [0, 0],
      [1000, QUARTER / 4]
    ] as const
    const day = curve(NOON - HOUR, NOON + HOUR, list, NOON)
    expect(missingOf(day, NOON + 2 * HOUR)).toEqual([
      { from: NOON - HOUR, to: NOON, share: 1 },
      { from: NOON + QUARTER, to: NOON + 2 * QUARTER, share: 1 },
      { from: NOON + 2 * QUARTER, to: NOON + 3 * QUARTER, share: 0.75 },
      { from: NOON + 3 * QUARTER, to: NOON + HOUR, share: 1 }
    ])
    // A quarter of the third slot has passed, and it is known.
    expect(missingOf(day, NOON + 2.25 * QUARTER)).toEqual([
      { from: NOON - HOUR, to: NOON, share: 1 },
      { from: NOON + QUARTER, to: NOON + 2 * QUARTER, share: 1 }
    ])
    const until = curve(NOON, NOON + 4 * HOUR, [[1000, QUARTER]])
    expect(missingOf(until, NOON + QUARTER + 14 * 60_000)).toEqual([])
    expect(missingOf(until, NOON + 2 * QUARTER)).toEqual([{ from: NOON + QUARTER, to: NOON + 2 * QUARTER, share: 1 }])
    expect(missingOf(curve(NOON, NOON + HOUR, []), NOON + HOUR)).toEqual([{ from: NOON, to: NOON + HOUR, share: 1 }])
  })

  test('what is asked again takes the place of what it was', () => {
    const before = { range: { from: NOON, to: NOON + HOUR }, slots: [slot(NOON, 1), slot(NOON + QUARTER, 2)] }
    const tail = { range: { from: NOON + QUARTER, to: NOON + HOUR }, slots: [slot(NOON + QUARTER, 3), slot(NOON + 2 * QUARTER, 4)] }
    const { range, slots } = withTail(before, tail)
    expect([range, slots.map(({ watts }) => watts.p_tot)]).toEqual([before.range, [1, 3, 4]])
  })

  test('its axis holds zero and every power, in W or kW', () => {
    const of = (...watts: number[]) =>
      sceneOf({ range: { from: NOON, to: NOON + HOUR }, slots: watts.map((watt, i) => slot(NOON + i * QUARTER, watt)) }, NOON + HOUR)
    expect(of(-1800, 2250)).toMatchObject({ unit: 'kW', factor: 1000 })
    expect(of(-1800, 2250).low).toBeCloseTo(-1.8 - 4.05 * 0.08)
    expect(of(450)).toMatchObject({ unit: 'W', low: 0, high: 486 })
    expect(of(-450)).toMatchObject({ low: -486, high: 36 })
    expect(of()).toMatchObject({ low: 0, high: 1 })
  })

  test('vehicles are drawn where there are any, and do not make up for a house that is missing', () => {
    const range = { from: NOON, to: NOON + 2 * QUARTER }
    const [house, charged] = [[[1000, QUARTER]] as const, [[1_800_000, QUARTER]] as const].map((list) => columns(NOON, QUARTER, list))
    const later = columns(NOON + QUARTER, QUARTER, [[1_800_000, QUARTER]])
    const both = curveOf(range, { p_cons: house, p_prod: house, p_tot: house, p_ve: later })
    expect(both.slots.map(({ coveredMs, watts }) => [coveredMs, watts.p_tot, watts.p_ve])).toEqual([
      [QUARTER, 4, null],
      [0, null, 7200]
    ])
    const scene = sceneOf(both, range.to + HOUR)
    expect([scene.powers, scene.missing]).toEqual([
      ['p_cons', 'p_prod', 'p_tot', 'p_ve'],
      [{ from: NOON + QUARTER, to: range.to, share: 1 }]
    ])
    expect(curveText(scene)).toBe('Power of the day: from the grid between 4.0 W and 4.0 W; vehicles up to 7.20 kW. 15 min missing.')
    expect(slotText(slotAt(both.slots, NOON + QUARTER)!, ZONE)).toBe('12:15–12:30, the house is missing')
    // Only a charging station: what is known of it is what is known.
    const alone = sceneOf(curveOf(range, { p_cons: null, p_prod: null, p_tot: null, p_ve: charged }), range.to + HOUR)
    expect([alone.slots[0].coveredMs, alone.powers, curveText(alone)]).toEqual([
      QUARTER,
      ['p_ve'],
      'Power of the day: vehicles up to 7.20 kW. 15 min missing.'
    ])
    expect(sceneOf(curve(NOON, NOON + HOUR, [[1, 1]]), NOON).powers).toEqual(['p_cons', 'p_prod', 'p_tot'])
  })

  test('what is pointed at is a slot of which something is known', () => {
    const slots = [
      slot(NOON, 1),
      { ...slot(NOON + QUARTER, 2, QUARTER, 0), watts: { p_cons: null, p_prod: null, p_tot: null, p_ve: null } }
    ]
    expect([NOON - 1, NOON, NOON + QUARTER - 1, NOON + QUARTER].map((when) => slotAt(slots, when)?.watts.p_tot ?? null)).toEqual([
      null,
      1,
      1,
      null
    ])
  })
})

describe('kWh of the days', () => {
  const DAY = 24 * HOUR
  const [first, second, third] = [0, 1, 2].map((i) => at('2022-06-29T22:00Z') + i * DAY)
  // A10: HOME01 over its 512 s; the day after nothing was known.
  const answers = [[127_936], [-134_336], [89_600], [96_000]].map(([milli]) =>
    columns(second, DAY, [
      [milli, 512_000],
      [0, 0]
    ])
  )

  test('exact, with as many digits for all; a dash where nothing is known, and never 0', () => {
    const days = energyDays(answers, [first, second, third], third + DAY, third + 2 * DAY)
    expect(days.map(({ figures }) => figures)).toEqual([
      ['–', '–', '–', '–', '–'],
      ['0.127936 kWh', '0.134336 kWh', '0.089600 kWh', '0.096000 kWh', '–'],
      ['–', '–', '–', '–', '–']
    ])
    expect(shownFigures(days)).toEqual([0, 1, 2, 3])
    const charged = energyDays([...answers, columns(second, DAY, [[1_000_000, HOUR]])], [first, second], third, third)
    expect([shownFigures(charged), charged[1].figures[4]]).toEqual([[0, 1, 2, 3, 4], '1.000000 kWh'])
    const alone = energyDays([null, null, null, null, columns(second, DAY, [[1_000_000, DAY / 4]])], [second], third, third)
    expect([shownFigures(alone), alone[0].known]).toEqual([[4], '25.0 %'])
    expect(days.map(({ known }) => known)).toEqual(['0.0 %', '0.5 %', '0.0 %'])
    expect(energyDays([null, null, null, null], [first], second, second)[0].figures).toEqual(Array(5).fill('–'))
  })

  test('a production above zero stays to be seen; a measured 0 is 0; of today counts what has passed', () => {
    const wrong = [columns(first, DAY, [[0, HOUR]]), columns(first, DAY, [[5000, HOUR]]), null, null]
    expect(energyDays(wrong, [first], second, first + HOUR)).toEqual([
      { start: first, figures: ['0.000 kWh', '−0.005 kWh', '–', '–', '–'], known: '100 %' }
    ])
    expect(energyDays(wrong, [first], second, first - 1)[0].known).toBe('')
  })
})

describe('which installations', () => {
  const home = (id: string): Home => ({ id, name: '', zone: ZONE, point: `installation/${id}` })
  const ids = (all: string[], asked: string | null) => shownHomes(all.map(home), asked).map(({ id }) => id)

  test('all of a household; of many one; what is asked for, if it is open', () => {
    expect(ids(['GRPA01', 'HOME01'], null)).toEqual(['GRPA01', 'HOME01'])
    expect(ids(['A', 'B', 'C', 'D'], null)).toEqual(['A'])
    expect(ids(['A', 'B', 'C', 'D'], 'C')).toEqual(['C'])
    expect(ids(['A'], 'HOME99')).toEqual([])
    expect(ownFirst(['GRPA01', 'HOME01', 'HOME02'].map(home), 'HOME01').map(({ id }) => id)).toEqual(['HOME01', 'GRPA01', 'HOME02'])
  })
})

test('in words', () => {
  expect([exchangeName(-1350), exchangeName(450)]).toEqual(['Injection', 'Withdrawal'])
  expect(slotText(slot(NOON, 1), ZONE)).toBe('12:00–12:15')
  expect(slotText(slot(NOON, 1, 8000), ZONE)).toBe('12:00:00–12:00:08')
  expect(slotText(slot(NOON, 1, QUARTER, QUARTER / 4), ZONE)).toBe('12:00–12:15, mean of the 25.0 % that is known')
  const scene = sceneOf({ range: { from: NOON, to: NOON + HOUR }, slots: [slot(NOON, -1350), slot(NOON + QUARTER, 450)] }, NOON + HOUR)
  expect(curveText(scene)).toBe('Power of the day: from the grid between -1.35 kW and 450 W. 30 min missing.')
  expect(curveText(sceneOf({ range: scene.range, slots: [] }, NOON))).toBe('Power of the day: nothing was measured.')
  const row = { k: 'installation/HOME01|p_tot', s: NOON, e: NOON + 8000, v: -1_350_000_000, sc: 6, u: 'W', q: 'VALID', rev: 0 }
  expect([nowText({ ...row, op: 'put' }), nowText({ ...row, v: 0, op: 'unknown' }), nowText(undefined)]).toEqual(['-1.35 kW', '– W', '– W'])
  expect([0, 1, 206].map(tokensText)).toEqual(['No sensor has a token yet.', 'One sensor has a token.', '206 sensors have tokens.'])
  expect([sensorsText(0, 0), sensorsText(1, 0), sensorsText(478, 0), sensorsText(478, 2), sensorsText(1, 1)]).toEqual([
    'No sensor has a token yet.',
    'The one sensor is fine.',
    'All 478 sensors are fine.',
    '2 of 478 sensors are not fine.',
    'The one sensor is not fine.'
  ])
})

test('days of sensors in a sentence', () => {
  const text = (members: number, complete: number, missing: number, hours: number) =>
    membersText({ members, complete, missing, missingMs: hours * HOUR }, 'July 2022')
  expect([text(0, 0, 0, 0), text(1, 1, 0, 0), text(206, 206, 0, 0)]).toEqual([
    'Nothing is expected of any sensor in July 2022.',
    'The one sensor is complete in July 2022.',
    'All 206 sensors are complete in July 2022.'
  ])
  expect(text(206, 12, 3, 1824)).toBe('12 of 206 sensors are complete in July 2022; 194 miss 76 days together. Of 3 there is nothing.')
  expect([text(1, 0, 1, 5), text(1, 0, 0, 5), text(2, 1, 0, 5)]).toEqual([
    'There is nothing of the one sensor in July 2022.',
    'The one sensor misses 5 h in July 2022.',
    '1 of 2 sensors is complete in July 2022; 1 misses 5 h.'
  ])
})

test('what became of a token', () => {
  const sensor = 'fed676021dacaaf6a12a8dda7685be34'
  const port = { asks: 'here', everyMinutes: 5, advice: null } as const
  const row = (state: string, askedAt: number | null, detail = '') => ({
    ...{ sensor, point: `flukso/${sensor}`, state, detail, since: null, kept: true },
    askedAt: askedAt === null ? null : new Date(askedAt).toISOString()
  })
  const told = (was: 'none' | 'another', found: ReturnType<typeof row> | undefined, at = port as Parameters<typeof givenText>[2]) =>
    givenText({ sensor, at: NOON, was }, found, at)
  expect(told('none', undefined)).toBe('Its token is kept: the sensor is asked within 6 minutes, and this says how it went.')
  // It was refused before: what it is with the new token nobody knows yet.
  expect(told('another', row('refused', NOON - 1, 'status 401'))).toContain(
    'Its token took the place of the one before: the sensor is asked'
  )
  expect(told('none', row('refused', NOON + 1, 'status 401'))).toBe(
    'The token is refused (status 401): copy it again from the page of the sensor, and put it in once more.'
  )
  expect(told('none', row('fine', NOON + 1))).toContain('its blocks come')
  expect(told('none', row('away', NOON + 1, 'status 503'))).toContain('no answer (status 503). It is asked again by itself')
  expect(told('none', row('unasked', null), { asks: 'off', everyMinutes: null, advice: 'Do this.' })).toBe('Its token is kept. Do this.')
})
