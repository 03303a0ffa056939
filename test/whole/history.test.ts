import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openEmbedded } from '../../infra/lmdb/open.js'
import { mergeIntervals } from '../../schemas/merge.js'
import type { Sample } from '../producers/flukso/blocks.js'
import { block, blocksOf, cupsOf, curveLine, f5d, HOUR, hours, p5d, random, recordedBlock, shuffled, sidOf, utc } from './files.js'
import { type Given, type Json, openWhole, temporary, type Whole, withWhole } from './platform.js'
import { CLAMP, HOME, makeWorld, REGISTRY, register } from './world.js'

/**
 * The one way for history, over the whole path: whatever order files come in, however often, the ledger is the one that the ordered
 * run made.
 */
const LONG = process.env.WATTLEDGER_LONG !== undefined
const SEEDS = Array.from({ length: LONG ? 60 : 3 }, (_, i) => 1000 + i)

let whole: Whole
beforeEach(async () => {
  whole = await openWhole()
})
afterEach(() => whole.close())

const hashOf = (files: readonly Given[], registry?: string): Promise<string> =>
  withWhole(async (other) => {
    if (registry !== undefined) await other.registry(registry)
    await other.take(...files)
    return other.hash()
  })

/** Settles now and then, so that what follows finds the folds somewhere in the middle. */
const takeUnevenly = async (to: Whole, files: readonly Given[], next: () => number): Promise<void> => {
  for (let from = 0; from < files.length; ) {
    const end = from + 1 + Math.floor(next() * 30)
    await to.take(...files.slice(from, end))
    from = end
  }
}

/** What was set aside, without where and when. */
const suspectsOf = async (of: Whole): Promise<string[]> => (await of.shown()).filter((line) => line.includes('"reason"'))

describe('files in any order', () => {
  for (const seed of SEEDS)
    test(`seed ${seed}: shuffled, with duplicates and older versions last, ends in the ordered run’s ledger`, async () => {
      const { files } = makeWorld(seed)
      const next = random(seed)
      const ordered = await withWhole(async (other) => {
        await other.registry(REGISTRY)
        await other.take(...files)
        return [await other.hash(), await suspectsOf(other)]
      })
      const again = files.filter(() => next() < 0.2)
      await whole.registry(REGISTRY)
      await takeUnevenly(whole, shuffled([...files, ...again], next), next)
      expect([await whole.hash(), await suspectsOf(whole)]).toEqual(ordered)
    })

  test('newest first, file by file: the worst order there is', async () => {
    const files = makeWorld(7).files.filter((_, i) => i % 2 === 0)
    await takeUnevenly(whole, [...files].reverse(), () => 0)
    expect(await whole.hash()).toBe(await hashOf(files))
  })

  test('the vendor’s recorded blocks: parents first, children first, twice', async () => {
    const folder = 'real/flukso-tmpo/fed676021dacaaf6a12a8dda7685be34/0'
    const files = ['16/1404108800', '12/1404174336', '8/1404224256', '8/1404224512'].map((name) => recordedBlock(`${folder}/${name}.gz`))
    const ordered = await hashOf(files)
    await takeUnevenly(whole, [...files].reverse(), () => 0)
    await whole.take(...files)
    expect(await whole.hash()).toBe(ordered)
  })

  const FIRST = 1_711_734_784 // a multiple of 65 536
  const sparse = Array.from({ length: 16 }, (_, i): Sample => [FIRST + i * 256 + 9, 1_000_000 + i * 10_000])
  for (const i of [0, 1, 7, 15])
    test(`a lone block that contradicts row ${i} of its parent: the lower level stands, whichever came first`, async () => {
      const [at, value] = sparse[i]
      const parent = block(CLAMP, 12, FIRST, sparse)
      const child = block(CLAMP, 8, FIRST + i * 256, [[at, value + 4000]])
      await takeUnevenly(whole, [parent, child], () => 0)
      const { rows } = await whole.ask('/v1/series', { point: `flukso/${CLAMP}`, from: '2024-03-29', to: '2024-03-31', grid: 'intervals' })
      const values = sparse.map(([, milli], row) => milli + (row === i ? 4000 : 0))
      expect(rows.map(({ milli }: Json) => milli)).toEqual(values.slice(1).map((milli, row) => milli - values[row]))
      const childFirst = await withWhole(async (other) => {
        await takeUnevenly(other, [child, parent], () => 0)
        return [await other.hash(), await suspectsOf(other)]
      })
      expect([await whole.hash(), await suspectsOf(whole)]).toEqual(childFirst)
      expect(await suspectsOf(whole)).toEqual([expect.stringContaining('"conflict"')])
    })

  const day = hours(utc('2024-05-01T22:00Z'), utc('2024-05-02T22:00Z'), (_, i) => 100 + i)
  const by = (wh: number) => day.map((hour) => ({ ...hour, wh: hour.wh + wh }))
  const curves = [
    f5d('F5D_0291_0762_20240601.0', HOME, day),
    f5d('F5D_0291_0762_20240601.1', HOME, by(1)),
    f5d('RF5D_0291_0762_20240501.0', HOME, by(2)),
    p5d('P5D_0291_0762_20240701.0', HOME, by(3))
  ]
  const orders = [
    { when: 'P5D after F5D changes nothing', order: [0, 3], gives: 0 },
    { when: 'F5D after P5D replaces it', order: [3, 0], gives: 0 },
    { when: 'RF5D before F5D stays, though its date is older', order: [2, 0, 1], gives: 2 },
    { when: 'a higher version before a lower one stays', order: [1, 0], gives: 1 },
    { when: 'everything, backwards', order: [3, 2, 1, 0], gives: 2 }
  ]
  for (const { when, order, gives } of orders)
    test(when, async () => {
      await takeUnevenly(
        whole,
        order.map((i) => curves[i]),
        () => 0
      )
      const { summary } = await whole.ask('/v1/series', { point: HOME, register: '1.8.0', from: '2024-05-02', to: '2024-05-03' })
      expect(summary.milli).toBe(by(gives).reduce((sum, { wh }) => sum + wh, 0) * 1000)
    })
})

