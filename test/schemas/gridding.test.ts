import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseGrid, slotAt } from '../../schemas/grid.js'
import { gridIntervals, type SlotRow } from '../../schemas/gridding.js'
import { Op, Quality } from '../../schemas/quality.js'
import { HOUR, intervals } from './blocks-at-random.js'

const MADRID = 'Europe/Madrid'
const MINUTE = 60_000
const NOON = Date.UTC(2024, 4, 1, 12)
const at = (minutes: number): number => NOON + minutes * MINUTE
const WORDS = ['', 'counter', 'gap', 'rollover+gap', 'gapless']

type Row = { from: number; to: number; milli: number; op?: number; quality?: number; rule?: number; toAt?: number }
const block = (rows: readonly Row[]) =>
  intervals(
    rows.map(({ from, to, ...row }) => ({ start: at(from), end: at(to), ...row })),
    { native: 0, words: WORDS }
  )
const hours = (rows: readonly Row[], options: Parameters<typeof gridIntervals>[5] = {}, grid = 'PT1H') =>
  gridIntervals([block(rows)], parseGrid(grid)!, MADRID, at(0), at(300), options)
const pick = <Key extends keyof SlotRow>(slots: readonly SlotRow[], ...keys: Key[]) => slots.map((slot) => keys.map((key) => slot[key]))

describe('energy', () => {
  const cases = [
    { when: 'an interval inside a slot is taken whole', given: [{ from: 10, to: 20, milli: 7 }], gives: [7] },
    { when: 'an interval over a border is shared by time', given: [{ from: 30, to: 90, milli: 100 }], gives: [50, 50] },
    { when: 'an odd rest goes to the first, half away from zero', given: [{ from: 30, to: 90, milli: 5 }], gives: [3, 2] },
    { when: 'a factor of -1 shares alike', given: [{ from: 30, to: 90, milli: -5 }], gives: [-3, -2] },
    { when: 'an interval over three slots', given: [{ from: 30, to: 150, milli: 3 }], gives: [1, 1, 1] },
    {
      when: 'what ends at a border belongs to the slot it ends',
      given: [
        { from: 0, to: 60, milli: 9 },
        { from: 60, to: 120, milli: 4 }
      ],
      gives: [9, 4]
    }
  ]
  for (const { when, given, gives } of cases) test(when, () => expect(hours(given).map((slot) => slot.amount)).toEqual(gives))
})

describe('hold: a border soon after the start takes nothing', () => {
  const row = [{ from: 58, to: 70, milli: 120 }]
  const cases = [
    { when: 'without it, two of twelve minutes', holdMs: 0, gives: [20, 100] },
    { when: 'the border is within it', holdMs: 5 * MINUTE, gives: [0, 120] },
    { when: 'the border is just within it', holdMs: 2 * MINUTE, gives: [0, 120] },
    { when: 'the border is just out of it', holdMs: 2 * MINUTE - 1, gives: [20, 100] },
    { when: 'it never moves energy out of the interval', holdMs: 60 * MINUTE, gives: [0, 120] }
  ]
  for (const { when, holdMs, gives } of cases) test(when, () => expect(hours(row, { holdMs }).map((slot) => slot.amount)).toEqual(gives))
})

describe('coverage', () => {
  test('UNKNOWN counts as far as it is known, and covers nothing', () => {
    const [slot] = hours([
      { from: 0, to: 30, milli: 4, op: Op.UNKNOWN, quality: Quality.QUESTIONABLE },
      { from: 30, to: 60, milli: 6 }
    ])
    expect(slot).toMatchObject({ amount: 10, coveredMs: 30 * MINUTE, quality: Quality.PARTIAL })
  })

  test('a slot not wholly covered is PARTIAL, and worse stays worse', () => {
    const slots = hours([
      { from: 0, to: 59, milli: 4 },
      { from: 60, to: 119, milli: 4, quality: Quality.DATA_LOSS },
      { from: 120, to: 180, milli: 4 }
    ])
    expect(pick(slots, 'quality')).toEqual([[Quality.PARTIAL], [Quality.DATA_LOSS], [Quality.RAW]])
  })

  test('a slot is as good as the worst inside', () => {
    const slots = hours([
      { from: 0, to: 30, milli: 1, quality: Quality.VALIDATED },
      { from: 30, to: 90, milli: 1, quality: Quality.ESTIMATED },
      { from: 90, to: 120, milli: 1 }
    ])
    expect(pick(slots, 'quality')).toEqual([[Quality.ESTIMATED], [Quality.ESTIMATED]])
  })
})

describe('estimatedMs: how the energy of a gap lies inside is a guess only where it is cut', () => {
  const cases = [
    { when: 'a gap inside a slot', given: { from: 5, to: 55, milli: 1, rule: 2 }, gives: [0] },
    { when: 'a gap that fills a slot', given: { from: 0, to: 60, milli: 1, rule: 2 }, gives: [0] },
    { when: 'a gap over a border', given: { from: 50, to: 80, milli: 1, rule: 2 }, gives: [10, 20] },
    { when: 'a gap among other rules', given: { from: 50, to: 80, milli: 1, rule: 3 }, gives: [10, 20] },
    { when: 'a rule whose name only begins so', given: { from: 50, to: 80, milli: 1, rule: 4 }, gives: [0, 0] },
    { when: 'no gap', given: { from: 50, to: 80, milli: 1, rule: 1 }, gives: [0, 0] }
  ]
  for (const { when, given, gives } of cases)
    test(when, () => expect(hours([given]).map((slot) => slot.estimatedMs / MINUTE)).toEqual(gives))
})

