import { afterAll, beforeAll, expect, test } from 'vitest'
import { cups, HOUR, openSite, RawSocket, type Site, START, until } from './platform.js'

let site: Site
beforeAll(async () => {
  site = await openSite()
  for (const point of [1, 2]) await site.send([{ point, from: 0, hours: 48, wh: () => 10 }])
  await site.platform.settle()
})
afterAll(() => site.close())

const at = (hour: number): string => new Date(START + hour * HOUR).toISOString()
const hours = (rows: readonly { s: number }[]): number[] => [...new Set(rows.map(({ s }) => (s - START) / HOUR))].sort((a, b) => a - b)
const mine = { points: [cups(1)], measure: 'slots' }
const other = { points: [cups(2)], measure: 'slots' }

test('nobody follows, asks for or has explained what is not open to them', async () => {
  const ana = await RawSocket.greet(site.url, await site.reader([{ point: cups(1) }]))
  const nobody = await RawSocket.greet(site.url, await site.reader([]))
  for (const [i, measure] of ['slots', 'intervals', 'readings'].entries()) {
    const forbidden = await ana.ask({ t: 'sub', id: i, select: { ...other, measure } }, 'error')
    const unknown = await ana.ask({ t: 'sub', id: i, select: { measure, points: ['flukso/none'] } }, 'error')
    expect([forbidden.code, unknown.code]).toEqual(['not_found', 'not_found'])
    expect(forbidden.message.replace(cups(2), 'X')).toBe(unknown.message.replace('flukso/none', 'X'))
    expect((await nobody.ask({ t: 'sub', id: i, select: { ...mine, measure } }, 'error')).code).toBe('not_found')
  }
  expect((await ana.ask({ t: 'sub', id: 9, select: { ...mine, points: [cups(1), cups(2)] } }, 'error')).code).toBe('not_found')
  const range = [at(0), at(48)]
  expect((await ana.ask({ t: 'query', id: 10, select: other, range }, 'error')).code).toBe('not_found')
  expect((await ana.ask({ t: 'explain', id: 11, k: `${cups(2)}|1.8.0`, s: at(3), grid: 'PT1H' }, 'error')).code).toBe('not_found')
  expect((await ana.ask({ t: 'explain', id: 12, k: `${cups(1)}|1.8.0`, s: at(3), grid: 'PT1H' }, 'explanation')).explanation.count).toBe(1)
  // Everything that is open is one point, or none.
  await ana.ask({ t: 'sub', id: 13, select: { points: '*', measure: 'slots' } }, 'live')
  await nobody.ask({ t: 'sub', id: 13, select: { points: '*', measure: 'slots' } }, 'live')
  expect(new Set(ana.rows('snapshot', 13).map(({ k }) => k.split('|')[0]))).toEqual(new Set([cups(1)]))
  expect(nobody.rows('snapshot', 13)).toEqual([])
  const page = await ana.ask({ t: 'query', id: 14, select: { points: '*', measure: 'intervals' }, range }, 'page')
  expect(new Set(page.rows.map(({ k }) => k.split('|')[0]))).toEqual(new Set([cups(1)]))
  await site.send([1, 2].map((point) => ({ point, from: 48, hours: 1, wh: () => 3 })))
  await ana.next('data', 13)
  await site.platform.settle()
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect([...ana.rows('data', 13), ...nobody.rows('data', 13)].filter(({ k }) => !k.startsWith(cups(1)))).toEqual([])
  for (const raw of [ana, nobody]) raw.socket.close()
})

test('a grant is clipped in time: snapshot, tail, query', async () => {
  const token = await site.reader([
    { point: cups(1), from: at(9.5), to: at(13) },
    { point: cups(1), from: at(60), to: at(62) }
  ])
  const raw = await RawSocket.greet(site.url, token)
  for (const [id, measure] of (['slots', 'intervals', 'readings'] as const).entries()) {
    await raw.ask({ t: 'sub', id, select: { ...mine, measure } }, 'live')
    expect(hours(raw.rows('snapshot', id)), measure).toEqual([10, 11, 12])
  }
  await raw.ask({ t: 'sub', id: 5, select: mine, from: 'latest' }, 'live')
  expect(hours(raw.rows('snapshot', 5))).toEqual([12])
  const range = [at(0), at(100)]
  expect(hours((await raw.ask({ t: 'query', id: 6, select: mine, range }, 'page')).rows)).toEqual([10, 11, 12])
  expect(hours((await raw.ask({ t: 'query', id: 7, select: mine, range, grid: 'PT30M' }, 'page')).rows)[0]).toBe(9.5)
  expect((await raw.ask({ t: 'explain', id: 8, k: `${cups(1)}|1.8.0`, s: at(9), grid: 'PT1H' }, 'error')).code).toBe('not_found')
  await site.send([{ point: 1, from: 5, hours: 60, wh: () => 4 }])
  await site.platform.settle()
  for (const id of [0, 1, 2]) {
    await until(() => hours(raw.rows('data', id)).length >= 5)
    expect(hours(raw.rows('data', id))).toEqual([10, 11, 12, 60, 61])
  }
  raw.socket.close()
})

test('a cursor and a page are of no use to anybody else', async () => {
  const [ana, ben] = await Promise.all([0, 1].map(async () => RawSocket.greet(site.url, await site.reader([{ point: '*' }]))))
  const { cursor } = await ana.ask({ t: 'sub', id: 1, select: mine }, 'live')
  expect(await ben.ask({ t: 'sub', id: 1, select: mine, from: { cursor } }, 'error')).toMatchObject({ code: 'forbidden', retryable: false })
  expect(ben.rows('snapshot', 1)).toEqual([])
  const question = { t: 'query', select: mine, range: [at(0), at(48)], limit: 5 }
  const { next } = await ana.ask({ ...question, id: 2 }, 'page')
  expect(await ben.ask({ ...question, id: 2, page: next }, 'error')).toMatchObject({ code: 'forbidden' })
  expect(await ana.ask({ ...question, id: 3, page: next, range: [at(0), at(47)] }, 'error')).toMatchObject({ code: 'bad_request' })
  // A cursor is no page, and a page no cursor.
  expect(await ana.ask({ ...question, id: 4, page: cursor }, 'error')).toMatchObject({ code: 'cursor_expired' })
  expect(await ana.ask({ t: 'sub', id: 5, select: mine, from: { cursor: next } }, 'subscribed')).toMatchObject({ reason: 'unknown-cursor' })
  for (const raw of [ana, ben]) raw.socket.close()
})

test('a token that is taken back closes its sockets; auth.refresh keeps the person', async () => {
  const token = await site.reader([{ point: cups(1) }])
  const raw = await RawSocket.greet(site.url, token)
  await raw.ask({ t: 'sub', id: 1, select: mine }, 'live')
  expect(await raw.ask({ t: 'auth.refresh', id: 2, token }, 'auth')).toEqual({ t: 'auth', id: 2 })
  const foreign = await site.reader([{ point: '*' }])
  expect(await raw.ask({ t: 'auth.refresh', id: 3, token: foreign }, 'error')).toMatchObject({ code: 'forbidden' })
  const headers = { authorization: `Bearer ${site.platform.token}` }
  const { access } = (await site.platform.app.inject({ url: '/v1/access', headers })).json()
  const { name } = access.filter(({ name }: { name: string }) => name.startsWith('reader')).at(-2)
  expect((await site.platform.app.inject({ method: 'DELETE', url: `/v1/access/${name}`, headers })).statusCode).toBe(200)
  expect((await raw.closed).code).toBe(4401)
})