describe('the same again', () => {
  test('the same file changes nothing and says so', async () => {
    const { files } = makeWorld(3)
    await whole.take(...files)
    const before = await whole.shown()
    const again = await whole.take(...files)
    expect(again.every(({ already, readings }) => already && readings === 0)).toBe(true)
    expect(await whole.shown()).toEqual(before)
  })

  test('the same bytes under another name are known too', async () => {
    const file = f5d(
      'F5D_0291_0762_20240601.0',
      HOME,
      hours(utc('2024-05-01T22:00Z'), utc('2024-05-02T22:00Z'), () => 5)
    )
    const [, again] = await whole.take(file, { ...file, name: 'copies/F5D_0291_0762_20240601.0' })
    expect(again).toMatchObject({ already: true, readings: 0, source: 'infoenergia' })
  })

  test('refold changes no row, nor its revision', async () => {
    const { files } = makeWorld(4)
    await whole.registry(REGISTRY)
    await whole.take(...files)
    const before = await whole.shown()
    const { status } = await whole.send('POST', '/v1/refold', '{}', { 'content-type': 'application/json' })
    expect(status).toBe(200)
    expect(await whole.shown()).toEqual(before)
  })

  test('reparse of the raw archive changes nothing', async () => {
    const { files } = makeWorld(5)
    await whole.registry(REGISTRY)
    await whole.take(...files)
    const before = await whole.shown()
    const { status, body } = await whole.send('POST', '/v1/reparse', '{}', { 'content-type': 'application/json' })
    expect([status, JSON.parse(body).files]).toEqual([200, new Set(files.map(({ bytes }) => bytes.toString('latin1'))).size])
    expect(await whole.shown()).toEqual(before)
  })

  test('a stop and a start in between change nothing', async () => {
    const { files } = makeWorld(6)
    const ordered = await hashOf(files)
    const folder = temporary()
    for (let from = 0; from < files.length; from += 25) {
      const part = await openWhole(folder)
      await part.take(...files.slice(from, from + 25))
      if (from + 25 >= files.length) expect(await part.hash()).toBe(ordered)
      if (from + 25 >= files.length) await part.close()
      else await part.platform.close()
    }
  })

  test('joining closed days changes no figure, and what comes late still finds its place', async () => {
    const { files } = makeWorld(8)
    const ordered = await hashOf(files)
    const [early, late] = [files.filter((_, i) => i % 2 === 0), files.filter((_, i) => i % 2 === 1)]
    await whole.take(...early)
    await whole.platform.foldDays()
    await whole.take(...late)
    expect(await whole.hash()).toBe(ordered)
    await whole.platform.foldDays()
    expect(await whole.hash()).toBe(ordered)
  })
})

