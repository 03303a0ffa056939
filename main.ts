#!/usr/bin/env node
/**
 * The composition root: the only place that knows all rooms, reads the environment and the clock, and starts things.
 * The command line itself is in api/cli.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './api/app.js'
import { runCli } from './api/cli/program.js'
import type { Access, RegistryPort } from './api/deps.js'
import { createMetrics, type Metrics } from './api/metrics.js'
import { openArchive } from './infra/archive.js'
import { compactedMap, readAll } from './infra/compacted.js'
import { type Embedded, openEmbedded } from './infra/lmdb/open.js'
import type { Processing } from './infra/log.js'
import { sources } from './producers/index.js'
import { FolderWatch } from './producers/folder.js'
import { openMemory } from './producers/memory.js'
import { heartbeat, type Ingested, ingest, ingestKept, type IngestOptions, type ProducerRooms } from './producers/run.js'
import { energy } from './processors/energy/fold.js'
import { loadcurve } from './processors/loadcurve/fold.js'
import { type Refold, type Running, runFold } from './processors/run.js'
import { compareLedgers, type LedgerDifference, ledgerHash } from './processors/verify.js'
import { type AccessEntry, entryOf, hashToken } from './schemas/access.js'
import { decoding } from './schemas/decoding.js'
import type { Point } from './schemas/generated.js'
import { homeZone } from './schemas/home-zone.js'
import type { Settings } from './schemas/settings.js'
import { allTopics, backfillTopic, readingsTopic, Topics } from './schemas/topics.js'
import { runSink } from './sinks/run.js'
import { STORE_GROUP, storedTopics, storeSink } from './sinks/store/sink.js'

const HEARTBEAT_MS = 10_000
const LOOK_MS = 2_000
const FOLD_DAYS_MS = 60_000
const DAY_MS = 86_400_000
const sourceNames = sources.map(({ name }) => name)

/** Everything of one data folder, running. */
export interface Platform {
  app: FastifyInstance
  token: string
  metrics: Metrics
  importFile(body: Readable, name: string, options?: IngestOptions): Promise<Ingested>
  /** Everything appended so far is in the ledger and can be asked for. */
  settle(): Promise<void>
  refold(wanted: Refold): Promise<void>
  reparse(report: (result: Ingested) => void): Promise<void>
  verify(report: (text: string) => void): Promise<LedgerDifference[]>
  hash(): Promise<Map<string, string>>
  /** Joins closed days until nothing is left to join. */
  foldDays(): Promise<void>
  watch(folders: readonly string[], report: (result: Ingested | { name: string; error: unknown }) => void): void
  close(): Promise<void>
}

interface Rooms {
  running: Running[]
  sink: Processing
}

/** The folds and the store sink, on any log and store. */
const startRooms = ({ log, store, wire }: Pick<Embedded, 'log' | 'store' | 'wire'>): Rooms => {
  const rooms = { log, store, wire, storeGroup: STORE_GROUP, sources: sourceNames }
  const sink = runSink(log, STORE_GROUP, storedTopics(sourceNames), storeSink(store, decoding(wire)))
  return { running: [runFold(energy, rooms), runFold(loadcurve, rooms)], sink }
}

const settleRooms = async ({ running, sink }: Rooms): Promise<void> => {
  // In the order data flows: each has nothing left to say when the one before has none.
  for (const { processing } of running) await processing.drained()
  await sink.drained()
}

const stopRooms = async ({ running, sink }: Rooms): Promise<void> => {
  await Promise.all([...running.map(({ processing }) => processing.stop()), sink.stop()])
}

export const openPlatform = async (settings: Settings): Promise<Platform> => {
  const folder = resolve(settings.data)
  mkdirSync(folder, { recursive: true })
  const embedded = await openEmbedded(folder, { partitions: settings.log.partitions })
  const { log, store, wire } = embedded
  await log.create(allTopics(sourceNames))
  const archive = openArchive(folder)
  const people = await compactedMap<AccessEntry>(log, Topics.registryPeople)
  const token = await ownToken(folder, people)
  const registry = await openRegistry(embedded)
  const producers: ProducerRooms = { log, wire, archive, sources, resolve: registry.resolve, memory: await openMemory(log) }
  const rooms = startRooms(embedded)
  const failure = watchForFailure(rooms)
  const metrics = createMetrics(store, log)
  const stopping = new AbortController()
  const timers: NodeJS.Timeout[] = []

  const settle = async () => {
    await Promise.race([settleRooms(rooms), failure])
  }
  const importFile: Platform['importFile'] = async (body, name, options) => {
    const result = await Promise.race([ingest(producers, body, name, Date.now(), options), failure])
    if (result.source !== '') metrics.readings.inc({ source: result.source }, result.readings)
    return result
  }
  const beat = () => heartbeat(producers, Date.now())
  const app = await buildApp({
    store,
    log,
    metrics,
    access: accessOf(people),
    registry,
    sourceZone: homeZone,
    limits: { upload: settings.limits.upload, body: settings.limits.body },
    ready: async () => null,
    upload: async (body, name) => {
      const result = await importFile(body, name)
      await beat()
      await settle()
      return { ...result, rejects: result.rejects.map(({ reason, count, examples }) => ({ reason, count, examples })) }
    }
  })

  return {
    app,
    token,
    metrics,
    importFile,
    settle: async () => {
      await beat()
      await settle()
    },
    refold: async (wanted) => {
      // Energy first: its revisions reach the load curve by themselves; the load curve's own rules may have changed as well.
      for (const { refold } of rooms.running) refold(wanted)
      await beat()
      await settle()
    },
    reparse: async (report) => {
      for (const kept of await archive.list()) {
        const payload = { ...kept, open: () => archive.open(kept.origin) }
        report(await ingestKept(producers, payload, { backfill: true, again: true }))
      }
      await beat()
      await settle()
    },
    verify: async (report) => {
      await settle()
      return verifyReplay(embedded, settings.log.partitions, report)
    },
    hash: () => ledgerHash(store),
    foldDays: async () => {
      while (await store.foldClosedDays(Date.now() - 2 * DAY_MS));
    },
    watch: (folders, report) => {
      const looks = folders.map((path) => new FolderWatch(producers, path, LOOK_MS))
      const look = async () => {
        for (const each of looks) await each.look(Date.now(), report, stopping.signal)
        if (!stopping.signal.aborted) timers.push(setTimeout(() => void look(), LOOK_MS))
      }
      void look()
      timers.push(setInterval(() => void beat().catch(() => {}), HEARTBEAT_MS))
      timers.push(
        setInterval(() => {
          void store.foldClosedDays(Date.now() - 2 * DAY_MS).catch(() => {})
          void log.archive(Date.now() - settings.log.segmentAfterDays * DAY_MS).catch(() => {})
        }, FOLD_DAYS_MS)
      )
    },
    close: async () => {
      stopping.abort()
      for (const timer of timers) clearTimeout(timer)
      await app.close()
      await stopRooms(rooms)
      await embedded.close()
    }
  }
}

