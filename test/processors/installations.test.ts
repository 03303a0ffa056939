import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addCoarse, COARSE_GRIDS, coarseAt, registersOn } from '../../processors/installations/coarse.js'
import { explainSlots } from '../../processors/installations/explain.js'
import { refoldInstallation } from '../../processors/installations/history.js'
import { SLOT_MS } from '../../processors/installations/power.js'
import { resolveInstallation } from '../../processors/installations/rules.js'
import { type InstallationState, initialInstallation, type Stepped } from '../../processors/installations/state.js'
import { beatInstallation, dueInstallation, stepInstallation } from '../../processors/installations/step.js'
import { type GridRow, toSlots } from '../../processors/loadcurve/step.js'
import type { Installation, Slots } from '../../schemas/generated.js'
import { type StoredGrid, slotAt, storedGrid } from '../../schemas/grid.js'
import { pointOfInstallation } from '../../schemas/installations.js'
import { mergeSlots } from '../../schemas/merge.js'
import { Op, Quality } from '../../schemas/quality.js'
import { random } from '../whole/files.js'

const ZONE = 'Europe/Brussels'
const HOUR = 3_600_000
/** Eight minutes before the local midnight that begins 31 March 2024, which has 23 hours. */
const START = Date.UTC(2024, 2, 30, 22, 52)

const member = (name: string, tot: number, prod: number, ve = 0) => ({
  point: `flukso/${name}`,
  register: '1.8.0',
  tot,
  prod,
  ve,
  cons: 0,
  label: '',
  device: '',
  startDate: ''
})
const version = (validFrom: number, knownAt: number, members: Installation['members']): Installation => ({
  installation: 'HOME',
  validFrom,
  knownAt,
  deleted: false,
  name: '',
  zone: ZONE,
  latitude: null,
  longitude: null,
  members
})
const HOME = version(0, 0, [member('mains', 1, 0), member('back', -1, 0), member('pv', 1, 1), member('car', 0, 0, 1)])

/** One installation, with the store of it and of its members beside it. */
class Home {
  state: InstallationState = initialInstallation('HOME')
  readonly #own: Slots[] = []
  readonly #members: Slots[] = []
  #versions: readonly Installation[] = [HOME]
  #rules = resolveInstallation([HOME])
  #rev = 0

  enter(rows: readonly Installation[], from: number): void {
    this.#versions = rows
    this.#rules = resolveInstallation(rows)
    this.state = { ...this.state, asks: [{ from, to: Number.MAX_SAFE_INTEGER }] }
  }

  feed(block: Slots): void {
    this.#members.push(block)
    this.#keep(stepInstallation(this.state, block, this.#rules))
  }

