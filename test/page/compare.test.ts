import { describe, expect, test } from 'vitest'
import { dipsText, worstOf } from '../../api/page/compare/others.js'
import { differs, dotsOf, plain, readingsText } from '../../api/page/compare/trace.js'

const shown = (...figures: string[]) => figures.map((kwh, i) => ({ minute: i * 5, kwh, device: '' }))

describe('a trace', () => {
  test('is drawn between its lowest and highest reading, a flat run by its ends', () => {
    expect(dotsOf(shown('3', '0', '4')).map(({ x, y }) => [x, y])).toEqual([
      [0, 0.75],
      [0.5, 0],
      [1, 1]
    ])
    expect(dotsOf(shown('500', ...Array.from({ length: 864 }, () => '0.0'), '500.2')).map(({ x }) => x)).toEqual([0, 1 / 3, 2 / 3, 1])
    expect(dotsOf(shown('80', '80', '80')).map(({ y }) => y)).toEqual([0.5, 0.5])
  })

  test('is told in figures, with a new meter said', () => {
    expect(readingsText(shown('3.737', '0.000', '3.746'))).toBe('3.737, 0.000, 3.746')
    expect(readingsText(shown('1', '2', '3', '4', '5', '6', '7'))).toBe('1, 2, 3 … 7')
    const swapped = [
      { minute: 0, kwh: '12.3', device: 'first' },
      { minute: 5, kwh: '8120.4', device: 'second' }
    ]
    expect(readingsText(swapped)).toBe('12.3, new meter 8120.4')
  })
})

describe('figures beside each other', () => {
  test('a tenth of a percent, or a watt-hour, is no other bill', () => {
    expect(differs(1_000_000, 1_000_900)).toBe(false)
    expect(differs(1_000_000, 1_002_000)).toBe(true)
    expect(differs(0, 900)).toBe(false)
    expect(differs(60_000_000, 0)).toBe(true)
  })

  test('have the decimals that say something', () => {
    expect(['0.019000', '60.000000', '4294967.495000', '-9999.920000'].map(plain)).toEqual(['0.019', '60', '4 294 967.495', '−9 999.92'])
  })

  test('who is furthest from us is named, with all that agree with them; nobody when all agree', () => {
    const ours = { milli: 19_000, kwh: '0.019000', tail: false, rules: [] }
    const other = (name: string, milli: number) => ({ name, milli, kwh: String(milli / 1e6) })
    expect(worstOf({ ours, others: [other('A', 19_000), other('B', 3_756_000), other('C', 3_756_000), other('D', -1)] })).toEqual({
      names: ['B', 'C'],
      milli: 3_756_000,
      kwh: '3.756'
    })
    expect(worstOf({ ours, others: [other('A', 19_000), other('B', 19_500)] })).toBe(null)
    expect(worstOf({ ours, others: [] })).toBe(null)
  })

  test('the dips behind it are told by what was shown', () => {
    const dip = (at: string, value: string) => ({ at, value, unit: 'kWh', suspect: 'glitch' })
    const dips = [dip('14:02', '0.000'), dip('13:58', '0.000'), dip('13:00', '2.5'), dip('12:00', '0.000')]
    const told = (most: number) => dipsText(dips, (at) => at, most)
    expect(told(2)).toBe('at 14:02 and 13:58 it said 0.000 kWh, and it had done so before')
    expect(told(4)).toBe('at 14:02, 13:58 and 12:00 it said 0.000 kWh, at 13:00 it said 2.5 kWh')
  })
})
