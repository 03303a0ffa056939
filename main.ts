#!/usr/bin/env node
/**
 * The composition root: the only place that knows all rooms, reads the environment and the clock, and starts things.
 * The command line itself is in api/cli.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { createAccess } from './api/access/access.js'
import { ownToken } from './api/access/own-token.js'
import { buildApp } from './api/app.js'
import { Misuse } from './api/cli/command.js'
import { type Only, runCli, type Workshop } from './api/cli/program.js'
import { serve } from './api/cli/serve.js'
import type { Access, GoldenRules, Maintenance, ReconcileWanted, RedriveWanted, Rejected } from './api/deps.js'
import { createMetrics, type Metrics } from './api/metrics.js'
import { meterInflux } from './api/metrics-influx.js'
import { meterOutlets } from './api/metrics-outlets.js'
import { meterSensors } from './api/metrics-sensors.js'
import { openCluster } from './infra/cluster.js'
import { compactedMap } from './infra/compacted.js'
import { copyReadings, copyTopic, keysOf } from './infra/copied.js'
import { Refused, Unavailable } from './infra/errors.js'
import { openEmbedded } from './infra/lmdb/open.js'
import type { Log, Processing } from './infra/log.js'
import { claim, type Holder } from './infra/owner.js'
import { openRegistryRows } from './infra/registry-rows.js'
import { readSecret } from './infra/secret.js'
import { openSensorTokens } from './infra/sensor-tokens.js'
import { caughtUp } from './infra/settled.js'
import type { Storage } from './infra/storage.js'
import { type ChangedDay, changedDays } from './processors/changed-days.js'
import { asksAnswered, sayRefold } from './processors/commands.js'
import { billedByOthers, compareGolden, OTHER_NAMES } from './processors/energy/comparison.js'
import { energy } from './processors/energy/fold.js'
import { resolveRules } from './processors/energy/rules.js'
import { explainSlots } from './processors/installations/explain.js'
import { installations } from './processors/installations/fold.js'
import { resolveInstallation } from './processors/installations/rules.js'
import { loadcurve } from './processors/loadcurve/fold.js'
import { type Running, runFold } from './processors/run.js'
import { compareLedgers, type LedgerDifference, ledgerHash } from './processors/verify.js'
import { checkDays } from './processors/watch-installations/check.js'
import { watchInstallations } from './processors/watch-installations/fold.js'
import { runWatchPoints, WATCH_POINTS, type Watching, watchedTopics } from './processors/watch-points/run.js'
import type { Parsed, Source } from './producers/contract.js'
import { playStreet } from './producers/demo/play.js'
import { demo } from './producers/demo/source.js'
import { FolderWatch, findFiles, inTimeOrder } from './producers/folder.js'
import { sources } from './producers/index.js'
import { inspect } from './producers/inspect.js'
import { openMemory } from './producers/memory.js'
import { type Redriven, redrive, rehearsal } from './producers/redrive.js'
import { type Remote, startRemote } from './producers/remote.js'
import {
  heartbeat,
  type Ingested,
  type IngestOptions,
  ingest,
  ingestKept,
  type ProducerRooms,
  publish,
  type Report
} from './producers/run.js'
import type { AccessEntry, BrowserSession } from './schemas/access.js'
import { decoding } from './schemas/decoding.js'
import { homeZone } from './schemas/home-zone.js'
import { keyOfPoint } from './schemas/installations.js'
import { currentVersions, zoneOf } from './schemas/registry.js'
import type { Settings } from './schemas/settings.js'
import { allTopics, backfillTopic, readingsTopic, Topics } from './schemas/topics.js'
import type { InfluxSink } from './sinks/influx/sink.js'
import type { Outlet } from './sinks/outbox/run.js'
import { type Copy, storeCopy } from './sinks/reconcile/copy.js'
import { TopicLedger } from './sinks/reconcile/ledger.js'
import { reconcile, type Step } from './sinks/reconcile/reconcile.js'
import { runSink } from './sinks/run.js'
import { STORE_GROUP, type Stored, storedTopics, storeSink } from './sinks/store/sink.js'

/** Folders are looked at, not listened to: once a minute is enough for their silence to have a clock. */
const HEARTBEAT_MS = 60_000
const LOOK_MS = 2_000
/** What sends by itself is soon missed. */
const PUSHED_HEARTBEAT_MS = 10_000
const HOUSEKEEPING_MS = 60_000
const DAY_MS = 86_400_000