  beat(at: number): void {
    const due = dueInstallation(this.state, this.#rules)
    const rev = this.#rev
    this.#keep(beatInstallation(this.state, at, this.#rules))
    // A beat before it is due changes nothing: the runner leaves it out.
    if (at < due) expect(this.#rev).toBe(rev)
  }

  async answer(): Promise<void> {
    while (this.state.asks.length > 0) {
      const within = (block: Slots, from: number, to: number) => block.start.some((start, i) => start < to && block.end[i] > from)
      this.#keep(
        await refoldInstallation(this.state, this.state.asks[0], this.#rules, {
          extent: async () => {
            const [starts, ends] = [this.#members.flatMap(({ start }) => start), this.#members.flatMap(({ end }) => end)]
            return starts.length === 0 ? null : { from: Math.min(...starts), to: Math.max(...ends) }
          },
          shares: async (series, from, to) =>
            this.#members.filter((block) => `${block.point}\u0000${block.register}` === series && within(block, from, to)),
          own: async (register, grid, from, to) =>
            this.#own.filter((block) => block.register === register && block.grid === grid && within(block, from, to))
        })
      )
    }
  }

  rows(register: string, grid: string): [start: number, amount: number, coveredMs: number, quality: number, received: number][] {
    const blocks = mergeSlots(this.#own.filter((block) => block.register === register && block.grid === grid))
    return blocks.flatMap((block) =>
      block.start.map((start, i) => [start, block.amount[i], block.coveredMs[i], block.quality[i], block.received[i]] as const)
    ) as never
  }

  /** What the members' parts come to, of the slots of a register that are stored; and what is stored. */
  explained(register: string, grid: StoredGrid): [start: number, amount: number][][] {
    const said = [...new Set(this.#members.map(({ point }) => point))].map((point) => ({
      point,
      register: '1.8.0',
      blocks: mergeSlots(this.#members.filter((block) => block.point === point))
    }))
    const stored = this.rows(register, grid)
    const made = stored.map(([at]): [number, number] => {
      const { start, end } = slotAt(storedGrid(grid), ZONE, at)
      const parts = explainSlots(this.#versions, register, { from: start, to: end }, said)
      return [at, parts.flatMap(({ members }) => members).reduce((sum, { amount }) => sum + amount, 0)]
    })
    return [stored.map(([start, amount]) => [start, amount]), made]
  }

  get revisions(): number {
    return this.#rev
  }

  /** As after a restart: from what is kept of it. */
  #keep({ state, rows }: Stepped): void {
    this.state = JSON.parse(JSON.stringify(state))
    if (rows.size === 0) return
    this.#rev++
    for (const [place, list] of rows) {
      const [grid, register] = place.split(' ')
      const { source, knownAt } = state
      const head = { point: pointOfInstallation('HOME'), register, unit: 'Wh', source, grid: grid as StoredGrid, rev: this.#rev, knownAt }
      this.#own.push(toSlots(head, list))
    }
  }
}

interface Said {
  start: number
  /** null: only part of it is known. */
  amount: number | null
}

let revs = 0
const block = (name: string, said: readonly Said[], knownAt: number): Slots => {
  const rows = said.map(
    ({ start, amount }): GridRow => ({
      start,
      end: start + SLOT_MS,
      amount: amount ?? 0,
      op: Op.PUT,
      quality: amount === null ? Quality.PARTIAL : Quality.RAW,
      coveredMs: amount === null ? 0 : SLOT_MS,
      estimatedMs: 0,
      expected: -1,
      received: 1
    })
  )
  return toSlots({ point: `flukso/${name}`, register: '1.8.0', unit: 'Wh', source: 'flukso', grid: 'PT8S', rev: ++revs, knownAt }, rows)
}

const at = (slot: number): number => START + slot * SLOT_MS

describe('live', () => {
  const said = (slot: number, amount: number | null) => [{ start: at(slot), amount }]

  test('a slot goes out when the last member has spoken; vehicles do not wait for the house, nor it for them', () => {
    const home = new Home()
    home.feed(block('mains', said(0, 700), at(1)))
    home.feed(block('back', said(0, 0), at(1)))
    expect(home.rows('p_tot', 'PT8S')).toEqual([])
    home.feed(block('pv', said(0, -1000), at(1)))
    expect(home.rows('p_tot', 'PT8S')).toEqual([[at(0), -300, 8000, Quality.RAW, 1]])
    expect(home.rows('p_prod', 'PT8S')).toEqual([[at(0), -1000, 8000, Quality.RAW, 1]])
    expect(home.rows('p_cons', 'PT8S')).toEqual([[at(0), 700, 8000, Quality.RAW, 1]])
    expect(home.rows('p_ve', 'PT8S')).toEqual([])
    home.feed(block('car', said(0, 42), at(2)))
    expect(home.rows('p_ve', 'PT8S')).toEqual([[at(0), 42, 8000, Quality.RAW, 1]])
  })

  test('who is silent for ten minutes is missing: no smaller sum; what comes later completes it', async () => {
    const home = new Home()
    home.feed(block('mains', said(0, 700), at(1)))
    home.feed(block('pv', said(0, -1000), at(1)))
    home.beat(at(1) + 10 * 60_000 - 1)
    expect(home.rows('p_tot', 'PT8S')).toEqual([])
    home.beat(at(1) + 10 * 60_000)
    for (const register of ['p_tot', 'p_prod', 'p_cons']) expect(home.rows(register, 'PT8S')).toEqual([[at(0), 0, 0, Quality.PARTIAL, 0]])
    home.feed(block('back', said(0, 100), at(1) + 11 * 60_000))
    await home.answer()
    expect(home.rows('p_tot', 'PT8S')).toEqual([[at(0), -400, 8000, Quality.RAW, 1]])
  })

  test('a member whose slot is not wholly known makes it PARTIAL at once', () => {
    const home = new Home()
    for (const [name, amount] of [
      ['mains', 700],
      ['back', null],
      ['pv', 0]
    ] as const)
      home.feed(block(name, said(0, amount), at(1)))
    expect(home.rows('p_cons', 'PT8S')).toEqual([[at(0), 0, 0, Quality.PARTIAL, 0]])
  })

  test('other factors from an instant on change what is from there on, and no more', async () => {
    const home = new Home()
    for (let slot = 0; slot < 400; slot++)
      for (const [name, amount] of [
        ['mains', 700],
        ['back', 0],
        ['pv', -300]
      ] as const)
        home.feed(block(name, said(slot, amount), at(slot + 1)))
    for (let i = 0; i < 2; i++) {
      home.beat(at(401) + HOUR)
      await home.answer()
    }
    const before = home.rows('p_prod', 'PT8S')
    const { revisions } = home
    home.enter(
      [
        HOME,
        version(
          at(200),
          1,
          HOME.members.map((each) => ({ ...each, prod: -each.prod }))
        )
      ],
      at(200) - 1
    )
    await home.answer()
    expect(home.rows('p_prod', 'PT8S')).toEqual(
      before.map(([start, amount, ...rest]) => [start, start < at(200) ? amount : -amount, ...rest])
    )
    expect(home.revisions).toBe(revisions + 1)
    home.enter(
      [
        HOME,
        version(
          at(200),
          1,
          HOME.members.map((each) => ({ ...each, prod: -each.prod }))
        )
      ],
      0
    )
    await home.answer()
    expect(home.revisions).toBe(revisions + 1)
  })
})

describe('any order, cut, beat and moment of answering give the rows of the members’ slots', () => {
  const NAMES = ['mains', 'back', 'pv', 'car'] as const
  const SLOTS = 130
  const amounts = fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 5000 }) },
      { weight: 1, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constant(undefined) }
    ),
    { minLength: SLOTS, maxLength: SLOTS }
  )

  /** What must come out of what every member said last. */
  const expected = (said: Record<string, (number | null | undefined)[]>) => {
    const tot: [number, number | null][] = []
    for (let slot = 0; slot < SLOTS; slot++) {
      const [mains, back, pv] = [said.mains[slot], said.back[slot], said.pv[slot]]
      if (mains === undefined && back === undefined && pv === undefined) continue
      const whole = typeof mains === 'number' && typeof back === 'number' && typeof pv === 'number'
      tot.push([at(slot), whole ? mains - back + pv : null])
    }
    return tot
  }

  test('property', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record({ mains: amounts, back: amounts, pv: amounts, car: amounts }), fc.integer(), async (given, seed) => {
        const said = structuredClone(given)
        const luck = random(seed)
        const die = (n: number): number => Math.floor(luck() * n)
        const home = new Home()
        const next: Record<string, number> = { mains: 0, back: 0, pv: 0, car: 0 }
        const knownAt: Record<string, number> = { mains: 0, back: 0, pv: 0, car: 0 }
        let newest = at(0)
        const revise: { name: (typeof NAMES)[number]; slot: number }[] = []
        while (NAMES.some((name) => next[name] < SLOTS) || revise.length > 0) {
          const open = NAMES.filter((name) => next[name] < SLOTS)
          if (open.length > 0) {
            const name = open[die(open.length)]
            const from = next[name]
            const to = Math.min(SLOTS, from + 1 + die(40))
            next[name] = to
            const rows = said[name].slice(from, to).map((amount, i) => ({ start: at(from + i), amount }))
            const heard = rows.filter((row): row is Said => row.amount !== undefined)
            // Mostly soon after, sometimes hours; within a member it never falls.
            knownAt[name] = Math.max(knownAt[name], at(to) + (die(6) === 0 ? die(3) * HOUR : die(300_000)))
            newest = Math.max(newest, knownAt[name])
            if (heard.length > 0) home.feed(block(name, heard, knownAt[name]))
            if (die(10) === 0 && heard.length > 0) revise.push({ name, slot: (heard[0].start - START) / SLOT_MS })
          } else {
            const { name: whose, slot } = revise.pop()!
            knownAt[whose] += die(HOUR)
            newest = Math.max(newest, knownAt[whose])
            said[whose][slot] = die(5000)
            home.feed(block(whose, [{ start: at(slot), amount: said[whose][slot] as number }], knownAt[whose]))
          }
          if (die(8) === 0) home.beat(newest)
          if (die(8) === 0) await home.answer()
        }
        for (let i = 0; i < 2; i++) {
          home.beat(newest + 12 * HOUR)
          await home.answer()
        }
        const tot = expected(said)
        expect(home.rows('p_tot', 'PT8S').map(([start, amount, coveredMs]) => [start, coveredMs === 0 ? null : amount])).toEqual(tot)
        expect(home.rows('p_ve', 'PT8S').map(([start, amount, coveredMs]) => [start, coveredMs === 0 ? null : amount])).toEqual(
          said.car.flatMap((amount, slot) => (amount === undefined ? [] : [[at(slot), amount]]))
        )
        for (const grid of COARSE_GRIDS) {
          const sums = new Map<number, [tot: number, withdrawal: number, injection: number, received: number]>()
          for (const [start, amount] of tot) {
            const slot = slotAt(storedGrid(grid), ZONE, start)
            // Every other quarter of an hour ends in the middle of a slot: half of its amount, rounded away from zero, is before.
            const cut = slot.end < start + SLOT_MS && amount !== null
            const before = cut ? Math.sign(amount) * Math.ceil(Math.abs(amount) / 2) : (amount ?? 0)
            const parts: [number, number, number][] = [[slot.start, before, amount === null ? 0 : 1]]
            if (slot.end < start + SLOT_MS) parts.push([slot.end, (amount ?? 0) - before, 0])
            for (const [at, known, counted] of parts) {
              const [all, out, back, received] = sums.get(at) ?? [0, 0, 0, 0]
              sums.set(at, [all + known, out + Math.max(0, known), back + Math.max(0, -known), received + counted])
            }
          }
          const of = (register: string) => home.rows(register, grid).map(([start, amount]) => [start, amount])
          expect(of('p_tot')).toEqual([...sums].map(([start, [all]]) => [start, all]))
          expect(of('withdrawal')).toEqual([...sums].map(([start, [, out]]) => [start, out]))
          expect(of('injection')).toEqual([...sums].map(([start, [, , back]]) => [start, back]))
          for (const { register } of registersOn(grid)) {
            const [stored, made] = home.explained(register, grid)
            expect([register, grid, made]).toEqual([register, grid, stored])
          }
          expect(home.rows('p_tot', grid).map(([, , , , received]) => received)).toEqual(
            [...sums.values()].map(([, , , received]) => received)
          )
        }
      }),
      { numRuns: 60, endOnFailure: true }
    )
  }, 120_000)
})

