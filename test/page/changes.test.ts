import { describe, expect, test } from 'vitest'
import { changedOf, instantOf, type Row, shared, sinceOf, withMoments } from '../../api/page/changes/since.js'

const row = (point: string, day: string, before: number, after: number | null, why = 'Corrected.'): Row => ({
  ...{ point, name: '', register: '1.8.0', unit: 'Wh', day: `${day}T00:00:00.000Z`, end: '', revisedAt: '', why: [why] },
  before: { milli: before, kwh: null, quality: 'RAW' },
  after: after === null ? null : { milli: after, kwh: null, quality: 'RAW' }
})

describe('since when', () => {
  test('the choices go back to a midnight of the visitor; a link may name any instant', () => {
    const now = new Date(2026, 10, 21, 15, 30).getTime()
    expect(instantOf('yesterday', now)).toEqual(new Date(2026, 10, 20))
    expect(instantOf('week', now)).toEqual(new Date(2026, 10, 14))
    expect(instantOf('month', new Date(2026, 2, 5, 1).getTime())).toEqual(new Date(2026, 1, 3))
    expect(sinceOf('week')).toBe('week')
    expect([sinceOf(null), sinceOf('ever')]).toEqual(['yesterday', 'yesterday'])
    expect(instantOf(sinceOf('2026-11-01T10:00:00Z'), now)).toEqual(new Date('2026-11-01T10:00:00Z'))
  })
})

describe('what changed', () => {
  test('by register, the newest day first, with what it comes to; a day taken back counts as nothing', () => {
    const changed = changedOf([row('A', '2026-11-01', 5, 7), row('B', '2026-11-02', 5, 6), row('A', '2026-11-03', 10, null)])
    expect(changed.map(({ point, milli, rows }) => [point, milli, rows.map(({ day }) => day.slice(8, 10))])).toEqual([
      ['A', -8, ['03', '01']],
      ['B', 1, ['02']]
    ])
  })

  test('what is the same for every day is said once', () => {
    const why = ({ why: [first] }: Row) => first
    const rows = [row('A', '2026-11-01', 5, 7), row('A', '2026-11-02', 5, 6)]
    expect(shared(rows, why)).toBe('Corrected.')
    expect(shared([...rows, row('A', '2026-11-03', 5, 6, 'Late.')], why)).toBe(null)
    expect(shared(rows.slice(0, 1), why)).toBe(null)
  })

  test('instants inside a sentence are told as people read them', () => {
    const told = withMoments('File a (received 2026-11-21T14:53:15.481Z) counts, 20231115.0 does not.', (ms) => `<${ms}>`)
    expect(told).toBe(`File a (received <${Date.parse('2026-11-21T14:53:15.481Z')}>) counts, 20231115.0 does not.`)
  })
})
