import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'cassandra-driver'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CassandraSettings, openCassandra } from '../../infra/cassandra/open.js'
import { KafkaLog } from '../../infra/kafka/log.js'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import { pack, unpack } from '../../infra/lmdb/packing.js'
import type { Cluster } from '../../infra/local/kafka.js'
import type { Log } from '../../infra/log.js'
import { topicSchemaIds } from '../../infra/schema-registry/topic.js'
import type { Latest, Store } from '../../infra/store.js'
import { whileAway } from '../../infra/while-away.js'
import { SLOT_COLUMNS } from '../../schemas/blocks.js'
import { decoding } from '../../schemas/decoding.js'
import type { Slots } from '../../schemas/generated.js'
import { installationOf } from '../../schemas/installations.js'
import { mergeSlots } from '../../schemas/merge.js'
import { Op, Quality } from '../../schemas/quality.js'
import { Influx } from '../../schemas/settings-influx.js'
import { allTopics, Topics } from '../../schemas/topics.js'
import { Wire } from '../../schemas/wire.js'
import { influxCopies } from '../../sinks/influx/copy.js'
import { runInfluxSink } from '../../sinks/influx/sink.js'
import { type Copy, storeCopy } from '../../sinks/reconcile/copy.js'
import { DAY_MS, dayOf } from '../../sinks/reconcile/days.js'
import { TopicLedger } from '../../sinks/reconcile/ledger.js'
import { type Difference, reconcile, type Step, type Totals } from '../../sinks/reconcile/reconcile.js'
import { runSink } from '../../sinks/run.js'
import { STORE_GROUP, storeSink } from '../../sinks/store/sink.js'
import { HOUR, MAY, slots } from '../schemas/blocks-at-random.js'
import { type CassandraRig, cassandraRig } from './cassandra.js'
import { BUILDING_MS, type InfluxRig, influxRig } from './influx-server.js'
import { kafkaForTest } from './kafka.js'

/** Rows altered and removed behind the back of everybody, in real stores of both kinds and a real InfluxDB. */

const POINTS = ['flukso/one', "it's, a=b", 'ES0291000000000001DN', 'flukso/4']
const REGISTERS = ['1.8.0', '2.8.0']
const DAYS = 40
const SEEDS = [1, 2, 3]

let rig: InfluxRig
let kafka: Cluster
let cassandra: CassandraRig
const closing: (() => Promise<void>)[] = []
beforeAll(async () => {
  ;[rig, kafka, cassandra] = await Promise.all([influxRig(), kafkaForTest(), cassandraRig()])
}, BUILDING_MS)
afterAll(async () => {
  for (const close of closing.reverse()) await close()
  await Promise.all([rig?.close(), kafka?.close(), cassandra?.close()])
})

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'wattledger-reconcile-test-'))
  closing.push(async () => rmSync(made, { recursive: true, force: true }))
  return made
}

const randomOf = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** What a row becomes; null: it goes. */
type Change = (row: Record<(typeof SLOT_COLUMNS)[number], number>) => Record<(typeof SLOT_COLUMNS)[number], number> | null

/** A log and a store, and a way to its bytes that no code of ours takes. */
interface Place {
  log: Log
  wire: Wire
  store: Store
  tamper(block: (block: Slots) => Slots | null): Promise<void>
}

/** The block without, or with another, row. */
const changed = (block: Slots, i: number, change: Change): Slots | null => {
  const row = Object.fromEntries(SLOT_COLUMNS.map((name) => [name, block[name][i]])) as Parameters<Change>[0]
  const made = change(row)
  if (made === null && block.rows === 1) return null
  const next = { ...block, rows: made === null ? block.rows - 1 : block.rows }
  for (const name of SLOT_COLUMNS) next[name] = made === null ? block[name].toSpliced(i, 1) : block[name].with(i, made[name])
  return next
}

const onLmdb = async (): Promise<Place> => {
  const embedded: Embedded = await openEmbedded(folder())
  closing.push(() => embedded.close())
  const { env, log, wire, store } = embedded
  return {
    log,
    wire,
    store,
    tamper: async (work) => {
      for (const table of [env.table('slots'), env.table('slots-folded')])
        for (const { key, value } of [...table.getRange({})]) {
          const before = wire.decode('Slots', unpack(value))
          const after = work(before)
          if (after !== before) await env.write(() => void (after ? table.put(key, pack(wire.encode('Slots', after))) : table.remove(key)))
        }
    }
  }
}

