import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openPlatform, type Platform } from '../../../main.js'
import { Influx } from '../../../schemas/settings-influx.js'
import { until } from '../../whole/child.js'
import { recordedCurve } from '../../whole/files.js'
import { settingsFor, temporary } from '../../whole/platform.js'
import { type FaultServer, faultServer } from './server.js'

/** A home with InfluxDB and no Kafka. */
let folder: string
let server: FaultServer
let platform: Platform
const said: string[] = []
beforeEach(async () => {
  folder = temporary()
  server = await faultServer()
  const file = join(folder, 'influx-token')
  writeFileSync(file, 'secret-of-influx\n')
  const influx = Influx.parse({ url: server.url, org: 'home', bucket: 'energy', token: { file } })
  platform = await openPlatform({ ...settingsFor(join(folder, 'data')), influx })
  platform.watch([], (result) => {
    if ('said' in result) said.push(result.said)
  })
})
afterEach(async () => {
  await platform.close()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const ask = async (url: string, known = true) => {
  const headers = known ? { authorization: `Bearer ${platform.token}` } : {}
  const { statusCode, body } = await platform.app.inject({ method: 'GET', url, headers })
  return { statusCode, body }
}
const upload = async (name: string): Promise<number> => {
  const { bytes } = recordedCurve(name)
  const headers = { authorization: `Bearer ${platform.token}`, 'content-type': 'application/octet-stream' }
  const { statusCode } = await platform.app.inject({ method: 'POST', url: `/v1/files?name=${name}`, payload: Buffer.from(bytes), headers })
  return statusCode
}
const written = () =>
  [...server.points.keys()].filter((place) => place.startsWith('energy,grid=PT1H') && place.includes('register=1.8.0 ')).length

test('while InfluxDB refuses the token, files are taken and questions answered; it is told what to do, and later all is there', async () => {
  server.judge(() => ({ status: 401, message: 'unauthorized access' }))
  expect(await upload('F5D_0291_0762_20231115.0')).toBe(200)
  await until(async () => {
    const { statusCode, body } = await ask('/readyz')
    expect([statusCode, JSON.parse(body)]).toEqual([200, { status: 'ready', waiting: expect.stringMatching(/401.*influx\.token/) }])
  })
  expect(await ask('/readyz', false)).toMatchObject({ statusCode: 200, body: '{"status":"ready"}' })
  const { body } = await ask('/metrics')
  expect(body).toContain('wattledger_influx_waiting 1')
  expect(body).toMatch(/wattledger_lag_records\{group="influx"\} [1-9]/)
  expect(said.join()).toMatch(/401.*influx\.token/)
  expect(said.join() + body).not.toContain('secret-of-influx')
  expect(written()).toBe(0)

  server.judge(() => null)
  await until(async () => {
    expect(written()).toBe(25)
    expect((await ask('/metrics')).body).toContain('wattledger_lag_records{group="influx"} 0')
  }, 60_000)
  const well = (await ask('/metrics')).body
  expect(well).toContain('wattledger_influx_waiting 0')
  expect(well).toMatch(/wattledger_influx_rows_total\{outcome="written"\} \d\d/)
  expect((await ask('/readyz')).body).toBe('{"status":"ready"}')
  expect(said.at(-1)).toContain('takes rows again')
})

test('whoever is told that the ledger shows a file finds it in InfluxDB as well', async () => {
  expect(await upload('F5D_0291_0762_20231115.0')).toBe(200)
  expect(written()).toBe(25)
})
