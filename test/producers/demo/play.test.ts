import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openArchive } from '../../../infra/archive.js'
import { readAll } from '../../../infra/compacted.js'
import { Unavailable } from '../../../infra/errors.js'
import { type Embedded, openEmbedded } from '../../../infra/lmdb/open.js'
import { openStreet, type Stage, type Street } from '../../../producers/demo/play.js'
import { registryOfStreet } from '../../../producers/demo/registry.js'
import { demo } from '../../../producers/demo/source.js'
import { readingsBetween, streetOf } from '../../../producers/demo/street.js'
import { openMemory } from '../../../producers/memory.js'
import { decoding } from '../../../schemas/decoding.js'
import type { Point, Readings } from '../../../schemas/generated.js'
import { allTopics, backfillTopic, readingsTopic } from '../../../schemas/topics.js'
import { runSink } from '../../../sinks/run.js'
import { STORE_GROUP, storedTopics, storeSink } from '../../../sinks/store/sink.js'
import { utc } from '../../whole/files.js'

/** The street on a real log and store, under a clock of the test's. */
const T0 = utc('2026-05-21T18:17:33Z')
const MINUTE = 60_000

let folder: string
let embedded: Embedded
let stage: Stage
let now: number
let entered: Point[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-demo-'))
  now = T0 + 321
  entered = []
  await open()
})
afterEach(async () => {
  await embedded.close()
  rmSync(folder, { recursive: true })
})

const open = async () => {
  embedded = await openEmbedded(folder)
  const { log, wire, store } = embedded
  await log.create(allTopics([demo.name]))
  const sink = runSink(log, STORE_GROUP, storedTopics([demo.name]), storeSink(store, decoding(wire), Date.now))
  stage = {
    rooms: {
      log,
      wire,
      store,
      archive: await openArchive(folder),
      sources: [demo],
      resolve: (native) => native,
      memory: await openMemory(log, new AbortController().signal)
    },
    registry: { versions: async () => entered, apply: async (rows) => void entered.push(...rows) },
    settled: () => sink.drained(),
    now: () => now
  }
}

const restart = async () => {
  await embedded.close()
  await open()
}

const tick = async (street: Street, times: number) => {
  for (let i = 0; i < times; i++) {
    now += 1000
    await street.play()
  }
}

const on = async (topic: string): Promise<Readings[]> => {
  const blocks: Readings[] = []
  const decode = decoding(embedded.wire)
  for await (const { value } of readAll(embedded.log, topic)) if (value !== null) blocks.push(await decode('Readings', value))
  return blocks
}

/** What the log has of each register: instant and figure, in the order they were published. */
const published = async (since: number): Promise<Map<string, [number, number][]>> => {
  const series = new Map<string, [number, number][]>()
  for (const block of [...(await on(backfillTopic(demo.name))), ...(await on(readingsTopic(demo.name)))]) {
    const key = `${block.point} ${block.register}`
    const rows = series.get(key) ?? []
    for (let i = 0; i < block.rows; i++) if (block.at[i] > since) rows.push([block.at[i], block.value[i]])
    series.set(key, rows)
  }
  return new Map([...series].map(([key, rows]) => [key, rows.sort((a, b) => a[0] - b[0])]))
}

const expected = (since: number, until: number): Map<string, [number, number][]> =>
  new Map(
    streetOf(T0).map((meter) => [
      `${meter.point} ${meter.register}`,
      readingsBetween(meter, Math.max(since, T0 - meter.historyMs) + meter.delayMs, until).flatMap((block) =>
        block.at.map((at, i): [number, number] => [at, block.value[i]])
      )
    ])
  )

test('the first play brings the history, later ones a block for what each meter sent', async () => {
  const street = await openStreet(stage)
  const readings = await street.play()
  expect(readings).toBeGreaterThan(20_000)
  expect(await on(readingsTopic(demo.name))).toEqual([])
  expect((await stage.rooms.store.latest()).map(({ point }) => point)).toHaveLength(8)
  await tick(street, 20)
  const live = await on(readingsTopic(demo.name))
  expect(live.filter(({ point }) => point === 'demo/linden-1').map(({ rows }) => rows)).toEqual([1, 1, 1])
  expect(live.every(({ ingestedAt, at, rows }) => ingestedAt >= at[rows - 1] && ingestedAt - at[rows - 1] < 1000)).toBe(true)
})

test('after restarts nothing is missing and nothing is there twice', async () => {
  const since = T0 - 90 * MINUTE
  await tick(await openStreet(stage), 45)
  await restart()
  now += 11 * MINUTE + 7
  await tick(await openStreet(stage), 30)
  await restart()
  await tick(await openStreet(stage), 5)
  expect(await published(since)).toEqual(expected(since, now))
})

test('what could not be stored is stored by the next play', async () => {
  const street = await openStreet(stage)
  await street.play()
  const { log } = stage.rooms
  const append = log.append.bind(log)
  log.append = async () => {
    throw new Unavailable('The disk is full.')
  }
  now += 30_000
  await expect(street.play()).rejects.toThrow('The disk is full.')
  log.append = append
  await tick(street, 40)
  expect(await published(T0)).toEqual(expected(T0, now))
})

test('registry rows are entered once, and what people changed stays', async () => {
  const own = { ...registryOfStreet(T0)[0], point: 'demo/linden-1', name: 'Our house' }
  entered = [own]
  await openStreet(stage)
  const rows = entered.length
  expect(new Set(entered.map(({ point }) => point)).size).toBe(7)
  expect(entered.filter(({ point }) => point === 'demo/linden-1')).toEqual([own])
  await openStreet(stage)
  expect(entered).toHaveLength(rows)
})

test('three minutes after the first start somebody finds out about the dial of the bakery, once, and not what people found out before', async () => {
  const dials = () => entered.filter(({ point }) => point === 'demo/bakery').map(({ registers }) => registers[0].dial)
  const street = await openStreet(stage)
  now = T0 + 3 * MINUTE - 1000
  await street.play()
  expect(dials()).toEqual([null])
  await tick(street, 2)
  expect(dials()).toEqual([null, 1_000_000])
  await restart()
  await tick(await openStreet(stage), 2)
  expect(dials()).toEqual([null, 1_000_000])
})
