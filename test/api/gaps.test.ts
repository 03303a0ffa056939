import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gapsOf, type Question, summaryOf } from '../../api/series.js'
import { parseGrid } from '../../schemas/grid.js'
import type { SlotRow } from '../../schemas/gridding.js'

const HOUR = 3_600_000
const question = (said: Partial<Question>): Question => ({
  point: 'a/b',
  register: '1.8.0',
  from: 0,
  to: 6 * HOUR,
  grid: parseGrid('PT1H'),
  zone: 'UTC',
  pointZone: 'UTC',
  versions: [],
  ranges: [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }],
  maxRows: 1000,
  alive: { from: 0, to: 1e12 },
  ...said
})
const slot = (hour: number, coveredMs = HOUR): SlotRow => ({
  start: hour * HOUR,
  end: (hour + 1) * HOUR,
  amount: 5,
  quality: 4,
  coveredMs,
  estimatedMs: 0,
  expected: -1,
  received: 1
})
const hours = (rows: SlotRow[], said: Partial<Question> = {}, now = Number.POSITIVE_INFINITY) =>
  gapsOf(rows, question(said), now).map(({ from, to }) => [from / HOUR, to / HOUR])

test('gaps are what no slot covers, neighbours joined', () => {
  expect(hours([])).toEqual([[0, 6]])
  expect(hours([0, 1, 2, 3, 4, 5].map((hour) => slot(hour)))).toEqual([])
  expect(hours([slot(0), slot(3)])).toEqual([
    [1, 3],
    [4, 6]
  ])
  expect(hours([slot(0), slot(1, 0), slot(3)])).toEqual([
    [1, 3],
    [4, 6]
  ])
  expect(hours([slot(0)], {}, 3.5 * HOUR)).toEqual([[1, 3.5]])
  expect(hours([slot(1)], { from: 0.5 * HOUR })).toEqual([[2, 6]])
  expect(hours([slot(1), slot(2)], { ranges: [{ from: 1.5 * HOUR, to: 4 * HOUR }] })).toEqual([[3, 4]])
  expect(
    hours([], {
      ranges: [
        { from: 1 * HOUR, to: 2 * HOUR },
        { from: 4 * HOUR, to: 5 * HOUR }
      ]
    })
  ).toEqual([
    [1, 2],
    [4, 5]
  ])
})

test('slots and gaps together are the time that was asked', () => {
  fc.assert(
    fc.property(fc.subarray([...Array(24).keys()]), fc.nat(24), (present, empty) => {
      const rows = present.map((hour) => slot(hour, hour === empty ? 0 : HOUR))
      const gaps = gapsOf(rows, question({ to: 24 * HOUR }), Number.POSITIVE_INFINITY)
      const summary = summaryOf(rows, gaps)
      const covered = rows.filter(({ coveredMs }) => coveredMs > 0).length
      expect(gaps.reduce((sum, { from, to }) => sum + to - from, 0)).toBe((24 - covered) * HOUR)
      expect(summary.completeness).toBeCloseTo(covered / 24)
      expect(summary.milli).toBe(5 * rows.length)
    })
  )
})
