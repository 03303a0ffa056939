import { describe, expect, test } from 'vitest'
import type { SeriesColumns } from '../../api/page/answers.js'
import {
  type Bar,
  changedStarts,
  type Expected,
  expectedGaps,
  type Loaded,
  loadedSlots,
  mergeTail,
  stateOf,
  within
} from '../../api/page/chart/bars.js'
import { gridFor, gridsFor, slotEnd, slotStart, snapped } from '../../api/page/chart/grid.js'
import { paced, type What } from '../../api/page/chart/paced.js'
import { columnsOf, mostOf, sceneOf } from '../../api/page/chart/scene.js'
import { exact, totalsOf } from '../../api/page/chart/totals.js'
import { barText, missingText, rangeText } from '../../api/page/chart/words.js'

const MADRID = 'Europe/Madrid'
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = Date.parse('2023-10-11T22:00:00Z')
/** Long after all of it. */
const ended: Expected = { first: 0, now: START + 1000 * DAY, slackMs: MINUTE }

const bar = (hour: number, said: Partial<Bar> = {}): Bar => ({
  start: START + hour * HOUR,
  end: START + (hour + 1) * HOUR,
  milli: 250_000,
  quality: 'RAW',
  coveredMs: HOUR,
  estimatedMs: 0,
  unknown: null,
  ...said
})
const loaded = (hours: number[], gaps: [number, number][] = [], range: [number, number] = [0, 24]): Loaded => ({
  grid: 'PT1H',
  unit: 'Wh',
  range: { from: START + range[0] * HOUR, to: START + range[1] * HOUR },
  bars: hours.map((hour) => bar(hour)),
  gaps: gaps.map(([from, to]) => ({ from: START + from * HOUR, to: START + to * HOUR }))
})
const hoursOf = (ranges: readonly { from: number; to: number }[]) =>
  ranges.map(({ from, to }) => [(from - START) / HOUR, (to - START) / HOUR])

describe('grids', () => {
  const MONTH = 31 * DAY
  test('by the length of the range, from readings to months', () => {
    const spans = [HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY, MONTH, 366 * DAY, 3 * 366 * DAY]
    expect(spans.map((ms) => gridFor(ms, 8 * SECOND))).toEqual(['intervals', 'PT1M', 'PT15M', 'PT15M', 'PT1H', 'P1D', 'P1D', 'P1M'])
  })
  test('never finer than the meter speaks', () => {
    const spans = [HOUR, 6 * HOUR, DAY, 7 * DAY, MONTH]
    expect(spans.map((ms) => gridFor(ms, HOUR))).toEqual(['PT1H', 'PT1H', 'PT1H', 'PT1H', 'P1D'])
    expect(spans.map((ms) => gridFor(ms, 15 * MINUTE))).toEqual(['PT15M', 'PT15M', 'PT15M', 'PT1H', 'P1D'])
    expect(gridsFor(DAY, HOUR)).toEqual(['PT1H'])
    expect(gridFor(DAY, 31 * DAY)).toBe('P1M')
  })
  test('a year can be had in quarters, not in minutes', () => {
    expect(gridsFor(366 * DAY, 15 * MINUTE)).toEqual(['PT15M', 'PT1H', 'P1D', 'P1M'])
    expect(gridsFor(366 * DAY, 8 * SECOND)).toEqual(['PT15M', 'PT1H', 'P1D', 'P1M'])
    expect(gridsFor(DAY, 8 * SECOND)).toEqual(['intervals', 'PT1M', 'PT15M', 'PT1H'])
  })
  test('slots begin and end on local borders', () => {
    const at = Date.parse('2023-10-29T01:40:30Z')
    expect([slotStart('PT15M', MADRID, at), slotEnd('PT15M', MADRID, at)].map((ms) => new Date(ms).toISOString())).toEqual([
      '2023-10-29T01:30:00.000Z',
      '2023-10-29T01:45:00.000Z'
    ])
    expect([slotStart('P1D', MADRID, at), slotEnd('P1D', MADRID, at)].map((ms) => new Date(ms).toISOString())).toEqual([
      '2023-10-28T22:00:00.000Z',
      '2023-10-29T23:00:00.000Z'
    ])
    expect(slotEnd('PT1H', MADRID, START)).toBe(START)
  })
  test('what is drawn by hand snaps to the slots it is then shown in', () => {
    const drawn = { from: START + 4.2 * MINUTE, to: START + 5 * HOUR + 0.5 * MINUTE }
    expect(snapped(drawn, MADRID, 8 * SECOND)).toEqual({ from: START + 4 * MINUTE, to: START + 5 * HOUR + MINUTE })
    expect(snapped(drawn, MADRID, HOUR)).toEqual({ from: START, to: START + 6 * HOUR })
    expect(snapped({ from: START + 100, to: START + 1300 }, MADRID, 8 * SECOND)).toEqual({ from: START, to: START + 11 * SECOND })
  })
})

