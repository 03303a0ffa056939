import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROTOCOL } from '../../api/client/frames.js'
import { cups, openSite, RawSocket, type Site } from './platform.js'

let site: Site
let token: string
beforeAll(async () => {
  site = await openSite()
  token = site.platform.token
  await site.send([{ point: 1, from: 0, hours: 24, wh: () => 100 }])
  await site.platform.settle()
})
afterAll(() => site.close())

const hello = { t: 'hello', protocol: PROTOCOL }
const select = { points: [cups(1)], measure: 'slots' }

test('who may open a socket', async () => {
  const device = await site.reader([], 'device')
  await expect(RawSocket.open(site.url, { authorization: 'Bearer wrong' })).rejects.toThrow('401')
  await expect(RawSocket.open(site.url, { authorization: `Bearer ${device}` })).rejects.toThrow('403')
  await expect(RawSocket.open(site.url, { origin: 'https://elsewhere.example' })).rejects.toThrow('403')
  await expect(RawSocket.open(site.url, { origin: 'https://elsewhere.example', cookie: `wattledger=${token}` })).rejects.toThrow('403')
  const shown: Record<string, string>[] = [{ authorization: `Bearer ${token}` }, { cookie: `a=b; wattledger=${token}`, origin: site.http }]
  for (const headers of shown) {
    const raw = await RawSocket.open(site.url, headers)
    raw.send(hello)
    await raw.next('welcome')
    expect(await raw.ask({ t: 'explain', id: 1, k: `${cups(1)}|1.8.0`, s: '2024-01-08T10:00:00Z' }, 'explanation')).toBeTruthy()
    raw.socket.close()
  }
  for (const [said, code] of [
    [hello, 4401],
    [{ ...hello, auth: { token: 'wrong' } }, 4401],
    [{ ...hello, auth: { token: device } }, 4403],
    [{ t: 'hello', protocol: 'metering.v9', auth: { token } }, 4400]
  ] as const) {
    const raw = await RawSocket.open(site.url)
    raw.send(said)
    expect((await raw.closed).code, JSON.stringify(said)).toBe(code)
    expect(raw.frames.at(-1)).toMatchObject({ t: 'error', retryable: false })
  }
  // A bad cookie leaves hello; nobody else may speak.
  const raw = await RawSocket.open(site.url, { cookie: 'wattledger=old' })
  expect(await raw.ask({ t: 'sub', id: 1, select }, 'error')).toMatchObject({ code: 'unauthorized', ends: true })
  raw.send({ ...hello, auth: { token } })
  await raw.next('welcome')
  raw.socket.close()
  const plain = await fetch(`${site.http}/v1/live`)
  expect([plain.status, ((await plain.json()) as { error: { code: string } }).error.code]).toEqual([400, 'bad_request'])
})

test('hello and what follows may be sent together', async () => {
  const raw = await RawSocket.open(site.url)
  raw.send({ ...hello, auth: { token } })
  raw.send({ t: 'sub', id: 1, select })
  await raw.next('live', 1)
  raw.socket.close()
})

test('nobody says hello: closed after 10 s', async () => {
  const raw = await RawSocket.open(site.url)
  expect((await raw.closed).code).toBe(4408)
}, 20_000)