/** Everything of one data folder, running. */
export interface Platform {
  app: FastifyInstance
  /** The owner's; empty where another process of the cluster has it. */
  token: string
  access: Access
  metrics: Metrics
  /** Rejects when a room stops by itself. */
  failed: Promise<never>
  importFile(body: Readable, name: string, options?: IngestOptions): Promise<Ingested>
  /** What a pushed source sent, into the ledger; resolves, with the rows stored, when they are. */
  publish(source: Source, parsed: Parsed, options?: Pick<IngestOptions, 'backfill'>): Promise<number>
  /** Everything appended so far is in the ledger and can be asked for. */
  settle(): Promise<void>
  hash(): Promise<Map<string, string>>
  /** Joins closed days until nothing is left to join. */
  foldDays(): Promise<void>
  watch(folders: readonly string[], report: Report): void
  /** Plays the made-up street, until it is closed. */
  play(report: (result: { name: string; error: unknown }) => void): void
  /** Tells commands where this process answers. */
  announce(address: string): void
  close(): Promise<void>
}

/** Which rooms run in this process; all of them, embedded. */
export interface Cast {
  producers: boolean
  /** By name. */
  processors: readonly string[]
  sinks: readonly string[]
  /** Whose questions it answers: everyone's over HTTP, those of the command that opened it, or none but whether it is well. */
  api: 'everyone' | 'command' | 'nobody'
}

const FOLDS = [energy, loadcurve, installations] as const
/** Who only tells people: nobody is told of what is folded apart. */
const WATCHES = [WATCH_POINTS, watchInstallations.name]
/** The sink's name; it runs where the settings have an InfluxDB. */
const INFLUX = 'influx'
/** Sinks that run where the settings name where to: the sink's name, and that of the setting. */
const OUTLETS = { mail: 'mail', webhook: 'webhooks', sftp: 'sftp' } as const
const EVERYTHING: Cast = {
  producers: true,
  processors: [...FOLDS.map(({ name }) => name), ...WATCHES],
  sinks: [STORE_GROUP, INFLUX, ...Object.keys(OUTLETS)],
  api: 'everyone'
}
/** What makes the ledger: nobody is told of what is folded apart. */
const LEDGER: Cast = { ...EVERYTHING, processors: FOLDS.map(({ name }) => name) }
/** For one command: it asks and appends, and others do the work. */
const NO_ROOM: Cast = { producers: false, processors: [], sinks: [], api: 'command' }
/** How long a command waits for processes elsewhere. */
const ELSEWHERE_MS = 60_000
/** And until they have folded history again. */
const ASKS_MS = 10 * 60_000

/** The sources of a ledger: the demo's is one of them where it is played, or ever was. */
const sourcesOf = async (log: Log, plays: boolean): Promise<readonly Source[]> => {
  const played = (await log.status()).some(({ topic }) => topic === readingsTopic(demo.name))
  return plays || played ? [...sources, demo] : sources
}

interface Rooms {
  folds: ReadonlyMap<string, Running>
  watch: Watching | null
  homes: Running | null
  processings: readonly Processing[]
  /** Nothing of what was appended is left to be worked on, here or in other processes. */
  settled(): Promise<void>
}

