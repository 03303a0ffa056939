import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openArchive } from '../../infra/archive.js'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import type { Processing } from '../../infra/log.js'
import { energy } from '../../processors/energy/fold.js'
import { runFold } from '../../processors/run.js'
import type { Source } from '../../producers/contract.js'
import { heartbeat, ingest, ingestKept, type ProducerRooms } from '../../producers/run.js'
import { decoding } from '../../schemas/decoding.js'
import { mergeIntervals } from '../../schemas/merge.js'
import { allTopics } from '../../schemas/topics.js'
import { runSink } from '../../sinks/run.js'
import { STORE_GROUP, storedTopics, storeSink } from '../../sinks/store/sink.js'
import { counterBlock, HOUR } from '../processors/series.js'

/** A source whose first parser took local hours for UTC: two hours late, and one row too many. */
const sourceOf = (parserVersion: number): Source => ({
  name: 'test',
  parserVersion,
  zone: () => 'UTC',
  aheadMs: 0,
  recognises: () => true,
  async *parse({ origin, receivedAt: ingestedAt }) {
    const shift = parserVersion === 1 ? 2 * HOUR : 0
    const at = [0, 1, 2, 3].slice(0, parserVersion === 1 ? 4 : 3).map((hour) => Date.UTC(2024, 0, 1, hour + 1) + shift)
    const column = (figure: number) => at.map(() => figure)
    const block = {
      ...counterBlock([], 0),
      kind: 'INTERVAL' as const,
      unit: 'Wh',
      origin,
      parserVersion,
      ingestedAt,
      rows: at.length,
      at,
      span: column(HOUR),
      value: at.map((_, i) => 100 * (i + 1)),
      quality: column(4),
      code: column(0),
      flags: column(0),
      line: at.map((_, i) => i + 1)
    }
    yield { readings: [block], rejects: [], rows: at.length }
  }
})

let folder: string
let embedded: Embedded
let running: Processing[]
let rooms: ProducerRooms

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-reparse-'))
  embedded = await openEmbedded(folder)
  const { log, store, wire } = embedded
  await log.create(allTopics(['test']))
  const memory = new Map<string, unknown>()
  rooms = {
    log,
    store,
    wire,
    archive: await openArchive(folder),
    sources: [sourceOf(1)],
    resolve: (native) => native,
    memory: { get: (key) => memory.get(key), put: async (key, value) => void memory.set(key, value) }
  }
  const sink = runSink(log, STORE_GROUP, storedTopics(['test']), storeSink(store, decoding(wire), Date.now))
  running = [runFold(energy, { log, store, wire, storeGroup: STORE_GROUP, sources: ['test'] }).processing, sink]
})

afterEach(async () => {
  for (const each of running) await each.stop()
  await embedded.close()
  rmSync(folder, { recursive: true })
})

const ledger = async () => {
  await heartbeat(rooms, Date.now())
  for (const each of running) await each.drained()
  const series = { point: 'test/p', register: '1.8.0' }
  const range = { from: Date.UTC(2023, 11, 31), to: Date.UTC(2024, 0, 3) }
  const blocks = mergeIntervals(await embedded.store.intervals(series, range.from, range.to), range)
  return blocks.flatMap((block) => block.start.map((start, i) => [(start - Date.UTC(2024, 0, 1)) / HOUR, block.milli[i] / 1000]))
}

test('a mended parser moves its rows: what it no longer finds leaves the ledger', async () => {
  const { origin } = await ingest(
    rooms,
    (async function* () {
      yield Buffer.from('bytes')
    })(),
    'a.csv',
    Date.now()
  )
  expect(await ledger()).toEqual([
    [2, 100],
    [3, 200],
    [4, 300],
    [5, 400]
  ])
  rooms.sources = [sourceOf(2)]
  const kept = (await rooms.archive.get(origin))!
  await ingestKept(rooms, { ...kept, open: () => rooms.archive.open(origin) }, { again: true, backfill: true })
  expect(await ledger()).toEqual([
    [0, 100],
    [1, 200],
    [2, 300]
  ])
})
