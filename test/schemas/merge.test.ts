import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_ROWS } from '../../schemas/blocks.js'
import type { Intervals, Slots } from '../../schemas/generated.js'
import { joinIntervals, joinSlots, mergeIntervals, mergeSlots, reachOf, type Wanted } from '../../schemas/merge.js'
import { Op } from '../../schemas/quality.js'
import { intervals, slots } from './blocks-at-random.js'

interface Row {
  start: number
  end: number
  milli?: number
  rev?: number
  op?: number
  knownAt?: number
}
const block = (...rows: Row[]): Intervals => intervals(rows.map((row) => ({ knownAt: row.rev ?? 1, ...row })))
const shown = (blocks: readonly Intervals[]): string[] =>
  blocks.flatMap(({ start, end, milli }) => start.map((from, i) => `${from}-${end[i]} ${milli[i]}`))
const merged = (blocks: readonly Intervals[], wanted?: Wanted): string[] => shown(mergeIntervals(blocks, wanted))

const old = block({ start: 0, end: 10, milli: 1 }, { start: 10, end: 20, milli: 2 }, { start: 20, end: 30, milli: 3 })
const revised = block({ start: 10, end: 20, milli: 9, rev: 2 })
const gone = block({ start: 10, end: 20, milli: 9, rev: 3, op: Op.WITHDRAWN })

const cases: { when: string; given: Intervals[]; wanted?: Wanted; gives: string[] }[] = [
  { when: 'nothing was revised', given: [old], gives: ['0-10 1', '10-20 2', '20-30 3'] },
  { when: 'the higher rev wins', given: [old, revised], gives: ['0-10 1', '10-20 9', '20-30 3'] },
  { when: 'the order of blocks decides nothing', given: [revised, old], gives: ['0-10 1', '10-20 9', '20-30 3'] },
  { when: 'a block is there twice', given: [old, revised, old], gives: ['0-10 1', '10-20 9', '20-30 3'] },
  { when: 'a row was withdrawn', given: [old, revised, gone], gives: ['0-10 1', '20-30 3'] },
  { when: 'a withdrawal is all there is', given: [gone], gives: [] },
  { when: 'a withdrawn row came back', given: [gone, block({ start: 10, end: 20, milli: 5, rev: 4 })], gives: ['10-20 5'] },
  { when: 'an older rev comes after its withdrawal', given: [gone, old], gives: ['0-10 1', '20-30 3'] },
  { when: 'as known before the revision', given: [old, revised, gone], wanted: { knownAt: 1 }, gives: ['0-10 1', '10-20 2', '20-30 3'] },
  {
    when: 'as known between revision and withdrawal',
    given: [old, revised, gone],
    wanted: { knownAt: 2 },
    gives: ['0-10 1', '10-20 9', '20-30 3']
  },
  { when: 'as known before anything', given: [old], wanted: { knownAt: 0 }, gives: [] },
  { when: 'rows that overlap [from, to), neither end included', given: [old], wanted: { from: 10, to: 20 }, gives: ['10-20 2'] },
  { when: 'a row is cut by both ends of the range', given: [old], wanted: { from: 15, to: 16 }, gives: ['10-20 2'] },
  {
    when: 'the range lies between rows',
    given: [block({ start: 0, end: 5 }, { start: 9, end: 12 })],
    wanted: { from: 5, to: 9 },
    gives: []
  },
  {
    when: 'a revision ends sooner and no longer reaches the range: the row it replaced is not shown either',
    given: [block({ start: 0, end: 30, milli: 8 }), block({ start: 0, end: 10, milli: 8, rev: 2 })],
    wanted: { from: 15, to: 40 },
    gives: []
  },
  {
    when: 'a row lies over others that are not withdrawn yet: only what is in the range is shown',
    given: [block({ start: 0, end: 100, milli: 8 }, { start: 10, end: 20, milli: 1 }, { start: 50, end: 60, milli: 2 })],
    wanted: { from: 30, to: 70 },
    gives: ['0-100 8', '50-60 2']
  }
]
for (const { when, given, wanted, gives } of cases) test(when, () => expect(merged(given, wanted)).toEqual(gives))

