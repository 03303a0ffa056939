import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Embedded, openEmbedded } from '../../../infra/lmdb/open.js'
import type { Log } from '../../../infra/log.js'
import type { Alert, Readings, Slots } from '../../../schemas/generated.js'
import { Op, Quality } from '../../../schemas/quality.js'
import { Influx } from '../../../schemas/settings-influx.js'
import { allTopics, backfillTopic, readingsTopic, Topics } from '../../../schemas/topics.js'
import { type InfluxSink, influxGroup, runInfluxSink } from '../../../sinks/influx/sink.js'
import { HOUR, hours, MAY, readings, slots } from '../../schemas/blocks-at-random.js'
import { until } from '../../whole/child.js'
import { alert } from './samples.js'
import { type FaultServer, faultServer } from './server.js'

const PACE = { firstMs: 5, longestMs: 50, patienceMs: 100 }

let folder: string
let embedded: Embedded
let server: FaultServer
let token: string
const sinks: InfluxSink[] = []
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-'))
  embedded = await openEmbedded(folder)
  await embedded.log.create(allTopics(['flukso']))
  server = await faultServer()
  token = 'secret'
})
afterEach(async () => {
  for (const { processing } of sinks.splice(0)) await processing.stop()
  await embedded.close()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const settings = (more: Partial<Parameters<typeof Influx.parse>[0] & object> = {}): Influx =>
  Influx.parse({ url: server.url, org: 'home', bucket: 'energy', token: { env: 'NOT_READ' }, ...more })

const run = (more: object = {}): InfluxSink => {
  const { log, wire } = embedded
  const rooms = { log, wire, sources: ['flukso'], token: () => token, now: () => MAY, pace: PACE }
  const sink = runInfluxSink(settings(more), rooms)
  sinks.push(sink)
  return sink
}

const put = async (...blocks: Slots[]) => {
  const records = blocks.map((block) => ({ key: block.point, value: embedded.wire.encode('Slots', block) }))
  await embedded.log.append(Topics.slots, records)
}
const say = async (...alerts: Alert[]) => {
  await embedded.log.append(
    Topics.alerts,
    alerts.map((each) => ({ key: each.subject, value: embedded.wire.encode('Alert', each) }))
  )
}
const measure = async (topic: string, block: Readings) => {
  await embedded.log.append(topic, [{ key: block.point, value: embedded.wire.encode('Readings', block) }])
}

const stored = () => [...server.points.values()].sort()
const hour = (some: Parameters<typeof slots>[0][number], head: Partial<Slots> = {}) => slots([some], { point: 'p', ...head })
const at = { start: MAY, end: MAY + HOUR }

test('an estimate that becomes a figure leaves one point, in one batch or in two', async () => {
  const estimate = hour({ ...at, amount: 500, quality: Quality.ESTIMATED, rev: 1 })
  const figure = hour({ ...at, amount: 700, quality: Quality.VALID, rev: 2 })
  await put(estimate)
  const sink = run()
  await sink.settled()
  expect(stored()).toEqual([expect.stringContaining('milli=500i,kwh=0.0005,quality=5i')])
  await put(figure)
  await sink.settled()
  expect(stored()).toEqual([expect.stringContaining('milli=700i,kwh=0.0007,quality=1i')])
  await put(estimate, { ...figure, point: 'q' }, { ...estimate, point: 'q' })
  await sink.settled()
  // The higher revision of a batch stands, whatever comes last in it.
  expect(stored()[1]).toContain('point=q,register=1.8.0 milli=700i')
})

test('a withdrawn row goes, those beside it stay, and what is put there later stands', async () => {
  const three = slots(
    hours(3, (i) => ({ amount: i + 1, rev: 1 })),
    { point: 'p' }
  )
  await put(three)
  const sink = run()
  await sink.settled()
  await put(hour({ start: MAY + HOUR, end: MAY + 2 * HOUR, op: Op.WITHDRAWN, rev: 2 }))
  await sink.settled()
  expect(stored().map((line) => /milli=(\d+)i/.exec(line)![1])).toEqual(['1', '3'])
  const [removal] = server.asked.filter(({ path }) => path === '/api/v2/delete')
  expect(removal.predicate).toBe('_measurement="energy" AND grid="PT1H" AND point="p" AND register="1.8.0"')
  await put(hour({ start: MAY + HOUR, end: MAY + 2 * HOUR, amount: 9, rev: 3 }))
  await sink.settled()
  expect(stored().map((line) => /milli=(\d+)i/.exec(line)![1])).toEqual(['1', '3', '9'])
  // Withdrawn and put again in one batch: nothing to remove.
  await put(hour({ ...at, op: Op.WITHDRAWN, rev: 4 }), hour({ ...at, amount: 11, rev: 5 }))
  await sink.settled()
  expect(server.asked.filter(({ path }) => path === '/api/v2/delete').length).toBe(1)
  expect(stored().length).toBe(3)
})

test('what goes there: PT1H and P1D of all, more where it says so, of other points nothing', async () => {
  const everything = async () => {
    for (const grid of ['PT15M', 'PT1H', 'P1D', 'P1M'])
      for (const point of ['flukso/a', 'flukso/b', 'ES1']) await put(hour(at, { point, grid, register: '1.8.0' }))
  }
  await everything()
  const told = () => stored().map((line) => /grid=(\w+),point=([\w/]+)/.exec(line)!.slice(1).join(' '))
  await run().settled()
  expect(told().length).toBe(6)
  expect(new Set(told().map((each) => each.split(' ')[0]))).toEqual(new Set(['PT1H', 'P1D']))
  await sinks.pop()!.processing.stop()
  server.points.clear()
  // Another choice gets what there was before, too.
  await run({
    grids: ['P1M'],
    points: ['flukso/*'],
    finer: [
      { point: 'flukso/a', grids: ['PT15M', 'P1M'] },
      { point: 'ES1', grids: ['PT15M'] }
    ]
  }).settled()
  expect(told()).toEqual(['P1M flukso/a', 'P1M flukso/b', 'PT15M flukso/a'])
})

test('a choice has a group of its own, and an address none', () => {
  const group = (more: object) => influxGroup(settings(more))
  expect(group({ url: 'http://elsewhere:8086' })).toBe(group({}))
  expect(group({ token: { env: 'OTHER' } })).toBe(group({}))
  for (const more of [
    { bucket: 'b' },
    { org: 'o' },
    { grids: ['P1D'] },
    { points: ['a'] },
    { gauges: false },
    { finer: [{ point: 'a', grids: ['P1M'] }] }
  ])
    expect(group(more)).not.toBe(group({}))
})

test('gauges go there, other readings do not; of two at one instant the later one', async () => {
  const gauge = (values: readonly [number, number][]) =>
    readings(
      values.map(([second, value]) => ({ at: MAY + second * 1000, value })),
      { point: 'flukso/a', register: 'vrms', kind: 'GAUGE', unit: 'V' }
    )
  await measure(
    readingsTopic('flukso'),
    gauge([
      [0, 230],
      [1, 231]
    ])
  )
  await measure(backfillTopic('flukso'), gauge([[1, 232]]))
  await measure(readingsTopic('flukso'), { ...gauge([[5, 1]]), kind: 'COUNTER' })
  await run().settled()
  expect(stored()).toEqual([
    `gauge,point=flukso/a,register=vrms,unit=V value=230,quality=4i ${MAY}`,
    `gauge,point=flukso/a,register=vrms,unit=V value=232,quality=4i ${MAY + 1000}`
  ])
  server.points.clear()
  await run({ gauges: false }).settled()
  expect(stored()).toEqual([])
})

test('an alert is one point, with the fields of its present state alone', async () => {
  await say(alert({ rev: 1, state: 'firing', value: 3 }), alert({ rev: 2, state: 'ok', until: MAY + HOUR, value: null }))
  const sink = run()
  await sink.settled()
  expect(stored().length).toBe(1)
  expect(stored()[0]).toMatch(/^alert,register=1\.8\.0,rule=silent,subject=p state="ok",.*until_ms=\d+i,unit="ms".*rev=2i \d+$/)
  await say(alert({ rev: 3, state: 'firing', value: 4 }))
  await sink.settled()
  const asked = server.asked.slice(-2).map(({ path }) => path)
  expect(asked).toEqual(['/api/v2/delete', '/api/v2/write'])
  expect(stored()[0]).toMatch(/state="firing".*value=4,.*rev=3i/)
})

test('a refused row is set aside with its reason and what to do, the others are written, and nothing waits', async () => {
  server.judge(({ lines }) => (lines.some((line) => line.includes(' milli=3i')) ? { status: 422, message: 'field type conflict' } : null))
  await put(
    slots(
      hours(100, (i) => ({ amount: i })),
      { point: 'p' }
    )
  )
  const sink = run()
  await sink.settled()
  expect(server.points.size).toBe(99)
  expect(sink.counts).toEqual({ written: 99, removed: 0, setAside: 1 })
  expect(await rejects()).toMatchObject([
    {
      source: 'influx',
      origin: `influx energy,grid=PT1H,point=p,register=1.8.0 ${MAY + 3 * HOUR}`,
      reason: 'influx-refused',
      found: 'field type conflict',
      advice: expect.stringContaining('reconcile'),
      ingestedAt: MAY
    }
  ])
})

test('of very many refused rows the first are told one by one, and how many more there are', async () => {
  server.judge(({ path }) => (path === '/api/v2/write' ? { status: 422, message: 'field type conflict dropped=80' } : null))
  await put(
    slots(
      hours(80, () => ({})),
      { point: 'p' }
    )
  )
  const sink = run()
  await sink.settled()
  const told = await rejects()
  expect([sink.counts.setAside, told.length]).toEqual([80, 50])
  expect(told.filter(({ found }) => found.includes('30 more rows')).length).toBe(1)
})

test('a name that cannot be written is set aside, and does not become another one', async () => {
  await put(hour(at, { point: 'a\\' }), hour(at, { point: 'b' }))
  await run().settled()
  expect(stored().length).toBe(1)
  expect(await rejects()).toMatchObject([{ reason: 'influx-name', advice: expect.stringContaining('registry') }])
})

const rejects = async () => {
  const found = []
  const ends = (await embedded.log.ends([Topics.rejected])).get(Topics.rejected)!
  const wanted = ends.reduce((sum, end) => sum + end, 0)
  if (wanted === 0) return []
  for await (const records of embedded.log.tail(Topics.rejected, [], new AbortController().signal)) {
    for (const { value } of records) found.push(embedded.wire.decode('Reject', value!))
    if (found.length >= wanted) break
  }
  return found
}

test('a server that is away, or full, or refuses the token loses nothing: it is told, waited for, and written to when it is back', async () => {
  const faults = [
    'reset',
    { status: 503 },
    { status: 500, message: 'cache-max-memory-size exceeded' },
    { status: 401 },
    { status: 404 }
  ] as const
  const sink = run()
  const told: (string | null)[] = []
  sink.onTrouble((trouble) => told.push(trouble))
  for (const [i, fault] of faults.entries()) {
    server.judge(() => fault)
    await put(
      slots(
        hours(50, (row) => ({ amount: i * 1000 + row })),
        { point: `p${i}` }
      )
    )
    await until(async () => expect(sink.trouble()).not.toBe(null))
    // Longer than its patience: the group has ended and begun again.
    await sleep(4 * PACE.patienceMs)
    // Whoever waits for all to be written is not held up.
    await sink.settled()
    expect(server.points.size).toBe(50 * i)
    server.judge(() => null)
    await until(async () => expect(server.points.size).toBe(50 * (i + 1)))
    await until(async () => expect(sink.trouble()).toBe(null))
  }
  await sink.settled()
  expect(sink.counts.setAside).toBe(0)
  expect(await rejects()).toEqual([])
  expect(told.filter((each) => each === null).length).toBeGreaterThanOrEqual(faults.length)
  const said = told.join('\n')
  for (const word of ['does not answer', '503', 'cache-max-memory-size', '401', '404']) expect(said).toContain(word)
  expect(said).not.toContain(token)
})

test('a lost answer doubles nothing', async () => {
  let requests = 0
  server.judge(() => (++requests % 2 === 0 ? null : 'lost'))
  await put(
    slots(
      hours(1000, (amount) => ({ amount })),
      { point: 'p' }
    )
  )
  const sink = run({ batchRows: 50 })
  await sink.settled()
  await until(async () => expect(server.points.size).toBe(1000))
})

test('requests are bounded in rows', async () => {
  await put(
    ...Array.from({ length: 20 }, (_, i) =>
      slots(
        hours(100, (amount) => ({ amount })),
        { point: `p${i}` }
      )
    )
  )
  await run({ batchRows: 70 }).settled()
  expect(server.points.size).toBe(2000)
  expect(Math.max(...server.asked.map(({ lines }) => lines.length))).toBe(70)
})

test('it stops at once, also while the server is away', async () => {
  server.judge(() => 'reset')
  await put(hour(at))
  const sink = run()
  await until(async () => expect(sink.trouble()).not.toBe(null))
  await sink.processing.stop()
  server.judge(() => null)
  await run().settled()
  expect(server.points.size).toBe(1)
})

test('while it waits, the groups that compute go on', async () => {
  server.judge(() => 'reset')
  await put(
    ...Array.from({ length: 100 }, (_, i) =>
      slots(
        hours(200, (amount) => ({ amount })),
        { point: `p${i}` }
      )
    )
  )
  const sink = run()
  await until(async () => expect(sink.trouble()).not.toBe(null))
  let counted = 0
  const other = embedded.log.process('other', [Topics.slots], {
    batch: (_task, records) => {
      counted += records.length
      return { outputs: [], states: new Map() }
    }
  })
  await other.drained()
  expect([counted, server.points.size]).toEqual([100, 0])
  await other.stop()
})

test('with many partitions and few requests at once, patience is not multiplied', async () => {
  server.judge(() => 'reset')
  await put(
    ...Array.from({ length: 40 }, (_, i) =>
      slots(
        hours(60, (amount) => ({ amount })),
        { point: `p${i}` }
      )
    )
  )
  const pace = { firstMs: 5, longestMs: 20, patienceMs: 5000 }
  const { log, wire } = embedded
  let begun = 0
  const counting: Log = Object.create(log, {
    process: {
      value: (...args: Parameters<Log['process']>) => {
        begun++
        return log.process(...args)
      }
    }
  })
  sinks.push(runInfluxSink(settings({ batchRows: 10 }), { log: counting, wire, sources: [], token: () => token, now: () => MAY, pace }))
  // Twelve wait for three places: each with patience of its own, the last would give up after four times as long.
  await until(async () => expect(begun).toBe(2), 3 * pace.patienceMs)
})
