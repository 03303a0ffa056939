import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mulDivRound, parseDecimal, parseRatio, share } from '../../schemas/exact.js'

/** Half away from zero with BigInt only; the sign is put aside first, which the function under test does not do. */
const wanted = (a: number, b: number, c: number): bigint => {
  const product = BigInt(a) * BigInt(b)
  const size = product < 0n ? -product : product
  const rounded = (2n * size + BigInt(c)) / (2n * BigInt(c))
  return product < 0n ? -rounded : rounded
}

const any = fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.maxSafeInteger())
const positive = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }))

test('mulDivRound is exact for any three figures whose result is one', () => {
  fc.assert(
    fc.property(any, any, positive, (a, b, c) => {
      const exact = wanted(a, b, c)
      if (exact <= 2n ** 53n && exact >= -(2n ** 53n)) expect(mulDivRound(a, b, c)).toBe(Number(exact))
      // Above, the nearest double: it stays above 2^53, where the encoder refuses it.
      else expect(Math.abs(mulDivRound(a, b, c))).toBeGreaterThanOrEqual(2 ** 53)
    }),
    { numRuns: 5000 }
  )
})

const rounding: { of: [number, number, number]; is: number }[] = [
  { of: [1, 1, 2], is: 1 },
  { of: [-1, 1, 2], is: -1 },
  { of: [3, 1, 2], is: 2 },
  { of: [-3, 1, 2], is: -2 },
  { of: [1, 1, 3], is: 0 },
  { of: [-1, 1, 3], is: 0 },
  { of: [2 ** 52 + 1, 3, 2], is: 3 * 2 ** 51 + 2 },
  { of: [-(2 ** 52) - 1, 3, 2], is: -3 * 2 ** 51 - 2 },
  { of: [0, -5, 7], is: 0 }
]
for (const { of, is } of rounding)
  test(`${of[0]} × ${of[1]} / ${of[2]} is ${is}, half away from zero`, () => expect(mulDivRound(...of)).toBe(is))

describe('share', () => {
  const span = fc.tuple(fc.integer({ min: 0, max: 2e12 }), fc.integer({ min: 1, max: 40_000_000_000 }))

  test('parts sum to the whole, wherever it is cut', () => {
    fc.assert(
      fc.property(any, span, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (total, [start, length], cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), 1].map((cut) => start + Math.round(cut * length))
        const parts = at.slice(1).map((x, i) => BigInt(share(total, start, start + length, x) - share(total, start, start + length, at[i])))
        expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(BigInt(total))
      })
    )
  })

  test('a part never lies on the other side of 0', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), span, fc.nat(100), fc.nat(100), (total, [start, length], a, b) => {
        const [x, y] = [Math.min(a, b), Math.max(a, b)].map((percent) => start + Math.floor((percent * length) / 100))
        expect(share(total, start, start + length, y)).toBeGreaterThanOrEqual(share(total, start, start + length, x))
        expect(share(0 - total, start, start + length, y)).toBe(0 - share(total, start, start + length, y))
      })
    )
  })

  const cases: { when: string; given: [number, number, number, number]; gives: number }[] = [
    { when: 'before the start', given: [10, 100, 200, 50], gives: 0 },
    { when: 'at the start', given: [10, 100, 200, 100], gives: 0 },
    { when: 'at the end', given: [10, 100, 200, 200], gives: 10 },
    { when: 'after the end', given: [10, 100, 200, 900], gives: 10 },
    { when: 'in the middle of an odd total', given: [5, 100, 200, 150], gives: 3 },
    { when: 'in the middle of an odd total below 0', given: [-5, 100, 200, 150], gives: -3 },
    { when: '1 MWh over three hours, whose product passes 2^53', given: [1_000_000_001, 0, 10_800_000, 9_000_000], gives: 833_333_334 }
  ]
  for (const { when, given, gives } of cases) test(when, () => expect(share(...given)).toBe(gives))
})

describe('parseRatio', () => {
  const cases = [
    { given: '40', gives: { num: 40, den: 1 } },
    { given: '-1', gives: { num: -1, den: 1 } },
    { given: '0.45', gives: { num: 9, den: 20 } },
    { given: '-0.450', gives: { num: -9, den: 20 } },
    { given: '.5', gives: { num: 1, den: 2 } },
    { given: '5/3', gives: { num: 5, den: 3 } },
    { given: '-10/4', gives: { num: -5, den: 2 } },
    { given: '0', gives: { num: 0, den: 1 } },
    { given: '-0', gives: { num: 0, den: 1 } },
    ...[
      '',
      '-',
      '.',
      '1.',
      '1e3',
      '0x10',
      ' 1',
      '1,5',
      '+1',
      '5/0',
      '5/-3',
      '1/2/3',
      '1.5/2',
      '9007199254740993',
      '0.12345678901234567',
      'NaN'
    ].map((given) => ({ given, gives: null }))
  ]
  for (const { given, gives } of cases) test(`"${given}"`, () => expect(parseRatio(given)).toEqual(gives))

  test('any fraction comes back in lowest terms and equal', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), positive, (num, den) => {
        const ratio = parseRatio(`${num}/${den}`)!
        expect(BigInt(ratio.num) * BigInt(den)).toBe(BigInt(num) * BigInt(ratio.den))
        expect(parseRatio(`${ratio.num}/${ratio.den}`)).toEqual(ratio)
      })
    )
  })
})

describe('parseDecimal', () => {
  const cases = [
    { given: ['189', 0], gives: 189 },
    { given: ['20.000', 3], gives: 20_000 },
    { given: ['20.000', 0], gives: 20 },
    { given: ['20.001', 2], gives: null },
    { given: ['0.1', 3], gives: 100 },
    { given: ['-0.1', 3], gives: -100 },
    { given: ['+7', 0], gives: 7 },
    { given: ['-0', 2], gives: 0 },
    { given: ['007.50', 1], gives: 75 },
    { given: ['1.', 1], gives: 10 },
    { given: ['9007199254740991', 0], gives: 9_007_199_254_740_991 },
    { given: ['9007199254740992', 0], gives: null },
    { given: ['9007199254740.9911', 3], gives: null },
    ...['', '.5', '1e3', ' 1', '1 ', '1,5', '--1', '٣', 'NaN', '1.2.3'].map((text) => ({
      given: [text, 3] as [string, number],
      gives: null
    }))
  ] as { given: [string, number]; gives: number | null }[]
  for (const { given, gives } of cases) test(`"${given[0]}" with ${given[1]} decimals`, () => expect(parseDecimal(...given)).toBe(gives))

  // In binary 0.29 × 100 is 28.999999999999996: the digits are moved as text.
  test('any printed figure comes back exactly', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(6), (units, scale) => {
        const digits = String(Math.abs(units)).padStart(scale + 1, '0')
        const [whole, fraction] = [digits.slice(0, digits.length - scale), digits.slice(digits.length - scale)]
        expect(parseDecimal(`${units < 0 ? '-' : ''}${whole}.${fraction}`, scale)).toBe(units)
      })
    )
  })
})
