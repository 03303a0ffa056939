import { copyFileSync, createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Cluster } from '../../infra/local/kafka.js'
import { type Cast, openPlatform } from '../../main.js'
import { findFiles } from '../../producers/folder.js'
import type { Settings } from '../../schemas/settings.js'
import { until } from '../whole/child.js'
import { type Json, settingsFor, temporary } from '../whole/platform.js'
import { type CassandraRig, cassandraRig } from './cassandra.js'
import { kafkaForTest } from './kafka.js'
import { type Room, startRoom } from './rooms.js'

/** Every room in a process of its own, some of which die: what the ledger says must be what one process says. */

const SAMPLES = resolve(import.meta.dirname, '../../docs/samples/files')
const TOKEN = 'a-token-that-only-the-tests-know-0123456789'
const CURSOR_SECRET = 'a-secret-that-only-the-tests-know'
const NO_ROOM: Cast = { producers: false, processors: [], sinks: [], api: 'command' }
const OCTOBER = '/v1/series?point=ES0291000000000001DN&register=1.8.0&from=2023-10-01&to=2023-11-01&grid=P1M'
/** A member that died is missed for this long, and a while more on a machine with much to do. */
const TAKEN_OVER_MS = 120_000

let kafka: Cluster
let cassandra: CassandraRig
let common: Partial<Settings>
const folders: string[] = []
const rooms: Room[] = []

const folder = (): string => {
  const made = temporary()
  folders.push(made)
  return made
}

const inFile = (text: string): { file: string } => {
  const file = join(folder(), 'secret')
  writeFileSync(file, `${text}\n`)
  return { file }
}

const run = async (args: string, more: Partial<Settings> = {}): Promise<Room> => {
  const room = await startRoom(args.split(' '), { ...common, ...more }, folder())
  rooms.push(room)
  return room
}

beforeAll(async () => {
  ;[kafka, cassandra] = await Promise.all([kafkaForTest(), cassandraRig()])
  const { contactPoints, keyspace } = cassandra.settings()
  common = {
    http: { token: inFile(TOKEN), cursorSecret: inFile(CURSOR_SECRET) } as Settings['http'],
    kafka: { brokers: [...kafka.brokers], partitions: 4, replicas: 1 },
    cassandra: { nodes: [...contactPoints], dataCenter: 'datacenter1', keyspace, replicas: 1 }
  }
})
afterAll(async () => {
  for (const room of rooms) room.process.kill('SIGKILL')
  await Promise.all([kafka.close(), cassandra.close()])
  for (const each of folders) rmSync(each, { recursive: true, force: true })
})

const ask = (room: Room, path: string, token: string | null = TOKEN): Promise<Response> =>
  fetch(new URL(path, room.url), { headers: token === null ? {} : { authorization: `Bearer ${token}` } })

const metric = async (room: Room, name: string, group: string): Promise<number | undefined> => {
  const line = (await (await ask(room, '/metrics')).text()).split('\n').find((each) => each.startsWith(`${name}{group="${group}"}`))
  return line === undefined ? undefined : Number(line.split(' ')[1])
}

const embedded = async (): Promise<Map<string, string>> => {
  const platform = await openPlatform(settingsFor(folder()))
  for (const { path, name } of await findFiles(SAMPLES)) await platform.importFile(createReadStream(path), name)
  await platform.settle()
  const hash = await platform.hash()
  await platform.close()
  return hash
}

/** What the ledger says when all processes have done what there is to do. */
const clustered = async (): Promise<Map<string, string>> => {
  const platform = await openPlatform(
    { ...settingsFor(folder()), ...common, http: { ...settingsFor('').http, ...common.http } },
    { cast: NO_ROOM }
  )
  await until(() => platform.settle(), TAKEN_OVER_MS)
  const hash = await platform.hash()
  await platform.close()
  return hash
}

/** Lays every third file down, from the one with this number on. */
const drop = async (inbox: string, third: number): Promise<number> => {
  const files = (await findFiles(SAMPLES)).filter((_, i) => i % 3 === third)
  for (const { path, name } of files) {
    mkdirSync(dirname(join(inbox, name)), { recursive: true })
    copyFileSync(path, join(inbox, name))
  }
  return files.length
}

const arrived = (producers: Room, files: number): Promise<void> =>
  until(async () => {
    expect(producers.lines.filter((line) => line.includes('"origin"')).length).toBeGreaterThanOrEqual(files)
  }, 60_000)

