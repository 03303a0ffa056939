import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Latest, Store, StoredReadings } from '../../infra/store.js'
import type { Alert, Installation, Intervals, Point, Readings, Reject, Slots, Suspect } from '../../schemas/generated.js'
import { mergeIntervals, mergeSlots } from '../../schemas/merge.js'
import { Op, Quality } from '../../schemas/quality.js'
import { resolved } from '../../schemas/reject.js'

/** What every store must do, whatever it runs on. A harness opens one without rows of earlier tests. */
export interface StoreHarness {
  store: Store
  /** Closes the store and opens it again on the same data. */
  reopen(): Promise<Store>
  close(): Promise<void>
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const JAN = Date.UTC(2026, 0, 1)
const FEB = Date.UTC(2026, 1, 1)
const MAR = Date.UTC(2026, 2, 1)
const APR = Date.UTC(2026, 3, 1)
const series = { point: 'ES0031000000000001AA', register: '1.8.0' }

interface Row {
  start: number
  end: number
  amount: number
  rev: number
  op?: number
}

const column = (rows: readonly unknown[], figure = 0): number[] => new Array(rows.length).fill(figure)

const intervals = (rows: readonly Row[], head: Partial<Intervals> = {}): Intervals => ({
  ...series,
  unit: 'Wh',
  source: 'test',
  native: 0,
  ruleVersion: 1,
  beat: 0,
  words: ['', 'counter', 'readings.test'],
  partition: 1,
  rows: rows.length,
  start: rows.map(({ start }) => start),
  end: rows.map(({ end }) => end),
  milli: rows.map(({ amount }) => amount),
  op: rows.map(({ op }) => op ?? Op.PUT),
  low: rows.map(({ amount }) => amount),
  high: rows.map(({ amount }) => amount),
  quality: column(rows, Quality.RAW),
  rule: column(rows, 1),
  rev: rows.map(({ rev }) => rev),
  knownAt: rows.map(({ rev }) => APR + rev * HOUR),
  fromAt: rows.map(({ start }) => start),
  fromValue: column(rows, 7),
  toAt: rows.map(({ end }) => end),
  toValue: rows.map(({ amount }) => amount + 7),
  fromTopic: column(rows, 2),
  fromOffset: rows.map(({ rev }) => rev),
  toTopic: column(rows, 2),
  toOffset: rows.map(({ rev }) => rev + 1),
  factor: column(rows),
  travel: column(rows),
  ...head
})

const slots = (grid: string, rows: readonly Row[], head: Partial<Slots> = {}): Slots => ({
  ...series,
  unit: 'Wh',
  source: 'test',
  grid,
  scale: 3,
  beat: 0,
  rows: rows.length,
  start: rows.map(({ start }) => start),
  end: rows.map(({ end }) => end),
  amount: rows.map(({ amount }) => amount),
  op: rows.map(({ op }) => op ?? Op.PUT),
  quality: column(rows, Quality.RAW),
  coveredMs: rows.map(({ start, end }) => end - start),
  estimatedMs: column(rows),
  expected: column(rows, -1),
  received: column(rows, 4),
  rev: rows.map(({ rev }) => rev),
  knownAt: rows.map(({ rev }) => APR + rev * HOUR),
  ...head
})

const readings = (at: readonly number[], offset: number, head: Partial<Readings> = {}): StoredReadings => ({
  block: {
    ...series,
    kind: 'COUNTER',
    curve: '',
    unit: 'Wh',
    scale: 0,
    step: 1,
    words: [],
    device: 'meter 1',
    boot: null,
    source: 'test',
    origin: '',
    attrs: {},
    revision: 0,
    parserVersion: 1,
    ingestedAt: APR,
    rows: at.length,
    at: [...at],
    span: column(at),
    value: at.map((_, i) => i + offset),
    quality: column(at, Quality.RAW),
    code: column(at),
    flags: column(at),
    line: at.map((_, i) => i + 1),
    ...head
  },
  position: { topic: 'readings.test', partition: 1, offset }
})

const hourly = (from: number, to: number, rev: number): Row[] =>
  Array.from({ length: (to - from) / HOUR }, (_, i) => ({ start: from + i * HOUR, end: from + (i + 1) * HOUR, amount: 1000 + i, rev }))

/** The merged rows that overlap [from, to), as a reader sees them. */
const current = async (store: Store, from: number, to: number, knownAt?: number) =>
  mergeIntervals(await store.intervals(series, from, to), { from, to, knownAt }).flatMap((block) =>
    Array.from({ length: block.rows }, (_, i) => ({
      start: block.start[i],
      end: block.end[i],
      amount: block.milli[i],
      rev: block.rev[i]
    }))
  )

const currentSlots = async (store: Store, grid: string, from: number, to: number) =>
  mergeSlots(await store.slots(series, grid, from, to), { from, to }).flatMap((block) =>
    Array.from({ length: block.rows }, (_, i) => ({ start: block.start[i], amount: block.amount[i] }))
  )

const foldAll = async (store: Store, before: number): Promise<void> => {
  let calls = 0
  while (await store.foldClosedDays(before)) expect(++calls).toBeLessThan(1000)
}

/** A small generator of its own, so that a failure names its seed. */
const randomOf = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

export const storeContract = (open: () => Promise<StoreHarness>): void => {
  let harness: StoreHarness
  let store: Store
  beforeEach(async () => {
    harness = await open()
    store = harness.store
  })
  afterEach(() => harness.close())

  describe('intervals and slots', () => {
    test('come out as they went in, by first start, and only where they overlap', async () => {
      const days = [0, 1, 2].map((day) => intervals(hourly(JAN + day * DAY, JAN + (day + 1) * DAY, day + 1)))
      for (const day of [2, 0, 1]) await store.write({ intervals: [days[day]] })
      expect(await store.intervals(series, JAN, JAN + 3 * DAY)).toEqual(days)
      expect(await store.intervals(series, JAN + DAY, JAN + 2 * DAY)).toEqual([days[1]])
      expect(await store.intervals(series, JAN + 2 * DAY - 1, JAN + 2 * DAY + 1)).toEqual([days[1], days[2]])
      expect(await store.intervals(series, JAN + 3 * DAY, FEB)).toEqual([])
      expect(await store.intervals(series, JAN, JAN)).toEqual([])
      expect(await store.intervals({ ...series, register: '2.8.0' }, JAN, FEB)).toEqual([])
    })

    test('a batch written twice is written once, also after it was folded', async () => {
      const batch = {
        intervals: [intervals(hourly(JAN, JAN + DAY, 1)), intervals(hourly(JAN + DAY, JAN + 2 * DAY, 2))],
        slots: [slots('PT1H', hourly(JAN, JAN + DAY, 1))]
      }
      await store.write(batch)
      await store.write(batch)
      expect((await store.intervals(series, JAN, FEB)).reduce((sum, { rows }) => sum + rows, 0)).toBe(48)
      expect((await store.slots(series, 'PT1H', JAN, FEB)).length).toBe(1)
      await foldAll(store, FEB)
      const before = await current(store, JAN, FEB)
      await store.write(batch)
      expect(await current(store, JAN, FEB)).toEqual(before)
      await foldAll(store, FEB)
      const blocks = await store.intervals(series, JAN, FEB)
      expect(blocks.reduce((sum, { rows }) => sum + rows, 0)).toBe(48)
    })

    test('the higher rev wins row by row, whatever came first; withdrawn rows are gone; what was known then is kept', async () => {
      const original = intervals(hourly(JAN, JAN + 4 * HOUR, 1))
      const revised = intervals([
        { start: JAN + HOUR, end: JAN + 2 * HOUR, amount: 5, rev: 2 },
        { start: JAN + 2 * HOUR, end: JAN + 3 * HOUR, amount: 0, rev: 2, op: Op.WITHDRAWN }
      ])
      await store.write({ intervals: [revised] })
      await store.write({ intervals: [original] })
      for (const _ of ['as written', 'folded']) {
        expect((await current(store, JAN, FEB)).map(({ amount }) => amount)).toEqual([1000, 5, 1003])
        expect((await current(store, JAN, FEB, APR + HOUR)).map(({ amount }) => amount)).toEqual([1000, 1001, 1002, 1003])
        await foldAll(store, FEB)
      }
    })

    test('a block over a month border is found from both sides, each row once', async () => {
      const block = intervals(hourly(FEB - 5 * HOUR, FEB + 5 * HOUR, 1))
      await store.write({ intervals: [block], slots: [slots('PT1H', hourly(FEB - 5 * HOUR, FEB + 5 * HOUR, 1))] })
      expect((await current(store, JAN, FEB)).length).toBe(5)
      expect((await current(store, FEB, MAR)).length).toBe(5)
      const all = await store.intervals(series, JAN, MAR)
      expect(all.flatMap(({ start }) => start)).toEqual(block.start)
      expect((await currentSlots(store, 'PT1H', JAN, MAR)).length).toBe(10)
    })

    test('a row longer than a month is found in every month it touches, once', async () => {
      const long = { start: JAN + 10 * DAY, end: APR + 2 * DAY, amount: 9, rev: 1 }
      await store.write({ intervals: [intervals([{ start: JAN, end: JAN + 10 * DAY, amount: 1, rev: 1 }, long])] })
      for (const [from, to] of [
        [FEB, MAR],
        [MAR, APR],
        [FEB + DAY, FEB + 2 * DAY],
        [APR + DAY, APR + 3 * DAY]
      ]) {
        expect(await current(store, from, to)).toEqual([long])
      }
      const all = await store.intervals(series, JAN, APR + 30 * DAY)
      expect(all.reduce((sum, { rows }) => sum + rows, 0)).toBe(2)
    })

    test('a row that crosses a border and is revised to end before it is not seen behind it any more', async () => {
      await store.write({ intervals: [intervals([{ start: FEB - DAY, end: FEB + DAY, amount: 9, rev: 1 }])] })
      await store.write({ intervals: [intervals([{ start: FEB - DAY, end: FEB - HOUR, amount: 8, rev: 2 }])] })
      for (const _ of ['as written', 'folded']) {
        expect(await current(store, FEB, MAR)).toEqual([])
        expect(await current(store, FEB - HOUR / 2, FEB)).toEqual([])
        expect((await current(store, JAN, MAR)).map(({ amount }) => amount)).toEqual([8])
        expect((await current(store, FEB, MAR, APR + HOUR)).map(({ amount }) => amount)).toEqual([9])
        await foldAll(store, MAR)
      }
    })

    test('grids are apart, and those under a minute are kept by the day', async () => {
      const eight = Array.from({ length: 20_000 }, (_, i) => ({ start: JAN + i * 8000, end: JAN + (i + 1) * 8000, amount: i, rev: 1 }))
      const blocks = Array.from({ length: 5 }, (_, i) => slots('PT8S', eight.slice(i * 4000, (i + 1) * 4000), { scale: 6 }))
      await store.write({ slots: [...blocks, slots('PT15M', [{ start: JAN, end: JAN + HOUR / 4, amount: 1, rev: 1 }])] })
      for (const _ of ['as written', 'folded']) {
        expect((await currentSlots(store, 'PT8S', JAN, JAN + 2 * DAY)).map(({ amount }) => amount)).toEqual(
          eight.map(({ amount }) => amount)
        )
        expect((await currentSlots(store, 'PT8S', JAN + DAY - 16_000, JAN + DAY + 16_000)).length).toBe(4)
        expect((await currentSlots(store, 'PT15M', JAN, FEB)).length).toBe(1)
        expect(await store.slots(series, 'PT1H', JAN, FEB)).toEqual([])
        await foldAll(store, FEB)
      }
    })

    test('replaced slots take the place of all that start in their range, of every revision, and of nothing else', async () => {
      const hour = (at: number, amount: number, rev: number, op: number = Op.PUT): Row => ({ start: at, end: at + HOUR, amount, rev, op })
      const told = async () =>
        (await store.slots(series, 'PT1H', JAN, APR))
          .flatMap(({ start, amount, rev }) => start.map((at, i) => [at, amount[i], rev[i]]))
          .sort()
      for (const folded of [false, true]) {
        const [from, to] = folded ? [FEB - DAY, FEB + DAY] : [MAR - DAY, MAR + DAY]
        await store.write({ slots: [slots('PT1H', hourly(from, to, 1)), slots('PT1H', [hour(from + HOUR, 5, 2)])] })
        await store.write({ slots: [slots('P1D', hourly(from, to, 1)), slots('PT1H', hourly(from, to, 1), { register: '2.8.0' })] })
        if (folded) await foldAll(store, MAR)
        const others = (await told()).filter(([at]) => at < from || at >= from + DAY)
        // A slot that reaches over the month's end.
        const rows = [hour(from + HOUR, 7, 1), hour(from + HOUR, 8, 3), hour(from + DAY - HOUR / 2, 9, 4)]
        const wanted = [...others, ...rows.map(({ start, amount, rev }) => [start, amount, rev])].sort()
        for (const _ of ['first', 'again']) {
          await store.replaceSlots(series, 'PT1H', from, from + DAY, [slots('PT1H', rows.slice(0, 1)), slots('PT1H', rows.slice(1))])
          expect(await told()).toEqual(wanted)
        }
        expect((await currentSlots(store, 'P1D', from, to)).length).toBe(48)
        await foldAll(store, APR)
        store = await harness.reopen()
        expect(await told()).toEqual(wanted)
        await store.replaceSlots(series, 'PT1H', from, from + DAY, [])
        expect(await told()).toEqual(others)
        await store.replaceSlots({ ...series, point: `new ${folded}` }, 'PT1H', from, from + DAY, [
          slots('PT1H', rows, { point: `new ${folded}` })
        ])
        expect((await store.slots({ ...series, point: `new ${folded}` }, 'PT1H', from, to)).flatMap(({ rev }) => rev)).toEqual([1, 3, 4])
      }
    })

    test('slots replaced beside writes lose none of them', async () => {
      const days = Array.from({ length: 20 }, (_, day) => slots('PT1H', hourly(JAN + day * DAY, JAN + (day + 1) * DAY, day + 1)))
      const writing = (async () => {
        for (const block of days) await store.write({ slots: [block] })
      })()
      for (let i = 0; i < 10; i++) await store.replaceSlots(series, 'PT1H', FEB - DAY, FEB, [slots('PT1H', hourly(FEB - DAY, FEB, 1))])
      await writing
      expect((await currentSlots(store, 'PT1H', JAN, FEB)).length).toBe(21 * 24)
    })

    test('heartbeats leave nothing', async () => {
      await store.write({ intervals: [intervals([], { beat: JAN, point: '', register: '' })], slots: [slots('PT1H', [], { beat: JAN })] })
      expect(await store.intervals({ point: '', register: '' }, 0, APR)).toEqual([])
    })
  })

  describe('folding closed days', () => {
    test('makes few blocks of many, keeps superseded rows, leaves what is not closed', async () => {
      for (let day = 0; day < 20; day++) {
        await store.write({ intervals: [intervals(hourly(JAN + day * DAY, JAN + (day + 1) * DAY, day + 1))] })
      }
      await store.write({ intervals: [intervals([{ start: JAN, end: JAN + HOUR, amount: 1, rev: 30 }])] })
      const [before, known] = [await current(store, JAN, FEB), await current(store, JAN, FEB, APR + 25 * HOUR)]
      await foldAll(store, JAN + 15 * DAY)
      expect((await store.intervals(series, JAN, FEB)).length).toBe(6)
      expect(await current(store, JAN, FEB)).toEqual(before)
      expect(await current(store, JAN, FEB, APR + 25 * HOUR)).toEqual(known)
      await foldAll(store, FEB)
      const blocks = await store.intervals(series, JAN, FEB)
      expect(blocks.length).toBe(1)
      expect(blocks[0].rows).toBe(20 * 24 + 1)
      expect(await current(store, JAN, FEB)).toEqual(before)
      expect(await store.foldClosedDays(FEB)).toBe(false)
    })

    test('never joins blocks that differ in what they say of all their rows', async () => {
      const heads: Partial<Intervals>[] = [{}, { source: 'other' }, { ruleVersion: 2 }, { partition: 2 }, { native: HOUR }]
      await store.write({ intervals: heads.map((head, i) => intervals(hourly(JAN + i * DAY, JAN + (i + 1) * DAY, i + 1), head)) })
      const before = await current(store, JAN, FEB)
      await foldAll(store, FEB)
      const blocks = await store.intervals(series, JAN, FEB)
      expect(blocks.map(({ source, ruleVersion, partition, native }) => ({ source, ruleVersion, partition, native }))).toEqual(
        heads.map((head) => ({ source: 'test', ruleVersion: 1, partition: 1, native: 0, ...head }))
      )
      expect(await current(store, JAN, FEB)).toEqual(before)
    })

    test('a fold runs beside writes without losing any', async () => {
      const writing = (async () => {
        for (let day = 0; day < 28; day++)
          await store.write({ intervals: [intervals(hourly(JAN + day * DAY, JAN + (day + 1) * DAY, day + 1))] })
      })()
      for (let i = 0; i < 20; i++) await store.foldClosedDays(FEB)
      await writing
      await foldAll(store, FEB)
      expect((await current(store, JAN, FEB)).length).toBe(28 * 24)
    })
  })

  test('random revisions: any range, as of any time, folded or not, gives the rows a list gives', async () => {
    const seeds = process.env.WATTLEDGER_LONG ? 60 : 6
    for (let seed = 1; seed <= seeds; seed++) {
      const random = randomOf(seed)
      const own = { point: `ES${seed}`, register: '1.8.0' }
      const rows: Row[] = []
      const blocks: Intervals[] = []
      for (let rev = 1; rev <= 40; rev++) {
        const starts = new Set(Array.from({ length: 1 + random(12) }, () => JAN + random(100 * 12) * 2 * HOUR))
        const made = [...starts]
          .sort((a, b) => a - b)
          .map((start) => {
            const length = random(10) === 0 ? (1 + random(80)) * DAY : (1 + random(4)) * HOUR
            return { start, end: start + length, amount: random(1000), rev, op: random(6) === 0 ? Op.WITHDRAWN : Op.PUT }
          })
        rows.push(...made)
        blocks.push(intervals(made, own))
      }
      const shuffled = blocks.map((block) => ({ block, at: random(1000) })).sort((a, b) => a.at - b.at)
      for (const [i, { block }] of shuffled.entries()) {
        await store.write({ intervals: [block] })
        if (random(5) === 0) await store.write({ intervals: [shuffled[random(i + 1)].block] })
        if (random(6) === 0) await store.foldClosedDays(JAN + random(120) * DAY)
      }
      for (let query = 0; query < 60; query++) {
        const from = JAN + random(100) * DAY + random(24) * HOUR
        const to = from + (1 + random(query % 2 ? 40 * 24 : 6)) * HOUR
        const known = random(50)
        const winners = new Map<number, Row>()
        for (const row of rows) if (row.rev <= known && (winners.get(row.start)?.rev ?? 0) < row.rev) winners.set(row.start, row)
        const expected = [...winners.values()]
          .filter(({ start, end, op }) => op !== Op.WITHDRAWN && start < to && end > from)
          .sort((a, b) => a.start - b.start)
        const found = mergeIntervals(await store.intervals(own, from, to), { from, to, knownAt: APR + known * HOUR }).flatMap((block) =>
          Array.from({ length: block.rows }, (_, i) => [block.start[i], block.end[i], block.milli[i], block.rev[i]])
        )
        expect(found, `seed ${seed}, query ${query}`).toEqual(expected.map(({ start, end, amount, rev }) => [start, end, amount, rev]))
        if (query === 40) await foldAll(store, APR + 100 * DAY)
      }
    }
  })

  describe('readings', () => {
    test('come out with their position, by first instant, where an instant is in the range', async () => {
      const [a, b] = [readings([JAN, JAN + HOUR, JAN + 2 * HOUR], 5), readings([JAN + HOUR, JAN + 3 * HOUR], 6)]
      await store.write({ readings: [b, a] })
      await store.write({ readings: [b] })
      expect(await store.readings(series, JAN, FEB)).toEqual([a, b])
      expect(await store.readings(series, JAN + 3 * HOUR, FEB)).toEqual([b])
      expect(await store.readings(series, JAN + 3 * HOUR + 1, FEB)).toEqual([])
    })

    test('two records of the same instants are both kept: who wins is a rule, not the store', async () => {
      await store.write({ readings: [readings([JAN], 1), readings([JAN], 2, { device: 'meter 2' })] })
      expect((await store.readings(series, JAN, JAN + 1)).map(({ position }) => position.offset)).toEqual([1, 2])
    })

    test('folding closed days changes nothing of what comes out, however many blocks there are', async () => {
      const live = Array.from({ length: 1000 }, (_, i) => readings([JAN + i * 600_000], i))
      const files = Array.from({ length: 5 }, (_, i) =>
        readings(
          Array.from({ length: 24 }, (_, hour) => JAN + i * DAY + hour * HOUR),
          2000 + i
        )
      )
      for (const each of live) await store.write({ readings: [each] })
      await store.write({ readings: files })
      const all = [...live, ...files].sort((a, b) => a.block.at[0] - b.block.at[0] || a.position.offset - b.position.offset)
      for (const before of [JAN, JAN + 3 * DAY, FEB]) {
        await foldAll(store, before)
        await store.write({ readings: [live[3], files[1]] })
        expect(await store.readings(series, JAN, FEB)).toEqual(all)
        const [from, to] = [JAN + 2 * DAY, JAN + 2 * DAY + HOUR]
        expect((await store.readings(series, from, to)).length).toBe(
          all.filter(({ block }) => block.at.some((at) => at >= from && at < to)).length
        )
      }
    })

    test('a block over a month border is cut there', async () => {
      await store.write({ readings: [readings([FEB - HOUR, FEB, FEB + HOUR], 1)] })
      expect((await store.readings(series, JAN, FEB)).flatMap(({ block }) => block.at)).toEqual([FEB - HOUR])
      expect((await store.readings(series, FEB, MAR)).flatMap(({ block }) => block.value)).toEqual([2, 3])
      expect((await store.readings(series, JAN, MAR)).flatMap(({ block }) => block.line)).toEqual([1, 2, 3])
    })
  })

  describe('days written', () => {
    const day = (n: number, rev: number, amount = rev): Row => ({ start: JAN + n * DAY, end: JAN + (n + 1) * DAY, amount, rev })
    /** What became known `hours` after the first of April; rows of one block may differ in it once blocks are joined. */
    const known = (hours: number[]) => ({ knownAt: hours.map((hour) => APR + hour * HOUR) })
    const written = async (since: number) => {
      const found: string[] = []
      for await (const days of store.writtenDays(since))
        for (const { point, register, start, amount, rev, knownAt } of days)
          found.push(`${point} ${register} ${(start - JAN) / DAY} ${amount} ${rev} ${(knownAt - APR) / HOUR}`)
      return found
    }
    const name = `${series.point} ${series.register}`

    test('only days of which a row became known later, newest day of knowledge first', async () => {
      await store.write({ slots: [slots('P1D', [day(0, 1), day(1, 1)], known([1, 1])), slots('PT1H', [day(0, 9)], known([9]))] })
      await store.write({ slots: [slots('P1D', [day(1, 2)], known([30]))] })
      await store.write({ slots: [slots('P1D', [day(5, 3)], { ...known([31]), register: '2.8.0' })] })
      expect((await written(APR)).slice(0, 2).sort()).toEqual([`${name} 1 2 2 30`, `${series.point} 2.8.0 5 3 3 31`])
      expect((await written(APR)).slice(2).sort()).toEqual([`${name} 0 1 1 1`, `${name} 1 1 1 1`])
      expect(await written(APR + HOUR)).toHaveLength(2)
      expect(await written(APR + 30 * HOUR)).toEqual([`${series.point} 2.8.0 5 3 3 31`])
      expect(await written(APR + 31 * HOUR)).toEqual([])
    })

    test('of one day of knowledge the highest rev, whatever is written last, twice or after folding; kept over a restart', async () => {
      const newer = { slots: [slots('P1D', [{ ...day(0, 3, -7), op: Op.WITHDRAWN }], known([3]))] }
      await store.write(newer)
      await store.write({ slots: [slots('P1D', [day(0, 2)], known([2]))] })
      await store.write(newer)
      await foldAll(store, FEB)
      store = await harness.reopen()
      expect(await written(APR)).toEqual([`${name} 0 -7 3 3`])
    })

    test('more of them than fit in one batch, each once', async () => {
      const rows = Array.from({ length: 2500 }, (_, n) => day(n, 1))
      await store.write({ slots: [slots('P1D', rows, known(rows.map(() => 1)))] })
      const found = await written(APR)
      expect([found.length, new Set(found).size]).toEqual([2500, 2500])
    })
  })

  describe('beside the blocks', () => {
    const latest = (at: number, value: number, firstAt = at): Latest => ({
      ...series,
      source: 'test',
      kind: 'COUNTER',
      unit: 'Wh',
      scale: 0,
      device: '',
      at,
      value,
      quality: 4,
      firstAt
    })

    test('latest: the later instant wins, whichever comes first; the first instant only goes back', async () => {
      await store.write({ latest: [latest(JAN + HOUR, 2)] })
      await store.write({ latest: [latest(JAN, 1), { ...latest(JAN, 9), point: 'other' }] })
      expect(await store.latest(series.point)).toEqual([latest(JAN + HOUR, 2, JAN)])
      await store.write({ latest: [latest(JAN + 2 * HOUR, 3)] })
      expect(await store.latest(series.point)).toEqual([latest(JAN + 2 * HOUR, 3, JAN)])
      expect((await store.latest()).length).toBe(2)
    })

    const point = (name: string, validFrom: number, knownAt: number): Point => ({
      installations: ['home'],
      point: name,
      validFrom,
      knownAt,
      deleted: false,
      name: '',
      zone: 'Europe/Madrid',
      natives: [`test/${name}`],
      devices: [],
      registers: []
    })

    test('points and installations: every version is kept, by validFrom and knownAt', async () => {
      const versions = [point('a', 0, FEB), point('a', JAN, JAN), point('a', JAN, FEB), point('b', -HOUR, JAN)]
      await store.write({ points: [versions[2], versions[0]] })
      await store.write({ points: [versions[1], versions[2], versions[3]] })
      expect(await store.points('a')).toEqual(versions.slice(0, 3))
      expect(await store.points()).toEqual(versions)
      const installation: Installation = {
        installation: 'home',
        validFrom: JAN,
        knownAt: JAN,
        deleted: false,
        name: 'Home',
        zone: '',
        latitude: null,
        longitude: 4.35,
        members: []
      }
      await store.write({ installations: [installation, { ...installation, validFrom: FEB }, installation] })
      expect(await store.installations()).toEqual([installation, { ...installation, validFrom: FEB }])
    })

    const reject = (line: number, reason: string, over: Partial<Reject> = {}): Reject => ({
      source: 'test',
      origin: 'aa',
      name: 'file.csv',
      line,
      field: 'kWh',
      reason,
      expected: '',
      found: '',
      advice: '',
      ingestedAt: JAN + line,
      parserVersion: 1,
      ...over
    })

    test('rejects: two names of equal bytes are two; what is resolved is gone, and an older one does not bring it back', async () => {
      const named = ['a.csv', 'b.csv'].map((name) => reject(0, 'empty-file', { name, ingestedAt: JAN }))
      const tied = reject(1, 'not-a-number')
      await store.write({ rejects: [...named, tied] })
      expect((await store.rejects({ origin: 'aa', limit: 10 })).map(({ name }) => name).sort()).toEqual(['a.csv', 'b.csv', 'file.csv'])
      await store.write({ rejects: [resolved(named[0], 'test', 1), resolved(tied, 'test', 2)] })
      await store.write({ rejects: [...named, tied] })
      expect(await store.rejects({ origin: 'aa', limit: 10 })).toEqual([named[1]])
      expect(await store.rejects({ limit: 10 })).toEqual([named[1]])
      expect(await store.counts('rejects')).toEqual(new Map([['empty-file', 1]]))
      // Received and rejected again, later.
      const again = { ...named[0], ingestedAt: FEB }
      await store.write({ rejects: [again] })
      expect(await store.rejects({ limit: 10 })).toEqual([again, named[1]])
    })

    test('rejects: one by origin, name, line and field; newest first; counted by reason, rewritten or not', async () => {
      const all = [
        reject(1, 'not-a-number'),
        reject(2, 'control-letters'),
        reject(3, 'not-a-number'),
        reject(1, 'not-a-number', { origin: 'bb', ingestedAt: FEB })
      ]
      await store.write({ rejects: all })
      await store.write({ rejects: all })
      expect(await store.rejects({ limit: 10 })).toEqual([all[3], all[2], all[1], all[0]])
      expect(await store.rejects({ limit: 2 })).toEqual([all[3], all[2]])
      expect(await store.rejects({ reason: 'not-a-number', limit: 2 })).toEqual([all[3], all[2]])
      expect(await store.rejects({ origin: 'aa', limit: 10 })).toEqual([all[2], all[1], all[0]])
      expect(await store.rejects({ origin: 'aa', reason: 'control-letters', limit: 10 })).toEqual([all[1]])
      expect(await store.counts('rejects')).toEqual(
        new Map([
          ['control-letters', 1],
          ['not-a-number', 3]
        ])
      )
      const reparsed = reject(1, 'in-the-future', { parserVersion: 2 })
      await store.write({ rejects: [reparsed] })
      await store.write({ rejects: [all[0]] })
      expect(await store.rejects({ reason: 'in-the-future', limit: 10 })).toEqual([reparsed])
      expect(await store.counts('rejects')).toEqual(
        new Map([
          ['control-letters', 1],
          ['in-the-future', 1],
          ['not-a-number', 2]
        ])
      )
    })

    const suspect = (at: number, rev: number, over: Partial<Suspect> = {}): Suspect => ({
      ...series,
      source: 'test',
      device: '',
      at,
      until: at,
      count: 1,
      value: 5,
      unit: 'Wh',
      reason: 'glitch',
      detail: '',
      topic: '',
      partition: 0,
      offset: -1,
      line: 0,
      op: Op.PUT,
      rev,
      knownAt: JAN,
      ruleVersion: 1,
      ...over
    })

    test('suspects: the higher rev of an identity stays; withdrawn ones are not returned and not counted', async () => {
      await store.write({ suspects: [suspect(JAN, 1), suspect(JAN, 1, { value: -6 }), suspect(FEB, 1, { reason: 'jump' })] })
      await store.write({ suspects: [suspect(JAN, 3, { op: Op.WITHDRAWN })] })
      await store.write({ suspects: [suspect(JAN, 2, { detail: 'late' }), suspect(FEB, 2, { reason: 'jump', detail: 'again' })] })
      expect((await store.suspects(series, JAN, FEB)).map(({ value }) => value)).toEqual([-6])
      expect((await store.suspects(series, JAN, MAR)).map(({ at, detail }) => [at, detail])).toEqual([
        [JAN, ''],
        [FEB, 'again']
      ])
      expect(await store.counts('suspects')).toEqual(
        new Map([
          ['glitch', 1],
          ['jump', 1]
        ])
      )
      await store.write({ suspects: [suspect(JAN, 4)] })
      expect((await store.suspects(series, JAN, FEB)).length).toBe(2)
      expect(await store.counts('suspects')).toEqual(
        new Map([
          ['glitch', 2],
          ['jump', 1]
        ])
      )
      expect(await store.suspects({ ...series, register: '1.8' }, 0, APR)).toEqual([])
    })

    const alert = (since: number, rev: number, over: Partial<Alert> = {}): Alert => ({
      rule: 'silent',
      subject: series.point,
      register: '',
      source: 'test',
      state: 'firing',
      severity: 'warning',
      since,
      at: since,
      until: null,
      value: null,
      threshold: 5,
      unit: 'ms',
      text: 'Nothing came.',
      rows: [{ register: '1.8.0', start: since, end: since, topic: 't', partition: 0, offset: 1 }],
      occurrences: 1,
      reminders: 0,
      notify: true,
      expires: null,
      ackedBy: '',
      note: '',
      rev,
      ruleVersion: 1,
      knownAt: since,
      ...over
    })

    test('alerts: the higher rev of an identity stays, whatever comes last; by subject, rule, beginning, and whether active; newest first', async () => {
      const [january, february] = [alert(JAN, 1), alert(FEB, 3)]
      const over = alert(JAN, 2, { state: 'ok', until: JAN + HOUR })
      const jump = alert(FEB + HOUR, 4, { rule: 'jump', register: '1.8.0', subject: 'other' })
      const retracted = alert(MAR, 5, { state: 'retracted' })
      await store.write({ alerts: [january, february] })
      await store.write({ alerts: [over, jump, retracted] })
      await store.write({ alerts: [january, february] })
      expect(await store.alerts({ limit: 10 })).toEqual([retracted, jump, february, over])
      expect(await store.alerts({ limit: 2 })).toEqual([retracted, jump])
      expect(await store.alerts({ active: true, limit: 10 })).toEqual([jump, february])
      expect(await store.alerts({ active: true, limit: 1 })).toEqual([jump])
      expect(await store.alerts({ subject: series.point, limit: 10 })).toEqual([retracted, february, over])
      expect(await store.alerts({ subject: series.point, limit: 2 })).toEqual([retracted, february])
      expect(await store.alerts({ subject: series.point, active: true, limit: 10 })).toEqual([february])
      expect(await store.alerts({ rule: 'jump', limit: 10 })).toEqual([jump])
      expect(await store.alerts({ rule: 'jump', active: true, subject: series.point, limit: 10 })).toEqual([])
      expect(await store.alerts({ from: FEB, to: MAR, limit: 10 })).toEqual([jump, february])
      expect(await store.alerts({ subject: 'other', from: FEB, to: FEB + HOUR, limit: 10 })).toEqual([])
      expect(await store.alerts({ active: true, from: FEB + HOUR, limit: 10 })).toEqual([jump])
      expect(await store.alerts({ active: true, to: FEB + HOUR, limit: 10 })).toEqual([february])
    })

    test('all of it is there after closing and opening again', async () => {
      await store.write({
        intervals: [intervals(hourly(JAN, JAN + DAY, 1))],
        slots: [slots('P1D', [{ start: JAN, end: JAN + DAY, amount: 1, rev: 1 }])],
        readings: [readings([JAN], 1)],
        latest: [latest(JAN, 1)],
        suspects: [suspect(JAN, 1)],
        rejects: [reject(1, 'x')],
        alerts: [alert(JAN, 1)],
        points: [point('a', JAN, JAN)]
      })
      store = await harness.reopen()
      expect((await current(store, JAN, FEB)).length).toBe(24)
      expect((await store.slots(series, 'P1D', JAN, FEB)).length).toBe(1)
      expect((await store.readings(series, JAN, FEB)).length).toBe(1)
      expect(
        (await store.latest()).length +
          (await store.suspects(series, JAN, FEB)).length +
          (await store.rejects({ limit: 9 })).length +
          (await store.alerts({ limit: 9 })).length +
          (await store.points()).length
      ).toBe(5)
      const sizes = await store.sizes()
      for (const table of ['readings', 'intervals', 'slots']) expect(sizes.get(table)).toBeGreaterThan(0)
    })
  })
}
