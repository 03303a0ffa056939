import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPlatform, type Platform } from '../../main.js'
import { demo } from '../../producers/demo/source.js'
import { Mail, Webhooks } from '../../schemas/settings-outlets.js'
import { counterBlock } from '../processors/series.js'
import { type MailServer, mailServer } from '../sinks/mail/server.js'
import { until } from './child.js'
import { settingsFor, temporary } from './platform.js'

/** From the readings of a meter to a mail and a webhook. */
const folder = temporary()
const POINT = 'demo/fall'
const MINUTE = 60_000
const posted: string[] = []
const said: string[] = []
let refuses = false
const desk = createServer((request, response) => {
  request.setEncoding('utf8').on('data', (text) => posted.push(text))
  request.on('end', () => response.writeHead(refuses ? 422 : 204).end())
})
let server: MailServer
let platform: Platform
beforeAll(async () => {
  server = await mailServer()
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve))
  process.env.OUTLETS_TEST_SECRET = 'a-secret-that-is-long-enough'
  const mail = Mail.parse({
    host: '127.0.0.1',
    port: server.port,
    tls: 'none',
    from: 'ledger@example.org',
    recipients: [{ name: 'anna', to: ['anna@example.org'], delayMinutes: 0, subjects: ['demo/*'] }]
  })
  const url = `http://127.0.0.1:${(desk.address() as AddressInfo).port}/`
  const webhooks = Webhooks.parse([{ name: 'desk', url, secret: { env: 'OUTLETS_TEST_SECRET' } }])
  platform = await openPlatform({ ...settingsFor(join(folder, 'data')), mail, webhooks }, { plays: true })
  platform.watch([], (result) => {
    if ('said' in result) said.push(result.said)
  })
})
afterAll(async () => {
  await platform.close()
  await server.close()
  desk.closeAllConnections()
  await new Promise((resolve) => desk.close(resolve))
  rmSync(folder, { recursive: true, force: true })
})

const send = async (method: 'GET' | 'POST', url: string, payload?: string) => {
  const type = url.startsWith('/v1/files') ? 'application/octet-stream' : 'application/yaml'
  const headers = { authorization: `Bearer ${platform.token}`, ...(payload && { 'content-type': type }) }
  return (await platform.app.inject({ method, url, headers, payload })).payload
}

test('a register that falls is mailed and posted; while the mail server is away, the ledger answers and says what waits', async () => {
  server.judge(() => ({ code: 451, message: 'come back later' }))
  await send('POST', '/v1/registry?dryRun=false', `points: [{ point: ${POINT}, ratedPower: 12 kW, expectedInterval: 1 min }]`)
  const start = Date.now() - 10 * MINUTE
  const shown: [number, number][] = [
    [0, 9.8],
    [1, 9.9],
    [2, 0.05],
    [3, 0.15]
  ]
  const block = counterBlock(shown, 3, { point: POINT, source: demo.name, origin: 'demo' })
  await platform.publish(demo, { readings: [{ ...block, at: block.at.map((at) => at + start) }], rejects: [], rows: 4 })
  await platform.settle()
  await until(async () => expect(posted.join()).toContain('"type":"alert.firing"'))
  expect(JSON.parse(posted[0]).data).toMatchObject({ rule: 'backwards', subject: POINT, register: '1.8.0', value: -9850, unit: 'Wh' })
  await until(async () =>
    expect(JSON.parse(await send('GET', '/readyz')).waiting).toMatch(/^anna: 127\.0\.0\.1:\d+ does not take the mail/)
  )
  expect(await send('GET', '/metrics')).toMatch(/wattledger_outlet_waiting\{outlet="mail"\} 1/)
  await until(async () => expect(said.join()).toMatch(/does not take the mail/))
  server.judge(() => null)
  await until(async () => expect(server.received).toHaveLength(1), 50_000)
  await until(async () => expect(said.at(-1)).toBe('What waited has gone out.'))
  expect(server.received[0].subject).toBe(`Wattledger: 1 began (${POINT})`)
  const metrics = await send('GET', '/metrics')
  expect(metrics).toMatch(/wattledger_outlet_deliveries_total\{outlet="mail",outcome="delivered"\} 1/)
  expect(metrics).toMatch(/wattledger_lag_records\{group="mail-route"\} 0/)
}, 120_000)

test('a webhook that refuses everything is told of once by other ways, and not asked to take that it refused', async () => {
  const before = posted.length
  const sources = () => posted.slice(before).map((body) => JSON.parse(body).data.source)
  const upload = (line: string) => send('POST', '/v1/files?name=raw.csv', `sensor_id,day,ts,power\n${line}\n`)
  refuses = true
  await upload('nobody,d,now,1')
  await until(async () => expect(await send('GET', '/v1/alerts?rule=block-rejected')).toContain('"webhook desk"'))
  for (const group of ['webhook-route', 'webhook'])
    await until(async () => expect(await send('GET', '/metrics')).toContain(`wattledger_lag_records{group="${group}"} 0`))
  // What had come before it would be posted before it.
  await upload('nobody,d,now,2')
  await until(async () => expect(sources().filter((source) => source === 'flukso-tables')).toHaveLength(2))
  expect(sources()).toEqual(['flukso-tables', 'flukso-tables'])
}, 120_000)
