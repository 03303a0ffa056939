import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lay, type Server, serve, start, stop, until } from './child.js'
import { block, curveLine, f5d, hours, recordedCurve, sidOf, utc } from './files.js'
import { type Json, temporary } from './platform.js'
import { HOME } from './world.js'

/** `start` with a watched folder, as a small site runs it: what is dropped there is read, shown, and still there after a stop. */
const folder = temporary()
const inbox = join(folder, 'inbox')
const config = join(folder, 'wattledger.yaml')
const data = join(folder, 'data')
let server: Server

beforeAll(async () => {
  mkdirSync(inbox)
  writeFileSync(config, `data: ${data}\nhttp: { listen: ['127.0.0.1:0'] }\nfolders: [{ path: ${inbox} }]\n`)
  server = await serve(['--config', config])
})
afterAll(async () => {
  await stop(server)
  rmSync(folder, { recursive: true, force: true })
})

const ask = async (path: string, token: string | null = readFileSync(join(data, 'token'), 'utf8').trim()): Promise<Response> =>
  fetch(server.url + path, { headers: token === null ? {} : { authorization: `Bearer ${token}` } })

const answer = async (path: string): Promise<Json> => {
  const response = await ask(path)
  expect(response.status).toBe(200)
  return (await response.json()) as Json
}

const seriesPath = (grid: string) => `/v1/series?point=${HOME}&register=1.8.0&from=2024-05-02&to=2024-05-04&grid=${grid}`
const arrived = (): string[] => server.lines.filter((line) => line.includes('"origin"')).map((line) => JSON.parse(line).name)

const FIRST = hours(utc('2024-05-01T22:00Z'), utc('2024-05-02T22:00Z'), () => 100)
const SECOND = hours(utc('2024-05-02T22:00Z'), utc('2024-05-03T22:00Z'), () => 200)

describe('start', () => {
  test('health is for everyone, everything else for a token', async () => {
    expect((await ask('/healthz', null)).status).toBe(200)
    for (const path of ['/v1/points', '/metrics', '/v1/rejects', '/openapi.json', '/nothing']) {
      expect([path, (await ask(path, null)).status]).toEqual([path, 401])
      expect([path, (await ask(path, 'wl_wrong')).status]).toEqual([path, 401])
    }
    expect((await answer('/v1/points')).points).toEqual([])
  })

  test('files that are dropped are read, oldest first, and show within seconds', async () => {
    const files = [
      f5d('b/F5D_0291_0762_20240603.0', HOME, SECOND),
      f5d('a/F5D_0291_0762_20240602.0', HOME, FIRST),
      block(sidOf(7), 8, 1_711_742_208, [
        [1_711_742_208, 1000],
        [1_711_742_268, 3000]
      ])
    ]
    lay(inbox, files)
    await until(async () => expect(arrived().length).toBe(3))
    expect(arrived()).toEqual([files[2].name, files[1].name, files[0].name])
    await until(async () => {
      const { rows, summary } = await answer(seriesPath('P1D'))
      expect([rows.length, summary.milli, summary.completeness]).toEqual([2, 24 * 300_000, 1])
    })
    expect((await answer('/v1/points')).points.map(({ id }: Json) => id)).toEqual([HOME, `flukso/${sidOf(7)}`])
  })

  test('a file that changes is read again; what is not whole yet, hidden or partial is not', async () => {
    const [hour] = FIRST
    const line = (wh: number) => curveLine(HOME, { ...hour, wh })
    lay(inbox, [
      { name: 'c/F5D_0291_0762_20240604.0', bytes: line(1) },
      { name: 'c/.F5D_0291_0762_20240605.0', bytes: line(2) },
      { name: 'c/F5D_0291_0762_20240605.0.part', bytes: line(3) }
    ])
    await until(async () => expect((await answer(seriesPath('PT1H'))).rows[0].milli).toBe(1000))
    lay(inbox, [{ name: 'c/F5D_0291_0762_20240604.0', bytes: `${line(1)}\n${curveLine(HOME, { ...FIRST[1], wh: 9 })}` }])
    await until(async () =>
      expect((await answer(seriesPath('PT1H'))).rows.slice(0, 2).map(({ milli }: Json) => milli)).toEqual([1000, 9000])
    )
    expect(arrived().some((name) => name.includes('.part') || name.includes('/.'))).toBe(false)
  })

  test('rejects are told as they come, and the rest of the file lands', async () => {
    lay(inbox, [recordedCurve('F5D_0291_0762_20240201.0')])
    const line = await server.line((text) => text.includes('F5D_0291_0762_20240201.0'))
    expect(JSON.parse(line).rejects.length).toBe(6)
    const { rejects } = await answer('/v1/rejects')
    expect(rejects.length).toBe(6)
  })

  test('an upload over HTTP lands beside the folder’s files', async () => {
    const token = readFileSync(join(data, 'token'), 'utf8').trim()
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' }
    const body = curveLine(HOME, { start: utc('2024-05-03T22:00Z'), wh: 5 })
    const send = () => fetch(`${server.url}/v1/files?name=F5D_0291_0762_20240701.0`, { method: 'POST', headers, body })
    expect(await (await send()).json()).toMatchObject({ already: false, readings: 1 })
    expect(await (await send()).json()).toMatchObject({ already: true, readings: 0 })
    const { rows } = await answer(`/v1/series?point=${HOME}&register=1.8.0&from=2024-05-04&to=2024-05-05`)
    expect(rows).toMatchObject([{ milli: 5000 }])
  })

  test('SIGTERM is a clean stop; the next start shows the same and reads nothing twice', async () => {
    const before = await answer(seriesPath('PT1H'))
    const { code, signal, stderr } = await stop(server)
    expect([code, signal, stderr]).toEqual([0, null, 'Stopping …\n'])
    server = await serve(['--config', config])
    expect(await answer(seriesPath('PT1H'))).toEqual(before)
    lay(inbox, [
      f5d(
        'd/F5D_0291_0762_20240702.0',
        HOME,
        hours(utc('2024-05-05T22:00Z'), utc('2024-05-06T22:00Z'), () => 1)
      )
    ])
    await until(async () => expect(arrived().length).toBeGreaterThan(0))
    expect(arrived()).toEqual(['d/F5D_0291_0762_20240702.0'])
  })

  test('for people it prints a link that signs a browser in; where lines are kept it does not', async () => {
    expect(server.lines.join('\n') + server.stderr()).not.toContain('#code=')
    const other = join(folder, 'other.yaml')
    writeFileSync(other, `data: ${join(folder, 'other')}\nhttp: { listen: ['127.0.0.1:0'] }\n`)
    const shown = start(['start', '--config', other])
    const [, address, code] = /^Open (http:\S+)\/#code=([\w-]{43}) : signs this browser in, once, within 24 hours\.$/.exec(
      await shown.line((line) => line.startsWith('Open '))
    )!
    const signIn = () =>
      fetch(`${address}/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: address },
        body: JSON.stringify({ code })
      })
    const first = await signIn()
    expect([first.status, await first.json()]).toEqual([200, expect.objectContaining({ name: 'owner' })])
    const cookie = first.headers.get('set-cookie')!.split(';')[0]
    expect((await fetch(`${address}/v1/points`, { headers: { cookie } })).status).toBe(200)
    expect((await signIn()).status).toBe(401)
    await stop(shown)
  })
})
