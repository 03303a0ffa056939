import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Readings } from '../../schemas/generated.js'
import { compareStanding, mergeReadings } from '../../schemas/precedence.js'
import { Quality } from '../../schemas/quality.js'
import { HOUR, MAY, type ReadingRow, readings } from './blocks-at-random.js'

/** One reading of one hour; what a case does not name is the same in all. */
type Said = Partial<Pick<Readings, 'curve' | 'revision' | 'parserVersion' | 'source' | 'origin' | 'attrs' | 'device'>> &
  Partial<Pick<ReadingRow, 'at' | 'span' | 'value' | 'quality' | 'line'>>
const reading = ({ at = MAY, span = HOUR, value, quality, line, ...head }: Said): Readings =>
  readings([{ at, span, value: value ?? 0, quality: quality ?? Quality.RAW, line: line ?? 1 }], head)

const standing = (blocks: readonly Readings[]) => {
  const { parts, conflicts, superseded } = mergeReadings(blocks.map((block, position) => ({ block, position })))
  return {
    rows: parts.flatMap(({ block }) => block.at.map((at, i) => ({ at, span: block.span[i], device: block.device, value: block.value[i] }))),
    conflicts: conflicts
      .map(({ winner, loser }) => [winner.block.value[winner.row], loser.block.value[loser.row]])
      .sort((a, b) => a[1] - b[1]),
    superseded
  }
}
const values = (blocks: readonly Readings[]): number[] => standing(blocks).rows.map(({ value }) => value)

/** In each case the reading of value 1 must stand, in whatever order they come. */
const flukso = { source: 'flukso', curve: '' }
const cases: { when: string; given: Said[]; conflicts?: number[][] }[] = [
  {
    when: 'RF5D stands before F5D',
    given: [
      { curve: 'RF5D', value: 1 },
      { curve: 'F5D', value: 2 }
    ]
  },
  {
    when: 'F5D stands before P5D',
    given: [
      { curve: 'F5D', value: 1 },
      { curve: 'P5D', value: 2, revision: 99 }
    ]
  },
  { when: 'all the curves', given: ['RF5D', 'F5D', 'F1', 'P1', 'P5D', 'A5D'].map((curve, i) => ({ curve, value: i + 1 })) },
  {
    when: 'the higher revision',
    given: [
      { revision: 20240502_01, value: 1 },
      { revision: 20240502_00, value: 2 }
    ]
  },
  {
    when: 'a later file before a higher version of an earlier one',
    given: [
      { revision: 20240503_00, value: 1 },
      { revision: 20240502_07, value: 2 }
    ]
  },
  {
    when: 'the curve decides before the revision',
    given: [
      { curve: 'RF5D', revision: 1, value: 1 },
      { curve: 'F5D', revision: 2, value: 2 }
    ]
  },
  {
    when: 'the higher parser version',
    given: [
      { parserVersion: 2, value: 1 },
      { parserVersion: 1, value: 2 }
    ]
  },
  {
    when: 'the revision decides before the parser',
    given: [
      { revision: 2, value: 1 },
      { revision: 1, origin: 'b', parserVersion: 9, value: 2 }
    ]
  },
  {
    when: 'infoenergia: the last line of a file',
    given: [
      { line: 11, value: 1 },
      { line: 1, value: 2 },
      { line: 10, value: 3 }
    ]
  },
  {
    when: 'infoenergia: two files of one date and version; which one is arbitrary, but always the same one',
    given: [
      { origin: 'a', value: 1 },
      { origin: 'b', line: 99, value: 2 }
    ]
  },
  {
    when: 'Flukso: the lower level',
    given: [
      { ...flukso, attrs: { level: '2', block: '9' }, value: 1 },
      { ...flukso, attrs: { level: '10', block: '1' }, value: 2 }
    ],
    conflicts: [[1, 2]]
  },
  {
    when: 'Flukso: then the lower block',
    given: [
      { ...flukso, attrs: { level: '2', block: '9' }, value: 1 },
      { ...flukso, attrs: { level: '2', block: '10' }, value: 2 }
    ],
    conflicts: [[1, 2]]
  },
  {
    when: 'a missing-data mark gives way to any value',
    given: [
      { curve: 'P5D', value: 1 },
      { curve: 'RF5D', revision: 9, quality: Quality.NO_DATA, value: 2 }
    ]
  },
  { when: 'DATA_LOSS too', given: [{ value: 1 }, { quality: Quality.DATA_LOSS, line: 9, value: 2 }] },
  {
    when: 'the worst value is a value',
    given: [
      { quality: Quality.PARTIAL, value: 1 },
      { quality: Quality.NO_DATA, revision: 9, value: 2 }
    ]
  },
  {
    when: 'the same payload parsed again: what the old parser took for a value is none',
    given: [
      { parserVersion: 2, quality: Quality.NO_DATA, value: 1 },
      { parserVersion: 1, value: 2 }
    ]
  },
  {
    when: 'a payload parsed again says "no data": another payload has the value, and the old parse has no say',
    given: [
      { origin: 'b', revision: 1, value: 1 },
      { origin: 'a', revision: 2, parserVersion: 2, quality: Quality.NO_DATA, value: 2 },
      { origin: 'a', revision: 2, value: 3 }
    ]
  },
  {
    when: 'a figure that a new parse took back contradicts nothing',
    given: [
      { source: 'x', origin: 'b', value: 1 },
      { source: 'x', origin: 'a', parserVersion: 2, quality: Quality.NO_DATA, value: 2 },
      { source: 'x', origin: 'a', value: 3 }
    ]
  },
  {
    when: 'a source without a rule of its own contradicts itself',
    given: [
      { source: 'x', origin: 'a', value: 1 },
      { source: 'x', origin: 'b', value: 2 }
    ],
    conflicts: [[1, 2]]
  },
  {
    when: 'three contradictions: each against the one that stands',
    given: ['a', 'b', 'c'].map((origin, i) => ({ source: 'x', origin, value: i + 1 })),
    conflicts: [
      [1, 2],
      [1, 3]
    ]
  },
  {
    when: 'two that contradict each other both give way to a higher revision: nothing is left to doubt',
    given: [
      { source: 'x', revision: 2, value: 1 },
      { source: 'x', revision: 1, origin: 'b', value: 2 },
      { source: 'x', revision: 1, origin: 'c', value: 3 }
    ]
  },
  {
    when: 'the same figure twice is no contradiction',
    given: [
      { source: 'x', origin: 'a', value: 1 },
      { source: 'x', origin: 'b', value: 1 }
    ]
  },
  {
    when: 'one payload says two figures and nothing else differs: the lower one',
    given: [
      { source: 'x', value: 1 },
      { source: 'x', value: 2 }
    ],
    conflicts: [[1, 2]]
  }
]

