import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROTOCOL } from '../../api/client/frames.js'
import { Table } from '../../api/client/node.js'
import { cups, HOUR, openSite, RawSocket, type Site, START } from './platform.js'

let site: Site
let token: string
const K = `${cups(1)}|1.8.0`
beforeAll(async () => {
  site = await openSite()
  token = site.platform.token
  await site.send([{ point: 1, from: 0, hours: 48, wh: (hour) => 100 + hour }])
  await site.send([{ point: 2, from: 0, hours: 24, wh: () => 50 }])
  await site.platform.settle()
})
afterAll(() => site.close())

const points = (...numbers: number[]) => numbers.map(cups)
const hello = (said: object = {}) => ({ t: 'hello', protocol: PROTOCOL, ...said })

test('hello, snapshot, live, data, unsub', async () => {
  const raw = await RawSocket.open(site.url)
  raw.send(hello({ id: 9, auth: { token }, client: 'test' }))
  expect(await raw.next('welcome')).toMatchObject({ id: 9, limits: { subscriptions: 64, frameIn: 262144 }, epoch: expect.any(String) })
  const select = { points: points(1), registers: ['1.8.0'], measure: 'slots' }
  expect(await raw.ask({ t: 'sub', id: 1, select, grid: 'PT1H' }, 'subscribed')).toEqual({ t: 'subscribed', id: 1, resumed: false })
  const live = await raw.next('live', 1)
  expect(live.cursor).toMatch(/^[\w-]+\.[\w-]+$/)
  const rows = raw.rows('snapshot', 1)
  expect(rows.length).toBe(48)
  expect(rows[1]).toEqual({
    k: K,
    s: START + HOUR,
    e: START + 2 * HOUR,
    v: 101_000,
    sc: 3,
    u: 'Wh',
    q: 'VALIDATED',
    rev: expect.any(Number),
    op: 'put',
    c: HOUR,
    est: 0
  })
  await site.send([{ point: 1, from: 47, hours: 2, wh: () => 7 }])
  const data = await raw.next('data', 1)
  await site.platform.settle()
  const later = [...data.rows, ...raw.rows('data', 1)]
  const table = new Table()
  table.apply(rows)
  table.apply(later)
  expect(
    table
      .rows(K)
      .slice(-2)
      .map(({ s, v }) => [(s - START) / HOUR, v])
  ).toEqual([
    [47, 7000],
    [48, 7000]
  ])
  expect(later.every(({ rev }) => rev > rows[47].rev)).toBe(true)
  expect(await raw.ask({ t: 'unsub', id: 1 }, 'ended')).toEqual({ t: 'ended', id: 1 })
  expect((await raw.ask({ t: 'ping', id: 2 }, 'pong')).serverTime).toBeGreaterThan(0)
  raw.socket.close()
})

test('from: latest and at; intervals and readings; progress', async () => {
  const raw = await RawSocket.greet(site.url, token)
  const select = { points: points(2), registers: ['1.8.0'], measure: 'intervals' }
  await raw.ask({ t: 'sub', id: 1, select, from: 'latest' }, 'live')
  expect(raw.rows('snapshot', 1).map(({ s }) => (s - START) / HOUR)).toEqual([23])
  await raw.ask({ t: 'sub', id: 2, select, from: { at: new Date(START + 20 * HOUR).toISOString() } }, 'live')
  expect(raw.rows('snapshot', 2).map(({ s }) => (s - START) / HOUR)).toEqual([20, 21, 22, 23])
  await raw.ask({ t: 'sub', id: 3, select: { ...select, measure: 'readings' } }, 'live')
  expect(raw.rows('snapshot', 3)[0]).toMatchObject({ s: START, e: START + HOUR, v: 50, sc: 0, u: 'Wh', cv: 'F5D', op: 'put' })
  expect(raw.rows('snapshot', 3).length).toBe(24)
  await raw.ask({ t: 'sub', id: 4, select: { points: '*', measure: 'slots' }, grid: 'P1D' }, 'live')
  expect(new Set(raw.rows('snapshot', 4).map(({ k }) => k.split('|')[0]))).toEqual(new Set(points(1, 2)))
  const progress = await raw.next('progress', 3)
  expect(progress).toMatchObject({ completeness: { expected: 1, received: 1, estimated: 0 }, lagMs: 0, cursor: expect.any(String) })
  expect(progress.watermark).toBeGreaterThan(START)
  raw.socket.close()
})

test('credit holds rows back, and nothing is lost by it', async () => {
  const raw = await RawSocket.greet(site.url, token)
  const select = { points: points(1), registers: ['1.8.0'], measure: 'slots' }
  raw.send({ t: 'sub', id: 1, select, credit: 10 })
  await raw.next('subscribed', 1)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(raw.rows('snapshot', 1).length).toBe(10)
  raw.send({ t: 'credit', id: 1, n: 15 })
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(raw.rows('snapshot', 1).length).toBe(25)
  raw.send({ t: 'credit', id: 1, n: 1000 })
  await raw.next('live', 1)
  expect(raw.rows('snapshot', 1).length).toBeGreaterThanOrEqual(48)
  raw.socket.close()
})

test('policy latest: the newest of each series once there is credit again', async () => {
  const raw = await RawSocket.greet(site.url, token)
  const select = { points: points(5), registers: ['1.8.0'], measure: 'intervals' }
  await raw.ask({ t: 'sub', id: 1, select, policy: 'latest', credit: 1, from: 'latest' }, 'live')
  for (let hour = 0; hour < 5; hour++) await site.send([{ point: 5, from: hour, hours: 1, wh: () => hour + 1 }])
  await site.platform.settle()
  await raw.next('progress', 1)
  expect(raw.rows('data', 1).map(({ v }) => v)).toEqual([1000])
  raw.send({ t: 'credit', id: 1, n: 100 })
  await raw.next('data', 1)
  expect((await raw.next('data', 1)).rows.map(({ v }) => v)).toEqual([5000])
  raw.socket.close()
})