/** Rejects when a room stops by itself: a full disk, or a bug. Nothing acknowledged is lost; the program should be started again. */
const watchForFailure = ({ running, sink }: Rooms): Promise<never> => {
  const failure = new Promise<never>((_resolve, reject) => {
    for (const { ended } of [...running.map(({ processing }) => processing), sink]) ended.catch(reject)
  })
  failure.catch(() => {})
  return failure
}

/** The token of whoever owns this folder, made at first start; only its hash is in the ledger. */
const ownToken = async (folder: string, people: Awaited<ReturnType<typeof compactedMap<AccessEntry>>>): Promise<string> => {
  const file = join(folder, 'token')
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  const token = randomBytes(32).toString('base64url')
  writeFileSync(file, `${token}\n`, { mode: 0o600 })
  chmodSync(file, 0o600)
  await people.put('owner', { name: 'owner', role: 'admin', tokenHash: hashToken(token), grants: [], createdAt: Date.now() })
  return token
}

const accessOf = ({ entries, put }: Awaited<ReturnType<typeof compactedMap<AccessEntry>>>): Access => ({
  identify: async (token) => entryOf(entries.values(), token),
  list: async () => [...entries.values()],
  add: async (entry) => {
    if (entries.has(entry.name)) return false
    await put(entry.name, entry)
    return true
  },
  revoke: async (name) => {
    if (!entries.has(name)) return false
    await put(name, null)
    return true
  }
})

/** The registry's rows, kept up in memory, and the points that native ids stand for. */
const openRegistry = async ({ log, wire }: Embedded): Promise<RegistryPort & { resolve(native: string): string }> => {
  const rows: Point[] = []
  const points = new Map<string, string>()
  const enter = (row: Point) => {
    rows.push(row)
    for (const native of row.natives) points.set(native, row.point)
  }
  const decode = decoding(wire)
  for await (const { value } of readAll(log, Topics.registryPoints)) if (value !== null) enter(await decode('Point', value))
  return {
    versions: async () => [...rows],
    apply: async (added) => {
      const knownAt = Math.max(Date.now(), ...rows.map((row) => row.knownAt + 1))
      const known = added.map((row) => ({ ...row, knownAt }))
      await log.append(
        Topics.registryPoints,
        known.map((row) => ({ key: row.point, value: wire.encode('Point', row) }))
      )
      for (const row of known) enter(row)
      return { knownAt }
    },
    resolve: (native) => points.get(native) ?? native
  }
}

/** Runs all topics again into an empty store and compares the ledgers, point by point and day by day. */
const verifyReplay = async (embedded: Embedded, partitions: number, report: (text: string) => void): Promise<LedgerDifference[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-replay-'))
  try {
    const again = await openEmbedded(folder, { partitions })
    await again.log.create(allTopics(sourceNames))
    const rooms = startRooms(again)
    for (const topic of [Topics.registryPoints, ...sourceNames.flatMap((name) => [backfillTopic(name), readingsTopic(name)])]) {
      let batch: { key: string; value: Buffer | null; partition: number }[] = []
      const send = async () => {
        await again.log.append(topic, batch)
        batch = []
      }
      for await (const { key, value, partition } of readAll(embedded.log, topic)) {
        batch.push({ key, value, partition })
        if (batch.length === 1000) await send()
      }
      await send()
      report(`${topic} replayed`)
    }
    await settleRooms(rooms)
    const differences = compareLedgers(await ledgerHash(embedded.store), await ledgerHash(again.store))
    await stopRooms(rooms)
    await again.close()
    return differences
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await runCli(process.argv, { openPlatform })
}
