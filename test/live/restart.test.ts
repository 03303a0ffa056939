import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { connect } from '../../api/client/node.js'
import { Follower } from './follower.js'
import { cups, openSite, RawSocket, until } from './platform.js'

test('the server restarts, and its clients go on where they were', async () => {
  const site = await openSite()
  const { token } = site.platform
  await site.send([{ point: 1, from: 0, hours: 100, wh: () => 1 }])
  await site.platform.settle()
  const codes: number[] = []
  const waits: number[] = []
  const clients = Array.from({ length: 20 }, () =>
    connect({
      url: site.url,
      token,
      onDisconnect: (code, retryMs) => {
        codes.push(code)
        waits.push(retryMs)
      }
    })
  )
  const select = { points: [cups(1)], registers: ['1.8.0'], measure: 'intervals' as const }
  const followers = clients.map((client) => new Follower(client, { select }))
  await until(() => followers.every(({ lives }) => lives === 1))
  const raw = await RawSocket.greet(site.url, token)
  for (let round = 0; round < 2; round++) {
    const restarted = site.restart()
    if (round === 0) {
      expect((await raw.next('draining')).reconnectAfterMs).toBeGreaterThan(0)
      expect((await raw.closed).code).toBe(1001)
    }
    await restarted
    // Readings come before the clients do.
    await site.send([{ point: 1, from: 90 + round * 20, hours: 30, wh: () => 5 + round }])
    await site.platform.settle()
    await until(() => followers.every(({ lives }) => lives === 2 + round), 20_000)
  }
  expect(codes.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 1001))
  expect(new Set(waits.slice(0, 20)).size).toBeGreaterThan(10)
  for (const { table, doubled, resets } of followers) {
    expect(table.rows().map(({ v }) => v)).toEqual(Array.from({ length: 140 }, (_, hour) => (hour < 90 ? 1000 : hour < 110 ? 5000 : 6000)))
    expect([doubled, resets]).toEqual([[], [undefined]])
  }
  for (const client of clients) client.close()
  await site.close()
}, 60_000)

test('a second address of the same platform takes sockets too', async () => {
  const site = await openSite()
  const { app, token } = site.platform
  const second = createServer((request, response) => app.routing(request, response)).on('upgrade', (...upgrade) =>
    app.server.emit('upgrade', ...upgrade)
  )
  await new Promise<void>((listening) => second.listen(0, '127.0.0.1', listening))
  const raw = await RawSocket.greet(`ws://127.0.0.1:${(second.address() as { port: number }).port}/v1/live`, token)
  second.close()
  await site.close()
  expect((await raw.closed).code).toBe(1001)
})

test('a client that gives up, and one that does not', async () => {
  const site = await openSite()
  const gone = await new Promise<number>((resolve) => connect({ url: site.url, token: 'wrong', onGiveUp: resolve }))
  expect(gone).toBe(4401)
  let tries = 0
  const patient = connect({ url: 'ws://127.0.0.1:1/v1/live', token: 'x', onDisconnect: () => tries++ })
  const question = patient.explain({ k: 'a|b', s: 0 })
  await until(() => tries >= 2)
  patient.close()
  await expect(question).rejects.toThrow('closed')
  await site.close()
})
