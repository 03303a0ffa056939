import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCassandra } from '../../infra/cassandra/open.js'
import { KafkaLog } from '../../infra/kafka/log.js'
import { openEmbedded } from '../../infra/lmdb/open.js'
import { topicSchemaIds } from '../../infra/schema-registry/topic.js'
import type { Store } from '../../infra/store.js'
import { openPlatform } from '../../main.js'
import { compareLedgers, ledgerHash } from '../../processors/verify.js'
import type { Settings } from '../../schemas/settings.js'
import { Wire } from '../../schemas/wire.js'
import { type Running, run, start, until } from '../whole/child.js'
import { cupsOf, f5d, hours, random, utc } from '../whole/files.js'
import { settingsFor } from '../whole/platform.js'
import { toldApart } from './day-rows.js'
import { answering, openSite, type Site } from './site.js'
import type { Supervised } from './supervised.js'

/**
 * Live load, and processes and a broker that are killed, frozen and told to end at random: in the end the ledger is what a replay of the
 * same readings by one undisturbed process comes to. `npm run test:chaos` is the long one; WATTLEDGER_SEED repeats a choice of victims.
 */
const METERS = new URL('./children/meters.mjs', import.meta.url).pathname
const LONG = process.env.WATTLEDGER_CHAOS === 'long'
const SEED = Number(process.env.WATTLEDGER_SEED ?? Date.now() % 1_000_000)
const LOAD = LONG
  ? { meters: 10_000, batchMeters: 250, everyMs: 150_000, ticks: 4, filesEveryMs: 60_000, restMs: 10_000 }
  : { meters: 600, batchMeters: 50, everyMs: 4_000, ticks: 18, filesEveryMs: 5_000, restMs: 4_500 }
const CHAOS_MS = LOAD.everyMs * LOAD.ticks
/** A slot that is still filling goes out once a minute: this long after the newest reading, a heartbeat has sent them all. */
const FILLED_MS = 61_000
const SETTLING_MS = LONG ? 1_200_000 : 400_000
const PARTITIONS = 4
const POINTS_AT_ONCE = 16
/** Days on which the ledgers differ that are told row by row. */
const TOLD_DAYS = 10

const next = random(SEED)
const among = (from: number, to: number): number => from + next() * (to - from)

let site: Site
let rooms: Supervised[]
beforeAll(async () => {
  site = await openSite(PARTITIONS)
  rooms = [
    'processors --only energy --slot 0',
    'processors --only energy --slot 1',
    'processors --only loadcurve --slot 0',
    'sinks --slot 0',
    'sinks --slot 1',
    'api'
  ].map((args) => site.room(args))
  await Promise.all(rooms.map(answering))
})
afterAll(() => site.close())

/** The process of the meters; each run goes on behind the last batch that was acknowledged. */
const streetOf = (job: object) => {
  const runs: Running[] = []
  const lines = () => runs.flatMap((running) => running.lines)
  const acknowledged = () =>
    lines().reduce((least, line) => Math.max(least, Number(/^\{"acknowledged":(\d+),.*\}$/.exec(line)?.[1] ?? -1) + 1), 0)
  const street = site.supervise('producers', () => {
    const settings = { ...settingsFor(''), ...site.settings, data: site.folder() }
    runs.push(start(['publish', JSON.stringify({ ...job, settings, from: acknowledged() })], { program: METERS }))
    return runs[runs.length - 1]
  })
  return { street, acknowledged, refused: () => lines().filter((line) => line.startsWith('{"refused"')).length }
}

/** Files of a home and a day each, brought to the api one after the other until told to end. */
const bringing = (api: Supervised) => {
  const folder = site.folder()
  const files: { name: string; path: string }[] = []
  let [going, refused] = [true, 0]
  const done = (async () => {
    while (going) {
      const cups = cupsOf(files.length + 1)
      const file = f5d(
        `F5D_${cups.slice(6, 18)}_20240201.0`,
        cups,
        hours(utc('2024-01-14T23:00Z'), utc('2024-01-15T23:00Z'), (_, i) => 7 * files.length + i)
      )
      const path = join(folder, file.name)
      writeFileSync(path, file.bytes)
      files.push({ name: file.name, path })
      refused += await site.bring(api, file)
      for (let waited = 0; going && waited < LOAD.filesEveryMs; waited += 100) await sleep(100)
    }
  })()
  return {
    files,
    refused: () => refused,
    end: async () => {
      going = false
      await done
    }
  }
}

/** What is done to a process: the first that a number below 100 is below. */
const DEEDS = [
  { below: 50, name: 'SIGKILL', to: async (room: Supervised) => room.signal('SIGKILL') },
  { below: 70, name: 'SIGTERM', to: async (room: Supervised) => room.signal('SIGTERM') },
  { below: 95, name: 'SIGSTOP', to: (room: Supervised) => frozen(room, among(1_000, 8_000)) },
  // Past its session: others have its work when it wakes.
  { below: 100, name: 'SIGSTOP, long', to: (room: Supervised) => frozen(room, 40_000) }
]

const frozen = async (room: Supervised, ms: number): Promise<void> => {
  room.signal('SIGSTOP')
  await sleep(ms)
  room.signal('SIGCONT')
}

const brokerGone = async (): Promise<void> => {
  const node = Math.floor(among(0, 3))
  await site.kafka[next() < 0.6 ? 'kill' : 'stop'](node)
  await sleep(among(1_000, 6_000))
  await site.kafka.start(node)
}