const onCassandra = async (): Promise<Place> => {
  const settings: CassandraSettings = cassandra.settings()
  const log = await KafkaLog.open({ brokers: [...kafka.brokers], partitions: 4, replication: 1, slot: 0, sessionTimeoutMs: 6000 })
  await log.create(allTopics([]))
  const wire = await Wire.open(await topicSchemaIds(log))
  // A machine with much to do: a room that starts would be started again.
  const store = await whileAway(() => openCassandra(settings, wire), { patienceMs: 200_000, firstMs: 500, longestMs: 5000 })
  const { contactPoints, dataCenter, keyspace } = settings
  const client = new Client({ contactPoints: [...contactPoints], localDataCenter: dataCenter, keyspace })
  closing.push(async () => {
    await client.shutdown()
    await store.close()
    await log.close()
  })
  const decode = decoding(wire)
  const KEY = ['point', 'register', 'grid', 'bucket', 'first', 'made', 'tag', 'last']
  const where = KEY.map((name) => `${name} = ?`).join(' AND ')
  return {
    log,
    wire,
    store,
    tamper: async (work) => {
      const { rows } = await client.execute('SELECT * FROM slots', [], { prepare: true, fetchSize: 100_000 })
      for (const row of rows.filter(({ block }) => block !== null)) {
        const before = await decode('Slots', row.block)
        const after = work(before)
        if (after === before) continue
        const key = KEY.map((name) => row[name])
        if (after)
          await client.execute(`UPDATE slots SET block = ? WHERE ${where}`, [wire.encode('Slots', after), ...key], { prepare: true })
        else await client.execute(`DELETE FROM slots WHERE ${where}`, key, { prepare: true })
      }
    }
  }
}

const nameOf = ({ copy, point, register, day }: Pick<Difference, 'copy' | 'point' | 'register' | 'day'>): string =>
  `${copy} ${point} ${register} ${new Date(day).toISOString().slice(0, 10)}`

