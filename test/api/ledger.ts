import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { createAccess } from '../../api/access/access.js'
import { buildApp } from '../../api/app.js'
import type { Deps, Limits, SensorsPort } from '../../api/deps.js'
import { createMetrics } from '../../api/metrics.js'
import { Refused } from '../../infra/errors.js'
import { openEmbedded } from '../../infra/lmdb/open.js'
import type { Log } from '../../infra/log.js'
import type { Store } from '../../infra/store.js'
import { billedByOthers } from '../../processors/energy/comparison.js'
import { resolveRules } from '../../processors/energy/rules.js'
import { explainSlots } from '../../processors/installations/explain.js'
import { resolveInstallation } from '../../processors/installations/rules.js'
import { checkDays } from '../../processors/watch-installations/check.js'
import { type AccessEntry, type Grant, hashToken, type Role } from '../../schemas/access.js'
import type { Installation, Intervals, Point, Readings, Slots } from '../../schemas/generated.js'
import { parseGrid, STORED_GRIDS } from '../../schemas/grid.js'
import { gridIntervals } from '../../schemas/gridding.js'
import { homesOf } from '../../schemas/installations/homes.js'
import { Op, Quality } from '../../schemas/quality.js'
import { DEFAULT_RULES } from '../../schemas/registry.js'
import { memoryMap } from './memory-map.js'

export const HOUR = 3_600_000
export const ZONE = 'Europe/Madrid'
/** Local midnight of 1 March 2024 in Madrid. */
export const START = Date.parse('2024-02-29T23:00:00Z')
export const TOPIC = 'readings.flukso'
export const WORDS = ['', 'counter', TOPIC, 'gap', 'glitch', '40 since 2024-01-01']

export const readings = (point: string, said: Partial<Readings>): Readings => ({
  point,
  register: '1.8.0',
  kind: 'COUNTER',
  curve: '',
  unit: 'Wh',
  scale: 1,
  step: 1,
  words: [],
  device: 'M1',
  boot: null,
  source: 'flukso',
  origin: 'f00d',
  attrs: { file: 'march.csv' },
  revision: 0,
  parserVersion: 1,
  ingestedAt: START + 1000,
  rows: said.at?.length ?? 0,
  at: [],
  span: said.at?.map(() => 0) ?? [],
  value: [],
  quality: said.at?.map(() => Quality.RAW) ?? [],
  code: said.at?.map(() => 0) ?? [],
  flags: said.at?.map(() => 0) ?? [],
  line: said.at?.map((_, i) => i + 2) ?? [],
  ...said
})

/** Counter intervals between instants, of given thousandths; the register starts at 1 kWh. */
export const intervals = (point: string, at: number[], milli: number[], said: Partial<Intervals> = {}): Intervals => {
  const start = at.slice(0, -1)
  const end = at.slice(1)
  const fromValue = milli.map((_, i) => 1_000_000 + milli.slice(0, i).reduce((a, b) => a + b, 0))
  const all = (figure: number) => milli.map(() => figure)
  return {
    point,
    register: '1.8.0',
    unit: 'Wh',
    source: 'flukso',
    native: 0,
    ruleVersion: 1,
    beat: 0,
    words: WORDS,
    partition: 0,
    rows: milli.length,
    start,
    end,
    milli,
    op: all(Op.PUT),
    low: milli,
    high: milli,
    quality: all(Quality.RAW),
    rule: all(1),
    rev: all(1),
    knownAt: all(START + 1000),
    fromAt: start,
    fromValue,
    toAt: end,
    toValue: fromValue.map((value, i) => value + milli[i]),
    fromTopic: all(2),
    fromOffset: all(7),
    toTopic: all(2),
    toOffset: all(7),
    factor: all(0),
    travel: all(0),
    ...said
  }
}

/** The slots that the load-curve fold would store for these intervals. */
export const slots = (blocks: readonly Intervals[]): Slots[] =>
  STORED_GRIDS.map((name) => {
    const first = blocks[0]
    const last = blocks[blocks.length - 1]
    const rows = gridIntervals(blocks, parseGrid(name)!, ZONE, first.start[0], last.end[last.rows - 1])
    const column = (figure: (row: (typeof rows)[number]) => number) => rows.map(figure)
    return {
      point: first.point,
      register: first.register,
      unit: first.unit,
      source: first.source,
      grid: name,
      scale: 3,
      beat: 0,
      rows: rows.length,
      start: column(({ start }) => start),
      end: column(({ end }) => end),
      amount: column(({ amount }) => amount),
      op: column(() => Op.PUT),
      quality: column(({ quality }) => quality),
      coveredMs: column(({ coveredMs }) => coveredMs),
      estimatedMs: column(({ estimatedMs }) => estimatedMs),
      expected: column(({ expected }) => expected),
      received: column(({ received }) => received),
      rev: column(() => 1),
      knownAt: column(() => START + 1000)
    }
  })

export const pointRow = (point: string, said: Partial<Point> = {}): Point => ({
  point,
  validFrom: 0,
  knownAt: 1,
  deleted: false,
  name: '',
  zone: ZONE,
  natives: [],
  installations: [],
  devices: [],
  registers: [{ register: '', ...DEFAULT_RULES }],
  ...said
})