const epochAt = (room: Room): Promise<string> =>
  new Promise((found, failed) => {
    const socket = new WebSocket(`${room.url.replace('http', 'ws')}/v1/live`, { headers: { authorization: `Bearer ${TOKEN}` } })
    socket.once('error', failed).once('message', (frame) => {
      found(JSON.parse(String(frame)).epoch)
      socket.close()
    })
  })

test('rooms in processes that end, die and come back tell what one process tells', async () => {
  const inbox = folder()
  const startAll = () =>
    Promise.all([
      run('producers', { folders: [{ path: inbox }] }),
      run('processors --only energy --slot 0'),
      run('processors --only energy --slot 1'),
      run('processors --only loadcurve'),
      run('sinks'),
      run('api --slot 0')
    ])

  const first = await startAll()
  await drop(inbox, 0)
  // Told to end while there is work: each ends what it has begun, and the rest waits for whoever comes next.
  await arrived(first[0], 1)
  for (const { code, tookMs, stderr } of await Promise.all(first.map((room) => room.drain()))) {
    expect([code, stderr]).toEqual([0, ''])
    expect(tookMs).toBeLessThan(10_000)
  }

  const [producers, energy, other, loadcurve, sink, api] = await startAll()
  const second = await run('api --slot 1')
  for (const room of [producers, energy, other, loadcurve, sink, api]) {
    expect((await ask(room, '/healthz', null)).status).toBe(200)
    expect((await ask(room, '/readyz', null)).status).toBe(200)
    expect((await ask(room, '/metrics', null)).status).toBe(401)
  }
  expect((await ask(energy, OCTOBER)).status).toBe(404)
  expect(await epochAt(second)).toBe(await epochAt(api))
  await until(async () => {
    // Heard from, so each has tasks of its own.
    for (const room of [energy, other]) expect(await metric(room, 'wattledger_lag_seconds', 'energy')).toBeGreaterThanOrEqual(0)
  }, TAKEN_OVER_MS)

  const files = await drop(inbox, 1)
  await arrived(producers, Math.ceil(files / 3))
  await energy.kill()
  await drop(inbox, 2)
  await until(async () => expect(await (await ask(api, OCTOBER)).json()).toMatchObject({ summary: { milli: 196_893_000 } }), TAKEN_OVER_MS)
  expect(await clustered()).toEqual(await embedded())
  await until(async () => {
    for (const group of ['energy', 'loadcurve', 'store']) expect(await metric(sink, 'wattledger_lag_records', group)).toBe(0)
  })

  for (const { code } of await Promise.all([producers, other, loadcurve, sink, api, second].map((room) => room.drain())))
    expect(code).toBe(0)
  const said = rooms.flatMap((room) => [...room.lines, room.stderr()]).join('\n')
  expect(said).toContain('"room":"producers"')
  for (const secret of [TOKEN, CURSOR_SECRET]) expect(said).not.toContain(secret)
}, 420_000)

test('a process says that it is not ready, soon, while Kafka or Cassandra is away', async () => {
  const api = await run('api')
  const notReady = async (engine: string) => {
    const began = performance.now()
    const answer = await ask(api, '/readyz')
    expect(performance.now() - began).toBeLessThan(4_000)
    const { error } = (await answer.json()) as Json
    expect([answer.status, error?.message]).toEqual([503, expect.stringContaining(engine)])
    expect(await (await ask(api, '/readyz', null)).text()).not.toContain(engine)
    expect((await ask(api, '/healthz', null)).status).toBe(200)
  }
  await expect(run('api', { http: { token: inFile('short') } as Settings['http'] })).rejects.toThrow('http.token: expected 32')
  const ready = async () => expect((await ask(api, '/readyz')).status).toBe(200)
  await ready()
  const fold = await run('processors --only loadcurve')
  await kafka.kill(0)
  await notReady('Kafka')
  expect((await fold.drain()).tookMs).toBeLessThan(25_000)
  await expect(run('sinks')).rejects.toThrow(/Kafka does not answer at 127\.0\.0\.1:\d+/)
  await kafka.start(0)
  await until(ready, 60_000)
  await cassandra.kill()
  await until(() => notReady('Cassandra'), 30_000)
  await expect(run('sinks')).rejects.toThrow(/Cassandra node answers/)
  await cassandra.restart()
  await until(ready, 60_000)
  expect((await api.drain()).code).toBe(0)
}, 240_000)
