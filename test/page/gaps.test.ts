import { describe, expect, test } from 'vitest'
import type { PointInfo } from '../../api/page/answers.js'
import { datesOf, isNewest, isWeekend, monthOf, monthText, movedMonth, startOf } from '../../api/page/gaps/month.js'
import { kindOf, missingText, sentenceOf, shareText, silentText } from '../../api/page/gaps/words.js'

const NOW = Date.parse('2026-11-21T15:00:00Z')
const point = (zone: string, ...last: (string | null)[]): PointInfo => ({
  ...{ id: 'a/b', name: '', zone },
  registers: last.map((each) => ({
    register: '1.8.0',
    source: '',
    unit: 'Wh',
    kind: 'INTERVAL',
    device: '',
    first: each,
    last: each,
    latest: null
  }))
})

describe('which month', () => {
  test('the one a link names; otherwise that of the newest reading, where its meter is', () => {
    expect(monthOf('2023-10', [], NOW)).toBe('2023-10')
    expect(monthOf(null, [], NOW)).toBe('2026-11')
    // The end of October in Madrid, two hours into the last day of it in UTC.
    const october = point('Europe/Madrid', '2023-09-30T22:00:00Z', '2023-10-31T23:00:00Z', null)
    expect(monthOf(null, [point('UTC', '2023-10-02T00:00:00Z'), october], NOW)).toBe('2023-10')
    expect(monthOf(null, [point('Europe/Madrid', '2023-10-31T23:00:01Z')], NOW)).toBe('2023-11')
    for (const wrong of ['2023-13', '2023-1', 'October', '0000-01', '2023-10-01']) expect(monthOf(wrong, [october], NOW)).toBe('2023-10')
    expect(monthOf(null, [point('UTC', '2031-01-01T00:00:00Z')], NOW)).toBe('2026-11')
  })

  test('before and after, over the year; none that nobody has begun', () => {
    expect([movedMonth('2023-12', 1), movedMonth('2024-01', -1), movedMonth('2024-03', -1)]).toEqual(['2024-01', '2023-12', '2024-02'])
    expect([isNewest('2026-10', NOW), isNewest('2026-11', NOW), isNewest('2026-12', NOW)]).toEqual([false, true, true])
    // It is December on an island already.
    expect(isNewest('2026-11', Date.parse('2026-11-30T11:00:00Z'))).toBe(false)
  })

  test('its days, and where they begin', () => {
    expect(datesOf('2023-12')).toEqual({ from: '2023-12-01', to: '2024-01-01' })
    expect(startOf('2023-10-29', 'Europe/Madrid')).toBe('2023-10-28T22:00:00.000Z')
    expect(startOf('2023-10-30', 'Europe/Madrid')).toBe('2023-10-29T23:00:00.000Z')
    expect(monthText('2023-10')).toBe('October 2023')
    expect(['2023-10-27', '2023-10-28', '2023-10-29', '2023-10-30'].map(isWeekend)).toEqual([false, true, true, false])
  })
})

describe('in words', () => {
  const told = (complete: number, partial: number, hours: number) =>
    sentenceOf({ series: complete + partial, complete, partial, silent: 0, missingMs: hours * 3_600_000 }, 'October 2023')

  test('totals in one sentence', () => {
    expect(told(31, 1, 12)).toBe('31 of 32 registers are complete in October 2023; 1 misses 12 h.')
    expect(told(1, 2, 30)).toBe('1 of 3 registers is complete in October 2023; 2 miss 30 h together.')
    expect(told(0, 2, 96)).toBe('None of 2 registers are complete in October 2023; 2 miss 4 days together.')
    expect(told(10_000, 0, 0)).toBe('All 10 000 registers are complete in October 2023.')
    expect([told(1, 0, 0), told(0, 1, 5)]).toEqual([
      'The one register is complete in October 2023.',
      'The one register misses 5 h in October 2023.'
    ])
    expect(told(0, 0, 0)).toBe('Nothing was heard of any register in October 2023.')
    expect(silentText(1, 'October 2023')).toBe('1 has been silent since before October 2023.')
  })

  test('a row: whole days, parts of days, and how much that is', () => {
    const text = (missingDays: number, partialDays: number, hours: number) =>
      missingText({ missingDays, partialDays, missingMs: hours * 3_600_000 })
    expect(text(0, 0, 0)).toBe('complete')
    expect(text(3, 2, 76)).toBe('3 days and parts of 2 days missing, 3 days together')
    expect([text(1, 0, 24), text(0, 1, 2)]).toEqual(['1 day missing', 'a part of 1 day missing, 2 h together'])
  })

  test('a day: a little that is missing is missing', () => {
    expect([1, 0.999999, 0.5, 0].map(kindOf)).toEqual(['full', 'part', 'part', 'none'])
    expect([1, 0.5, 0].map(shareText)).toEqual(['complete', '50.0 % missing', 'nothing is there'])
  })
})
