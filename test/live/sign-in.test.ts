import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROTOCOL, type ServerFrame } from '../../api/client/frames.js'
import { cups, openSite, RawSocket, type Site } from './platform.js'

/** A browser that signed in follows the ledger by its cookie, for as long as it is signed in. */
let site: Site
let admin: { authorization: string }
beforeAll(async () => {
  site = await openSite()
  admin = { authorization: `Bearer ${site.platform.token}` }
  for (const point of [1, 2]) await site.send([{ point, from: 0, hours: 24, wh: () => 100 }])
  await site.platform.settle()
})
afterAll(() => site.close())

const ask = (method: string, path: string, headers: Record<string, string>, body?: object): Promise<Response> =>
  fetch(`${site.http}${path}`, {
    method,
    headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
    body: body && JSON.stringify(body)
  })

/** What a browser sends by itself once it has opened a link for this person. */
const browser = async (name: string): Promise<{ cookie: string; origin: string }> => {
  const { link } = (await (await ask('POST', '/v1/sign-in-links', admin, { name })).json()) as { link: string }
  const { hash, origin } = new URL(link)
  const answer = await ask('POST', '/v1/session', { origin }, { code: hash.slice('#code='.length) })
  expect(answer.status).toBe(200)
  return { cookie: answer.headers.get('set-cookie')!.split(';')[0], origin }
}

const person = async (name: string, point: string): Promise<void> => {
  const answer = await ask('POST', '/v1/access', admin, { name, role: 'reader', grants: [{ point }] })
  expect(answer.status).toBe(201)
}

const follow = async (headers: Record<string, string>): Promise<RawSocket> => {
  const raw = await RawSocket.open(site.url, headers)
  raw.send({ t: 'hello', protocol: PROTOCOL, client: 'a browser' })
  return raw
}

const select = { points: '*', measure: 'slots' }
const points = (frames: readonly ServerFrame[]): string[] => [
  ...new Set(frames.flatMap((frame) => (frame.t === 'snapshot' || frame.t === 'data' ? frame.rows.map(({ k }) => k.split('|')[0]) : [])))
]

test('the cookie opens the socket; snapshot, tail and explanations are its person’s', async () => {
  await person('ana', cups(1))
  const raw = await follow(await browser('ana'))
  const { expiresAt } = await raw.next('welcome')
  expect(Math.round((expiresAt! - Date.now()) / 86_400_000)).toBe(30)
  await raw.ask({ t: 'sub', id: 1, select }, 'live')
  await site.send([1, 2].map((point) => ({ point, from: 24, hours: 1, wh: () => 7 })))
  const { rows } = await raw.next('data', 1)
  expect(rows.length).toBeGreaterThan(0)
  expect(points(raw.frames)).toEqual([cups(1)])
  await site.platform.settle()
  const explain = (id: number, point: number) => ({ t: 'explain', id, k: `${cups(point)}|1.8.0`, s: '2024-01-08T10:00:00Z', grid: 'PT1H' })
  expect((await raw.ask(explain(2, 1), 'explanation')).explanation.count).toBe(1)
  expect((await raw.ask(explain(3, 2), 'error')).code).toBe('not_found')
  raw.socket.close()
})

test('another site’s page does not get in with it', async () => {
  const { cookie } = await browser('owner')
  await expect(RawSocket.open(site.url, { cookie, origin: 'https://elsewhere.example' })).rejects.toThrow('403')
})

test('signing out closes the sockets of that browser, and no other', async () => {
  const [one, other] = [await browser('owner'), await browser('owner')]
  const sockets = await Promise.all([one, one, other].map(follow))
  for (const raw of sockets) await raw.next('welcome')
  expect((await ask('DELETE', '/v1/session', one)).status).toBe(200)
  expect([(await sockets[0].closed).code, (await sockets[1].closed).code]).toEqual([4401, 4401])
  expect(await sockets[2].ask({ t: 'ping', id: 1 }, 'pong')).toBeTruthy()
  expect(sockets[0].frames.at(-1)).toMatchObject({ t: 'error', code: 'unauthorized', retryable: false })
  // What is no longer good shows nobody: hello needs a token then.
  const late = await follow(one)
  expect((await late.closed).code).toBe(4401)
  sockets[2].socket.close()
})

test('removing a person closes the sockets of all their browsers', async () => {
  await person('ben', cups(1))
  const sockets = await Promise.all([await browser('ben'), await browser('ben')].map(follow))
  for (const raw of sockets) await raw.next('welcome')
  expect((await ask('DELETE', '/v1/access/ben', admin)).status).toBe(200)
  for (const raw of sockets) expect((await raw.closed).code).toBe(4401)
})

test('a browser stays signed in over a restart; a signed-out one stays out, and a link is gone', async () => {
  const [stays, leaves] = [await browser('owner'), await browser('owner')]
  await ask('DELETE', '/v1/session', leaves)
  const { link } = (await (await ask('POST', '/v1/sign-in-links', admin, {})).json()) as { link: string }
  await site.restart()
  expect((await ask('GET', '/v1/session', stays)).status).toBe(200)
  expect((await ask('GET', '/v1/session', leaves)).status).toBe(401)
  expect((await ask('POST', '/v1/session', {}, { code: link.split('#code=')[1] })).status).toBe(401)
})
