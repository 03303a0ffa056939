import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Webhook } from '../../../schemas/settings-outlets.js'
import type { Outlet } from '../../../sinks/outbox/run.js'
import { signed } from '../../../sinks/webhook/sign.js'
import { runWebhookSink } from '../../../sinks/webhook/sink.js'
import { MINUTE, NOON, openRig, type Rig, stop } from '../outbox/rig.js'

interface Asked {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

let rig: Rig
let outlet: Outlet | null = null
const asked: Asked[] = []
type Verdict = { status: number; headers?: Record<string, string>; body?: string } | 'reset'
let judge: (one: Asked) => Verdict = () => ({ status: 204 })
const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const one = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts).toString() }
    asked.push(one)
    const verdict = judge(one)
    if (verdict === 'reset') return request.socket.destroy()
    response.writeHead(verdict.status, verdict.headers).end(verdict.body)
  })
})
let origin = ''
beforeEach(async () => {
  rig = await openRig()
  asked.length = 0
  judge = () => ({ status: 204 })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  if (outlet) await stop(outlet)
  outlet = null
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rig.close()
})

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const start = (more: Record<string, unknown> = {}, secret = SECRET): Outlet => {
  const { log, wire } = rig.embedded
  const webhook = Webhook.parse({ name: 'desk', url: `${origin}/hook`, secret: { env: 'DESK' }, ...more })
  outlet = runWebhookSink([webhook], { log, wire, now: () => rig.now, secret: () => secret })
  return outlet
}
const told = () => asked.map(({ body }) => JSON.parse(body)).map(({ type, data }) => `${data.subject} ${type}`)
const rejects = async () => {
  const found = []
  const { log, wire } = rig.embedded
  for await (const records of log.tail('readings.rejected', [], AbortSignal.timeout(200)))
    for (const { value } of records) found.push(wire.decode('Reject', value!))
  return found
}

test('each step is posted, with a signature that whoever has the secret can check', async () => {
  const sink = start()
  await rig.tell({ rows: [{ register: '1.8.0', start: NOON, end: NOON + 8000, topic: 't', partition: 0, offset: 1 }] })
  await rig.settled(sink)
  const [{ path, headers, body }] = asked
  expect(path).toBe('/hook')
  expect(headers['content-type']).toBe('application/json')
  expect(JSON.parse(body)).toMatchObject({
    type: 'alert.firing',
    timestamp: '2026-05-01T12:00:00.000Z',
    data: {
      key: `missing~${NOON}~~HOME01`,
      subject: 'HOME01',
      value: 12.5,
      until: null,
      rows: [{ register: '1.8.0', start: '2026-05-01T12:00:00.000Z', end: '2026-05-01T12:00:08.000Z' }]
    }
  })
  const { 'webhook-id': id, 'webhook-timestamp': timestamp } = headers
  expect(Number(timestamp) * 1000).toBe(NOON)
  const mac = createHmac('sha256', Buffer.from(SECRET.slice(6), 'base64'))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64')
  expect(headers['webhook-signature']).toBe(`v1,${mac}`)
})

test('a subject is told in its order, however often the receiver fails in between, and the same step has the same id', async () => {
  let asks = 0
  judge = () => (asks++ % 3 === 1 ? { status: 503 } : asks % 5 === 0 ? 'reset' : { status: 200 })
  const sink = start()
  const states = ['firing', 'flapping', 'ok'] as const
  for (const [i, state] of states.entries())
    for (const subject of ['HOME01', 'HOME02', 'HOME03']) await rig.tell({ subject, state, since: NOON, at: NOON + i })
  for (let tries = 0; tries < 20; tries++) {
    await rig.settled(sink)
    rig.now += 10 * MINUTE
  }
  for (const subject of ['HOME01', 'HOME02', 'HOME03']) {
    const mine = told().filter((each) => each.startsWith(subject))
    expect([...new Set(mine)]).toEqual(states.map((state) => `${subject} alert.${state}`))
    expect(mine).toEqual([...mine].sort((a, b) => states.findIndex((s) => a.endsWith(s)) - states.findIndex((s) => b.endsWith(s))))
  }
  const ids = new Map(asked.map(({ headers, body }) => [body, headers['webhook-id']]))
  expect(new Set(ids.values()).size).toBe(9)
  expect(sink.counts).toEqual({ delivered: 9, setAside: 0 })
})