describe('revisions', () => {
  const start = utc('2024-05-02T10:00Z')
  const line = (wh: number) => curveLine(HOME, { start, wh })
  const question = { point: HOME, register: '1.8.0', at: '2024-05-02T10:30Z' }

  test('a higher version revises, explain shows what stood before, and asKnownAt still answers it', async () => {
    await whole.take({ name: 'F5D_0291_0762_20240601.0', bytes: line(100) })
    const first = await whole.ask('/v1/explain', question)
    expect(first.intervals[0].revisions).toMatchObject([{ milli: 100_000, op: 'put' }])
    await new Promise((resolve) => setTimeout(resolve, 5))
    await whole.take({ name: 'F5D_0291_0762_20240601.1', bytes: line(130) })
    const { intervals, sum } = await whole.ask('/v1/explain', question)
    expect(sum.milli).toBe(130_000)
    expect(intervals[0].to.file).toBe('F5D_0291_0762_20240601.1')
    expect(intervals[0].revisions).toMatchObject([{ milli: 100_000 }, { milli: 130_000 }])
    const [before, after] = intervals[0].revisions
    expect(after.rev).toBeGreaterThan(before.rev)
    const then = await whole.ask('/v1/series', {
      point: HOME,
      register: '1.8.0',
      from: '2024-05-02',
      to: '2024-05-03',
      asKnownAt: before.knownAt
    })
    expect(then.summary.milli).toBe(100_000)
  })

  test('a lower version that comes later is told nowhere and changes nothing', async () => {
    await whole.take({ name: 'F5D_0291_0762_20240601.1', bytes: line(130) })
    await whole.take({ name: 'F5D_0291_0762_20240601.0', bytes: line(100) })
    const { intervals } = await whole.ask('/v1/explain', question)
    expect(intervals[0]).toMatchObject({ milli: 130_000, revisions: [{ milli: 130_000 }], suspects: [] })
  })
})

describe('what a name says', () => {
  const start = utc('2024-05-02T10:00Z')
  const file = (version: number, wh: number) => ({ name: `F5D_0291_0762_20240601.${version}`, bytes: curveLine(HOME, { start, wh }) })

  test('a version that goes back to the bytes of an older one counts', async () => {
    await takeUnevenly(whole, [file(0, 100), file(1, 130), file(2, 100)], () => 0)
    const { intervals } = await whole.ask('/v1/explain', { point: HOME, register: '1.8.0', at: '2024-05-02T10:30Z' })
    expect(intervals).toMatchObject([{ milli: 100_000, revisions: [{ milli: 100_000 }, { milli: 130_000 }, { milli: 100_000 }] }])
    await takeUnevenly(whole, [file(1, 130)], () => 0)
    expect((await whole.ask('/v1/explain', { point: HOME, register: '1.8.0', at: '2024-05-02T10:30Z' })).sum.milli).toBe(100_000)
  })

  test('a block under a wrong name is read once it has its own, as its reject advises', async () => {
    const right = block(CLAMP, 8, 1_711_742_208, [
      [1_711_742_208, 1000],
      [1_711_742_268, 3000]
    ])
    const [wrong, known] = await whole.take({ ...right, name: `${CLAMP}/0/8/1711742464.gz` }, right, right)
    expect([wrong.readings, known.readings]).toEqual([0, 2])
    expect((await whole.ask('/v1/points')).points.length).toBe(1)
  })
})

