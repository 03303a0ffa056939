import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { copyTopic } from '../../../infra/copied.js'
import { type Embedded, openEmbedded } from '../../../infra/lmdb/open.js'
import { energy } from '../../../processors/energy/fold.js'
import { runFold } from '../../../processors/run.js'
import { runWatchPoints } from '../../../processors/watch-points/run.js'
import { decoding } from '../../../schemas/decoding.js'
import type { Readings } from '../../../schemas/generated.js'
import { allTopics, backfillTopic, readingsTopic, Topics } from '../../../schemas/topics.js'
import { runSink } from '../../../sinks/run.js'
import { STORE_GROUP, storedTopics, storeSink } from '../../../sinks/store/sink.js'
import { counterBlock, MINUTE } from '../series.js'

/** The rooms on real logs: stopped and started in between, and run again over the same topics into another. */
const SOURCES = ['test']
const START = Date.UTC(2026, 4, 1)
const folders: string[] = []
const opened: Embedded[] = []

afterEach(async () => {
  for (const embedded of opened.splice(0)) await embedded.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const openLog = async (): Promise<Embedded> => {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-watch-'))
  folders.push(folder)
  const embedded = await openEmbedded(folder)
  opened.push(embedded)
  await embedded.log.create(allTopics(SOURCES))
  return embedded
}

/** Runs all rooms until nothing is left to say, and ends them. */
const settle = async ({ log, store, wire }: Embedded): Promise<void> => {
  const rooms = { log, store, wire, storeGroup: STORE_GROUP, sources: SOURCES }
  const sink = runSink(
    log,
    STORE_GROUP,
    storedTopics(SOURCES),
    storeSink(store, decoding(wire), () => START)
  )
  const fold = runFold(energy, rooms).processing
  const watch = runWatchPoints(rooms).processing
  for (const processing of [fold, watch, sink]) await processing.drained()
  for (const processing of [fold, watch, sink]) await processing.stop()
}

const send = ({ log, wire }: Embedded, topic: string, block: Readings) =>
  log.append(topic, [{ key: block.point, value: wire.encode('Readings', block) }])

const beat = async (embedded: Embedded, minute: number): Promise<void> => {
  const at = START + minute * MINUTE
  const value = embedded.wire.encode('Readings', { ...counterBlock([], 0), point: '', rows: 0, at: [at], source: 'test' })
  for (let partition = 0; partition < embedded.log.partitions; partition++)
    await embedded.log.append(readingsTopic('test'), [{ key: '', value, partition }])
}

const shown = (point: string, minute: number, kwh: number): Readings => {
  const block = counterBlock([[minute, kwh]], 2, { point, ingestedAt: START + minute * MINUTE })
  return { ...block, at: [START + minute * MINUTE] }
}

const current = async ({ store }: Embedded): Promise<string[]> =>
  (await store.alerts({ limit: 1000 }))
    .filter(({ state }) => state !== 'retracted')
    .map(({ rule, subject, state, since, at, until, reminders }) =>
      [
        subject,
        rule,
        (since - START) / MINUTE,
        state,
        (at - START) / MINUTE,
        until === null ? '' : (until - START) / MINUTE,
        reminders
      ].join(' ')
    )
    .sort()

test('stopped between any two records, and read again over the same topics: the same alerts', async () => {
  const live = await openLog()
  const topic = readingsTopic('test')
  for (let minute = 0; minute <= 26 * 60; minute += 4) {
    await beat(live, minute)
    if (minute % 60 === 0) await send(live, topic, shown('test/steady', minute, minute / 60))
    if (minute === 0) await send(live, topic, shown('test/stopped', minute, 5))
    // Falls after four hours, and falls silent for a day after five.
    if (minute <= 300 && minute % 20 === 0) await send(live, topic, shown('test/falls', minute, minute < 240 ? 90 + minute : minute / 100))
    if (minute === 500) await send(live, backfillTopic('test'), { ...shown('test/steady', 490, 8), ingestedAt: START + 500 * MINUTE })
    if (minute % 220 === 0) await settle(live)
  }
  await beat(live, 26 * 60 + 5)
  await settle(live)
  const alerts = await current(live)
  expect(alerts.map((text) => text.split(' ').slice(0, 4))).toEqual([
    ['test/falls', 'backwards', '220', 'firing'],
    ['test/stopped', 'silent', '0', 'firing']
  ])

  const again = await openLog()
  for (const each of [Topics.registryPoints, backfillTopic('test'), topic]) await copyTopic(live.log, again.log, each)
  await settle(again)
  await beat(again, 26 * 60 + 6)
  await settle(again)
  expect(await current(again)).toEqual(alerts)
})

test('a source that nobody listened to for hours is told of once, and none of its meters', async () => {
  const live = await openLog()
  const topic = readingsTopic('test')
  for (let point = 0; point < 20; point++) await send(live, topic, shown(`test/${point}`, 0, 1))
  await beat(live, 1)
  await beat(live, 30 * 60)
  await settle(live)
  expect(await current(live)).toEqual([`test platform-late 1 resolving ${30 * 60} ${30 * 60} 0`])
  // Nothing came for another day, in which it was listened to.
  for (let minute = 30 * 60; minute <= 55 * 60; minute += 4) await beat(live, minute)
  await settle(live)
  const rules = (await live.store.alerts({ limit: 1000, active: true })).map(({ rule }) => rule)
  expect(rules.filter((rule) => rule === 'silent')).toHaveLength(20)
  expect(rules).toHaveLength(20)
})
