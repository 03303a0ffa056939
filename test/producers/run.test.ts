import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openArchive } from '../../infra/archive.js'
import { readAll } from '../../infra/compacted.js'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import { demo } from '../../producers/demo/source.js'
import { sources } from '../../producers/index.js'
import { openMemory } from '../../producers/memory.js'
import { heartbeat, type IngestOptions, ingest, type ProducerRooms, publish } from '../../producers/run.js'
import { emptyReadings } from '../../schemas/blocks.js'
import { decoding } from '../../schemas/decoding.js'
import type { Readings } from '../../schemas/generated.js'
import { allTopics, backfillTopic, readingsTopic, Topics } from '../../schemas/topics.js'
import { curveLine, HOUR, utc } from '../whole/files.js'
import { HOME } from '../whole/world.js'

let folder: string
let embedded: Embedded
let rooms: ProducerRooms
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-run-'))
  embedded = await openEmbedded(folder)
  const { log, wire, store } = embedded
  await log.create(allTopics(sources.map(({ name }) => name)))
  rooms = {
    log,
    wire,
    store,
    archive: await openArchive(folder),
    sources,
    resolve: (native) => native,
    memory: await openMemory(log, new AbortController().signal)
  }
})
afterEach(async () => {
  await embedded.close()
  rmSync(folder, { recursive: true })
})

const START = utc('2024-05-02T10:00Z')
const line = (i: number, wh = 5) => curveLine(HOME, { start: START + i * HOUR, wh })
const take = (name: string, text: string, receivedAt = START + 3 * HOUR, options?: IngestOptions) =>
  ingest(rooms, Readable.from([Buffer.from(text)]), name, receivedAt, options)

const on = async (topic: string): Promise<Readings[]> => {
  const blocks: Readings[] = []
  const decode = decoding(embedded.wire)
  for await (const { value } of readAll(embedded.log, topic)) if (value !== null) blocks.push(await decode('Readings', value))
  return blocks
}
const LIVE = readingsTopic('infoenergia')
const LATE = backfillTopic('infoenergia')
const NAME = 'F5D_0291_0762_20240503.0'

test('what is at most 26 h old at receipt is live, what is older or imported is back-fill', async () => {
  await take(NAME, line(0), START + 27 * HOUR)
  expect([(await on(LIVE)).length, (await on(LATE)).length]).toEqual([1, 0])
  await take(NAME, line(1), START + 28 * HOUR)
  expect([(await on(LIVE)).length, (await on(LATE)).length]).toEqual([2, 0])
  await take(NAME, line(0, 6), START + 27 * HOUR + 1)
  expect([(await on(LIVE)).length, (await on(LATE)).length]).toEqual([2, 1])
  await take(NAME, line(0, 7), START + 2 * HOUR, { backfill: true })
  expect([(await on(LIVE)).length, (await on(LATE)).length]).toEqual([2, 2])
})

test('the same payload again appends nothing, also after a restart; `again` reads it', async () => {
  expect(await take(NAME, line(0))).toMatchObject({ already: false, readings: 1 })
  rooms.memory = await openMemory(embedded.log, new AbortController().signal)
  expect(await take(`elsewhere/${NAME}`, line(0))).toMatchObject({ already: true, readings: 0 })
  expect((await on(LIVE)).length).toBe(1)
  expect(await take(NAME, line(0), START, { again: true })).toMatchObject({ already: false, readings: 1 })
})

test('native ids become points', async () => {
  rooms.resolve = (native) => (native === HOME ? 'site/kitchen' : native)
  await take(NAME, line(0))
  expect((await on(LIVE)).map(({ point }) => point)).toEqual(['site/kitchen'])
})

test('a line that is refused for its time is one reject, however many registers it names', async () => {
  const full = `${HOME}0F;2035/01/01 10:00;0;1;2;3;4;5;6;1;1;F1;`
  const { rejects, readings } = await take(NAME, `${line(0)}\n${full}`)
  expect([readings, rejects.map(({ reason, count }) => [reason, count])]).toEqual([1, [['in-the-future', 1]]])
})

test('a signal stops between two pieces; the payload is read again another time', async () => {
  const stop = new AbortController()
  stop.abort()
  await expect(take(NAME, line(0), START, { signal: stop.signal })).rejects.toThrow(/abort/i)
  expect(await take(NAME, line(0))).toMatchObject({ already: false, readings: 1 })
})

test('what no source knows is kept and rejected by its name', async () => {
  const { origin, source, rejects } = await take('holiday.jpg', 'x')
  expect([source, rejects]).toMatchObject(['', [{ reason: 'not-recognised', count: 1, examples: [{ name: 'holiday.jpg' }] }]])
  expect(await rooms.archive.get(origin)).toMatchObject({ name: 'holiday.jpg', bytes: 1 })
})

test('what is pushed is published at once, under its point and receipt; what cannot be true is rejected, and no bytes are kept', async () => {
  rooms.resolve = (native) => (native === 'flukso/7' ? 'site/kitchen' : native)
  const [flukso] = sources.filter(({ name }) => name === 'flukso')
  const pushed = (...at: number[]): Readings => ({
    ...emptyReadings(),
    point: 'flukso/7',
    register: '1.8.0',
    kind: 'COUNTER',
    unit: 'Wh',
    source: 'flukso',
    origin: 'pushed',
    rows: at.length,
    at,
    value: at.map((_, i) => 500 + i),
    ...Object.fromEntries(['span', 'quality', 'code', 'flags', 'line'].map((column) => [column, at.map(() => 0)]))
  })
  const parsed = { readings: [pushed(START, START + HOUR)], rejects: [], rows: 2 }
  expect(await publish(rooms, flukso, parsed, START + 1000)).toBe(1)
  expect(await on(readingsTopic('flukso'))).toMatchObject([{ point: 'site/kitchen', at: [START], ingestedAt: START + 1000 }])
  const rejects: string[] = []
  const decode = decoding(embedded.wire)
  for await (const { value } of readAll(embedded.log, Topics.rejected)) rejects.push((await decode('Reject', value!)).reason)
  expect(rejects).toEqual(['in-the-future'])
  expect(await publish(rooms, flukso, parsed, START + 2 * HOUR, { backfill: true })).toBe(2)
  expect(await on(backfillTopic('flukso'))).toMatchObject([{ rows: 2 }])
  const kept: string[] = []
  for await (const { name } of rooms.archive.list()) kept.push(name)
  expect(kept).toEqual([])
})

test('only sources that read files are named to whoever sends a file', async () => {
  rooms.sources = [...sources, demo]
  const { rejects } = await take('holiday.jpg', 'x')
  expect(rejects[0].examples[0].expected).toContain('infoenergia or flukso-tables or flukso,')
})

test('a heartbeat reaches every partition of every live topic', async () => {
  await heartbeat(rooms, START)
  const partitions: number[] = []
  for await (const { partition, value } of readAll(embedded.log, LIVE)) if (value !== null) partitions.push(partition)
  expect(partitions.sort()).toEqual([0, 1, 2, 3])
  expect((await on(readingsTopic('flukso'))).every(({ rows, at }) => rows === 0 && at[0] === START)).toBe(true)
  expect(await on(Topics.rejected)).toEqual([])
})
