import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { completenessOf, type Daily, dateAfter, datesOf, edgesOf, isSilent, lifeOf } from '../../api/completeness.js'

const HOUR = 3_600_000
const ALL = [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }]
const EVER = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }
const row = (start: number, hours: number): Daily => ({ start, coveredMs: hours * HOUR, expected: -1, received: 0 })

describe('local days', () => {
  test('have 23 to 25 hours, and one may be left out', () => {
    const lengths = (from: string, to: string, zone: string) => {
      const edges = edgesOf(datesOf(from, to), zone)
      return edges.slice(1).map((end, i) => (end - edges[i]) / HOUR)
    }
    expect(lengths('2023-10-28', '2023-10-31', 'Europe/Madrid')).toEqual([24, 25, 24])
    expect(lengths('2024-03-30', '2024-04-01', 'Europe/Madrid')).toEqual([24, 23])
    // Samoa went over the date line: there was no 30 December.
    expect(lengths('2011-12-29', '2012-01-01', 'Pacific/Apia')).toEqual([24, 0, 24])
    expect([dateAfter('2024-02-28', 2), dateAfter('2024-03-01', -1), datesOf('2024-03-01', '2024-03-01')]).toEqual([
      '2024-03-01',
      '2024-02-29',
      []
    ])
  })
})

describe('how complete', () => {
  const edges = edgesOf(datesOf('2023-10-28', '2023-10-31'), 'Europe/Madrid')

  test('a day of 25 hours of which 24 are there is not complete', () => {
    const told = completenessOf(edges, [row(edges[0], 24), row(edges[1], 24), row(edges[2], 24)], EVER, ALL)
    expect(told).toEqual({ aliveMs: 73 * HOUR, missingMs: HOUR, missingDays: 0, partialDays: 1, days: [1, 0.96, 1] })
  })

  test('nothing is expected before the first reading, after now, or where it is not open', () => {
    const life = { from: edges[0] + 12 * HOUR, to: edges[2] + 6 * HOUR }
    expect(completenessOf(edges, [], life, ALL)).toMatchObject({ aliveMs: 43 * HOUR, missingMs: 43 * HOUR, missingDays: 3 })
    expect(completenessOf(edges, [], life, [{ from: edges[1], to: edges[2] }])?.days).toEqual([null, 0, null])
    expect(completenessOf(edges, [], { from: edges[3], to: edges[3] + HOUR }, ALL)).toBe(null)
    expect(completenessOf(edges, [row(edges[0], 24)], life, [])).toBe(null)
  })

  test('who spoke just now is awaited; who fell silent is looked for until now', () => {
    expect(lifeOf(1, 100 * HOUR, 101 * HOUR)).toEqual({ from: 1, to: 100 * HOUR })
    expect(lifeOf(1, 100 * HOUR, 103 * HOUR)).toEqual({ from: 1, to: 103 * HOUR })
    expect(lifeOf(1, 100 * HOUR, 99 * HOUR)).toEqual({ from: 1, to: 99 * HOUR })
  })

  test('silent is who ended before the first day that may be seen', () => {
    const told = completenessOf(edges, [], EVER, [{ from: edges[1], to: edges[3] }])!
    expect([edges[0], edges[1], edges[1] + 1].map((last) => isSilent(edges, told, last))).toEqual([true, true, false])
  })

  test('what is there and what is missing is the time in which something is expected', () => {
    const hours = fc.array(fc.nat(24), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(hours, (covered) => {
        const told = completenessOf(
          edges,
          covered.flatMap((each, i) => (each === 0 ? [] : [row(edges[i], each)])),
          EVER,
          ALL
        )!
        expect(told.aliveMs - told.missingMs).toBe(covered.reduce((sum, each) => sum + each, 0) * HOUR)
        expect(told.missingDays).toBe(covered.filter((each) => each === 0).length)
        expect(told.days.length).toBe(3)
      })
    )
  })
})
