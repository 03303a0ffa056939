import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPlatform, type Platform } from '../../main.js'
import { demo } from '../../producers/demo/source.js'
import { counterBlock } from '../processors/series.js'
import { type Json, settingsFor, temporary } from './platform.js'

/** A meter that nobody knows enough of, from its readings to the alert, its acknowledgement, and what takes it back. */
const folder = temporary()
const MINUTE = 60_000
const POINT = 'demo/stall'
let platform: Platform
const open = async () => {
  platform = await openPlatform(settingsFor(folder), { plays: true })
}
beforeAll(open)
afterAll(async () => {
  await platform.close()
  rmSync(folder, { recursive: true, force: true })
})

const send = async (method: 'GET' | 'POST', url: string, payload?: string, type = 'application/json'): Promise<Json> => {
  const headers = { authorization: `Bearer ${platform.token}`, ...(payload === undefined ? {} : { 'content-type': type }) }
  const { statusCode, payload: body } = await platform.app.inject({ method, url, headers, payload })
  return { status: statusCode, ...JSON.parse(body) }
}
const alerts = async (more = ''): Promise<Json[]> => (await send('GET', `/v1/alerts?point=${POINT}${more}`)).alerts

const start = Date.now() - 10 * MINUTE
const shows = (readings: [minute: number, kwh: number][]) => {
  const block = counterBlock(readings, 3, { point: POINT, source: demo.name, origin: 'demo' })
  return platform.publish(demo, { readings: [{ ...block, at: block.at.map((at) => at + start) }], rejects: [], rows: readings.length })
}
const registry = (dial: string) =>
  send(
    'POST',
    '/v1/registry?dryRun=false',
    `points: [{ point: ${POINT}, ratedPower: 12 kW, expectedInterval: 1 min, zone: Europe/Madrid${dial} }]`,
    'application/yaml'
  )

test('a fall that nobody can explain is an alert, with the row and the reading that show it', async () => {
  await registry('')
  await shows([
    [0, 9.8],
    [1, 9.9],
    [2, 0.05],
    [3, 0.15]
  ])
  await platform.settle()
  expect(await alerts()).toEqual([
    expect.objectContaining({
      rule: 'backwards',
      subject: POINT,
      register: '1.8.0',
      state: 'firing',
      severity: 'warning',
      value: -9850,
      unit: 'Wh'
    })
  ])
  const [{ evidence, since }] = await alerts('&active=true')
  expect(evidence).toEqual([
    expect.objectContaining({ start: since, end: new Date(start + 2 * MINUTE).toISOString(), topic: 'readings.demo' })
  ])
  const { intervals } = await send('GET', `/v1/explain?point=${POINT}&register=1.8.0&at=${since}`)
  expect(intervals[0].rules[0].rule).toBe('reset')
})

test('acknowledged, it stays, says by whom, and is kept over a restart', async () => {
  const [{ key }] = await alerts()
  expect(await send('POST', '/v1/alerts/ack', JSON.stringify({ alertKey: key, note: 'on my way' }))).toMatchObject({
    status: 202,
    alert: { key, state: 'acked', ackedBy: 'owner', note: 'on my way' }
  })
  await platform.close()
  await open()
  expect(await alerts('&active=true')).toEqual([expect.objectContaining({ key, state: 'acked' })])
})

test('a key that names nothing, and an alert that is over, are errors that say so', async () => {
  expect((await send('POST', '/v1/alerts/ack', JSON.stringify({ alertKey: 'x' }))).status).toBe(404)
  expect((await send('POST', '/v1/alerts/ack', JSON.stringify({ alertKey: `silent~1~~${POINT}` }))).status).toBe(404)
})

test('the dial, registered later, explains the fall: the alert is retracted', async () => {
  await registry(', dial: 10 kWh')
  await platform.settle()
  expect(await alerts('&active=true')).toEqual([])
  const [{ key, state, ackedBy }] = await alerts()
  expect([state, ackedBy]).toEqual(['retracted', 'owner'])
  expect((await send('POST', '/v1/alerts/ack', JSON.stringify({ alertKey: key }))).error.message).toContain('over')
})

test('a file that cannot be read wholly is told of, once', async () => {
  const done = await platform.app.inject({
    method: 'POST',
    url: '/v1/files?name=F5D_0021_0762_20231115.0',
    headers: { authorization: `Bearer ${platform.token}`, 'content-type': 'application/octet-stream' },
    payload: 'ES0291000000000001DN;11;2023/10/01 01:00;0;abc;0;0;0;0;0;0;1;1\n'
  })
  expect(done.statusCode).toBe(200)
  const { origin } = JSON.parse(done.payload)
  const found = (await send('GET', '/v1/alerts?rule=block-rejected')).alerts
  expect(found).toEqual([
    expect.objectContaining({ subject: origin, source: 'infoenergia', state: 'firing', text: expect.stringContaining('F5D_0021') })
  ])
})