/** Until the time is over and everything is back; how often each deed was done. */
const trouble = async (victims: readonly Supervised[], until: number): Promise<Map<string, number>> => {
  const done = new Map<string, number>()
  const note = (name: string) => done.set(name, (done.get(name) ?? 0) + 1)
  const open = new Set<Promise<void>>()
  let broker: Promise<void> | null = null
  const doing = (deed: Promise<void>) => {
    open.add(deed)
    return deed.finally(() => open.delete(deed))
  }
  while (Date.now() < until) {
    await sleep(among(500, LOAD.restMs))
    // One broker at a time: what two of three may lose, no setting keeps.
    if ((next() < 0.2 || done.size === 0) && broker === null) {
      note('broker')
      broker = doing(brokerGone()).finally(() => {
        broker = null
      })
      continue
    }
    const luck = among(0, 100)
    const deed = DEEDS.find(({ below }) => luck < below)!
    note(deed.name)
    void doing(deed.to(victims[Math.floor(among(0, victims.length))]))
  }
  await Promise.all(open)
  return done
}

/** As the hash of a platform, of many points at once. */
const hashOf = async (store: Store): Promise<Map<string, string>> => {
  const latest = await store.latest()
  const points = [...new Set(latest.map(({ point }) => point))]
  const parts = Array.from({ length: POINTS_AT_ONCE }, (_, part) => new Set(points.filter((_, i) => i % POINTS_AT_ONCE === part)))
  const hashes = await Promise.all(
    parts.map((part) =>
      ledgerHash({
        latest: async () => latest.filter(({ point }) => part.has(point)),
        installations: async () => [],
        intervals: (...asked: Parameters<Store['intervals']>) => store.intervals(...asked),
        slots: (...asked: Parameters<Store['slots']>) => store.slots(...asked)
      })
    )
  )
  return new Map(hashes.flatMap((hash) => [...hash]))
}

/** The ledger of the site, once the platform says that all that was sent is in it: as whoever asks for `replay --verify` waits. */
const settledLedger = async () => {
  const settings = { ...settingsFor(site.folder()), ...site.settings } as Settings
  const platform = await openPlatform(settings, { cast: { producers: false, processors: [], sinks: [], api: 'command' } })
  // Where the store is far behind, the platform says so, and asks to be asked later.
  await until(() => platform.settle(), SETTLING_MS)
  await platform.close()
  const log = await KafkaLog.open({ brokers: site.kafka.brokers, partitions: PARTITIONS, replication: 3 })
  const store = await openCassandra(site.cassandra, await Wire.open(await topicSchemaIds(log)))
  return { store, close: async () => void (await Promise.all([log.close(), store.close()])) }
}

/** The ledger that one undisturbed process made, in a folder. */
const replayed = async (job: object): Promise<{ data: string; hash: Map<string, string> }> => {
  const folder = site.folder()
  const out = join(folder, 'hash.json')
  const data = join(folder, 'data')
  mkdirSync(data)
  const { code, stderr } = await run(['replay', JSON.stringify({ ...job, settings: { ...settingsFor(data) }, out })], { program: METERS })
  expect([code, stderr]).toEqual([0, ''])
  return { data, hash: new Map(JSON.parse(readFileSync(out, 'utf8'))) }
}

test(
  `${LOAD.meters} meters, ${CHAOS_MS / 1000} s of chaos, seed ${SEED}: nothing acknowledged is missing, nothing is there twice`,
  async () => {
    const t0 = Date.now() + 2_000
    const job = { meters: LOAD.meters, batchMeters: LOAD.batchMeters, everyMs: LOAD.everyMs, ticks: LOAD.ticks, t0 }
    const { street, acknowledged, refused } = streetOf(job)
    const brought = bringing(rooms[5])
    const victims = [...rooms, street]
    const done = await trouble(victims, t0 + CHAOS_MS)
    await brought.end()
    const batches = (LOAD.ticks + 3) * Math.ceil(LOAD.meters / LOAD.batchMeters)
    await expect.poll(acknowledged, { timeout: SETTLING_MS, interval: 1000 }).toBe(batches)
    await sleep(t0 + CHAOS_MS + LOAD.everyMs + FILLED_MS - Date.now())
    const clean = await replayed({ ...job, files: brought.files })
    const byItself = victims.flatMap((victim) => victim.byItself)
    const began = Date.now()
    const ledger = await settledLedger()
    const settledMs = Date.now() - began
    const differences = compareLedgers(await hashOf(ledger.store), clean.hash)
    console.log(
      `seed ${SEED}: ${[...done].map(([name, times]) => `${times} × ${name}`).join(', ')}; ${batches} batches and ${brought.files.length} files acknowledged, ${refused()} and ${brought.refused()} refused; ${clean.hash.size} days of points, ${differences.length} differ; settled in ${Math.round(settledMs / 1000)} s; ended by themselves: ${byItself.length}\n${byItself.join('\n')}`
    )
    if (differences.length > 0) {
      const apart = await openEmbedded(clean.data)
      for (const each of differences.slice(0, TOLD_DAYS)) console.log(await toldApart(each, ledger.store, apart.store))
      await apart.close()
    }
    await ledger.close()
    expect(differences).toEqual([])
    expect(clean.hash.size).toBeGreaterThanOrEqual(LOAD.meters)
  },
  CHAOS_MS + 2 * SETTLING_MS + 600_000
)