/** Sinks on a place, days of hours in it, and what reconcile says. */
const scene = async ({ log, wire, store, tamper }: Place) => {
  await log.create(allTopics([]))
  const bucket = await rig.bucket()
  const settings = Influx.parse({ url: rig.url, org: rig.org, bucket, token: { env: 'NOT_READ' }, power: [{ grids: ['PT1H'] }] })
  const token = () => rig.token
  const influx = runInfluxSink(settings, { log, wire, sources: [], token, now: () => MAY })
  const sink = runSink(
    log,
    STORE_GROUP,
    [Topics.slots, Topics.power],
    storeSink(store, decoding(wire), () => MAY)
  )
  const stop = async () => {
    await Promise.all([sink.stop(), influx.processing.stop()])
  }
  const put = (blocks: readonly Slots[]) =>
    log.append(
      Topics.slots,
      blocks.map((block) => ({ key: block.point, value: wire.encode('Slots', block) }))
    )
  const putPower = (blocks: readonly Slots[]) =>
    log.append(
      Topics.power,
      blocks.map((block) => ({ key: installationOf(block.point)!, value: wire.encode('Slots', block) }))
    )
  const settled = async () => {
    await Promise.all([sink.drained(), influx.settled()])
  }
  const mended: string[] = []
  const watched = (copy: Copy): Copy => ({
    ...copy,
    mend: (series, grid, span, ledger) => {
      mended.push(nameOf({ copy: copy.name, ...series, day: span.from }))
      return copy.mend(series, grid, span, ledger)
    }
  })
  const copies = [storeCopy(log, store), ...influxCopies(settings, log, token, () => MAY)].map(watched)
  const run = async (apply: boolean, some: { points?: string[]; from?: number; to?: number } = {}) => {
    const { points, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = some
    const asked = { grid: 'PT1H', points: points ? new Set(points) : null, from, to }
    const scratch = await openEmbedded(folder())
    mended.length = 0
    try {
      const steps: Step[] = []
      for await (const step of reconcile(new TopicLedger(log, wire, scratch.store, asked), copies, asked, apply)) steps.push(step)
      const differences = steps.filter((step) => step.step === 'difference')
      return { names: differences.map(nameOf).sort(), differences, totals: steps.at(-1) as { step: 'done' } & Totals, mended: [...mended] }
    } finally {
      await scratch.close()
    }
  }
  return { bucket, put, putPower, settled, run, stop, store, tamper }
}
type Scene = Awaited<ReturnType<typeof scene>>

const hour = (at: number, amount: number, rev: number, op: number = Op.PUT) => ({
  start: at,
  end: at + HOUR,
  amount,
  rev,
  op,
  knownAt: MAY + rev
})

/** Forty days of hours, some revised, some withdrawn; a gap of a day. */
const fill = async ({ put, store, settled }: Scene): Promise<void> => {
  const latest: Latest[] = []
  for (const point of POINTS)
    for (const register of REGISTERS) {
      const head = { point, register, unit: register === '1.8.0' ? 'Wh' : 'varh', source: 'test' }
      for (let day = 0; day < DAYS; day++) {
        if (day === 20) continue
        const rows = Array.from({ length: 24 }, (_, i) => hour(MAY + day * DAY_MS + i * HOUR, day * 1000 + i, day + 1))
        await put([slots(rows, head)])
      }
      await put([slots([hour(MAY + 3 * HOUR, 77, 100), hour(MAY + 4 * HOUR, 0, 100, Op.WITHDRAWN)], head)])
      latest.push({ ...head, kind: 'COUNTER', scale: 0, device: '', at: MAY + DAYS * DAY_MS, value: 1, quality: Quality.RAW, firstAt: MAY })
    }
  await store.write({ latest })
  await settled()
}

const CHANGES: readonly Change[] = [
  (row) => ({ ...row, amount: row.amount + 1 }),
  (row) => ({ ...row, quality: Quality.QUESTIONABLE }),
  (row) => ({ ...row, amount: row.amount + 1, rev: row.rev + 1 }),
  (row) => ({ ...row, op: Op.WITHDRAWN }),
  () => null
]

/** Changes rows that stand, at random; the names of the days they are on. */
const tamperStore = async ({ tamper }: Scene, random: (below: number) => number, count: number): Promise<string[]> => {
  const wanted = new Map<string, Change>()
  for (let i = 0; i < count; i++) {
    const day = [...Array(DAYS).keys()].filter((each) => each !== 20 && each !== 0)[random(DAYS - 2)]
    const at = MAY + day * DAY_MS + random(24) * HOUR
    wanted.set(`${POINTS[random(POINTS.length)]}|${REGISTERS[random(2)]}|${at}`, CHANGES[random(CHANGES.length)])
  }
  await tamper((block) => {
    let after: Slots | null = block
    for (const [name, change] of wanted) {
      const [point, register, at] = name.split('|')
      const i = after?.point === point && after.register === register && after.grid === 'PT1H' ? after.start.indexOf(Number(at)) : -1
      if (i >= 0) after = changed(after!, i, change)
    }
    return after
  })
  return [...wanted.keys()].map((name) => {
    const [point, register, at] = name.split('|')
    return nameOf({ copy: 'store', point, register, day: dayOf(Number(at)) })
  })
}

const tamperInflux = async ({ bucket }: Scene, random: (below: number) => number, count: number): Promise<string[]> => {
  const names: string[] = []
  const write = (line: string) =>
    fetch(`${rig.url}/api/v2/write?org=${rig.org}&bucket=${bucket}&precision=ms`, {
      method: 'POST',
      headers: { authorization: `Token ${rig.token}` },
      body: line
    }).then(({ status }) => expect(status).toBe(204))
  for (let i = 0; i < count; i++) {
    const [point, register, at] = [POINTS[random(POINTS.length)], REGISTERS[random(2)], MAY + random(DAYS) * DAY_MS + random(24) * HOUR]
    const escaped = point.replace(/[ ,=]/g, '\\$&')
    const line = (fields: string) => `energy,grid=PT1H,point=${escaped},register=${register} ${fields} ${at}`
    const how = random(4)
    if (how === 0) await write(line('milli=123456789i'))
    else if (how === 1) await write(line('quality=6i'))
    else if (how === 2) await write(line('m3=1.5'))
    else {
      const instant = new Date(at).toISOString()
      const predicate = `_measurement="energy" AND grid="PT1H" AND point=${JSON.stringify(point)} AND register="${register}"`
      await rig.api('POST', `/api/v2/delete?org=${rig.org}&bucket=${bucket}`, { start: instant, stop: instant, predicate })
      // Nothing was there.
      if (dayOf(at) === MAY + 20 * DAY_MS || at === MAY + 4 * HOUR) continue
    }
    names.push(nameOf({ copy: 'influx', point, register, day: dayOf(at) }))
  }
  return names
}

const unique = (names: readonly string[]): string[] => [...new Set(names)].sort()

describe.each([
  ['LMDB and the embedded log', onLmdb],
  ['Cassandra and Kafka', onCassandra]
])('%s', (_, open) => {
  let place: Scene
  beforeAll(async () => {
    place = await scene(await open())
    await fill(place)
  }, 300_000)
  afterAll(() => place?.stop())

  test('what the sinks wrote is what the ledger tells', async () => {
    const { totals, names } = await place.run(false)
    expect(names).toEqual([])
    expect(totals).toMatchObject({ days: 2 * POINTS.length * REGISTERS.length * (DAYS - 1), differing: 0, moving: 0 })
  })

  test.each(SEEDS)(
    'seed %i: all that was altered and removed is found, and only those days are rewritten',
    async (seed) => {
      const random = randomOf(seed)
      const days = unique([...(await tamperStore(place, random, 12)), ...(await tamperInflux(place, random, 12))])
      const dry = await place.run(false)
      expect(dry.names).toEqual(days)
      expect(dry.mended).toEqual([])
      expect((await place.run(false)).differences).toEqual(dry.differences)

      const applied = await place.run(true)
      expect(applied.names).toEqual(days)
      expect([...applied.mended].sort()).toEqual(days)
      expect(applied.totals).toMatchObject({ differing: days.length, mended: days.length, moving: 0 })
      expect((await place.run(true)).mended).toEqual([])
      // Folding what was put back, and what was not, changes nothing.
      while (await place.store.foldClosedDays(MAY + 1000 * DAY_MS));
      expect((await place.run(false)).names).toEqual([])
    },
    180_000
  )

  test('every revision of a rewritten day is there again', async () => {
    // The row that stands and the one it replaced, wherever they are.
    await place.tamper((block) => {
      let after: Slots | null = block
      while (
        after &&
        after.point === POINTS[0] &&
        after.register === '1.8.0' &&
        after.grid === 'PT1H' &&
        after.start.includes(MAY + 3 * HOUR)
      )
        after = changed(after, after.start.indexOf(MAY + 3 * HOUR), () => null)
      return after
    })
    expect((await place.run(true)).names).toEqual([`store ${POINTS[0]} 1.8.0 2024-05-01`])
    const all = await place.store.slots({ point: POINTS[0], register: '1.8.0' }, 'PT1H', MAY, MAY + DAY_MS)
    const known = (knownAt?: number) =>
      mergeSlots(all, { from: MAY + 3 * HOUR, to: MAY + 5 * HOUR, knownAt }).flatMap(({ amount }) => amount)
    expect(known()).toEqual([77])
    expect(known(MAY + 1)).toEqual([3, 4])
  })

  test('only what was asked for is looked at', async () => {
    const random = randomOf(99)
    const days = unique(await tamperStore(place, random, 8))
    const { point, from } = { point: POINTS[0], from: MAY + 15 * DAY_MS }
    const chosen = days.filter((name) => name.startsWith(`store ${point} `) && name.slice(-10) >= '2024-05-16')
    const { names } = await place.run(true, { points: [point], from })
    expect(names).toEqual(chosen)
    expect((await place.run(true)).names).toEqual(days.filter((name) => !chosen.includes(name)))
  })

  test('rows of a series and of days that the ledger does not know go', async () => {
    const ghost = slots([hour(MAY, 5, 1)], { point: 'ghost' })
    const late = slots([hour(MAY + (DAYS + 1) * DAY_MS, 5, 1)], { point: POINTS[0] })
    const latest: Latest = {
      point: 'ghost',
      register: '1.8.0',
      source: 'test',
      kind: 'COUNTER',
      unit: 'Wh',
      scale: 0,
      device: '',
      at: MAY,
      value: 1,
      quality: 4,
      firstAt: MAY
    }
    await place.store.write({ slots: [ghost, late], latest: [latest] })
    const body = `energy,grid=PT1H,point=ghost,register=1.8.0 milli=5i,kwh=0.000005 ${MAY}`
    const path = `/api/v2/write?org=${rig.org}&bucket=${place.bucket}&precision=ms`
    await fetch(rig.url + path, { method: 'POST', headers: { authorization: `Token ${rig.token}` }, body })
    const { names, totals } = await place.run(true)
    expect(names).toEqual(['influx ghost 1.8.0 2024-05-01', `store ${POINTS[0]} 1.8.0 2024-06-11`, 'store ghost 1.8.0 2024-05-01'])
    expect(totals.mended).toBe(3)
    expect(await rig.ask(place.bucket, `SELECT milli FROM energy WHERE point = 'ghost'`)).toEqual([])
    expect((await place.run(false)).names).toEqual([])
  })

  test('installations are compared as points are, their power apart; what is not wholly known has no power', async () => {
    const home = 'installation/HOME 1'
    const rows = Array.from({ length: 48 }, (_, i) => ({
      ...hour(MAY + i * HOUR, 1_000_000 * i, 1),
      received: 450,
      ...(i === 5 && { coveredMs: HOUR / 2, received: 225, quality: Quality.PARTIAL })
    }))
    await place.putPower([
      slots(rows, { point: home, register: 'p_tot', scale: 6, source: 'test' }),
      slots(rows, { point: home, register: 'p_cons.low', scale: 6, source: 'test' })
    ])
    await place.settled()
    expect((await place.run(false)).names).toEqual([])
    expect((await place.run(false, { points: [home] })).totals.days).toBe(2 * 4 + 2)
    const series = `grid=PT1H,installation=HOME\\ 1,register=p_tot`
    const lines = [
      `energy,grid=PT1H,point=installation/HOME\\ 1,register=p_tot milli=7i ${MAY}`,
      // The power of a slot that was wholly known once.
      `power,${series} w=3 ${MAY + 5 * HOUR}`,
      `power,${series.replace('HOME', 'GHOST')} quality=3i ${MAY + 24 * HOUR}`
    ]
    const path = `/api/v2/write?org=${rig.org}&bucket=${place.bucket}&precision=ms`
    await fetch(rig.url + path, { method: 'POST', headers: { authorization: `Token ${rig.token}` }, body: lines.join('\n') })
    const { names, totals } = await place.run(true)
    expect(names).toEqual([
      `influx ${home} p_tot 2024-05-01`,
      'influx power installation/GHOST 1 p_tot 2024-05-02',
      `influx power ${home} p_tot 2024-05-01`
    ])
    expect(totals.mended).toBe(3)
    expect((await place.run(false)).names).toEqual([])
    const found = await rig.ask(place.bucket, `SELECT w FROM power WHERE installation = 'HOME 1' AND time < ${MAY + 24 * HOUR}ms`)
    expect(found.map(({ w }) => w)).toEqual(Array.from({ length: 24 }, (_, i) => i).filter((i) => i !== 5))
  })

  test('days that are revised meanwhile are never told as wrong, nor rewritten with what was before', async () => {
    let rev = 1000
    let writing = true
    const write = async () => {
      while (writing) {
        rev++
        await place.put(
          POINTS.map((point) => slots([hour(MAY + 39 * DAY_MS, rev, rev), hour(MAY + 38 * DAY_MS, rev, rev)], { point, source: 'test' }))
        )
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    const random = randomOf(7)
    const days = unique((await tamperStore(place, random, 4)).filter((name) => name.slice(-10) < '2024-06-07'))
    const writer = write()
    const found: string[] = []
    for (let i = 0; i < 3; i++) found.push(...(await place.run(true)).names)
    writing = false
    await writer
    await place.settled()
    // Whatever was tampered with on the two days was overwritten by the next revision, or is mended now.
    const inMotion = (name: string) => name.slice(-10) >= '2024-06-08'
    expect(found.filter((name) => !inMotion(name))).toEqual(days.filter((name) => !inMotion(name)))
    expect((await place.run(false)).names).toEqual([])
    const at = MAY + 39 * DAY_MS
    const stands = mergeSlots(await place.store.slots({ point: POINTS[1], register: '1.8.0' }, 'PT1H', at, at + HOUR), {
      from: at,
      to: at + HOUR
    })
    expect(stands.flatMap(({ amount }) => amount)).toEqual([rev])
    const [row] = await rig.ask(
      place.bucket,
      `SELECT milli FROM energy WHERE point = 'flukso/one' AND register = '1.8.0' AND time = ${at}ms`
    )
    expect(row.milli).toBe(rev)
  }, 180_000)
})