const permutations = <Thing>(things: readonly Thing[]): Thing[][] =>
  things.length < 2
    ? [[...things]]
    : things.flatMap((thing, i) => permutations(things.filter((_, j) => j !== i)).map((rest) => [thing, ...rest]))

describe('which reading stands', () => {
  for (const { when, given, conflicts = [] } of cases) {
    test(when, () => {
      for (const order of permutations(given.map(reading)).slice(0, 720)) {
        const result = standing(order)
        expect(result.rows.map(({ value }) => value)).toEqual([1])
        expect(result.superseded).toBe(given.length - 1)
        expect(result.conflicts).toEqual(conflicts)
      }
    })
  }

  test('identity is instant, span and device: an hour does not compete with its quarter, nor a meter with its successor', () => {
    const result = standing([reading({ value: 1 }), reading({ span: 900_000, value: 2 }), reading({ device: 'new', value: 3 })])
    expect(result).toMatchObject({ superseded: 0, conflicts: [] })
    expect(result.rows.map(({ span, device, value }) => [span, device, value])).toEqual([
      [HOUR, '', 1],
      [HOUR, 'new', 3],
      [900_000, '', 2]
    ])
  })

  test('compareStanding is 0 only for what says the same', () => {
    const a = { block: reading({ value: 1 }), row: 0, position: 0 }
    expect(compareStanding(a, { ...a, position: 1 })).toBe(0)
  })
})

test('blocks that do not meet come back as they are, in time order', () => {
  const [late, early] = [reading({ at: MAY + HOUR, value: 2 }), reading({ value: 1 })]
  const { parts } = mergeReadings([
    { block: late, position: 'l' },
    { block: early, position: 'e' }
  ])
  expect(parts.map(({ position }) => position)).toEqual(['e', 'l'])
  expect(parts[0].block).toBe(early)
})

test('A14: the lines 1, 10 and 11 of one file are one hour, and the last one counts', () => {
  const file = readings([100, 120, 130].map((value, i) => ({ at: MAY, span: HOUR, value, line: [1, 10, 11][i] })))
  expect(standing([file])).toEqual({ rows: [{ at: MAY, span: HOUR, device: '', value: 130 }], conflicts: [], superseded: 2 })
})

/** All that may decide, in few enough forms that they meet. */
const said: fc.Arbitrary<Said> = fc.record({
  at: fc.constantFrom(MAY, MAY + HOUR),
  span: fc.constantFrom(HOUR, HOUR, 900_000),
  device: fc.constantFrom('', '', 'b'),
  source: fc.constantFrom('infoenergia', 'flukso'),
  curve: fc.constantFrom('F5D', 'P5D', 'RF5D', '', 'A5D'),
  revision: fc.nat(1),
  parserVersion: fc.integer({ min: 1, max: 2 }),
  origin: fc.constantFrom('', 'a', 'b'),
  attrs: fc.constantFrom<Record<string, string>>({}, { level: '2', block: '10' }, { level: '10', block: '9' }),
  line: fc.nat(2),
  quality: fc.constantFrom(Quality.RAW, Quality.VALID, Quality.NO_DATA),
  value: fc.nat(3)
})

test('the order in which readings arrive decides nothing: not what stands, not what contradicts, not how many gave way', () => {
  fc.assert(
    fc.property(fc.array(said, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (list, dice) => {
      const blocks = list.map(reading)
      const shuffled = blocks
        .map((block) => ({ block, at: dice.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ block }) => block)
      expect(standing(shuffled)).toEqual(standing(blocks))
    }),
    { numRuns: 5000 }
  )
})

test('nor does it matter what was merged before', () => {
  fc.assert(
    fc.property(fc.array(said, { minLength: 1, maxLength: 8 }), fc.nat(8), (list, cut) => {
      // A parse that was replaced must still be there to be seen as replaced; merging in two steps is for one parser version.
      const blocks = list.map((one) => reading({ ...one, parserVersion: 1 }))
      const first = mergeReadings(blocks.slice(0, cut).map((block) => ({ block, position: 0 }))).parts.map(({ block }) => block)
      expect(values([...first, ...blocks.slice(cut)])).toEqual(values(blocks))
    }),
    { numRuns: 2000 }
  )
})
