import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOUR, type Ledger, openLedger, writeDay } from './ledger.js'

/** A browser that was sent a link: one code, a cookie, and what the cookie opens. */
let ledger: Ledger
let admin: { authorization: string }
const lines: string[] = []
beforeAll(async () => {
  ledger = await openLedger({ logger: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }) })
  admin = ledger.as('admin')
  await writeDay(ledger.store, 'flukso/a')
})
afterAll(() => ledger.close())

const ORIGIN = 'http://ledger.example:8080'
const HOST = { host: 'ledger.example:8080' }
const DAY = 24 * HOUR
const MINUTE = 60_000

let addresses = 0
/** Every browser comes from an address of its own, or the tests would count as one that tries codes. */
const signIn = (code: string, { headers = {}, from = `10.0.0.${++addresses}` }: { headers?: Record<string, string>; from?: string } = {}) =>
  ledger.app.inject({ method: 'POST', url: '/v1/session', payload: { code }, headers: { ...HOST, ...headers }, remoteAddress: from })

const link = async (name?: string, headers: Record<string, string> = admin): Promise<string> => {
  const made = await ledger.app.inject({ method: 'POST', url: '/v1/sign-in-links', payload: { name }, headers: { ...HOST, ...headers } })
  expect(made.statusCode, made.body).toBe(201)
  return made.json().link
}
const codeOf = (text: string): string => text.split('#code=')[1]

interface Browser {
  headers: { cookie: string; host: string }
  cookie: string
}
const browser = async (name?: string): Promise<Browser> => {
  const answer = await signIn(codeOf(await link(name)))
  expect(answer.statusCode, answer.body).toBe(200)
  const cookie = String(answer.headers['set-cookie'])
  return { headers: { cookie: cookie.split(';')[0], ...HOST }, cookie }
}

/** A new reader who may see one point. */
const reader = async (name: string): Promise<string> => {
  const payload = { name, role: 'reader', grants: [{ point: 'flukso/a' }] }
  const made = await ledger.app.inject({ method: 'POST', url: '/v1/access', headers: admin, payload })
  expect(made.statusCode, made.body).toBe(201)
  return made.json().token
}
const status = async (headers: Record<string, string>, url = '/v1/points') => (await ledger.app.inject({ url, headers })).statusCode