/** The folds and the store sink, on any log and store. */
const startRooms = (
  storage: Pick<Storage, 'log' | 'store' | 'wire' | 'shared'>,
  sourceNames: readonly string[],
  cast: Cast = EVERYTHING,
  stored?: Stored
): Rooms => {
  const { log, store, wire } = storage
  const rooms = { log, store, wire, storeGroup: STORE_GROUP, sources: sourceNames }
  const topics = storedTopics(sourceNames)
  const sink = cast.sinks.includes(STORE_GROUP)
    ? runSink(log, STORE_GROUP, topics, storeSink(store, decoding(wire), Date.now, stored))
    : null
  const folds = new Map<string, Running>()
  if (cast.processors.includes(energy.name)) folds.set(energy.name, runFold(energy, rooms))
  if (cast.processors.includes(loadcurve.name)) folds.set(loadcurve.name, runFold(loadcurve, rooms))
  if (cast.processors.includes(installations.name)) folds.set(installations.name, runFold(installations, rooms))
  const watch = cast.processors.includes(WATCH_POINTS) ? runWatchPoints(rooms) : null
  const homes = cast.processors.includes(watchInstallations.name) ? runFold(watchInstallations, rooms) : null
  const settled = async () => {
    // In the order data flows: each has nothing left to say when the one before has none.
    for (const { name, inputs } of FOLDS) {
      // Nobody has to run them where there are none.
      if (name === installations.name && !folds.has(name) && (await store.installations()).length === 0) continue
      await (folds.get(name)?.processing.drained() ?? caughtUp(log, name, inputs(sourceNames), ELSEWHERE_MS))
      if (storage.shared) await asksAnswered(log, name, ASKS_MS)
    }
    // What is asked of a ledger does not hang on who watches it elsewhere.
    await watch?.processing.drained()
    await homes?.processing.drained()
    await (sink?.drained() ?? caughtUp(log, STORE_GROUP, topics, ELSEWHERE_MS))
  }
  const processings = [...folds.values(), ...(watch ? [watch] : []), ...(homes ? [homes] : [])].map(({ processing }) => processing)
  return { folds, watch, homes, processings: sink === null ? processings : [...processings, sink], settled }
}

/** The copy for analysts, where the settings have one: nothing of it is loaded otherwise. `sink` is null where it runs in other processes. */
const startInflux = async ({ influx }: Settings, { log, wire }: Storage, sources: readonly string[], cast: Cast) => {
  if (!influx) return null
  const { influxGroup, influxTopics, runInfluxSink } = await import('./sinks/influx/sink.js')
  const { influxCopies } = await import('./sinks/influx/copy.js')
  const token = () => readSecret(influx.token, 'influx.token')
  const sink = cast.sinks.includes(INFLUX) ? runInfluxSink(influx, { log, wire, sources, token, now: Date.now }) : null
  const copies = influxCopies(influx, log, token, Date.now)
  return { sink, copies, group: { group: influxGroup(influx), name: INFLUX, topics: influxTopics(influx, sources) } }
}

/** What leaves for people and programs outside, where the settings name it: nothing of it is loaded otherwise, and nobody waits for it. */
const startOutlets = async (settings: Settings, { log, wire, store }: Storage, cast: Cast): Promise<Outlet[]> => {
  const rooms = { log, wire, now: Date.now }
  const outlets: Outlet[] = []
  const { mail, webhooks, sftp } = settings
  if (mail && cast.sinks.includes('mail')) {
    const { runMailSink } = await import('./sinks/mail/sink.js')
    outlets.push(
      runMailSink(mail, { ...rooms, password: () => (mail.login ? readSecret(mail.login.password, 'mail.login.password') : '') })
    )
  }
  if (webhooks && cast.sinks.includes('webhook')) {
    const { runWebhookSink } = await import('./sinks/webhook/sink.js')
    outlets.push(runWebhookSink(webhooks, { ...rooms, secret: ({ name, secret }) => readSecret(secret, `webhooks.${name}.secret`) }))
  }
  if (sftp && cast.sinks.includes('sftp')) {
    const { runSftpSink } = await import('./sinks/sftp/sink.js')
    const { openDrop } = await import('./sinks/sftp/drop.js')
    const { key, password } = sftp
    const open = () =>
      openDrop(sftp, {
        ...(key && { privateKey: readSecret(key, 'sftp.key') }),
        ...(password && { password: readSecret(password, 'sftp.password') })
      })
    const stored = () =>
      caughtUp(log, STORE_GROUP, [Topics.power], 0).then(
        () => true,
        () => false
      )
    outlets.push(runSftpSink(sftp, { ...rooms, store, stored, open }))
  }
  return outlets
}

const withOutlets = (rooms: Rooms, outlets: readonly Outlet[]): Rooms => ({
  ...rooms,
  processings: [...rooms.processings, ...outlets.flatMap(({ processings }) => processings)]
})

const withSink = (rooms: Rooms, sink: InfluxSink): Rooms => {
  const settled = async () => {
    await rooms.settled()
    await sink.settled()
  }
  return { ...rooms, processings: [...rooms.processings, sink.processing], settled }
}

const stopRooms = async ({ processings }: Rooms): Promise<void> => {
  await Promise.all(processings.map((processing) => processing.stop()))
}