describe('bars', () => {
  const states = {
    measured: bar(0),
    estimated: bar(0, { estimatedMs: 1 }),
    partial: bar(0, { coveredMs: HOUR - 1 }),
    unknown: bar(0, { coveredMs: 0, unknown: { low: 0, high: 5 } }),
    none: bar(0, { coveredMs: 0, milli: 0 })
  }
  for (const [state, given] of Object.entries(states)) test(`a bar that is ${state}`, () => expect(stateOf(given, ended)).toBe(state))
  test('energy that covers nothing is unknown, not nothing', () => expect(stateOf(bar(0, { coveredMs: 0 }), ended)).toBe('unknown'))
  test('a running bar is as good as what has passed of it', () => {
    const running = bar(0, { coveredMs: 30 * MINUTE })
    const at = (minutes: number) => stateOf(running, { ...ended, now: START + minutes * MINUTE })
    expect([at(30), at(31), at(32), at(60)]).toEqual(['measured', 'measured', 'partial', 'partial'])
  })
  test('before the first reading ever nothing is missing', () => {
    const first = START + 30 * MINUTE
    expect(stateOf(bar(0, { coveredMs: 30 * MINUTE }), { ...ended, first })).toBe('measured')
    expect(hoursOf(expectedGaps(loaded([], [[-5, 0], [-1, 2], [3, 4]]).gaps, { ...ended, first }))).toEqual([[0.5, 2], [3, 4]]) // biome-ignore format: pairs
  })
  test('the time since the newest reading is a gap only when the next is overdue', () => {
    const gaps = [{ from: START, to: START + 50 * SECOND }]
    expect(expectedGaps(gaps, { ...ended, now: START + 50 * SECOND })).toEqual([])
    expect(expectedGaps(gaps, { ...ended, now: START + 300 * SECOND })).toEqual(gaps)
  })

  test('columns become bars', () => {
    const head = { point: 'p', register: '1.8.0', unit: 'Wh', zone: MADRID, grid: 'PT1H', summary: {} as SeriesColumns['summary'] }
    const answer: SeriesColumns = {
      ...head,
      from: '2023-10-11T22:00:00Z',
      to: '2023-10-12T00:00:00Z',
      gaps: [{ start: '2023-10-11T23:00:00Z', end: '2023-10-12T00:00:00Z' }],
      columns: { start: [START], end: [START + HOUR], milli: [250_000], quality: [4], coveredMs: [HOUR], estimatedMs: [0] }
    }
    expect(loadedSlots(answer, 'PT1H')).toEqual(loaded([0], [[1, 2]], [0, 2]))
  })
  test('a tail replaces what stands from its start on, gaps are joined', () => {
    const merged = mergeTail(loaded([0, 1, 5], [[2, 5]], [0, 6]), loaded([7], [[4, 7]], [4, 8]))
    expect(merged.bars.map(({ start }) => (start - START) / HOUR)).toEqual([0, 1, 7])
    expect(hoursOf(merged.gaps)).toEqual([[2, 7]])
    expect(hoursOf([merged.range])).toEqual([[0, 8]])
    expect(hoursOf(mergeTail(loaded([0], [[1, 2]]), loaded([5], [[4, 5]], [4, 6])).gaps)).toEqual([[1, 2], [4, 5]]) // biome-ignore format: pairs
  })
  test('changed bars are those that both answers have', () => {
    const before = loaded([0, 1, 2])
    const after = { ...before, bars: [bar(0), bar(1, { milli: 1 }), bar(2, { quality: 'EDITED' }), bar(3)] }
    expect([...changedStarts(before, after)]).toEqual([START + HOUR, START + 2 * HOUR])
    expect(changedStarts(before, { ...after, grid: 'P1D' }).size).toBe(0)
  })
  test('within: what reaches in counts as seen, gaps are cut', () => {
    const seen = within(loaded([0, 1, 2, 3], [[4, 9]]), { from: START + 1.5 * HOUR, to: START + 5 * HOUR })
    expect(seen.bars.map(({ start }) => (start - START) / HOUR)).toEqual([1, 2, 3])
    expect(hoursOf(seen.gaps)).toEqual([[4, 5]])
    expect(within(loaded([0, 1]), { from: START + 2 * HOUR, to: START + 5 * HOUR }).bars).toEqual([])
    expect(within(loaded([3]), { from: START, to: START + 5 * HOUR }).bars).toHaveLength(1)
  })
})