test('a figure across two versions is told in two parts', async () => {
  const home = new Home()
  const noon = slotAt(storedGrid('PT1H'), ZONE, START).start
  home.enter([HOME, version(noon + 100 * SLOT_MS, 1, [member('mains', 1, 0)])], 0)
  for (let i = 0; i < 450; i++)
    for (const name of ['mains', 'back', 'pv'])
      home.feed(block(name, [{ start: noon + i * SLOT_MS, amount: name === 'mains' ? 7 : 2 }], noon))
  await home.answer()
  const [stored, made] = home.explained('p_tot', 'PT1H')
  expect(made).toEqual(stored)
  expect(made).toEqual([[noon, 100 * 7 + 350 * 7]])
})

test('a quarter of an hour begins in the middle of a slot: nothing of it is lost, doubled, or said to be missing', async () => {
  const home = new Home()
  const from = slotAt(storedGrid('PT1H'), ZONE, START).start
  const count = 3 * 450
  for (let i = 0; i < count; i++)
    for (const [name, amount] of [
      ['mains', 1001],
      ['back', 0],
      ['pv', 1]
    ] as const)
      home.feed(block(name, [{ start: from + i * SLOT_MS, amount }], from + (i + 1) * SLOT_MS))
  home.beat(from + (count + 10) * SLOT_MS)
  // The day began before anybody said anything; no quarter in it is asked for.
  expect(home.state.asks.map(({ to }) => to)).toEqual([from])
  const live = home.rows('p_tot', 'PT15M')
  await home.answer()
  const shown = (rows: typeof live) =>
    rows.map(([start, amount, coveredMs, quality, received]) => [start, amount, coveredMs, quality, received])
  const expected = Array.from({ length: 12 }, (_, i) => [from + i * 900_000, 112.5 * 1002, 900_000, Quality.RAW, i % 2 === 0 ? 113 : 112])
  expect(shown(home.rows('p_tot', 'PT15M'))).toEqual(expected)
  expect(shown(live)).toEqual(expected)
})

