import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  foldIntervals,
  foldReadings,
  foldSlots,
  INTERVAL_COLUMNS,
  READING_COLUMNS,
  SLOT_COLUMNS,
  slice,
  unfoldIntervals,
  unfoldReadings,
  unfoldSlots
} from '../../schemas/blocks.js'
import { Op, Quality } from '../../schemas/quality.js'
import { memorySchemaIds, type Records, Wire } from '../../schemas/wire.js'
import { anyIntervals, anyReadings, anySlots, HOUR, hours, intervals, MAY, readings, slots } from './blocks-at-random.js'

let wire: Wire
beforeAll(async () => {
  wire = await Wire.open(memorySchemaIds())
})

describe('what is folded unfolds to itself, also over the wire', () => {
  test('Readings', () => {
    fc.assert(
      fc.property(anyReadings, (block) => {
        expect(unfoldReadings(foldReadings(block))).toEqual(block)
        expect(wire.decode('Readings', wire.encode('Readings', block))).toEqual(block)
      })
    )
  })

  test('Intervals: chained registers and load curves, UNKNOWN without a bound, gaps, several words', () => {
    fc.assert(
      fc.property(anyIntervals, (block) => {
        expect(unfoldIntervals(foldIntervals(block))).toEqual(block)
        expect(wire.decode('Intervals', wire.encode('Intervals', block))).toEqual(block)
      }),
      { numRuns: 500 }
    )
  })

  test('Slots', () => {
    fc.assert(
      fc.property(anySlots, (block) => {
        expect(unfoldSlots(foldSlots(block))).toEqual(block)
        expect(wire.decode('Slots', wire.encode('Slots', block))).toEqual(block)
      })
    )
  })

  test('folding changes nothing of the block it is given', () => {
    fc.assert(
      fc.property(anyIntervals, (block) => {
        const before = structuredClone(block)
        foldIntervals(block)
        expect(block).toEqual(before)
      })
    )
  })
})

describe('rows that have tripped people', () => {
  const hour = { start: MAY, end: MAY + HOUR }
  const there = (rows: Parameters<typeof intervals>[0]) => wire.decode('Intervals', wire.encode('Intervals', intervals(rows)))

  test('a factor of -1: energy below 0 keeps its bounds', () => {
    expect(there([{ ...hour, milli: -189_000 }])).toMatchObject({ milli: [-189_000], low: [-189_000], high: [-189_000] })
  })

  test('-1 mWh is no missing bound', () => {
    expect(there([{ ...hour, milli: -1 }]).high).toEqual([-1])
  })

  test('nobody knows the most it may be: -1, whatever is known of it', () => {
    const unknown = { op: Op.UNKNOWN, high: -1 }
    const rows = hours(3, (i) => ({ milli: i * 500, ...(i === 1 ? {} : unknown) }))
    expect(there(rows).high).toEqual([-1, 500, -1])
  })

  test('a column that is 0 throughout is no empty one where empty means something else', () => {
    const none = slots(hours(3, () => ({ expected: 0, quality: Quality.VALIDATED })))
    expect(wire.decode('Slots', wire.encode('Slots', none))).toEqual(none)
    const best = intervals(hours(3, () => ({ quality: Quality.VALIDATED })))
    expect(wire.decode('Intervals', wire.encode('Intervals', best))).toEqual(best)
    const valid = readings([MAY, MAY + 1].map((at) => ({ at, quality: Quality.VALIDATED })))
    expect(wire.decode('Readings', wire.encode('Readings', valid))).toEqual(valid)
  })

  test('a heartbeat passes as it is', () => {
    const heard = readings([], { point: '', rows: 0, at: [MAY] })
    expect(wire.decode('Readings', wire.encode('Readings', heard))).toEqual(heard)
    const passedOn = intervals([], { point: '', beat: MAY })
    expect(wire.decode('Intervals', wire.encode('Intervals', passedOn))).toEqual(passedOn)
  })
})