describe('totals', () => {
  test('energy, coverage and what is missing, longest first', () => {
    const totals = totalsOf(
      [bar(0), bar(1, { coveredMs: 45 * MINUTE }), bar(5, { quality: 'ESTIMATED' })],
      loaded([], [[2, 5]]).gaps,
      ended
    )
    expect(totals).toMatchObject({ milli: 750_000, quality: 'ESTIMATED', unknown: false })
    expect(totals.completeness).toBeCloseTo(2.75 / 6, 12)
    expect(totals.estimated).toBeCloseTo(1 / 2.75, 12)
    expect(totals.missing.map(({ ms }) => ms / MINUTE)).toEqual([180, 15])
  })
  test('a running bar spoils neither coverage nor quality', () => {
    const now = START + 1.5 * HOUR
    const running = bar(1, { coveredMs: 30 * MINUTE - 8 * SECOND, quality: 'PARTIAL' })
    expect(totalsOf([bar(0), running], [], { ...ended, now })).toMatchObject({ completeness: 1, quality: 'RAW', missing: [] })
    expect(totalsOf([bar(0), running], [], ended)).toMatchObject({ quality: 'PARTIAL' })
  })
  test('nothing asked is not nothing covered', () => {
    expect(totalsOf([], [], ended).completeness).toBeNull()
    expect(totalsOf([], loaded([], [[0, 1]]).gaps, ended).completeness).toBe(0)
  })
  test('exact figures keep every digit', () => {
    expect([24_508_000_000, 14_062_332, 482_000, 500, 0, -1_234_567_890].map((milli) => exact(milli, 'Wh'))).toEqual([
      '24,508.000 kWh',
      '14.062332 kWh',
      '0.482 kWh',
      '0.0005 kWh',
      '0.000 kWh',
      '−1,234.56789 kWh'
    ])
    expect([exact(1500, 'L'), exact(482_000, 'Wh', 6)]).toEqual(['1.500 L', '0.482000 kWh'])
  })
})

describe('scene', () => {
  const given = {
    range: { from: START, to: START + DAY },
    gaps: [],
    exported: false,
    expected: ended,
    chosen: null,
    changed: new Set<number>(),
    unit: 'Wh'
  }
  test('bars are energy in a unit of one to three digits, minutes are mean power', () => {
    expect(sceneOf({ ...given, grid: 'PT1H', bars: [bar(0)] })).toMatchObject({
      unit: 'Wh',
      steps: false,
      values: Float64Array.of(250),
      low: 0
    })
    expect(sceneOf({ ...given, grid: 'PT1H', bars: [bar(0, { milli: 2_500_000 })] })).toMatchObject({
      unit: 'kWh',
      values: Float64Array.of(2.5)
    })
    const minute = bar(0, { end: START + MINUTE, milli: 50_000 })
    expect(sceneOf({ ...given, grid: 'PT1M', bars: [minute] })).toMatchObject({ unit: 'kW', steps: true, values: Float64Array.of(3) })
    expect(sceneOf({ ...given, grid: 'PT1M', unit: 'L', bars: [minute] })).toMatchObject({ unit: 'L', steps: false })
  })
  test('the axis has room for what an unknown bar may be, and an empty one is an axis', () => {
    const unknown = bar(0, { milli: 1000, coveredMs: 0, unknown: { low: 1000, high: 9_000_000 } })
    const scene = sceneOf({ ...given, grid: 'PT1H', bars: [unknown] })
    expect(scene.high).toBeGreaterThan(9)
    expect(mostOf(scene, unknown)).toBe(9)
    const empty = sceneOf({ ...given, grid: 'PT1H', bars: [] })
    expect(empty.high).toBeGreaterThan(empty.low)
  })
  test('a year of quarters in 800 columns loses neither a peak nor a hole', () => {
    const quarter = 15 * MINUTE
    const bars = Array.from({ length: 35_040 }, (_, i) =>
      bar(0, {
        start: START + i * quarter,
        end: START + (i + 1) * quarter,
        coveredMs: i === 20_000 ? 0 : quarter,
        milli: i === 10_000 ? 9_000_000 : i === 20_000 ? 0 : 100_000
      })
    )
    const range = { from: START, to: START + 365 * DAY }
    const scene = sceneOf({ ...given, range, grid: 'PT15M', bars })
    const columns = columnsOf(scene, range, 800)
    expect(Math.max(...columns.map((column) => column?.high ?? 0))).toBe(9)
    expect(columns.filter((column) => column?.state === 'none')).toHaveLength(1)
    expect(columns.every((column) => column !== null)).toBe(true)
    expect(columns[0]?.mean).toBeCloseTo(0.1, 9)
  })
})

