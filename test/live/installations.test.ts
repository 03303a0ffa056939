import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeTabs } from '../../infra/workbook.js'
import { SENSORS_TAB, type Tab } from '../../schemas/installations/tabs.js'
import { changed, sampleTabs } from '../schemas/installations/sample.js'
import { recordedBlock } from '../whole/files.js'
import { openSite, RawSocket, type Site } from './platform.js'

/** Households and their group on the websocket, as the workbook lets them in: nobody has any row of another's. */
const TMPO = 'synthetic/tmpo'
const MAINS = 'flukso/b4524c86c05674eddf39c121532749e3'
const NEIGHBOUR = 'flukso/dd21a7a68c1627b8c4bd3122c331ef59'
const RANGE = ['2022-07-01T11:52:24Z', '2022-07-01T12:00:56Z']

let site: Site
let secrets: Record<string, string>
const bring = async (tabs: Tab[]): Promise<Record<string, string>> => {
  const headers = { authorization: `Bearer ${site.platform.token}`, 'content-type': 'application/octet-stream' }
  const url = '/v1/installations/workbook?name=Configuration01_20220701.xlsx'
  const answer = await site.platform.app.inject({ method: 'POST', url, headers, payload: await writeTabs(tabs) })
  expect([answer.statusCode, answer.statusCode === 200 ? '' : answer.body]).toEqual([200, ''])
  return Object.fromEntries(answer.json().people.map(({ name, secret }: { name: string; secret: string }) => [name, secret]))
}
beforeAll(async () => {
  site = await openSite()
  const blocks = readdirSync(join('test/recorded/flukso', TMPO), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.gz')
  )
  for (const block of blocks.sort()) {
    const { name, bytes } = recordedBlock(join(TMPO, block))
    await site.platform.importFile(Readable.from([bytes]), name, { backfill: true })
  }
  secrets = await bring(sampleTabs())
  await site.platform.settle()
}, 120_000)
afterAll(() => site.close())

const pointsIn = (rows: readonly { k: string }[]): string[] => [...new Set(rows.map(({ k }) => k.split('|')[0]))].sort()

test('a household follows and asks for its own power, its group’s, and its own sensors; nothing else', async () => {
  const home = await RawSocket.greet(site.url, secrets.HOME01)
  const power = (...installations: string[]) => ({ installations, measure: 'power' })
  const page = await home.ask({ t: 'query', id: 1, select: power('HOME01', 'GRPA01'), range: RANGE, grid: 'PT8S' }, 'page')
  expect(pointsIn(page.rows)).toEqual(['installation/GRPA01', 'installation/HOME01'])
  await home.ask({ t: 'sub', id: 2, select: power('HOME01') }, 'live')
  for (const [i, name] of ['HOME02', 'HOME03', 'HOME99'].entries()) {
    for (const select of [power(name), power('HOME01', name), { installations: [name], measure: 'slots' }]) {
      const sub = await home.ask({ t: 'sub', id: 10 + i, select }, 'error')
      const query = await home.ask({ t: 'query', id: 10 + i, select, range: RANGE }, 'error')
      const message = `No such installation, or it is not open to you: ${name}.`
      expect([sub.code, sub.message, query.code, query.message], JSON.stringify(select)).toEqual([
        'not_found',
        message,
        'not_found',
        message
      ])
    }
  }
  for (const [i, point] of [NEIGHBOUR, 'installation/HOME02', 'flukso/none'].entries()) {
    for (const measure of ['slots', 'intervals', 'readings'])
      expect((await home.ask({ t: 'query', id: 20 + i, select: { points: [point], measure }, range: RANGE }, 'error')).code).toBe(
        'not_found'
      )
    const explain = { t: 'explain', k: `${point}|1.8.0`, s: RANGE[0], grid: 'PT15M' }
    expect((await home.ask({ ...explain, id: 30 + i }, 'error')).code).toBe('not_found')
  }
  // A group's members are its homes': of those, their own.
  const members = await home.ask({ t: 'query', id: 40, select: { group: 'GRPA01', measure: 'readings' }, range: RANGE }, 'page')
  const all = await home.ask({ t: 'query', id: 41, select: { points: '*', measure: 'readings' }, range: RANGE }, 'page')
  for (const { rows } of [members, all]) {
    expect(pointsIn(rows)).toHaveLength(4)
    expect(pointsIn(rows)).toContain(MAINS)
  }
  home.socket.close()
})

test('who may see only the group sees its power and nobody’s sensors', async () => {
  const group = await RawSocket.greet(site.url, secrets.GRPA01)
  const page = await group.ask({ t: 'query', id: 1, select: { installations: ['GRPA01'], measure: 'power' }, range: RANGE }, 'page')
  expect(pointsIn(page.rows)).toEqual(['installation/GRPA01'])
  const all = await group.ask({ t: 'query', id: 2, select: { points: '*', measure: 'readings' }, range: RANGE }, 'page')
  expect(all.rows).toEqual([])
  const members = await group.ask({ t: 'sub', id: 3, select: { group: 'GRPA01', measure: 'slots' } }, 'error')
  expect(members.code).toBe('not_found')
  group.socket.close()
})

test('a sensor that moves to another home is followed by nobody of the old one any more', async () => {
  const home = await RawSocket.greet(site.url, secrets.HOME01)
  const neighbour = await RawSocket.greet(site.url, secrets.HOME02)
  const mains = { points: [MAINS], measure: 'slots' }
  await home.ask({ t: 'sub', id: 1, select: mains }, 'live')
  expect((await neighbour.ask({ t: 'sub', id: 1, select: mains }, 'error')).code).toBe('not_found')
  await bring(changed(sampleTabs(), SENSORS_TAB, 2, { InstallationId: 'HOME02' }))
  expect((await home.next('error', 1)).code).toBe('forbidden')
  expect((await home.ask({ t: 'sub', id: 2, select: mains }, 'error')).code).toBe('not_found')
  await neighbour.ask({ t: 'sub', id: 2, select: mains }, 'live')
  for (const raw of [home, neighbour]) raw.socket.close()
})
