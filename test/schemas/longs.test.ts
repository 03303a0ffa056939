import fc from 'fast-check'
import { expect, test } from 'vitest'
import { typeOf } from '../../schemas/longs.js'

const LONG = typeOf('"long"')
const longs = fc
  .oneof(fc.maxSafeInteger(), fc.integer({ min: -(2 ** 53 - 2), max: -(2 ** 52) + 3 }))
  .filter((n) => Math.abs(n) < 2 ** 53 - 1)

/** Avro's zigzag and base 128, as its specification has them. */
const bytesOf = (n: number): Buffer => {
  const out: number[] = []
  let rest = BigInt.asUintN(64, (BigInt(n) << 1n) ^ (BigInt(n) >> 63n))
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 0x80)
  return Buffer.from([...out, Number(rest)])
}

test('any long is written as the Avro specification says, and read back', () => {
  fc.assert(
    fc.property(longs, (n) => {
      expect(LONG.toBuffer(n)).toEqual(bytesOf(n))
      expect(LONG.fromBuffer(bytesOf(n))).toBe(n)
    }),
    { numRuns: 5000 }
  )
})

const edges = [-(2 ** 53 - 2), -(2 ** 52) - 2, -(2 ** 52) - 1, -(2 ** 52), -(2 ** 52) + 1, -1, 0, 2 ** 52, 2 ** 53 - 2]
for (const n of edges) test(`${n} keeps its sign and its last digit`, () => expect(LONG.fromBuffer(LONG.toBuffer(n))).toBe(n))

test('lists of them and a resolver from int find the right places', () => {
  const list = typeOf('{"type":"array","items":"long"}')
  expect(list.fromBuffer(list.toBuffer(edges))).toEqual(edges)
  const ints = typeOf('{"type":"array","items":"int"}')
  expect(list.fromBuffer(ints.toBuffer([1, -2]), list.createResolver(ints))).toEqual([1, -2])
})

for (const wrong of [2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1.5, -(2 ** 52) + 0.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
  test(`${wrong} is refused`, () => expect(() => LONG.toBuffer(wrong)).toThrow(/invalid "long"/))
}

test('a figure another program wrote beyond 2^53 is refused, not rounded', () => {
  const bytes = Buffer.from('ffffffffffffffffff01', 'hex') // -2^63
  expect(() => LONG.fromBuffer(bytes)).toThrow(/precision loss/)
})
