import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketLength, byBucket, soleBucket } from '../../infra/blocks/buckets.js'

const HOUR = 3_600_000
const FEB = Date.UTC(2026, 1, 1)

test('grids under a minute are kept by the day, all others by the month', () => {
  expect(['PT8S', 'PT1M', 'PT15M', 'P1D', ''].map(bucketLength)).toEqual(['day', 'month', 'month', 'month', 'month'])
})

test('rows that lie in one bucket are known as such, and no others', () => {
  const row = fc.record({ start: fc.integer({ min: -400, max: 1500 }), length: fc.integer({ min: 0, max: 30 }) })
  const rows = fc.array(row, { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(rows, fc.constantFrom('month' as const, 'day' as const), (all, length) => {
      const start = all.map((each) => FEB + each.start * HOUR)
      const end = all.map((each, i) => start[i] + each.length * HOUR)
      const buckets = byBucket(start, end, length)
      expect(soleBucket(start, end, length)).toBe(buckets.size === 1 ? [...buckets.keys()][0] : null)
    })
  )
})