test('the extremes of a day are one of its slots, whatever order they come in, to the last digit', () => {
  const midnight = slotAt(storedGrid('P1D'), ZONE, START).start
  const night = (amounts: readonly number[], order: readonly number[]): number => {
    const day = coarseAt('P1D', ZONE, midnight)
    const made = registersOn('P1D').find(({ register }) => register === 'p_prod.night')!
    for (const i of order) {
      const start = midnight + i * SLOT_MS
      const row = { start, end: start + SLOT_MS, amount: amounts[i], op: Op.PUT, quality: Quality.VALID, coveredMs: SLOT_MS }
      addCoarse(day, made, { ...row, estimatedMs: 0, expected: 1, received: 1 }, { latitude: 50.85, longitude: 4.35 })
    }
    return day.registers['p_prod.night'].amount
  }
  // Neighbours whose squares no double tells apart, and one size with both signs.
  expect([night([300_000_000, -300_000_001], [0, 1]), night([300_000_001, -300_000_000], [1, 0])]).toEqual([-300_000_001, 300_000_001])
  expect([night([5, -5], [0, 1]), night([5, -5], [1, 0])]).toEqual([-5, -5])
  const sizes = fc.integer({ min: 299_999_998, max: 300_000_002 })
  const amounts = fc.array(
    fc.tuple(sizes, fc.boolean()).map(([size, back]) => (back ? -size : size)),
    { minLength: 1, maxLength: 6 }
  )
  fc.assert(
    fc.property(
      amounts.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all.keys()], { minLength: all.length }))),
      ([all, order]) => {
        const found = night(all, order)
        expect(found).toBe(night(all, [...all.keys()]))
        expect(Math.max(...all.map(Math.abs))).toBe(Math.abs(found))
      }
    )
  )
})
