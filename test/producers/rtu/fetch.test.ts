import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fetchMeasures } from '../../../producers/rtu/fetch.js'
import { nameOf, pollRtu } from '../../../producers/rtu/poll.js'
import { Rtu } from '../../../schemas/settings-rtu.js'
import { until } from '../../whole/child.js'
import { openWhole } from '../../whole/platform.js'
import { recordedPage } from './pages.js'

const LOGIN = { user: 'reader', password: 'not in any message' }
const MEASURES = '/ABBRTU560/hwTree_pdInfoMon?IDNR=0&REF=549&MODE=1'

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** Whether a request proves that it knows the password (RFC 7616, MD5, qop auth). */
const isRight = (header: string, method: string, path: string): boolean => {
  const said = Object.fromEntries(
    [...header.matchAll(/(\w+)=(?:"([^"]*)"|([^",\s]+))/g)].map(([, name, quoted, plain]) => [name, quoted ?? plain])
  )
  const [a, b] = [md5(`${LOGIN.user}:RTU:${LOGIN.password}`), md5(`${method}:${path}`)]
  return (
    said.uri === path && said.nonce === 'once' && said.response === md5(`${a}:${said.nonce}:${said.nc}:${said.cnonce}:${said.qop}:${b}`)
  )
}

interface FakeRtu {
  url: string
  asks: string[]
  /** Requests to the index that fail before it answers. */
  asleep: number
  pages: Record<string, string>
  close(): Promise<void>
}

const startRtu = async (): Promise<FakeRtu> => {
  const served: Omit<FakeRtu, 'url' | 'close'> = {
    asks: [],
    asleep: 0,
    pages: { '/rtui/index.html': 'index', '/ABBRTU560/PrioI_HwTree': recordedPage('hwtree'), [MEASURES]: recordedPage('pdinfo-valid-time') }
  }
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    if (!isRight(request.headers.authorization ?? '', 'GET', path)) {
      response.writeHead(401, { 'www-authenticate': 'Digest realm="RTU", qop="auth", nonce="once", opaque="x"' }).end()
      return
    }
    served.asks.push(path)
    if (path === '/rtui/index.html' && served.asleep-- > 0) response.writeHead(503).end()
    else if (served.pages[path] === undefined) response.writeHead(404).end()
    else response.end(served.pages[path])
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(served, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      })
  })
}

let fake: FakeRtu
let folder: string
beforeEach(async () => {
  fake = await startRtu()
  folder = mkdtempSync(join(tmpdir(), 'wattledger-rtu-'))
  writeFileSync(join(folder, 'password'), `${LOGIN.password}\n`)
})
afterEach(async () => {
  await fake.close()
  rmSync(folder, { recursive: true, force: true })
})
const { signal } = new AbortController()
const fetched = async (more = {}) => (await fetchMeasures({ url: fake.url, login: LOGIN, pauseMs: 1, ...more }, signal)).toString()

test('A18 index, tree, and the page its link names, signed in by digest', async () => {
  expect(await fetched()).toBe(recordedPage('pdinfo-valid-time'))
  expect(fake.asks).toEqual(['/rtui/index.html', '/ABBRTU560/PrioI_HwTree', MEASURES])
})

test('an RTU that has to wake up is asked up to ten times', async () => {
  fake.asleep = 9
  expect(await fetched()).toContain('COS PHI')
  fake.asleep = 10
  await expect(fetched()).rejects.toThrow('/rtui/index.html with status 503')
})

describe('what a person is told', () => {
  test('a wrong password, at once and without it', async () => {
    const password = 'a wrong one'
    const told = await fetched({ login: { ...LOGIN, password } }).catch((error: Error) => error)
    expect(String(told)).toContain('refuses the user or the password')
    expect(inspect(told, { depth: null })).not.toContain(password)
    expect(fake.asks).toEqual([])
  })
  test('no login where one is wanted', () =>
    expect(fetched({ login: undefined })).rejects.toThrow('name a user and a password under login'))
  test('a tree without measures', () => {
    fake.pages['/ABBRTU560/PrioI_HwTree'] = '<a href="/x">x</a>'
    return expect(fetched()).rejects.toThrow('no link to a page of measures')
  })
  test('a link to somebody else, who would learn who asks', () => {
    fake.pages['/ABBRTU560/PrioI_HwTree'] = '<a href="http://127.0.0.2/hwTree_pdInfoMon">x</a>'
    return expect(fetched()).rejects.toThrow('no link to a page of measures')
  })
  test('a page without end', () => {
    fake.pages[MEASURES] = 'x'.repeat(1024 * 1024 + 1)
    return expect(fetched()).rejects.toThrow('more than 1048576 bytes')
  })
  test('nobody there', async () => {
    await fake.close()
    await expect(fetched()).rejects.toThrow('The RTU does not answer (ECONNREFUSED)')
  })
})

test('its point is named by its name, or by its address', () => {
  expect([nameOf({ url: 'http://192.168.1.30' }), nameOf({ url: 'http://192.168.1.30', name: 'cabin' })]).toEqual(['192.168.1.30', 'cabin'])
})

test('trouble is told once, and that it is over', async () => {
  const stopping = new AbortController()
  const said: string[] = []
  let taken = 0
  fake.pages['/rtui/index.html'] = ''
  const settings = Rtu.parse({
    url: fake.url,
    login: { user: LOGIN.user, password: { file: join(folder, 'password') } },
    everyMinutes: 0.05
  })
  const tree = fake.pages['/ABBRTU560/PrioI_HwTree']
  delete fake.pages['/ABBRTU560/PrioI_HwTree']
  const polling = pollRtu(settings, {
    take: async (_bytes, name) => {
      taken++
      return { origin: '', name, source: 'rtu', readings: 7, rejects: [], already: false, touched: [] }
    },
    report: (result) => said.push('said' in result ? result.said : 'error' in result ? (result.error as Error).message : ''),
    now: Date.now,
    signal: stopping.signal
  })
  await until(async () => expect(fake.asks.filter((path) => path.endsWith('HwTree')).length).toBe(2))
  fake.pages['/ABBRTU560/PrioI_HwTree'] = tree
  await until(async () => expect(taken).toBe(1))
  stopping.abort()
  await polling
  expect(said).toEqual(['The RTU answers /ABBRTU560/PrioI_HwTree with status 404.', 'It answers again.'])
}, 60_000)

test('A18 through the platform: seven gauges of rtu/cabin, over HTTP', async () => {
  fake.pages[MEASURES] = recordedPage('pdinfo-invalid-time')
  const rtu = Rtu.parse({ url: fake.url, name: 'cabin', login: { user: LOGIN.user, password: { file: join(folder, 'password') } } })
  const whole = await openWhole(undefined, { rtu: [rtu] })
  try {
    whole.platform.watch([], () => {})
    await until(async () => {
      await whole.platform.settle()
      const { points } = await whole.ask('/v1/points')
      const [cabin] = points.filter(({ id }: { id: string }) => id === 'rtu/cabin')
      expect(cabin.registers.map(({ register }: { register: string }) => register).sort()).toEqual(
        ['active-power', 'apparent-power', 'cos-phi', 'reactive-power', 'voltage-1-2', 'voltage-2-3', 'voltage-3-1'].sort()
      )
    })
    const latest = await whole.ask('/v1/latest', { point: 'rtu/cabin' })
    expect(JSON.stringify(latest)).toContain('236.9')
    expect(JSON.stringify(latest)).toContain('QUESTIONABLE')
  } finally {
    await whole.close()
  }
}, 60_000)