/** Another process owns the data folder. */
export class HeldBy extends Error {
  constructor(readonly holder: Holder) {
    super(
      `Process ${holder.pid} owns this data folder${holder.address === '' ? ' and does not answer HTTP: wait for it to end' : `, at ${holder.address}`}.`
    )
  }
}

export interface OpenOptions {
  /** Plays the demo. */
  plays?: boolean
  /** Rooms of this process, in cluster mode. */
  cast?: Cast
  /** Number of this process among those of its kind, in cluster mode; the same after a restart. */
  slot?: number
  /** Absent: requests log nothing. */
  logger?: FastifyBaseLogger
}

interface Opened {
  storage: Storage
  announce(address: string): void
  release(): Promise<void>
}

/** The data folder's own log and store, which one process has at a time, or the cluster's, which many have. */
const openStorage = async (settings: Settings, folder: string, slot: number): Promise<Opened> => {
  const { kafka, cassandra, schemaRegistry } = settings
  if (kafka && cassandra) {
    const storage = await openCluster({ kafka, cassandra, schemaRegistry }, folder, slot)
    return { storage, announce: () => {}, release: () => storage.close() }
  }
  const owner = await claim(folder)
  if ('heldBy' in owner) throw new HeldBy(owner.heldBy)
  const storage = await openEmbedded(folder, { partitions: settings.log.partitions })
  const release = async () => {
    await storage.close()
    await owner.release()
  }
  return { storage, announce: (address) => owner.announce(address), release }
}

export const openPlatform = async (settings: Settings, options: OpenOptions = {}): Promise<Platform> => {
  const folder = resolve(settings.data)
  mkdirSync(folder, { recursive: true })
  const opened = await openStorage(settings, folder, options.slot ?? 0)
  try {
    return await furnish(opened, settings, folder, options)
  } catch (error) {
    await opened.release()
    throw error
  }
}

