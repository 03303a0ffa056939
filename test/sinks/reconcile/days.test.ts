import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeSlots } from '../../../schemas/merge.js'
import { Op, Quality } from '../../../schemas/quality.js'
import { compareDays, currentRows, DAY_MS, dayOf, type Row, tallyOf } from '../../../sinks/reconcile/days.js'
import { anySlots, HOUR, hours, MAY, slots } from '../../schemas/blocks-at-random.js'

const two = (some: object) => slots([{ start: MAY, end: MAY + HOUR, amount: 5, rev: 2, ...some }])

test('the rows that stand are those every reader merges to', () => {
  fc.assert(
    fc.property(fc.array(anySlots, { maxLength: 3 }), (blocks) => {
      // Revisions of one row that differ in nothing but their order do not come from a ledger.
      const apart = blocks.map((block, n) => ({ ...block, rev: block.rev.map((_, i) => n * 1000 + i) }))
      const merged = mergeSlots(apart).flatMap(({ start, amount, rows }) => Array.from({ length: rows }, (_, i) => [start[i], amount[i]]))
      expect(currentRows(apart).map(({ start, milli }) => [start, milli])).toEqual(merged)
    })
  )
})

test('the same revision with other content differs, whichever a reader would take', () => {
  const whole = currentRows([two({})])
  expect(currentRows([two({}), two({})])).toEqual(whole)
  for (const other of [
    { amount: 6 },
    { quality: Quality.ESTIMATED },
    { end: MAY + 2 * HOUR },
    { knownAt: MAY + 1 },
    { op: Op.WITHDRAWN }
  ]) {
    expect(compareDays(whole, currentRows([two(other)])).differing.length).toBe(1)
    for (const blocks of [
      [two({}), two(other)],
      [two(other), two({})]
    ])
      expect(compareDays(whole, currentRows(blocks)).differing.length).toBe(1)
  }
  expect(compareDays(whole, currentRows([two({}), two({ rev: 1, amount: 9 })])).differing).toEqual([])
})

const day = (n: number) => dayOf(MAY) + n * DAY_MS
const rowsOf = (count: number): Row[] => currentRows([slots(hours(count, (i) => ({ amount: i + 1 })))])

test('a day is told with what each has', () => {
  const ours = rowsOf(72)
  const theirs = ours.filter(({ start }) => start !== MAY + 30 * HOUR)
  expect(compareDays(ours, theirs)).toEqual({
    days: 3,
    differing: [{ day: day(1), ledger: tallyOf(ours.slice(24, 48)), found: tallyOf(theirs.slice(24, 47)) }]
  })
  expect(tallyOf(ours.slice(24, 48))).toMatchObject({
    rows: 24,
    milli: (24 * (25 + 48)) / 2,
    hash: expect.stringMatching(/^[0-9a-f]{12}$/)
  })
  expect(compareDays(ours, []).differing.map(({ day, found }) => [day, found])).toEqual(
    [0, 1, 2].map((n) => [day(n), { rows: 0, milli: 0, hash: '' }])
  )
  expect(compareDays([], ours).differing.length).toBe(3)
  expect(compareDays([], [])).toEqual({ days: 0, differing: [] })
})

test('exactly the days that were touched differ', () => {
  const ours = rowsOf(24 * 20)
  const change = fc.record({ at: fc.nat(ours.length - 1), how: fc.constantFrom('gone', 'other', 'moved') })
  fc.assert(
    fc.property(fc.uniqueArray(change, { maxLength: 8, selector: ({ at }) => at }), (changes) => {
      const theirs = ours.flatMap((row, i): Row[] => {
        const how = changes.find(({ at }) => at === i)?.how
        if (how === 'gone') return []
        if (how === 'other') return [{ ...row, text: `${row.text}.` }]
        return [how === 'moved' ? { ...row, start: row.start + 1 } : row]
      })
      const touched = [...new Set(changes.map(({ at }) => day(Math.floor(at / 24))))].sort((a, b) => a - b)
      expect(compareDays(ours, theirs).differing.map(({ day }) => day)).toEqual(touched)
    })
  )
})
