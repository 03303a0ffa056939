import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Unavailable } from '../../infra/errors.js'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import type { Processing } from '../../infra/log.js'
import type { Store } from '../../infra/store.js'
import { asksAnswered, sayRefold } from '../../processors/commands.js'
import { energy } from '../../processors/energy/fold.js'
import { runFold } from '../../processors/run.js'
import { decoding } from '../../schemas/decoding.js'
import { mergeIntervals } from '../../schemas/merge.js'
import { partitionOf } from '../../schemas/partition.js'
import { allTopics, readingsTopic, Topics } from '../../schemas/topics.js'
import { runSink } from '../../sinks/run.js'
import { STORE_GROUP, storedTopics, storeSink } from '../../sinks/store/sink.js'
import { counterBlock, MINUTE } from './series.js'

/** What is said to folds over a topic is heard once, and its answer comes when nothing is left to be folded again. */

const SOURCE = 'test'
const POINT = 'test/p'
const BEGIN = Date.UTC(2024, 0, 1) / MINUTE
/** Long enough for anything that works, and for what must not come to have come. */
const LONG_MS = 30_000
const SHORT_MS = 1_500

let folder: string
let embedded: Embedded
let fold: Processing
let sink: Processing

const startFold = (store: Store = embedded.store) => {
  const { log, wire } = embedded
  fold = runFold(energy, { log, store, wire, storeGroup: STORE_GROUP, sources: [SOURCE] }).processing
}
const startSink = () => {
  const { log, store, wire } = embedded
  sink = runSink(log, STORE_GROUP, storedTopics([SOURCE]), storeSink(store, decoding(wire), Date.now))
}
/** What a meter shows in some hours. */
const send = async (point: string, hours: readonly number[]) => {
  const readings = hours.map((hour) => [BEGIN + 60 * hour, hour / 10] as const)
  const value = embedded.wire.encode('Readings', counterBlock(readings, 1, { point, source: SOURCE }))
  await embedded.log.append(readingsTopic(SOURCE), [{ key: point, value }])
}
const settle = async () => {
  for (const each of [fold, sink, fold, sink]) await each.drained()
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-commands-'))
  embedded = await openEmbedded(folder)
  await embedded.log.create(allTopics([SOURCE]))
  startFold()
  startSink()
  await send(POINT, [0, 1, 2, 3])
  await settle()
})
afterEach(async () => {
  await embedded.close()
  rmSync(folder, { recursive: true })
})

const RANGE = { from: BEGIN * MINUTE, to: (BEGIN + 600) * MINUTE }
const stored = () => embedded.store.intervals({ point: POINT, register: '1.8.0' }, RANGE.from, RANGE.to)
const told = async () => mergeIntervals(await stored(), RANGE).flatMap(({ milli }) => milli)
const TRUE = [100_000, 100_000, 100_000]
const WRONG = [100_000, 777, 100_000]

/** As a store that was damaged, or written by rules that were wrong. */
const falsify = async () => {
  const [block] = await stored()
  await embedded.store.write({ intervals: [{ ...block, milli: WRONG }] })
  expect(await told()).toEqual(WRONG)
}

test('history is folded again where it is asked for, and only there', async () => {
  await falsify()
  await sayRefold(embedded.log, { point: 'test/other' })
  await sayRefold(embedded.log, { from: (BEGIN + 600) * MINUTE })
  await settle()
  expect(await told()).toEqual(WRONG)
  await sayRefold(embedded.log, { point: POINT, from: BEGIN * MINUTE })
  await settle()
  expect(await told()).toEqual(TRUE)
})

test('an answer comes when no ask waits, and not before', async () => {
  await asksAnswered(embedded.log, energy.name, LONG_MS)
  await falsify()
  await sink.stop()
  // The store is behind what the task has sent: its asks wait.
  await embedded.log.append(Topics.intervals, [{ key: POINT, value: null }])
  await sayRefold(embedded.log, {})
  await expect(asksAnswered(embedded.log, energy.name, SHORT_MS)).rejects.toThrow(Unavailable)
  startSink()
  await asksAnswered(embedded.log, energy.name, LONG_MS)
  await sink.drained()
  expect(await told()).toEqual(TRUE)
})

test('what is owed is answered by whoever holds the task next', async () => {
  await falsify()
  await sink.stop()
  await embedded.log.append(Topics.intervals, [{ key: POINT, value: null }])
  await sayRefold(embedded.log, {})
  const answer = asksAnswered(embedded.log, energy.name, LONG_MS)
  const heard = async () => (await embedded.log.committed(energy.name)).get(Topics.commands)
  await expect.poll(heard, { timeout: LONG_MS }).toEqual([2, 2, 2, 2])
  await fold.stop()
  startFold()
  startSink()
  await answer
  await sink.drained()
  expect(await told()).toEqual(TRUE)
})

test('a command that is none is set aside, and the next is heard', async () => {
  await embedded.log.append(Topics.commands, [{ key: '', value: Buffer.from('{"refold":{"until":5}}'), partition: 0 }])
  await asksAnswered(embedded.log, energy.name, LONG_MS)
  await sink.drained()
  expect(await embedded.store.counts('rejects')).toEqual(new Map([['not-a-record', 1]]))
})

test('an answer is seen after everything that the task sent before it', async () => {
  const { log } = embedded
  await fold.stop()
  await send(POINT, [4, 5])
  const answer = asksAnswered(log, energy.name, LONG_MS)
  await expect.poll(async () => (await log.ends([Topics.commands])).get(Topics.commands), { timeout: LONG_MS }).toEqual([1, 1, 1, 1])
  const commits: Promise<number[]>[] = []
  const partition = partitionOf(POINT, log.partitions)
  const sent = async () => [...(await log.ends([Topics.intervals, Topics.answers])).values()].map((offsets) => offsets[partition])
  const before = await sent()
  log.onCommit(() => commits.push(sent()))
  startFold()
  await answer
  const [intervals, answers] = before
  const told = await Promise.all(commits)
  expect(told.filter(([sent, answered]) => sent > intervals && answered === answers)).not.toEqual([])
  expect(told.filter(([sent, answered]) => sent === intervals && answered > answers)).toEqual([])
  expect(told.at(-1)).toEqual([intervals + 1, answers + 1])
})

test('while a store elsewhere is asked for one series, it is asked for others', async () => {
  const points = Array.from({ length: 64 }, (_, i) => `test/${i}`)
  for (const point of points) await send(point, [0, 1, 2, 3])
  await settle()
  await fold.stop()
  let [open, most] = [0, 0]
  const latest: Store['latest'] = async (point) => {
    most = Math.max(most, ++open)
    await sleep(20)
    open--
    return embedded.store.latest(point)
  }
  const elsewhere = { get: (store: Store, name: keyof Store) => (name === 'latest' ? latest : store[name].bind(store)) }
  startFold(new Proxy(embedded.store as Store, elsewhere as ProxyHandler<Store>))
  await falsify()
  await sayRefold(embedded.log, {})
  await settle()
  expect(most).toBeGreaterThan(embedded.log.partitions)
  expect(await told()).toEqual(TRUE)
})