/** The rooms, and the doors to them, on a log and a store that are open. */
const furnish = async (
  { storage, announce, release }: Opened,
  settings: Settings,
  folder: string,
  { plays = false, cast = EVERYTHING, slot = 0, logger }: OpenOptions
): Promise<Platform> => {
  const { log, store, wire, archive } = storage
  const stopping = new AbortController()
  const { signal } = stopping
  const sources = await sourcesOf(log, plays)
  const sourceNames = sources.map(({ name }) => name)
  await log.create(allTopics(sourceNames))
  const people = await compactedMap<AccessEntry>(log, Topics.registryPeople, signal)
  const { token: given, cursorSecret } = settings.http
  const token = await ownToken(folder, people, {
    given: given && readSecret(given, 'http.token'),
    shared: settings.kafka !== undefined,
    first: cast.api === 'everyone' && slot === 0
  })
  const registry = await openRegistryRows(log, wire, signal)
  const sessions = await compactedMap<BrowserSession>(log, Topics.accessSessions, signal)
  const access = createAccess(people, sessions, Date.now, registry.homes)
  // What is asked or heard twice would be stored twice.
  const asksSensors = cast.producers && slot === 0
  const producers: ProducerRooms = { log, wire, store, archive, sources, resolve: registry.resolve, memory: await openMemory(log, signal) }
  const influx = await startInflux(settings, storage, sourceNames, cast)
  const outlets = await startOutlets(settings, storage, cast)
  const metrics = createMetrics(store, log, [
    ...FOLDS.map(({ name, inputs }) => ({
      group: name,
      topics: inputs(sourceNames),
      heardAt: () => rooms.folds.get(name)?.heardAt() ?? null,
      waiting: () => rooms.folds.get(name)?.waiting() ?? 0
    })),
    { group: WATCH_POINTS, topics: watchedTopics(sourceNames), heardAt: () => rooms.watch?.heardAt() ?? null },
    { group: watchInstallations.name, topics: watchInstallations.inputs(sourceNames), heardAt: () => rooms.homes?.heardAt() ?? null },
    { group: STORE_GROUP, topics: storedTopics(sourceNames) },
    ...(influx ? [influx.group] : []),
    ...outlets.flatMap(({ groups }) => groups)
  ])
  if (influx?.sink) meterInflux(metrics.registry, influx.sink)
  if (settings.flukso?.http) meterSensors(metrics.registry, () => remote?.sensors() ?? [])
  if (outlets.length > 0) meterOutlets(metrics.registry, outlets)
  const ledgerRooms = startRooms(storage, sourceNames, cast, metrics.stored)
  const rooms = withOutlets(influx?.sink ? withSink(ledgerRooms, influx.sink) : ledgerRooms, outlets)
  const failure = watchForFailure(rooms)
  const timers: NodeJS.Timeout[] = []
  let watching = Promise.resolve()
  let playing = Promise.resolve()
  let remote: Remote | null = null

  const settle = async () => {
    await Promise.race([rooms.settled(), failure])
  }
  const importFile: Platform['importFile'] = async (body, name, options) => {
    const result = await Promise.race([ingest(producers, body, name, Date.now(), options), failure])
    if (result.source !== '') metrics.readings.inc({ source: result.source }, result.readings)
    return result
  }
  let beatAt = 0
  const beat = () => {
    beatAt = Date.now()
    return heartbeat(producers, beatAt)
  }
  /** Nothing is left to say. A case that the first beat finds too old goes out by way of history, behind it; the second beat shows what that changed. */
  const quiet = async () => {
    for (let beats = 0; beats < 2; beats++) {
      await beat()
      await settle()
    }
  }
  /** A step of what can wait: joining closed days, moving old records to files of their own. */
  const housekeeping = async () => {
    await store.foldClosedDays(Date.now() - 2 * DAY_MS)
    await storage.retire(settings.log.segmentAfterDays * DAY_MS)
  }
  let verifying = false
  /** What compares ledgers, or reads files again, is done by one at a time; null when another is at it. */
  const alone = async <Result>(work: () => Promise<Result>): Promise<Result | null> => {
    if (verifying) return null
    verifying = true
    try {
      return await work()
    } finally {
      verifying = false
    }
  }
  const maintenance: Maintenance = {
    refold: async (wanted) => {
      await sayRefold(log, wanted)
      await quiet()
    },
    reparse: async () => {
      const done = { files: 0, readings: 0, rejects: 0 }
      let empty = true
      for await (const kept of archive.list()) {
        empty = false
        const { already, readings, rejects } = await ingestKept(
          producers,
          { ...kept, open: () => archive.open(kept.origin) },
          { backfill: true, again: true }
        )
        if (!already) done.files++
        done.readings += readings
        for (const { count } of rejects) done.rejects += count
      }
      if (empty && storage.shared)
        throw new Refused('There are no raw bytes in the data folder: run this where the processes that take files in keep theirs.')
      await quiet()
      return done
    },
    verify: () =>
      alone(async () => {
        await quiet()
        return verifyReplay(storage, sources, beatAt)
      }),
    reconcile: async function* (wanted, apply) {
      if (verifying) throw new Unavailable('A replay, a redrive or another reconcile is running: try again when it has ended.')
      verifying = true
      try {
        for await (const step of reconcileCopies(storage, [storeCopy(log, store), ...(influx?.copies ?? [])], wanted, apply)) {
          if (signal.aborted) throw new Unavailable('The process is stopping: what was rewritten stays so.')
          yield step
        }
      } finally {
        verifying = false
      }
    }
  }
  const rejected: Rejected = {
    inspect: (file, line) => inspect(producers, file, line),
    redrive: (wanted, apply) =>
      alone(async () => {
        await quiet()
        if (!apply) return tryRedrive(storage, producers, beatAt, wanted)
        const files: Redriven[] = []
        for await (const file of redrive(producers, wanted)) files.push(file)
        await quiet()
        return { files, days: [] }
      })
  }
  const app = await buildApp({
    healthOnly: cast.api === 'nobody',
    store,
    raw: archive,
    maintenance,
    alerts: {
      acknowledge: async (wanted) => {
        const command = { ...wanted, command: 'ack', at: Date.now() }
        await log.append(Topics.alertCommands, [{ key: keyOfPoint(wanted.subject), value: wire.encode('AlertCommand', command) }])
        await settle()
      }
    },
    rejected,
    log,
    metrics,
    access,
    page: existsSync(PAGE) ? PAGE : undefined,
    demo: sources.includes(demo),
    compare: (shown, span, versions, register) => billedByOthers(shown, span, resolveRules(versions, register)),
    explainSlots,
    checkDays: (versions, days, blocks) => checkDays(days, blocks, resolveInstallation(versions)),
    registry: {
      versions: registry.versions,
      // Whoever enters rows sees what they change: history is folded again before the answer.
      apply: async (rows) => {
        const entered = await registry.apply(rows)
        await settle()
        return entered
      }
    },
    installations: {
      versions: registry.installations,
      // Points first: when the installations come, the load curves of their members are there.
      apply: async (rows, points) => {
        if (points.length > 0) {
          await registry.apply(points)
          await settle()
        }
        const entered = await registry.applyInstallations(rows)
        await settle()
        return entered
      },
      tokens: openSensorTokens(folder)
    },
    rules: goldenRules,
    sourceZone: homeZone,
    halfDayCut: settings.sftp?.cut,
    sensors: {
      asks: !asksSensors ? 'elsewhere' : settings.flukso?.http ? 'here' : 'off',
      everyMinutes: settings.flukso?.http?.everyMinutes ?? null,
      named: new Set(settings.flukso?.http?.sensors.map(({ sensor }) => sensor)),
      health: () => remote?.sensors() ?? []
    },
    limits: { upload: settings.limits.upload, body: settings.limits.body },
    // Rooms that answer nobody are ready when they can work; whoever asks for figures has them from the ledger.
    ready: async () => (await storage.trouble()) ?? (cast.api === 'nobody' ? (influx?.sink?.trouble() ?? null) : null),
    waiting: () => influx?.sink?.trouble() ?? outlets.map(({ trouble }) => trouble()).find((trouble) => trouble !== null) ?? null,
    live: {
      log,
      wire,
      storeGroup: STORE_GROUP,
      sources: sourceNames,
      folder,
      cursorSecret: cursorSecret && readSecret(cursorSecret, 'http.cursorSecret')
    },
    logger,
    upload: async (body, name) => {
      const result = await importFile(body, name)
      await quiet()
      return result
    }
  })

  return {
    app,
    token,
    access,
    metrics,
    failed: failure,
    importFile,
    publish: (source, parsed, options) => publish(producers, source, parsed, Date.now(), options),
    settle: async () => {
      await quiet()
    },
    hash: () => ledgerHash(store),
    foldDays: async () => {
      while (await store.foldClosedDays(Date.now() - 2 * DAY_MS));
    },
    watch: (folders, report) => {
      influx?.sink?.onTrouble((trouble) => report({ name: INFLUX, said: trouble ?? 'It takes rows again; what waited is being written.' }))
      const failing = (name: string) => (error: unknown) => report({ name, error })
      const looks = folders.map((path) => new FolderWatch(producers, path, LOOK_MS))
      let arrived = false
      const note: typeof report = (result) => {
        arrived ||= 'readings' in result && result.readings > 0
        report(result)
      }
      const look = async () => {
        while (!stopping.signal.aborted) {
          arrived = false
          for (const each of looks) await each.look(Date.now(), note, stopping.signal)
          // What came in shows in the slots that are still open without waiting for the minute.
          if (arrived) await beat().catch(failing('heartbeat'))
          await wait(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => {})
        }
      }
      const every = (ms: number, name: string, work: () => Promise<void>) =>
        timers.push(setInterval(() => void work().catch(failing(name)), ms))
      if (cast.producers) {
        watching = look()
        every(HEARTBEAT_MS, 'heartbeat', beat)
      }
      if (asksSensors) {
        remote = startRemote(settings, {
          producers,
          folder,
          report,
          counted: (source, readings) => metrics.readings.inc({ source }, readings),
          heard: (what) => metrics.heard.inc({ what }),
          now: Date.now,
          chance: Math.random,
          signal
        })
        const { pushed } = remote
        if (pushed.length > 0)
          timers.push(
            setInterval(() => void heartbeat({ log, wire, sources: pushed }, Date.now()).catch(failing('heartbeat')), PUSHED_HEARTBEAT_MS)
          )
      }
      const waiting = new Set<string>()
      const tellWaiting = async () => {
        for (const { name, trouble } of outlets) {
          const said = trouble()
          if ((said !== null) === waiting.has(name)) continue
          if (said === null) waiting.delete(name)
          else waiting.add(name)
          report({ name, said: said ?? 'What waited has gone out.' })
        }
      }
      if (outlets.length > 0) every(LOOK_MS, 'outlets', tellWaiting)
      // One is enough, wherever it runs.
      if (cast.sinks.includes(STORE_GROUP) && slot === 0) every(HOUSEKEEPING_MS, 'housekeeping', housekeeping)
    },
    play: (report) => {
      const failing = (error: unknown) => report({ name: demo.name, error })
      const stage = { rooms: producers, registry, settled: settle, now: Date.now }
      const played = (readings: number) => metrics.readings.inc({ source: demo.name }, readings)
      // A replay is compared with the ledger as it was when it began.
      playing = playStreet(stage, stopping.signal, { played, failed: failing, held: () => verifying })
      const pushed = sources.filter((source) => source.pushed)
      timers.push(setInterval(() => void heartbeat({ log, wire, sources: pushed }, Date.now()).catch(failing), PUSHED_HEARTBEAT_MS))
    },
    announce,
    close: async () => {
      stopping.abort()
      for (const timer of timers) clearTimeout(timer)
      await watching
      await playing
      await remote?.ended
      await app.close()
      await stopRooms(rooms)
      await release()
    }
  }
}