test('what is refused is set aside, is counted, and holds nobody up', async () => {
  judge = ({ body }) => (body.includes('HOME02') ? { status: 422, body: 'unknown <home>' } : { status: 200 })
  const sink = start()
  await rig.tell({ subject: 'HOME01' }, { subject: 'HOME02' }, { subject: 'HOME03' })
  await rig.settled(sink)
  expect(asked).toHaveLength(3)
  expect(sink.counts).toEqual({ delivered: 2, setAside: 1 })
  expect(await rejects()).toEqual([
    expect.objectContaining({
      reason: 'webhook-refused',
      origin: 'webhook desk',
      field: `missing~${NOON}~~HOME02 2`,
      found: '422: unknown <home>'
    })
  ])
})

test('that something was refused is not told to who refused it', async () => {
  const sink = start()
  await rig.tell({ rule: 'block-rejected', subject: 'webhook desk', source: 'webhook' }, { subject: 'HOME02' })
  await rig.settled(sink)
  expect(told()).toEqual(['HOME02 alert.firing'])
})

test('nobody is followed to another address, and what stands there is not asked', async () => {
  judge = ({ path }) => (path === '/hook' ? { status: 307, headers: { location: `${origin}/inside` } } : { status: 200 })
  const sink = start()
  await rig.tell({})
  await rig.settled(sink)
  expect(asked.map(({ path }) => path)).toEqual(['/hook'])
  expect(sink.counts.setAside).toBe(1)
})

test('a receiver that is busy says for how long', async () => {
  judge = () => ({ status: 429, headers: { 'retry-after': '600' } })
  const sink = start()
  await rig.tell({})
  await rig.settled(sink)
  rig.now += 9 * MINUTE
  await rig.settled(sink)
  expect(asked).toHaveLength(1)
  expect(sink.trouble()).toBe(`desk: 127.0.0.1:${new URL(origin).port} answers 429. What waits is kept.`)
  judge = () => ({ status: 200 })
  rig.now += 2 * MINUTE
  await rig.settled(sink)
  expect(told()).toHaveLength(2)
  expect(sink.trouble()).toBeNull()
})

test('what waits is there after a restart', async () => {
  judge = () => 'reset'
  await rig.tell({ subject: 'HOME01' }, { subject: 'HOME02' })
  await rig.settled(start())
  await stop(outlet!)
  await rig.reopen()
  judge = () => ({ status: 200 })
  asked.length = 0
  rig.now += 60 * MINUTE
  await rig.settled(start())
  expect(told().sort()).toEqual(['HOME01 alert.firing', 'HOME02 alert.firing'])
})

test('a secret that is too short signs nothing, and is not shown', async () => {
  const sink = start({}, 'short')
  await rig.tell({})
  await rig.settled(sink)
  expect(asked).toEqual([])
  expect(sink.trouble()).toMatch(/webhooks\.desk\.secret has fewer than 24 bytes/)
})

test('the example of Standard Webhooks', () => {
  expect(signed(SECRET, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330_000, '{"test": 2432232314}')).toMatchObject({
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
  })
})

test('addresses that are no address for this, or would show what is sent, are refused', () => {
  const parse = (url: string) => Webhook.safeParse({ name: 'desk', url, secret: { env: 'A' } }).success
  expect(['https://desk.example.org/a', 'http://127.0.0.1:9/a', 'http://[::1]:9/a'].map(parse)).toEqual([true, true, true])
  const bad = ['http://desk.example.org/a', 'https://user:pass@desk.example.org/', 'file:///etc/passwd', 'ftp://desk.example.org', 'desk']
  expect(bad.map(parse)).toEqual(bad.map(() => false))
})