test('blocks that need no merging come back as they are, uncopied', () => {
  const next = block({ start: 30, end: 40 })
  const result = mergeIntervals([next, old])
  expect(result[0]).toBe(old)
  expect(result[1]).toBe(next)
})

test('slots merge by the same rule', () => {
  const first = slots([
    { start: 0, end: 10, amount: 1 },
    { start: 10, end: 20, amount: 2 }
  ])
  const second = slots([{ start: 0, end: 10, amount: 5, rev: 2 }])
  expect(mergeSlots([first, second]).map(({ amount }) => amount)).toEqual([[5], [2]])
})

describe('reachOf: how far back one must fetch', () => {
  test('to the start of the longest row over `from`', () => {
    expect(reachOf([block({ start: 0, end: 30 }, { start: 5, end: 12 }), block({ start: 8, end: 40 })], 15)).toBe(0)
  })

  test('a row revised to end sooner: without its reach the old one would be taken for the current one', () => {
    const blocks = [block({ start: 0, end: 30, milli: 8 }), block({ start: 0, end: 10, milli: 8, rev: 2 })]
    const from = 15
    const touching = blocks.filter(({ end }) => end[0] > from)
    expect(merged(touching, { from })).toEqual(['0-30 8'])
    const reach = reachOf(touching, from)
    expect(reach).toBe(0)
    expect(
      merged(
        blocks.filter(({ start, end }) => end[0] > from || start[0] >= reach),
        { from }
      )
    ).toEqual([])
  })

  test('rows that end at `from` do not reach over it', () => expect(reachOf([block({ start: 0, end: 15 })], 15)).toBe(15))
})

/** A ledger's life: rows of few starts, each rev once, known in that order, spread over blocks that arrive in any order. */
const life = fc
  .tuple(
    fc.array(
      fc.record({
        start: fc.nat(8).map((n) => n * 10),
        length: fc.constantFrom(5, 10, 10, 25, 60),
        op: fc.constantFrom(Op.PUT, Op.PUT, Op.UNKNOWN, Op.WITHDRAWN),
        milli: fc.nat(99),
        known: fc.nat(2),
        breaks: fc.boolean(),
        rule: fc.nat(2),
        twice: fc.boolean()
      }),
      { minLength: 1, maxLength: 25 }
    ),
    fc.infiniteStream(fc.nat())
  )
  .map(([rows, dice]) => {
    let knownAt = 0
    const groups: Parameters<typeof intervals>[0][number][][] = []
    for (const [i, { length, known, breaks, ...row }] of rows.entries()) {
      knownAt += known
      const written = { ...row, end: row.start + length, rev: i + 1, knownAt, factor: row.rule }
      const last = groups.at(-1)
      if (last && !breaks && last.at(-1)!.start < row.start) last.push(written)
      else groups.push([written])
    }
    const words = [
      ['', 'counter', 'gap'],
      ['', 'gap', 'factor 40 of 2023'],
      ['', 'rollover', 'counter']
    ]
    const blocks = groups.map((group, i) => intervals(group, { words: words[i % 3] }))
    const again = blocks.filter((_, i) => rows[i]?.twice)
    return [...blocks, ...again]
      .map((one) => ({ one, at: dice.next().value as number }))
      .sort((a, b) => a.at - b.at)
      .map(({ one }) => one)
  })
const wanted = fc.record(
  { from: fc.integer({ min: -5, max: 120 }), to: fc.integer({ min: -5, max: 120 }), knownAt: fc.integer({ min: -1, max: 30 }) },
  { requiredKeys: [] }
)