test('every mistake is answered, and the socket goes on', async () => {
  const raw = await RawSocket.greet(site.url, token)
  const mistakes: [said: object, code: string][] = [
    [{ t: 'sub', select: {} }, 'bad_request'],
    [{ t: 'sub', select: { measure: 'slots' } }, 'bad_request'],
    [{ t: 'sub', select: { ...select, group: 'x' } }, 'bad_request'],
    [{ t: 'sub', select: { ...select, measure: 'power' }, grid: 'P1M' }, 'bad_request'],
    [{ t: 'sub', select: { installations: ['none'], measure: 'power' } }, 'not_found'],
    [{ t: 'query', select: { ...select, measure: 'alerts' }, range: [0, 5] }, 'unsupported'],
    [{ t: 'sub', select: { ...select, measure: 'weather' } }, 'unknown_channel'],
    [{ t: 'sub', select: { group: 'none', measure: 'slots' } }, 'not_found'],
    [{ t: 'sub', select, grid: 'PT7M' }, 'bad_request'],
    [{ t: 'sub', select, grid: 'PT30M' }, 'unsupported'],
    [{ t: 'sub', select, zone: 'UTC' }, 'unsupported'],
    [{ t: 'sub', select, zone: 'Mars/Crater' }, 'bad_request'],
    [{ t: 'sub', select: { ...select, measure: 'intervals' }, grid: 'PT1H' }, 'bad_request'],
    [{ t: 'sub', select, credit: 0 }, 'bad_request'],
    [{ t: 'sub', select, more: 1 }, 'bad_request'],
    [{ t: 'unsub' }, 'not_found'],
    [{ t: 'credit', n: 5 }, 'not_found'],
    [{ t: 'credit', n: -5 }, 'bad_request'],
    [{ t: 'query', select, range: [5, 5] }, 'bad_request'],
    [{ t: 'query', select, range: [0, 5], page: 'x' }, 'cursor_expired'],
    [{ t: 'ack', alertKey: 'x' }, 'not_found'],
    [{ t: 'auth.refresh', token: 'wrong' }, 'unauthorized'],
    [{ t: 'dance' }, 'bad_request'],
    [{ ...hello }, 'bad_request']
  ]
  for (const [i, [said, code]] of mistakes.entries()) {
    const error = await raw.ask({ id: i, ...said }, 'error')
    expect([error.code, error.message.length > 10], JSON.stringify([said, error])).toEqual([code, true])
  }
  raw.send({ t: 'dance' })
  expect(await raw.next('error')).toMatchObject({ code: 'bad_request' })
  expect(await raw.ask({ t: 'ping', id: 100 }, 'pong')).toBeTruthy()
  raw.socket.close()
})

test('an id in use is an error and no close; the subscription goes on', async () => {
  const raw = await RawSocket.greet(site.url, token)
  await raw.ask({ t: 'sub', id: 1, select }, 'live')
  expect(await raw.ask({ t: 'sub', id: 1, select }, 'error')).toMatchObject({ code: 'bad_request', ends: false })
  expect(await raw.ask({ t: 'query', id: 1, select, range: [0, 1] }, 'error')).toMatchObject({ code: 'bad_request', ends: false })
  expect(await raw.ask({ t: 'unsub', id: 1 }, 'ended')).toBeTruthy()
  await raw.ask({ t: 'sub', id: 1, select }, 'live')
  raw.socket.close()
})

test('too many subscriptions, too many requests', async () => {
  const raw = await RawSocket.greet(site.url, token)
  for (let id = 0; id < 64; id++) raw.send({ t: 'sub', id, select, from: 'latest' })
  expect(await raw.ask({ t: 'sub', id: 64, select }, 'error')).toMatchObject({ code: 'too_many_subs', ends: true })
  for (let id = 100; id < 200; id++) raw.send({ t: 'ping', id })
  const limited = await raw.next('error')
  expect(limited).toMatchObject({ code: 'rate_limited', retryable: true })
  await new Promise((resolve) => setTimeout(resolve, limited.retryAfterMs! + 500))
  expect(await raw.ask({ t: 'ping', id: 300 }, 'pong')).toBeTruthy()
  raw.socket.close()
})

test('malformed and oversized frames close the socket', async () => {
  for (const [said, codes] of [
    ['{', [4400]],
    ['[]', [4400]],
    ['7', [4400]],
    [Buffer.from([1, 2, 3]), [4400]],
    [JSON.stringify({ t: 'ping', id: 1, more: 'x'.repeat(300_000) }), [4413]],
    // Far above the limit nothing is read any more: the websocket layer's own code.
    ['x'.repeat(2_000_000), [1009]]
  ] as const) {
    const raw = await RawSocket.greet(site.url, token)
    raw.socket.send(said)
    expect(codes, String(said).slice(0, 20)).toContain((await raw.closed).code)
  }
})