test('query: pages of one version, whatever happens between them', async () => {
  await site.send([{ point: 6, from: 0, hours: 100, wh: () => 10 }])
  await site.platform.settle()
  const raw = await RawSocket.greet(site.url, token)
  const question = {
    t: 'query',
    select: { points: points(6), registers: ['1.8.0'], measure: 'slots' },
    range: [START, START + 200 * HOUR],
    grid: 'PT1H',
    limit: 30
  }
  const first = await raw.ask({ ...question, id: 1 }, 'page')
  expect([first.rows.length, typeof first.next]).toEqual([30, 'string'])
  await site.send([{ point: 6, from: 20, hours: 120, wh: () => 99 }])
  await site.platform.settle()
  const all = [...first.rows]
  for (let page = first.next, id = 2; page; id++) {
    const answer = await raw.ask({ ...question, id, page }, 'page')
    all.push(...answer.rows)
    page = answer.next
  }
  expect(all.map(({ v }) => v)).toEqual(Array.from({ length: 100 }, () => 10_000))
  expect(new Set(all.map(({ s }) => s)).size).toBe(100)
  const now = await raw.ask({ ...question, id: 20, limit: 5000 }, 'page')
  expect(now.rows.map(({ v }) => v)).toEqual([...Array.from({ length: 20 }, () => 10_000), ...Array.from({ length: 120 }, () => 99_000)])
  // A grid that is not stored is computed, as it stood too.
  const computed = await raw.ask(
    { ...question, id: 21, grid: 'PT3H', limit: 5000, zone: 'UTC', range: [START + HOUR, START + 19 * HOUR] },
    'page'
  )
  expect(computed.rows.map(({ v, rev }) => [v, rev])).toEqual(Array.from({ length: 6 }, () => [30_000, 0]))
  const half = { ...question, grid: 'PT30M', limit: 15 }
  const one = await raw.ask({ ...half, id: 22 }, 'page')
  const two = await raw.ask({ ...half, id: 23, page: one.next }, 'page')
  expect([one.rows.length, two.rows.length, two.rows[0].s - START]).toEqual([15, 15, 7.5 * HOUR])
  raw.socket.close()
})

test('explain says what HTTP says', async () => {
  const raw = await RawSocket.greet(site.url, token)
  const { explanation } = await raw.ask({ t: 'explain', id: 1, k: K, s: START + 3 * HOUR, grid: 'PT1H' }, 'explanation')
  const url = `${site.http}/v1/explain?point=${cups(1)}&register=1.8.0&grid=PT1H&at=${new Date(START + 3 * HOUR).toISOString()}`
  const http = await (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).json()
  expect(explanation).toEqual(http)
  expect(JSON.stringify(explanation)).toContain('F5D_0031')
  expect(await raw.ask({ t: 'explain', id: 2, k: K, s: 0 }, 'error')).toMatchObject({ code: 'not_found', ends: true })
  expect(await raw.ask({ t: 'explain', id: 3, k: 'nothing', s: 0 }, 'error')).toMatchObject({ code: 'bad_request' })
  raw.socket.close()
})

test('resume: every missed row, or a fresh snapshot with the reason', async () => {
  const select = { points: points(7), registers: ['1.8.0'], measure: 'intervals' }
  await site.send([{ point: 7, from: 0, hours: 5, wh: () => 1 }])
  await site.platform.settle()
  const first = await RawSocket.greet(site.url, token)
  const { cursor } = await first.ask({ t: 'sub', id: 1, select }, 'live')
  first.socket.terminate()
  await site.send([{ point: 7, from: 3, hours: 5, wh: () => 2 }])
  await site.platform.settle()
  const raw = await RawSocket.greet(site.url, token)
  expect(await raw.ask({ t: 'sub', id: 1, select, from: { cursor } }, 'subscribed')).toEqual({ t: 'subscribed', id: 1, resumed: true })
  await raw.next('live', 1)
  expect(raw.rows('snapshot', 1)).toEqual([])
  const missed = raw.rows('data', 1).sort((a, b) => a.s - b.s)
  expect(missed.map(({ s, v, op }) => [(s - START) / HOUR, v, op])).toEqual([3, 4, 5, 6, 7].map((hour) => [hour, 2000, 'put']))
  for (const [i, [said, reason]] of (
    [
      [{ from: { cursor: 'bm9uc2Vuc2U.AAAA' } }, 'unknown-cursor'],
      [{ from: { cursor: `${cursor}x` } }, 'unknown-cursor'],
      [{ from: { cursor }, select: { ...select, registers: undefined } }, 'other-selection']
    ] as const
  ).entries()) {
    const id = 10 + i
    expect(await raw.ask({ t: 'sub', id, select, ...said }, 'subscribed')).toEqual({ t: 'subscribed', id, resumed: false, reason })
    await raw.next('live', id)
    expect(raw.rows('snapshot', id).length).toBeGreaterThanOrEqual(8)
  }
  expect((await raw.ask({ t: 'sub', id: 20, select, from: { cursor: 'x', otherwise: 'latest' } }, 'live')).cursor).toBeTruthy()
  expect(raw.rows('snapshot', 20).length).toBe(1)
  raw.socket.close()
})