describe('words', () => {
  const text = (from: string, to: string) => rangeText({ from: Date.parse(from), to: Date.parse(to) }, MADRID).replaceAll(',', '')
  test('ranges by the calendar where they are its own', () => {
    expect(text('2023-10-11T22:00Z', '2023-10-12T22:00Z')).toBe('Thu 12 Oct 2023')
    expect(text('2023-09-30T22:00Z', '2023-10-31T23:00Z')).toBe('October 2023')
    expect(text('2022-12-31T23:00Z', '2023-12-31T23:00Z')).toBe('2023')
    expect(text('2023-10-08T22:00Z', '2023-10-15T22:00Z')).toBe('9 Oct – 15 Oct 2023')
    expect(text('2023-12-24T23:00Z', '2024-01-01T23:00Z')).toBe('25 Dec 2023 – 1 Jan 2024')
    expect(text('2023-10-12T10:00Z', '2023-10-12T10:15Z')).toBe('Thu 12 Oct 2023 12:00 – 12:15')
    expect(text('2023-10-12T10:00:08Z', '2023-10-12T10:00:16Z')).toBe('Thu 12 Oct 2023 12:00:08 – 12:00:16')
    expect(text('2023-10-12T20:00Z', '2023-10-13T10:00Z')).toBe('Thu 12 Oct 2023 22:00 – Fri 13 Oct 2023 12:00')
  })
  test('missing time, whole or of a slot', () => {
    const of = (ms: number) => missingText({ from: START, to: START + DAY, ms }, MADRID).replaceAll(',', '')
    expect([of(DAY), of(12 * HOUR)]).toEqual(['24 h: Thu 12 Oct 2023', '12 h of Thu 12 Oct 2023'])
  })
  test('a bar says how far it is to be believed', () => {
    const of = (said: Partial<Bar>) => {
      const given = bar(0, said)
      const { amount, power, state } = barText(given, stateOf(given, ended), 'Wh', MADRID, ended.now)
      return [amount, power, state]
    }
    expect(of({})).toEqual(['0.250 kWh', '250 W', 'as the meter said it'])
    expect(of({ coveredMs: HOUR / 2 })).toEqual(['≥ 0.250 kWh', null, '50.0 % of the time covered: at least this much'])
    expect(of({ coveredMs: 0, milli: 0 })).toEqual(['–', null, 'no data'])
    expect(of({ coveredMs: 0, milli: 1000, unknown: { low: 1000, high: 200_000 } })).toEqual([
      '1.0 Wh – 0.200 kWh',
      null,
      'amount unknown: between these two'
    ])
  })
})

describe('pace', () => {
  const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  test('many wishes are one request, and all includes the tail', async () => {
    const asked: What[] = []
    const pace = paced(async (what) => void asked.push(what), 200)
    for (const what of ['tail', 'all', 'tail'] as const) pace.ask(what)
    await expect.poll(() => asked).toEqual(['all'])
    pace.ask('tail')
    pace.ask('tail')
    expect(asked).toEqual(['all'])
    await expect.poll(() => asked).toEqual(['all', 'tail'])
    pace.stop()
  })
  test('what is wished while one is under way comes after it, also when it fails', async () => {
    const open: (() => void)[] = []
    const pace = paced(async () => {
      await new Promise<void>((resolve) => open.push(resolve))
      throw new Error('away')
    }, 1)
    pace.ask('tail')
    await expect.poll(() => open.length).toBe(1)
    pace.ask('tail')
    await rest(30)
    expect(open).toHaveLength(1)
    open[0]()
    await expect.poll(() => open.length).toBe(2)
    open[1]()
    pace.stop()
    pace.ask('all')
    await rest(30)
    expect(open).toHaveLength(2)
  })
})
