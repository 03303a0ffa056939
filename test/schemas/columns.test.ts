import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  entry,
  foldAfter,
  foldAgainst,
  foldDifferences,
  foldPlain,
  unfoldAgainst,
  unfoldDifferences,
  unfoldPlain
} from '../../schemas/columns.js'

const cases = [
  { when: 'all rows are what an empty column means', given: [0, 0, 0], gives: [] },
  { when: 'all rows are alike, but not that', given: [5, 5, 5], gives: [5] },
  { when: 'the end repeats', given: [1, 2, 3, 3, 3], gives: [1, 2, 3] },
  { when: 'the end repeats what an empty column means', given: [1, 0, 0], gives: [1, 0] },
  { when: 'only the beginning repeats', given: [0, 0, 1], gives: [0, 0, 1] },
  { when: 'there is one row', given: [0], gives: [] },
  { when: 'there is no row', given: [], gives: [] }
]
for (const { when, given, gives } of cases) test(`plain: ${when}`, () => expect(foldPlain(given)).toEqual(gives))

test('an empty column may mean something else than 0', () => {
  expect(foldPlain([4, 4], 4)).toEqual([])
  expect(foldPlain([0, 0], 4)).toEqual([0])
  expect(unfoldPlain([], 3, 4)).toEqual([4, 4, 4])
})

test('differences: a steady clock costs two entries whatever the number of rows', () => {
  expect(foldDifferences([100, 110, 120, 130])).toEqual([100, 10])
  expect(unfoldDifferences([100, 10], 4)).toEqual([100, 110, 120, 130])
})

test('after: rows that start where the one before ended cost nothing but the first', () => {
  expect(foldAfter([100, 110, 120], [110, 120, 130])).toEqual([100, 0])
})

const figures = fc.array(fc.oneof(fc.constant(7), fc.integer({ min: -(2 ** 51), max: 2 ** 51 })), { maxLength: 30 })
const pairs = fc.array(fc.tuple(fc.maxSafeNat(), fc.nat(3)), { maxLength: 30 })

describe('what is folded unfolds to itself', () => {
  test('plain', () => {
    fc.assert(
      fc.property(figures, fc.constantFrom(0, 7), (column, absent) => {
        expect(unfoldPlain(foldPlain(column, absent), column.length, absent)).toEqual(column)
      })
    )
  })

  test('differences', () => {
    fc.assert(
      fc.property(figures, (column) => {
        expect(unfoldDifferences(foldDifferences(column), column.length)).toEqual(column)
      })
    )
  })

  test('against another column', () => {
    fc.assert(
      fc.property(pairs, (rows) => {
        const expected = rows.map(([figure]) => figure)
        const column = rows.map(([figure, more]) => figure - more)
        expect(unfoldAgainst(foldAgainst(column, expected), expected)).toEqual(column)
      })
    )
  })
})

test('entry: a row of a cut column without unfolding it', () => {
  fc.assert(
    fc.property(figures, fc.constantFrom(0, 7), (column, absent) => {
      const folded = foldPlain(column, absent)
      expect(column.map((_, i) => entry(folded, i, absent))).toEqual(column)
    })
  )
})

test('folding leaves what it was given alone', () => {
  const column = [3, 3, 3]
  foldPlain(column)
  foldDifferences(column)
  expect(column).toEqual([3, 3, 3])
})