describe('received: accepted readings in (start, end]', () => {
  test('a reading on the border counts in the slot it ends, one interval over two slots counts once', () => {
    const slots = hours([
      { from: 0, to: 30, milli: 1 },
      { from: 30, to: 60, milli: 1 },
      { from: 60, to: 130, milli: 1 }
    ])
    expect(pick(slots, 'received')).toEqual([[2], [0], [1]])
  })

  test('where a factor cut an interval there is no reading', () => {
    const slots = hours([
      { from: 0, to: 30, milli: 1, toAt: at(60) },
      { from: 30, to: 60, milli: 1 }
    ])
    expect(pick(slots, 'received')).toEqual([[1]])
  })

  test('expected comes from the registered interval, -1 without one', () => {
    const day = (options: Parameters<typeof gridIntervals>[5]) => hours([{ from: 0, to: 5, milli: 1 }], options, 'P1D')[0].expected
    expect([day({ expectedMs: 15 * MINUTE }), day({})]).toEqual([96, -1])
  })
})

test('only slots that overlap [from, to) are made, and each of them whole', () => {
  const rows = block([
    { from: -60, to: 0, milli: 1 },
    { from: 0, to: 60, milli: 2 },
    { from: 60, to: 120, milli: 4 },
    { from: 120, to: 180, milli: 8 }
  ])
  const slots = gridIntervals([rows], parseGrid('PT1H')!, MADRID, at(30), at(90))
  expect(pick(slots, 'start', 'amount')).toEqual([
    [at(0), 2],
    [at(60), 4]
  ])
})

/** Rows one after the other with gaps between, over the clock changes of 2023 and 2024 too. */
const series = fc
  .tuple(
    fc.constantFrom(Date.UTC(2023, 9, 28), Date.UTC(2024, 2, 30), Date.UTC(2024, 4, 1)),
    fc.array(
      fc.record({
        gap: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(20 * HOUR)),
        length: fc.oneof(fc.constantFrom(15 * MINUTE, HOUR), fc.integer({ min: 1, max: 40 * HOUR })),
        milli: fc.oneof(fc.integer({ min: -10_000_000, max: 10_000_000 }), fc.integer({ min: 0, max: 2 ** 45 })),
        op: fc.constantFrom(Op.PUT, Op.PUT, Op.UNKNOWN),
        rule: fc.nat(4),
        quality: fc.nat(9)
      }),
      { minLength: 1, maxLength: 30 }
    )
  )
  .map(([from, rows]) => {
    let end = from
    return intervals(
      rows.map(({ gap, length, ...row }) => {
        const start = end + gap
        end = start + length
        return { ...row, start, end }
      }),
      { native: 0, words: WORDS }
    )
  })
const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0)
const grids = fc.constantFrom('PT5M', 'PT15M', 'PT1H', 'PT90M', 'PT6H', 'P1D', 'P1W', 'P1M', 'P1Y').map((name) => parseGrid(name)!)
const zones = fc.constantFrom(MADRID, 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/Chicago')

test('whatever the grid, zone and hold: slots sum to the intervals, and lie on the grid', () => {
  fc.assert(
    fc.property(series, grids, zones, fc.constantFrom(0, 5 * MINUTE), (rows, grid, zone, holdMs) => {
      const slots = gridIntervals([rows], grid, zone, -1e13, 1e13, { holdMs })
      expect(sum(slots.map((slot) => slot.amount))).toBe(sum(rows.milli))
      const covered = rows.end.map((end, i) => (rows.op[i] === Op.UNKNOWN ? 0 : end - rows.start[i]))
      expect(sum(slots.map((slot) => slot.coveredMs))).toBe(sum(covered))
      expect(sum(slots.map((slot) => slot.received))).toBe(rows.rows)
      for (const { start, end, coveredMs, estimatedMs } of slots) {
        expect(slotAt(grid, zone, start)).toEqual({ start, end })
        expect(coveredMs).toBeLessThanOrEqual(end - start)
        expect(estimatedMs).toBeLessThanOrEqual(end - start)
      }
    })
  )
})

test('a part of the time gives the same slots as the whole', () => {
  fc.assert(
    fc.property(series, grids, fc.nat(100), fc.nat(100), (rows, grid, a, b) => {
      const [first, last] = [rows.start[0], rows.end[rows.rows - 1]]
      const [from, to] = [Math.min(a, b), Math.max(a, b) + 1].map((percent) => first + Math.floor(((last - first) * percent) / 100))
      const wanted = gridIntervals([rows], grid, MADRID, -1e13, 1e13).filter((slot) => slot.start < to && slot.end > from)
      // Rows that reach into the last slot from beyond `to` are the caller's to leave out or to give.
      const slots = gridIntervals([rows], grid, MADRID, from, to)
      expect(slots.slice(0, -1)).toEqual(wanted.slice(0, slots.length - 1))
      expect(slots.map((slot) => slot.start)).toEqual(wanted.map((slot) => slot.start).slice(0, slots.length))
    })
  )
})
