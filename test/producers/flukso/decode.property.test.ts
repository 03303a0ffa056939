import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBlock } from '../../../producers/flukso/decode.js'
import { roundMilli, runningMilli } from '../../../producers/flukso/milli.js'
import { parseBlock } from '../../../producers/flukso/parse.js'
import { encode, type Sample, samplesOf, zip } from './blocks.js'

const BID = 1656750080 - (1656750080 % 2 ** 20)
const ID = { level: 20, bid: BID }

const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: -5_000_000, max: 50_000_000 })), { maxLength: 300 })
const start = fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 4_294_967_295_999 }))

/** Random walks within one level-20 block, counters up to the device's largest (uint32 and three decimals). */
const series = fc.tuple(start, steps).map(([[second, milli], walk]) => {
  const samples: Sample[] = [[BID + second, milli]]
  for (const [dt, dv] of walk) samples.push([samples[samples.length - 1][0] + dt, samples[samples.length - 1][1] + dv])
  return samples
})

test('what is encoded is decoded, to the thousandth', () => {
  fc.assert(
    fc.property(series, (samples) => {
      const decoded = decodeBlock(encode({ samples }), ID)
      expect(decoded.status).toBe('ok')
      expect(samplesOf(decoded)).toEqual(samples)
    }),
    { numRuns: 500 }
  )
})

test('doubled junctions are repaired to the very same samples', () => {
  fc.assert(
    fc.property(series, (samples) => {
      const decoded = decodeBlock(encode({ samples, doubled: true }), ID)
      const crosses = samples.some(([second], i) => i > 0 && Math.floor(second / 256) !== Math.floor(samples[i - 1][0] / 256))
      expect(decoded.status).toBe(crosses ? 'repaired' : 'ok')
      expect(samplesOf(decoded)).toEqual(samples)
    }),
    { numRuns: 500 }
  )
})

test('random corruption never throws, and what is read in spite of it still ends at its own tail', () => {
  const hits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(series, hits, fc.nat(), (samples, damage, cut) => {
      const bytes = Buffer.from(encode({ samples }))
      for (const [place, mask] of damage) bytes[place % bytes.length] ^= mask
      const decoded = decodeBlock(cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes, ID)
      if (decoded.status !== 'rejected') expect(samplesOf(decoded).at(-1)?.[0]).toBe(decoded.header.tail[0])
    }),
    { numRuns: 1000 }
  )
})

test('random JSON never throws', () => {
  const sample = fc.oneof(fc.tuple(fc.nat(), fc.double({ noNaN: true })), fc.jsonValue())
  const list = fc.oneof(fc.array(fc.oneof(fc.integer(), fc.double(), fc.jsonValue())), fc.jsonValue())
  const h = fc.oneof(
    fc.record({ cfg: fc.oneof(fc.object(), fc.jsonValue()), head: sample, tail: sample, vsn: fc.constantFrom(1, 2) }),
    fc.jsonValue()
  )
  fc.assert(
    fc.property(fc.record({ h, t: list, v: list }, { requiredKeys: [] }), (document) => {
      const bytes = zip(document)
      for (const { readings, rejects } of parseBlock(bytes, { name: 'x.gz', origin: 'o', receivedAt: 0 })) {
        expect(readings.length + rejects.length).toBe(1)
      }
    }),
    { numRuns: 1000 }
  )
})

/** A decimal as text and as ten-billionths. */
const figure = fc
  .tuple(fc.integer({ min: 0, max: 99_999 }), fc.integer({ min: 0, max: 9_999_999_999 }), fc.boolean())
  .map(([whole, rest, minus]) => {
    const units = BigInt(whole) * 10_000_000_000n + BigInt(rest)
    return { number: Number(`${minus ? '-' : ''}${whole}.${String(rest).padStart(10, '0')}`), units: minus ? -units : units }
  })

const halfAwayFromZero = (units: bigint): number => {
  const size = units < 0n ? -units : units
  const milli = Number((size + 5_000_000n) / 10_000_000n)
  return units < 0n ? 0 - milli : milli
}

test('sums of long decimals are exact, rounded half away from zero', () => {
  fc.assert(
    fc.property(figure, fc.array(figure, { minLength: 1, maxLength: 50 }), (head, deltas) => {
      let sum = head.units
      const expected = deltas.map(({ units }) => {
        sum += units
        return halfAwayFromZero(sum)
      })
      expect(
        runningMilli(
          head.number,
          deltas.map(({ number }) => number)
        )
      ).toEqual(expected)
      expect(roundMilli(head.number)).toBe(halfAwayFromZero(head.units))
    }),
    { numRuns: 500 }
  )
})

test('figures that print with an exponent', () => {
  expect(runningMilli(0.0005, [0, -1e-7, 1e-7, 1.5e-7])).toEqual([1, 0, 1, 1])
  expect(roundMilli(-0.0005)).toBe(-1)
  expect(roundMilli(-0)).toBe(0)
})