/** A day of hourly readings of 1 kWh more each hour, from local midnight on, in the store with all that is made of them. */
export const writeDay = async (store: Store, point: string, hours = 24): Promise<void> => {
  const at = Array.from({ length: hours + 1 }, (_, i) => START + i * HOUR)
  const block = intervals(
    point,
    at,
    Array.from({ length: hours }, () => 1_000_000)
  )
  await store.write({
    points: [pointRow(point, { name: `Name of ${point}` })],
    readings: [
      { block: readings(point, { at, value: at.map((_, i) => 10_000 + i * 10_000) }), position: { topic: TOPIC, partition: 0, offset: 7 } }
    ],
    intervals: [block],
    slots: slots([block]),
    latest: [
      {
        point,
        register: '1.8.0',
        source: 'flukso',
        kind: 'COUNTER',
        unit: 'Wh',
        scale: 1,
        device: 'M1',
        at: at[hours],
        value: 10_000 + hours * 10_000,
        quality: Quality.RAW,
        firstAt: START
      }
    ]
  })
}

export interface Ledger {
  app: FastifyInstance
  store: Store
  log: Log
  deps: Deps
  uploads: { name: string; bytes: Buffer }[]
  registryRows: Point[]
  installationRows: Installation[]
  tokens: Map<string, string>
  /** The header of someone new with this role and these grants. */
  as(role: Role, grants?: Omit<Grant, 'who'>[]): { authorization: string }
  /** Lets time go by. */
  wait(ms: number): void
  close(): Promise<void>
}

/** The API over a real store and log in a folder of its own; what belongs to main.ts (tokens, imports) is kept in memory. */
export const openLedger = async (
  said: {
    limits?: Partial<Limits>
    logger?: FastifyBaseLogger
    now?: number
    page?: string
    ready?: Deps['ready']
    sensors?: Partial<SensorsPort>
  } = {}
): Promise<Ledger> => {
  let at = said.now ?? START + 1000 * 24 * HOUR
  const now = () => at
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-api-'))
  const { store, log, archive, close } = await openEmbedded(folder)
  const entries = new Map<string, AccessEntry>()
  const uploads: Ledger['uploads'] = []
  const registryRows: Point[] = []
  const installationRows: Installation[] = []
  const tokens = new Map<string, string>()
  let homes = homesOf([])
  const deps: Deps = {
    store,
    log,
    raw: archive,
    access: createAccess(memoryMap(entries), memoryMap(), now, () => homes),
    registry: {
      versions: async () => [...(await store.points()), ...registryRows],
      async apply(rows) {
        const knownAt = START + 5000 + registryRows.length
        registryRows.push(...rows.map((row) => ({ ...row, knownAt })))
        return { knownAt }
      }
    },
    installations: {
      versions: async () => [...installationRows],
      async apply(rows, points) {
        if (points.length > 0) await deps.registry.apply(points)
        const knownAt = START + 5000 + installationRows.length
        installationRows.push(...rows.map((row) => ({ ...row, knownAt })))
        homes = homesOf(installationRows)
        return { knownAt }
      },
      tokens: {
        entries: () => tokens,
        put: (more) => more.forEach((token, sid) => void tokens.set(sid, token)),
        remove: (sid) => tokens.delete(sid)
      }
    },
    sensors: { asks: 'here', everyMinutes: 5, named: new Set(), health: () => [], ...said.sensors },
    async upload(body, name) {
      const bytes = await buffer(body)
      if (name.endsWith('.exe')) throw new Refused(`No source knows such a file as ${name}.`)
      uploads.push({ name, bytes })
      return {
        origin: createHash('sha256').update(bytes).digest('hex'),
        name,
        source: 'flukso',
        readings: 3,
        rejects: [],
        already: false,
        touched: []
      }
    },
    // What these do is tested on the whole platform; here only who may ask for it.
    maintenance: {
      refold: async () => {},
      reparse: async () => ({ files: 0, readings: 0, rejects: 0 }),
      verify: async () => ({ days: 0, differences: [] }),
      reconcile: async function* () {
        yield { step: 'done' as const, days: 0, differing: 0, mended: 0, moving: 0 }
      }
    },
    alerts: { acknowledge: async () => {} },
    rejected: { inspect: async () => [], redrive: async () => ({ files: [], days: [] }) },
    compare: (shown, span, versions, register) => billedByOthers(shown, span, resolveRules(versions, register)),
    explainSlots,
    checkDays: (versions, days, blocks) => checkDays(days, blocks, resolveInstallation(versions)),
    rules: () => ({ others: [], traces: [] }),
    sourceZone: () => 'Europe/Brussels',
    metrics: createMetrics(store, log),
    ready: said.ready ?? (async () => null),
    limits: { upload: 100_000, body: 50_000, ...said.limits },
    logger: said.logger,
    page: said.page,
    now
  }
  const app = await buildApp(deps)
  return {
    app,
    store,
    log,
    deps,
    uploads,
    registryRows,
    installationRows,
    tokens,
    as(role, grants = []) {
      const name = `${role}-${entries.size}`
      const token = `wl_${name}_secret`
      entries.set(name, {
        name,
        role,
        tokenHash: hashToken(token),
        grants: grants.map((grant) => ({ who: name, ...grant })),
        createdAt: START
      })
      return { authorization: `Bearer ${token}` }
    },
    wait(ms) {
      at += ms
    },
    async close() {
      await app.close()
      await close()
      rmSync(folder, { recursive: true })
    }
  }
}