describe('a one-time link', () => {
  test('holds its code in the fragment only, and opens where it was asked for', async () => {
    const text = await link()
    expect(text).toMatch(/^http:\/\/ledger\.example:8080\/#code=[\w-]{43}$/)
    expect(await link(undefined, { ...admin, origin: 'https://ledger.example:8080' })).toMatch(/^https:\/\/ledger\.example:8080\/#code=/)
    expect(await link(undefined, { ...admin, origin: 'https://elsewhere.example' })).toMatch(/^http:\/\/ledger\.example:8080\/#code=/)
    const nobody = await ledger.app.inject({ method: 'POST', url: '/v1/sign-in-links', payload: { name: 'nobody' }, headers: admin })
    expect([nobody.statusCode, nobody.json().error.message]).toEqual([404, 'Nobody is called nobody.'])
  })

  test('signs in once; the cookie is out of reach of scripts and other sites', async () => {
    await reader('ana')
    const code = codeOf(await link('ana'))
    const answer = await signIn(code)
    expect(answer.json()).toMatchObject({ name: 'ana', role: 'reader', demo: false, version: expect.stringMatching(/^\d+\.\d+\.\d+/) })
    const parts = String(answer.headers['set-cookie']).split('; ')
    expect(parts[0]).toMatch(/^wattledger=wl_[\w-]{43}$/)
    expect(parts.slice(1).sort()).toEqual(['HttpOnly', `Max-Age=${30 * 86_400}`, 'Path=/', 'SameSite=Strict'])
    const again = await signIn(code)
    expect([again.statusCode, again.headers['set-cookie']]).toEqual([401, undefined])
    expect(again.json().error.message).toContain('wattledger access link')
  })

  test('is Secure where the browser speaks https, also behind a proxy', async () => {
    const answer = await signIn(codeOf(await link()), { headers: { origin: 'https://ledger.example:8080' } })
    expect(String(answer.headers['set-cookie']).split('; ')).toContain('Secure')
  })

  test('a wrong or old code, or one whose person is gone, is nobody’s; all are told the same', async () => {
    const late = codeOf(await link())
    await reader('cleo')
    const hers = codeOf(await link('cleo'))
    await ledger.app.inject({ method: 'DELETE', url: '/v1/access/cleo', headers: admin })
    // Somebody else of that name must not be who the old link signs in as.
    await reader('cleo')
    const answers = [await signIn('wrong'), await signIn(hers)]
    ledger.wait(15 * MINUTE)
    answers.push(await signIn(late))
    for (const answer of answers) expect([answer.statusCode, answer.body]).toEqual([401, answers[0].body])
    const inTime = codeOf(await link())
    ledger.wait(15 * MINUTE - 1)
    expect((await signIn(inTime)).statusCode).toBe(200)
  })

  test('what is no code is refused by name', async () => {
    for (const payload of [{}, { code: '' }, { code: 'x'.repeat(201) }, { code: 7 }, { code: 'x', more: 1 }]) {
      const answer = await ledger.app.inject({ method: 'POST', url: '/v1/session', payload, remoteAddress: '10.1.0.1' })
      expect([answer.statusCode, answer.json().error.code], JSON.stringify(payload)).toEqual([400, 'bad_request'])
    }
  })

  test('whoever tries codes is stopped after ten a minute, by address', async () => {
    const codes = []
    for (let i = 0; i < 12; i++) codes.push((await signIn(`guess-${i}`, { from: '10.2.0.1' })).statusCode)
    expect(codes).toEqual([...Array(10).fill(401), 429, 429])
    const code = codeOf(await link())
    expect((await signIn(code, { from: '10.2.0.1' })).statusCode).toBe(429)
    expect((await signIn(code, { from: '10.2.0.2' })).statusCode).toBe(200)
  })

  test('another site’s page signs nobody in', async () => {
    const code = codeOf(await link())
    expect((await signIn(code, { headers: { origin: 'https://elsewhere.example' } })).statusCode).toBe(403)
    expect((await signIn(code, { headers: { origin: ORIGIN } })).statusCode).toBe(200)
  })
})

describe('the cookie', () => {
  test('is its person at every door, with the same rights as their token', async () => {
    const token = await reader('dan')
    const { headers } = await browser('dan')
    for (const url of [
      '/v1/points',
      '/v1/series?point=flukso/a&from=2024-03-01&to=2024-03-02',
      '/v1/explain?point=flukso/a&at=2024-03-01T10:00',
      '/v1/access',
      '/v1/rejects',
      '/v1/nowhere'
    ]) {
      const byToken = await ledger.app.inject({ url, headers: { authorization: `Bearer ${token}` } })
      const byCookie = await ledger.app.inject({ url, headers })
      const known = ({ statusCode, body }: typeof byToken) => [url, statusCode, body.replaceAll('the token', 'it')]
      expect(known(byCookie)).toEqual(known(byToken))
      expect(byCookie.headers['cache-control']).toBe('no-store')
    }
    expect((await ledger.app.inject({ url: '/v1/session', headers })).json()).toMatchObject({
      name: 'dan',
      expiresAt: expect.stringMatching(/Z$/)
    })
    const session = await ledger.app.inject({ url: '/v1/session', headers: { authorization: `Bearer ${token}` } })
    expect(session.json()).toMatchObject({ name: 'dan', role: 'reader', expiresAt: null })
  })

  test('a token in the header is who asks, whatever the cookie says', async () => {
    const { headers } = await browser()
    expect(await status({ ...headers, authorization: 'Bearer wrong' })).toBe(401)
    const token = await reader('eve')
    const asked = await ledger.app.inject({ url: '/v1/session', headers: { ...headers, authorization: `Bearer ${token}` } })
    expect(asked.json().name).toBe('eve')
    // What a proxy wants to see is no token.
    expect(await status({ ...headers, authorization: 'Basic YTpi' })).toBe(200)
  })

  test('changes nothing for a page that is not ours', async () => {
    const { headers } = await browser()
    const change = (more: Record<string, string>) =>
      ledger.app.inject({ method: 'POST', url: '/v1/refold', payload: {}, headers: { ...headers, ...more } })
    const foreign: Record<string, string>[] = [
      {},
      { origin: 'https://elsewhere.example' },
      { origin: 'null' },
      { origin: 'http://ledger.example:8081' },
      { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' }
    ]
    for (const more of foreign) {
      const answer = await change(more)
      expect([answer.statusCode, answer.json().error.code], JSON.stringify(more)).toEqual([403, 'forbidden'])
    }
    expect((await change({ origin: ORIGIN })).statusCode).toBe(200)
    expect((await change({ 'sec-fetch-site': 'same-origin' })).statusCode).toBe(200)
    expect((await ledger.app.inject({ method: 'DELETE', url: '/v1/session', headers })).statusCode).toBe(403)
    expect(await status(headers)).toBe(200)
    // A program has no origin, and its token is in nobody's browser.
    const program = await ledger.app.inject({ method: 'POST', url: '/v1/refold', payload: {}, headers: admin })
    expect(program.statusCode).toBe(200)
  })

  test('signing out ends this browser and no other', async () => {
    await reader('fay')
    const [one, other] = [await browser('fay'), await browser('fay')]
    const out = await ledger.app.inject({ method: 'DELETE', url: '/v1/session', headers: { ...one.headers, origin: ORIGIN } })
    expect([out.statusCode, out.json()]).toEqual([200, { signedOut: 'fay' }])
    expect(String(out.headers['set-cookie'])).toMatch(/^wattledger=; Max-Age=0; Path=\/; .*HttpOnly; SameSite=Strict$/)
    expect([await status(one.headers), await status(other.headers)]).toEqual([401, 200])
  })

  test('an admin sees who is signed in where, and signs one browser out', async () => {
    await reader('hal')
    const [one, other] = [await browser('hal'), await browser('hal')]
    const list = await ledger.app.inject({ url: '/v1/access', headers: admin })
    expect(list.body).not.toMatch(/hash|wl_/i)
    const { sessions } = list.json().access.find(({ name }: { name: string }) => name === 'hal')
    expect(sessions).toEqual(Array(2).fill({ id: expect.any(String), createdAt: expect.any(String), expiresAt: expect.any(String) }))
    const end = async (name: string) =>
      (await ledger.app.inject({ method: 'DELETE', url: `/v1/access/${name}/sessions/${sessions[0].id}`, headers: admin })).statusCode
    expect([await end('eve'), await end('hal'), await end('hal')]).toEqual([404, 200, 404])
    expect([await status(one.headers), await status(other.headers)]).toEqual([401, 200])
  })

  test('a person who is removed is signed out everywhere, and stays so for the next one of that name', async () => {
    await reader('gus')
    const { headers } = await browser('gus')
    await ledger.app.inject({ method: 'DELETE', url: '/v1/access/gus', headers: admin })
    expect(await status(headers)).toBe(401)
    await reader('gus')
    expect(await status(headers)).toBe(401)
  })

  test('is good for 30 days', async () => {
    const { headers } = await browser()
    ledger.wait(30 * DAY - 1)
    expect(await status(headers)).toBe(200)
    ledger.wait(1)
    expect(await status(headers)).toBe(401)
  })

  test('neither codes nor cookies are ever logged, and are published as a way to be someone', async () => {
    const code = codeOf(await link())
    const { cookie } = await browser()
    await signIn(code)
    const token = /wattledger=([^;]+)/.exec(cookie)![1]
    expect(lines.length).toBeGreaterThan(0)
    for (const secret of [code, token, 'wl_']) expect(lines.join('').includes(secret)).toBe(false)
    const { components, paths } = (await ledger.app.inject({ url: '/openapi.json', headers: admin })).json()
    expect(components.securitySchemes.browser).toEqual({ type: 'apiKey', in: 'cookie', name: 'wattledger' })
    expect(paths['/v1/session'].post.security).toEqual([])
  })
})

describe('the page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-page-'))
  let site: Ledger
  beforeAll(async () => {
    mkdirSync(join(folder, 'assets'))
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Wattledger</title>')
    writeFileSync(join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
    writeFileSync(join(folder, 'assets', 'index-1a2b.js'), 'export {}')
    writeFileSync(join(folder, 'assets', 'index-1a2b.js.br'), 'as brotli')
    writeFileSync(join(folder, 'secret.txt'), 'not for the page')
    site = await openLedger({ page: folder })
  })
  afterAll(async () => {
    await site.close()
    rmSync(folder, { recursive: true })
  })

  test('is for everyone, asked for anew each time, and bound to its own server', async () => {
    const page = await site.app.inject({ url: '/', headers: HOST })
    expect([page.statusCode, page.headers['content-type'], page.headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-cache'
    ])
    expect(page.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
    const policy = String(page.headers['content-security-policy']).split('; ')
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "connect-src 'self' ws://ledger.example:8080 wss://ledger.example:8080"
      ])
    )
    const odd = await site.app.inject({ url: '/', headers: { host: "x; script-src 'unsafe-inline'" } })
    expect(String(odd.headers['content-security-policy'])).not.toContain('unsafe')
    const icon = await site.app.inject('/favicon.svg')
    expect([icon.statusCode, icon.headers['content-type'], icon.headers['cache-control']]).toEqual([200, 'image/svg+xml', 'no-cache'])
    const same = await site.app.inject({ url: '/', headers: { 'if-none-match': String(page.headers.etag) } })
    expect(same.statusCode).toBe(304)
  })

  test('its parts are kept for good, and come compressed to who takes them so', async () => {
    const url = '/assets/index-1a2b.js'
    const plain = await site.app.inject(url)
    expect([plain.statusCode, plain.body, plain.headers['cache-control']]).toEqual([
      200,
      'export {}',
      'public, max-age=31536000, immutable'
    ])
    expect(plain.headers['content-type']).toMatch(/javascript; charset=utf-8$/)
    expect(plain.headers['x-content-type-options']).toBe('nosniff')
    const small = await site.app.inject({ url, headers: { 'accept-encoding': 'gzip, br' } })
    expect([small.body, small.headers['content-encoding'], small.headers.vary]).toEqual(['as brotli', 'br', 'accept-encoding'])
    expect(small.headers['content-type']).toMatch(/javascript; charset=utf-8$/)
  })

  test('nothing else of the folder, or beside it, is served', async () => {
    for (const url of ['/secret.txt', '/index.html', '/assets', '/anything'])
      expect([url, (await site.app.inject(url)).statusCode]).toEqual([url, 401])
    for (const url of ['/assets/none.js', '/assets/', '/assets/..%2fsecret.txt', '/assets/%2e%2e/secret.txt', '/assets/../secret.txt']) {
      const answer = await site.app.inject(url)
      expect([401, 403, 404, 400], url).toContain(answer.statusCode)
      expect(answer.body).not.toContain('not for the page')
      expect(answer.headers['cache-control']).toBe('no-store')
    }
  })

  test('where none was built there is none', async () => {
    expect((await ledger.app.inject({ url: '/', headers: admin })).statusCode).toBe(404)
    expect((await ledger.app.inject('/')).statusCode).toBe(401)
  })
})