describe('what people learn late', () => {
  const at = (epoch: number) => new Date(epoch * 1000).toISOString()
  const FROM = 1_711_742_208
  const CHANGE = FROM + 4000
  const point = `flukso/${CLAMP}`
  const two = register(42).filter(([second]) => second < CHANGE || second >= CHANGE + 300)
  const [[after]] = two.filter(([second]) => second >= CHANGE)
  const swapped = [
    ...blocksOf(
      CLAMP,
      8,
      two.filter(([second]) => second < CHANGE)
    ),
    ...blocksOf(
      CLAMP,
      8,
      two.filter(([second]) => second >= CHANGE).map(([second, milli]): Sample => [second, milli + 7_000_000]),
      1
    )
  ]
  const cases = [
    {
      when: 'a factor',
      files: blocksOf(CLAMP, 8, register(41)),
      registry: `points: [{ point: '${point}', versions: [{ validFrom: 2020-01-01, factor: 1 }, { validFrom: '${at(CHANGE)}', factor: 5/3 }] }]`
    },
    {
      when: 'a change of meter, with what both showed',
      files: swapped,
      registry: `points: [{ point: '${point}', devices: [{ id: '${CLAMP}/0', to: '${at(CHANGE + 100)}', closing: 9000 kWh }, { id: '${CLAMP}/1', register: 1.8.0, from: '${at(CHANGE + 100)}', opening: 7000 kWh }] }]`
    },
    {
      when: 'a dial and a rated power',
      files: blocksOf(CLAMP, 8, register(43)),
      registry: `points: [{ point: '${point}', registers: { 1.8.0: { dial: 100 kWh, ratedPower: 30 kW, backwardTolerance: 1 Wh } } }]`
    },
    {
      when: 'a zone',
      files: blocksOf(CLAMP, 8, register(44)),
      registry: `points: [{ point: '${point}', zone: Asia/Kolkata }]`
    },
    {
      when: 'a zone that only a later version names',
      files: blocksOf(CLAMP, 8, register(44)),
      registry: `points: [{ point: '${point}', versions: [{ validFrom: 2020-01-01 }, { validFrom: '${at(CHANGE)}', zone: America/Chicago }] }]`
    },
    {
      when: 'a meter built in at the instant of a reading',
      files: swapped,
      registry: `points: [{ point: '${point}', devices: [{ id: '${CLAMP}/0', to: '${at(after)}', closing: 9000 kWh }, { id: '${CLAMP}/1', register: 1.8.0, from: '${at(after)}', opening: 7000 kWh }] }]`
    },
    {
      when: 'a factor of a load curve, from the middle of a day on',
      files: [
        f5d(
          'F5D_0291_0762_20240601.0',
          HOME,
          hours(utc('2024-05-01T22:00Z'), utc('2024-05-04T22:00Z'), (_, i) => 50 + i)
        )
      ],
      registry: `points: [{ point: ${HOME}, versions: [{ validFrom: 2020-01-01, factor: 1 }, { validFrom: 2024-05-03T07:20, factor: -2 }] }]`
    }
  ]
  for (const { when, files, registry } of cases)
    test(`${when} entered after the readings gives what it gives known from the start`, async () => {
      const known = await hashOf(files, registry)
      await whole.take(...files)
      const before = await whole.hash()
      await whole.registry(registry)
      expect(await whole.hash()).toBe(known)
      expect(known).not.toBe(before)
      const verified = await verify(whole)
      expect(verified.differences).toEqual([])
    })

  test('a factor taken back leaves the ledger as it was', async () => {
    const files = blocksOf(CLAMP, 8, register(41))
    await whole.take(...files)
    const before = await whole.hash()
    await whole.registry(`points: [{ point: '${point}', factor: 40 }]`)
    expect(await whole.hash()).not.toBe(before)
    await whole.registry(`points: [{ point: '${point}', removed: true }]`)
    expect(await whole.hash()).toBe(before)
  })

  test('a factor entered late shows in explain, with what stood before', async () => {
    await whole.take(
      block(CLAMP, 8, FROM, [
        [FROM, 1_000_000],
        [FROM + 60, 1_001_000]
      ])
    )
    await whole.registry(`points: [{ point: '${point}', factor: 40 }]`)
    const { intervals } = await whole.ask('/v1/explain', { point, at: at(FROM + 30) })
    expect(intervals).toMatchObject([{ milli: 40_000, revisions: [{ milli: 1000 }, { milli: 40_000 }], factor: { travel: '1.000' } }])
  })
})