describe('a column costs what it tells', () => {
  const bytes = {
    Readings: (value: (i: number) => number, n = 720) =>
      wire.encode(
        'Readings',
        readings(hours(n, (i) => ({ value: value(i) })).map(({ end, value }, i) => ({ at: end, span: HOUR, value, line: i + 1 })))
      ).length,
    Intervals: (value: (i: number) => number, n = 720) =>
      wire.encode('Intervals', intervals(hours(n, (i) => ({ milli: value(i) * 1000 })))).length,
    Slots: (value: (i: number) => number, n = 720) => wire.encode('Slots', slots(hours(n, (i) => ({ amount: value(i) * 1000 })))).length
  }

  for (const [name, size] of Object.entries(bytes)) {
    test(`${name}: a month of hours up to 1 kWh, at random, takes less than 4 bytes a row`, () => {
      fc.assert(
        fc.property(fc.infiniteStream(fc.nat(1000)), (wh) => {
          expect(size(() => wh.next().value) / 720).toBeLessThan(4)
        })
      )
    })

    test(`${name}: a block in which all is regular takes less than 200 bytes, of a month or of a day`, () => {
      expect(size(() => 250)).toBeLessThan(200)
      // A number of rows is one byte longer than the other; nothing else may grow.
      expect(size(() => 250) - size(() => 250, 24)).toBeLessThanOrEqual(1)
    })
  }
})

/**
 * avsc checks every long it writes: whole and within ±(2^53 - 2), or an error. The columns must not slip a figure past it as a small
 * difference that comes back as another figure.
 */
describe('a figure above 2^53 or not whole is refused, never altered', () => {
  const wrong = fc.oneof(
    fc.double({ min: 2 ** 53, max: 2 ** 70, noNaN: true }),
    fc.double({ min: -(2 ** 70), max: -(2 ** 53), noNaN: true }),
    fc.constantFrom(2 ** 53 - 1, 2 ** 53 + 2, 1.5, -0.25, Number.NaN, Number.POSITIVE_INFINITY)
  )
  const spoil = <Column extends string>(columns: readonly Column[]) => fc.tuple(fc.constantFrom(...columns), fc.nat(2), wrong)
  const exactOrRefused = <Name extends 'Readings' | 'Intervals' | 'Slots'>(name: Name, block: Records[Name]): void => {
    let bytes: Buffer
    try {
      bytes = wire.encode(name, block)
    } catch (error) {
      expect((error as Error).message).toMatch(/invalid "long"/)
      return
    }
    expect(wire.decode(name, bytes)).toEqual(block)
  }

  test('the first of a column', () => {
    fc.assert(
      fc.property(wrong, (figure) => {
        expect(() => wire.encode('Readings', readings([{ at: MAY, value: figure }]))).toThrow(/invalid "long"/)
        expect(() => wire.encode('Intervals', intervals(hours(1, () => ({ milli: figure }))))).toThrow(/invalid "long"/)
        expect(() => wire.encode('Slots', slots(hours(1, () => ({ amount: figure }))))).toThrow(/invalid "long"/)
      })
    )
  })

  test('anywhere in Readings', () => {
    fc.assert(
      fc.property(spoil(READING_COLUMNS), ([column, row, figure]) => {
        const block = readings(hours(3, () => ({})).map(({ end }) => ({ at: end, value: 1005 })))
        block[column][row] = figure
        exactOrRefused('Readings', block)
      }),
      { numRuns: 1000 }
    )
  })

  test('anywhere in Intervals', () => {
    fc.assert(
      fc.property(spoil(INTERVAL_COLUMNS), fc.constantFrom(0, HOUR), ([column, row, figure], native) => {
        const block = intervals(
          hours(3, () => ({ milli: 1005, fromOffset: 1005, toOffset: 1005 })),
          { native }
        )
        block[column][row] = figure
        exactOrRefused('Intervals', block)
      }),
      { numRuns: 1000 }
    )
  })

  test('anywhere in Slots', () => {
    fc.assert(
      fc.property(spoil(SLOT_COLUMNS), ([column, row, figure]) => {
        const block = slots(hours(3, () => ({ amount: 1005 })))
        block[column][row] = figure
        exactOrRefused('Slots', block)
      }),
      { numRuns: 1000 }
    )
  })

  test('registers next to 2^53 come back as they were, or not at all', () => {
    const edge = fc.integer({ min: 2 ** 53 - 20, max: 2 ** 53 - 2 })
    fc.assert(
      fc.property(edge, edge, fc.nat(20), fc.constantFrom(0, HOUR), (fromValue, toValue, milli, native) => {
        const block = intervals([{ start: MAY, end: MAY + HOUR, milli, fromValue, toValue }], { native })
        expect(wire.decode('Intervals', wire.encode('Intervals', block))).toEqual(block)
      }),
      { numRuns: 500 }
    )
  })
})

test('a slice is the rows asked for, whole blocks as they are', () => {
  const block = intervals(hours(5, (i) => ({ milli: i })))
  expect(slice(block, INTERVAL_COLUMNS, 0, 5)).toBe(block)
  expect(slice(block, INTERVAL_COLUMNS, 1, 3)).toEqual(intervals(hours(5, (i) => ({ milli: i })).slice(1, 3)))
})
