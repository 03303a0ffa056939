import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Row } from '../../api/client/frames.js'
import { cups, openSite, RawSocket, type Site, until } from './platform.js'

const POINTS = 40
const HOURS = 1900

let site: Site
const sockets = new Set<Socket>()
beforeAll(async () => {
  site = await openSite()
  site.platform.app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await site.send(Array.from({ length: POINTS }, (_, point) => ({ point, from: 0, hours: HOURS, wh: (hour: number) => hour % 1000 })))
  await site.platform.settle()
}, 120_000)
afterAll(() => site.close())

const idOf = ({ k, s, rev, op }: Row): string => `${k} ${s} ${rev} ${op}`

test('a reader that stops reading: told, then closed with its cursor, and never a burden', async () => {
  const { token } = site.platform
  const select = { points: Array.from({ length: POINTS }, (_, n) => cups(n)), registers: ['1.8.0'], measure: 'intervals' }
  const first = await RawSocket.greet(site.url, token)
  const { cursor } = await first.ask({ t: 'sub', id: 1, select, from: 'latest', credit: 100_000 }, 'live')
  first.socket.close()
  // Everything again with other figures: it all has to come by the topic.
  await site.send(Array.from({ length: POINTS }, (_, point) => ({ point, from: 0, hours: HOURS, wh: (hour: number) => 1 + (hour % 1000) })))
  await site.platform.settle()

  const before = new Set(sockets)
  const raw = await RawSocket.greet(site.url, token)
  const [server] = [...sockets].filter((socket) => !before.has(socket))
  raw.send({ t: 'sub', id: 1, select, from: { cursor }, credit: 10_000_000 })
  const start = await raw.next('data', 1)
  raw.socket.pause()
  const heap = process.memoryUsage().rss
  let most = 0
  const measuring = setInterval(() => {
    most = Math.max(most, server.writableLength)
  }, 20)
  // Its socket fills, it is told, and 10 s later it is closed.
  await new Promise((resolve) => setTimeout(resolve, 13_000))
  clearInterval(measuring)
  const grown = process.memoryUsage().rss - heap
  expect(most).toBeGreaterThan(256 * 1024)
  expect(most).toBeLessThan(1024 * 1024)
  raw.socket.resume()
  const { code } = await raw.closed
  expect(code).toBe(4429)
  const { frames } = raw
  const lagging = frames.findIndex(({ t }) => t === 'lagging')
  const ended = frames.findIndex(({ t }) => t === 'error')
  expect(lagging).toBeGreaterThan(0)
  expect(ended).toBeGreaterThan(lagging)
  const error = frames[ended] as { code: string; retryable: boolean; cursor: string; ends: boolean }
  expect(error).toMatchObject({ code: 'overloaded', retryable: true, ends: true, cursor: expect.any(String) })

  const seen = [...start.rows, ...raw.rows('data', 1)]
  expect(seen.length).toBeLessThan(POINTS * HOURS)
  const again = await RawSocket.greet(site.url, token)
  await again.ask({ t: 'sub', id: 1, select, from: { cursor: error.cursor }, credit: 10_000_000 }, 'subscribed')
  await again.next('live', 1, 20_000)
  const rest = again.rows('data', 1)
  const once = new Set([...seen, ...rest].map(idOf))
  console.log(
    `waiting in the socket: ${most} bytes at most; resident ${Math.round(grown / 1e6)} MB more; ${seen.length} rows before, ${rest.length} after`
  )
  expect([once.size, seen.length + rest.length]).toEqual([POINTS * HOURS, POINTS * HOURS])
  again.socket.close()
}, 60_000)

test('a reader that pauses again and again gets everything', async () => {
  const raw = await RawSocket.greet(site.url, site.platform.token)
  const select = { points: '*', registers: ['1.8.0'], measure: 'intervals' }
  raw.send({ t: 'sub', id: 1, select, credit: 10_000_000 })
  let live = false
  for (let i = 0; i < 500 && !live; i++) {
    raw.socket.pause()
    await new Promise((resolve) => setTimeout(resolve, 15))
    raw.socket.resume()
    await new Promise((resolve) => setTimeout(resolve, 2))
    live = raw.frames.some(({ t }) => t === 'live')
  }
  await raw.next('live', 1, 20_000)
  expect(raw.rows('snapshot', 1).length).toBe(POINTS * HOURS)
  raw.socket.close()
}, 60_000)

test('1 000 sockets', async () => {
  const begun = Date.now()
  const { token } = site.platform
  const raws: RawSocket[] = []
  for (let i = 0; i < 1000; i += 50) {
    raws.push(...(await Promise.all(Array.from({ length: 50 }, () => RawSocket.greet(site.url, token)))))
  }
  for (const [i, raw] of raws.entries()) {
    raw.send({ t: 'sub', id: 1, select: { points: [cups(i % 10)], registers: ['1.8.0'], measure: 'intervals' }, from: 'latest' })
  }
  await Promise.all(raws.map((raw) => raw.next('live', 1, 20_000)))
  const opened = Date.now() - begun
  const received = Date.now()
  await site.send(Array.from({ length: 10 }, (_, point) => ({ point, from: HOURS, hours: 1, wh: () => 7 })))
  await Promise.all(raws.map((raw) => raw.next('data', 1, 20_000)))
  console.log(`1 000 sockets open and live in ${opened} ms; a reading at all of them ${Date.now() - received} ms after its file`)
  await Promise.all(
    raws.map(async ({ socket }) => {
      socket.close()
      await once(socket, 'close')
    })
  )
  await until(() => sockets.size < 20)
}, 40_000)