/** Every row of the blocks, with words instead of indices. */
const rowsOf = (blocks: readonly Intervals[]) =>
  blocks.flatMap((one) =>
    one.start.map((start, i) => {
      const { [one.rule[i]]: rule, [one.factor[i]]: factor } = one.words
      return { start, end: one.end[i], milli: one.milli[i], op: one.op[i], rev: one.rev[i], knownAt: one.knownAt[i], rule, factor }
    })
  )

/** The rule in its shortest form: of one start the highest rev known by then, unless it is a withdrawal. */
const plainly = (blocks: readonly Intervals[], { from = -1e9, to = 1e9, knownAt = 1e9 }: Wanted) => {
  const newest = new Map<number, ReturnType<typeof rowsOf>[number]>()
  for (const row of rowsOf(blocks)) if (row.knownAt <= knownAt && row.rev >= (newest.get(row.start)?.rev ?? 0)) newest.set(row.start, row)
  const current = [...newest.values()].filter((row) => row.op !== Op.WITHDRAWN && row.start < to && row.end > from)
  return current.sort((a, b) => a.start - b.start)
}

test('merging answers any question as the rule in its shortest form does', () => {
  fc.assert(
    fc.property(life, wanted, (blocks, question) => {
      expect(rowsOf(mergeIntervals(blocks, question))).toEqual(plainly(blocks, question))
    }),
    { numRuns: 2000 }
  )
})

const revisions = (blocks: readonly (Intervals | Slots)[]): string[] =>
  [...new Set(blocks.flatMap(({ start, rev }) => start.map((from, i) => `${from} ${rev[i]}`)))].sort()

test('joining keeps every revision once and changes no answer, past or present', () => {
  fc.assert(
    fc.property(life, wanted, (blocks, question) => {
      const joined = joinIntervals(blocks)
      expect(joined.reduce((rows, one) => rows + one.rows, 0)).toBe(revisions(blocks).length)
      expect(revisions(joined)).toEqual(revisions(blocks))
      expect(rowsOf(mergeIntervals(joined, question))).toEqual(rowsOf(mergeIntervals(blocks, question)))
      expect(joinIntervals(joined)).toEqual(joined)
    }),
    { numRuns: 1000 }
  )
})

test('joining slots, too', () => {
  fc.assert(
    fc.property(life, wanted, (blocks, question) => {
      const given = blocks.map(({ start, end, milli, op, rev, knownAt }) =>
        slots(start.map((from, i) => ({ start: from, end: end[i], amount: milli[i], op: op[i] & 1, rev: rev[i], knownAt: knownAt[i] })))
      )
      const amounts = (some: readonly Slots[]) =>
        mergeSlots(some, question).flatMap(({ start, amount }) => start.map((from, i) => [from, amount[i]]))
      const joined = joinSlots(given)
      expect(revisions(joined)).toEqual(revisions(given))
      expect(amounts(joined)).toEqual(amounts(given))
    })
  )
})

test('joined blocks hold at most MAX_ROWS rows, and the first word stays the empty one', () => {
  const many = Array.from({ length: 5 }, (_, b) =>
    intervals(
      Array.from({ length: 1000 }, (_, i) => ({ start: b * 1000 + i, end: b * 1000 + i + 1 })),
      { words: ['', `rule ${b}`] }
    )
  )
  const joined = joinIntervals(many)
  expect(joined.map(({ rows }) => rows)).toEqual([MAX_ROWS, 5000 - MAX_ROWS])
  expect(joined[1].words).toEqual(['', 'rule 0', 'rule 1', 'rule 2', 'rule 3', 'rule 4'])
})

test('words that were no words stay none, also where a block did not begin with the empty one', () => {
  const [joined] = joinIntervals([intervals([{ start: 0, end: 1, rule: 0, factor: 1 }], { words: ['counter'] })])
  expect([joined.words[joined.rule[0]], joined.words[joined.factor[0]], joined.words[0]]).toEqual(['counter', '', ''])
})