const verify = async (of: Whole): Promise<Json> => {
  const { status, body } = await of.send('POST', '/v1/replay/verify', '{}', { 'content-type': 'application/json' })
  expect(status).toBe(200)
  return JSON.parse(body)
}

describe('replay --verify', () => {
  test('finds no difference after a shuffled run with late registry rows', async () => {
    const { files } = makeWorld(9)
    const next = random(9)
    await takeUnevenly(whole, shuffled(files, next), next)
    await whole.registry(REGISTRY)
    const { days, differences } = await verify(whole)
    expect(differences).toEqual([])
    expect(days).toBeGreaterThan(10)
  })

  test('names the point and the day of a row that somebody wrote past the ledger', async () => {
    const folder = temporary()
    const first = await openWhole(folder)
    await first.take(
      f5d(
        'F5D_0291_0762_20240601.0',
        HOME,
        hours(utc('2024-05-01T22:00Z'), utc('2024-05-05T22:00Z'), () => 100)
      )
    )
    expect((await verify(first)).differences).toEqual([])
    await first.platform.close()
    const at = utc('2024-05-03T10:00Z')
    await tamper(folder, at)
    const second = await openWhole(folder)
    const { differences } = await verify(second)
    expect(differences).toMatchObject([{ point: HOME, day: '2024-05-03' }])
    expect(differences[0].ours).not.toBe(differences[0].replayed)
    await second.close()
  })
})

/** Writes one hour a watt-hour higher, as a later revision, straight into the store. */
const tamper = async (folder: string, at: number): Promise<void> => {
  const { store, close } = await openEmbedded(folder)
  const range = { from: at, to: at + HOUR }
  const [row] = mergeIntervals(await store.intervals({ point: HOME, register: '1.8.0' }, range.from, range.to), range)
  await store.write({ intervals: [{ ...row, milli: [row.milli[0] + 1000], rev: [row.rev[0] + 100] }] })
  await close()
}

test('many homes in one file come apart into points of their own', async () => {
  const day = hours(utc('2024-05-01T22:00Z'), utc('2024-05-02T22:00Z'), (_, i) => i)
  const homes = Array.from({ length: 40 }, (_, i) => cupsOf(100 + i))
  const bytes = day.flatMap((hour) => homes.map((home, i) => curveLine(home, { ...hour, wh: hour.wh + i }))).join('\r\n')
  await whole.take({ name: 'F5D_0291_0762_20240601.0', bytes })
  const { points } = await whole.ask('/v1/points')
  expect(points.map(({ id }: Json) => id).sort()).toEqual([...homes].sort())
  const { summary } = await whole.ask('/v1/series', { point: homes[3], register: '1.8.0', from: '2024-05-02', to: '2024-05-03' })
  expect(summary.milli).toBe((276 + 3 * 24) * 1000)
})

test('a sensor of no energy keeps its unit', async () => {
  const sid = sidOf(0x9a5)
  const { name } = block(sid, 8, 1_711_742_208, [[1_711_742_208, 0]])
  const { zip, documentOf } = await import('../producers/flukso/blocks.js')
  const cfg = { id: sid, rid: 0, type: 'gas', data_type: 'counter' }
  await whole.take({
    name,
    bytes: zip(
      documentOf({
        samples: [
          [1_711_742_208, 10_000],
          [1_711_742_248, 20_000]
        ],
        cfg
      })
    )
  })
  const { rows, unit } = await whole.ask('/v1/series', { point: `flukso/${sid}`, from: '2024-03-29', to: '2024-03-31', grid: 'intervals' })
  expect([unit, rows.length, rows[0].milli, rows[0].kwh, rows[0].power]).toEqual(['L', 1, 10_000, null, null])
})