/** Rejects when a room stops by itself: a full disk, or a bug. Nothing acknowledged is lost; the program should be started again. */
const watchForFailure = ({ processings }: Rooms): Promise<never> => {
  const failure = new Promise<never>((_resolve, reject) => {
    for (const { ended } of processings) ended.catch(reject)
  })
  failure.catch(() => {})
  return failure
}

/** A ledger of its own in a temporary folder: folds what `fill` appends, and is gone when `ask` has its answer. */
const foldApart = async <Answer>(
  storage: Storage,
  sources: readonly Source[],
  beatAt: number,
  fill: (apart: Storage) => Promise<void>,
  ask: (apart: Storage) => Promise<Answer>
): Promise<Answer> => {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-replay-'))
  try {
    // Its records come with the schema ids of ours.
    const apart = { ...(await openEmbedded(folder, { partitions: storage.log.partitions })), wire: storage.wire }
    const sourceNames = sources.map(({ name }) => name)
    await apart.log.create(allTopics(sourceNames))
    const rooms = startRooms(apart, sourceNames, LEDGER)
    try {
      await fill(apart)
      await rooms.settled()
      // As ours: what waits is judged once more when everything has been read (`quiet`).
      for (let beats = 1; beats <= 2; beats++) {
        await heartbeat({ log: apart.log, wire: apart.wire, sources }, beatAt + beats)
        await rooms.settled()
      }
      return await ask(apart)
    } finally {
      await stopRooms(rooms)
      await apart.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const inputTopics = (sources: readonly Source[]): string[] => sources.flatMap(({ name }) => [backfillTopic(name), readingsTopic(name)])

/** Runs all topics again into an empty store and compares the ledgers, point by point and day by day. */
const verifyReplay = (
  storage: Storage,
  sources: readonly Source[],
  beatAt: number
): Promise<{ days: number; differences: LedgerDifference[] }> =>
  foldApart(
    storage,
    sources,
    beatAt,
    async (apart) => {
      for (const topic of [Topics.registryPoints, Topics.registryInstallations, ...inputTopics(sources)])
        await copyTopic(storage.log, apart.log, topic)
    },
    async (apart) => {
      const ours = await ledgerHash(storage.store, beatAt)
      return { days: ours.size, differences: compareLedgers(ours, await ledgerHash(apart.store, beatAt)) }
    }
  )

/** What the topic of slots tells is held in a store of its own in a temporary folder, and gone afterwards. */
async function* reconcileCopies(
  { log, wire }: Storage,
  copies: readonly Copy[],
  wanted: ReconcileWanted,
  apply: boolean
): AsyncGenerator<Step> {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-reconcile-'))
  try {
    const scratch = await openEmbedded(folder)
    try {
      yield* reconcile(new TopicLedger(log, wire, scratch.store, wanted), copies, wanted, apply)
    } finally {
      await scratch.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What a redrive would change: done to a ledger apart, which then takes in all that ours has of the points it touched. */
const tryRedrive = async (
  storage: Storage,
  producers: ProducerRooms,
  beatAt: number,
  wanted: RedriveWanted
): Promise<{ files: Redriven[]; days: ChangedDay[] }> => {
  const { store } = storage
  const files: Redriven[] = []
  let points: string[] = []
  const days = await foldApart(
    storage,
    producers.sources,
    beatAt,
    async (apart) => {
      await copyTopic(storage.log, apart.log, Topics.registryPoints)
      for await (const file of redrive(rehearsal(producers, apart), wanted)) files.push(file)
      points = await keysOf(apart.log, inputTopics(producers.sources))
      for (const point of points) await copyReadings(store, apart, point)
    },
    async (apart) => {
      const changed: ChangedDay[] = []
      for (const point of points) {
        const zone = zoneOf(currentVersions(await store.points(point)), Number.POSITIVE_INFINITY) || homeZone(point)
        changed.push(...(await changedDays(store, apart.store, point, zone)))
      }
      return changed
    }
  )
  return { files, days }
}

/** The platform of a folder, or where the process that owns it answers. */
const openOrFind: Workshop['open'] = async (settings) => {
  try {
    const platform = await openPlatform(settings, settings.kafka ? { cast: NO_ROOM } : {})
    if (platform.token === '') {
      await platform.close()
      throw new Unavailable(
        'The owner has a token already, or gets one from the api with slot 0: name it here too, http: { token: { file: … } }, or use that data folder.'
      )
    }
    if (!settings.kafka) await platform.settle()
    return platform
  } catch (error) {
    if (!(error instanceof HeldBy)) throw error
    if (error.holder.address === '') throw new Unavailable(error.message)
    return { url: error.holder.address, token: readFileSync(join(resolve(settings.data), 'token'), 'utf8').trim() }
  }
}

const PAGE = fileURLToPath(new URL('./page', import.meta.url))
const SAMPLES = fileURLToPath(new URL('../docs/samples/files', import.meta.url))

/** The rooms that `wattledger run` names; all of them for `start`. */
const castOf = (only: Only | undefined): Cast => {
  if (only === undefined) return EVERYTHING
  const { room, name } = only
  const chosen = (all: readonly string[]): readonly string[] => {
    if (name === undefined) return all
    if (!all.includes(name)) throw new Misuse(`There is no "${name}" among the ${room}: ${all.join(', ')}.`)
    return [name]
  }
  return {
    producers: room === 'producers',
    processors: room === 'processors' ? chosen(EVERYTHING.processors) : [],
    sinks: room === 'sinks' ? chosen(EVERYTHING.sinks) : [],
    api: room === 'api' ? 'everyone' : 'nobody'
  }
}

/** `wattledger start` and `wattledger run`: until it is told to stop. */
const start: Workshop['start'] = async (settings, out, { samples = false, only, slot = 0 }) => {
  const cast = castOf(only)
  for (const [name, setting] of Object.entries(OUTLETS))
    if (only?.name === name && !settings[setting]) throw new Misuse(`The settings have no ${setting}: docs/outlets.md says what to write.`)
  if (only?.name === INFLUX && !settings.influx)
    throw new Misuse('The settings have no InfluxDB: name its url, org, bucket and token under influx.')
  // The pool of threads is made before a program can say how large it is to be.
  if (settings.kafka && process.env.UV_THREADPOOL_SIZE === undefined)
    throw new Misuse(
      "Set UV_THREADPOOL_SIZE=16 in the environment: each Kafka client holds a thread, and with Node's own four they wait for each other."
    )
  const platform = await openPlatform(settings, { plays: samples, cast, slot, logger: out.logger }).catch((error: unknown) => {
    throw error instanceof HeldBy ? new Unavailable(error.message) : error
  })
  const folders = cast.producers ? [...settings.folders.map(({ path }) => path), ...(samples ? [SAMPLES] : [])] : []
  await serve(platform, settings, out, { folders, samples, answers: cast.api === 'everyone' })
  return 0
}

const goldenRules = (): GoldenRules => ({
  others: OTHER_NAMES,
  traces: compareGolden().map(({ trace: { name, readings }, ours, others }) => ({ name, readings, ours, others }))
})

const findAll: Workshop['files'] = async (paths) => {
  const found = await Promise.all(
    paths.map((path) =>
      findFiles(path).catch((error: NodeJS.ErrnoException) => {
        throw new Misuse(error.code === 'ENOENT' ? `There is no ${path}.` : `${path} cannot be read: ${error.message}`)
      })
    )
  )
  return inTimeOrder(found.flat(), sources)
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await runCli(process.argv, { open: openOrFind, start, rules: goldenRules, files: findAll })
}
