import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Server, serve, stop } from '../whole/child.js'
import { block, sidOf } from '../whole/files.js'
import { type Given, type Json, temporary } from '../whole/platform.js'
import {
  builtPage,
  CHROMIUM,
  drop,
  dropFolder,
  type How,
  launch,
  linkOf,
  nameless,
  overhang,
  titled,
  type Visit,
  visit
} from './browser.js'

const SAMPLES = new URL('../../docs/samples/files', import.meta.url).pathname
const CURVE = 'ES0291000000000001DN'
const CLAMP = `flukso/${sidOf(7)}`

let folder: string
let server: Server
let browser: Browser
let signedIn: Awaited<ReturnType<Visit['context']['storageState']>>
const visits: Visit[] = []

/** Other programs may want this machine too. */
const soon = <Value>(ask: () => Promise<Value> | Value) => expect.poll(ask, { timeout: 20_000 })

/** A visitor who has signed in before, at a place in the page. */
const at = async (path: string, how: How = {}): Promise<Page> => {
  const seen = await visit(browser, how)
  visits.push(seen)
  await seen.context.addCookies(signedIn.cookies)
  await seen.page.goto(`${server.url}/#${path}`)
  await seen.page.locator('.status.live').waitFor()
  return seen.page
}

const token = (): string => readFileSync(join(folder, 'data', 'token'), 'utf8').trim()
const send = async ({ name, bytes }: Given): Promise<Json> => {
  const response = await fetch(`${server.url}/v1/files?name=${encodeURIComponent(name)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token()}` },
    body: new Uint8Array(Buffer.from(bytes))
  })
  expect(response.status).toBe(200)
  return (await response.json()) as Json
}

/** A Fluksometer block of the last seconds: thousandths of Wh that a clamp showed every 8 s until `agoS` seconds ago. */
const recent = (agoS: number, milli: readonly number[], clamp = 7): Given => {
  const last = Math.floor(Date.now() / 1000) - agoS
  const samples = milli.map((value, i): [number, number] => [last - 8 * (milli.length - 1 - i), value])
  return block(sidOf(clamp), 20, samples[0][0] - (samples[0][0] % 2 ** 20), samples)
}

describe.skipIf(CHROMIUM === null)(titled('the page in Chromium'), () => {
  beforeAll(async () => {
    await builtPage()
    folder = temporary()
    const inbox = join(folder, 'inbox')
    mkdirSync(inbox)
    cpSync(SAMPLES, inbox, { recursive: true })
    const config = join(folder, 'wattledger.yaml')
    writeFileSync(config, `data: ${join(folder, 'data')}\nhttp: { listen: ['127.0.0.1:0'] }\nfolders: [{ path: ${inbox} }]\n`)
    server = await serve(['--config', config])
    browser = await launch()
    await server.line((line) => line.includes('F5D_0291_0762_20231120.1'))
    const { context, page } = await visit(browser)
    await page.goto(await linkOf(server.url, token()))
    await page.locator('.status.live').waitFor()
    signedIn = await context.storageState()
    await context.close()
  }, 120_000)
  afterEach(async () => {
    const all = visits.splice(0)
    for (const { context } of all) await context.close()
    expect(all.flatMap(({ complaints }) => complaints)).toEqual([])
  })
  afterAll(async () => {
    await browser?.close()
    if (server) await stop(server)
    rmSync(folder, { recursive: true, force: true })
  })

  test('a link signs in once; the code leaves the address, the cookie is out of reach of scripts', async () => {
    const link = await linkOf(server.url, token())
    const first = await visit(browser)
    visits.push(first)
    await first.page.goto(link)
    await first.page.getByTestId(`meter ${CURVE}`).waitFor()
    expect(first.page.url()).not.toContain('code')
    expect(await first.page.evaluate('document.cookie')).toBe('')
    const [cookie] = await first.context.cookies()
    expect(cookie).toMatchObject({ name: 'wattledger', httpOnly: true, sameSite: 'Strict', path: '/' })
    await first.page.reload()
    await first.page.getByTestId(`meter ${CURVE}`).waitFor()

    // Not in `visits`: the browser reports the 401 that it must get.
    const second = await visit(browser)
    await second.page.goto(link)
    await second.page.getByRole('alert').waitFor()
    expect(await second.page.getByRole('alert').textContent()).toContain('wattledger access link')
    await second.context.close()
  })

  test('what a meter says now shows without a reload', async () => {
    const page = await at('/meters')
    await send(recent(40, [0, 1000, 2000]))
    const power = page.getByTestId(`power ${CLAMP}`)
    // 1 Wh in 8 s.
    await soon(() => power.textContent()).toBe('450W')
    await send(recent(10, [0, 1000, 2000, 3000, 7000]))
    await soon(() => power.textContent()).toBe('1.80kW')
  })

  test('a meter that dips says at once what others would bill', async () => {
    await send(recent(5, [3_737_000, 0, 3_746_000, 3_756_000], 8))
    const page = await at(`/meters/${encodeURIComponent(`flukso/${sidOf(8)}`)}`)
    const others = page.getByTestId('live-others')
    await others.waitFor()
    for (const said of ['Home Assistant', '3.756 kWh', 'We bill 0.019 kWh', 'it said 0.000 Wh'])
      expect(await others.textContent()).toContain(said)
  })

  test('a range that is drawn with the mouse is asked for more finely, and "back" goes back', async () => {
    const page = await at(`/meters/${CURVE}/1.8.0?from=2023-10-01T00:00:00Z&to=2023-11-01T00:00:00Z`)
    const plot = page.getByTestId('curve').locator('.u-over')
    await plot.waitFor()
    const { x, y, width, height } = (await plot.boundingBox())!
    const asked = page.waitForRequest((request) => request.url().includes('/v1/series') && request.url().includes('grid=PT1H'))
    await page.mouse.move(x + width * 0.4, y + height / 2)
    await page.mouse.down()
    await page.mouse.move(x + width * 0.45, y + height / 2, { steps: 4 })
    await page.mouse.up()
    const query = new URL((await asked).url()).searchParams
    const spanMs = Date.parse(query.get('to')!) - Date.parse(query.get('from')!)
    expect(spanMs).toBeLessThan(4 * 86_400_000)
    expect(page.url()).not.toContain('2023-11-01')
    await page.goBack()
    await soon(() => page.url()).toContain('from=2023-10-01')
  })

  test('a bar that is clicked says which readings it is made of, and of which file', async () => {
    const page = await at(`/meters/${CURVE}/1.8.0?from=2023-10-12T00:00:00Z&to=2023-10-13T00:00:00Z`)
    const plot = page.getByTestId('curve').locator('.u-over')
    await plot.waitFor()
    const { width, height } = (await plot.boundingBox())!
    await plot.click({ position: { x: width / 2, y: height * 0.9 } })
    const panel = page.getByTestId('explain-panel')
    await soon(() => panel.textContent()).toContain('F5D_0291_0762_20231115.0')
    expect(await panel.textContent()).toMatch(/\d Wh|\d kWh/)
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
  })

  test('a file that is dropped tells what went in, what did not, and why; other pages do not lose it', async () => {
    const page = await at('/meters')
    const lines = readFileSync(join(SAMPLES, 'F5D_0291_0762_20231115.0'), 'latin1').split('\n').slice(0, 20)
    const bad = [`${CURVE}0F;2023/13/41 99:00;0;1;0;0;0;0;0;1;1;X;`, 'garbage;;;']
    await drop(page, [
      { name: 'F5D_0291_0762_20231205.0', bytes: [...lines, ...bad].join('\n') },
      { name: 'notes.txt', bytes: 'hello' }
    ])
    const uploads = page.getByTestId('uploads')
    await soon(() => page.getByTestId('upload-sum').textContent()).toBe('2 files · 40 new readings · 3 rejected')
    const rejected = page.getByTestId('rejected')
    for (const said of ['No such date', '21', '2023/13/41 99:00', 'Too few columns', 'garbage', 'Ask for the file again'])
      expect(await rejected.textContent()).toContain(said)
    expect(await uploads.textContent()).toContain('Hourly curve F5D')
    expect(await uploads.textContent()).toContain('Not recognised')
    await page.getByRole('link', { name: 'Rules' }).click()
    await page.getByRole('link', { name: 'Files' }).click()
    expect(await page.getByTestId('upload').count()).toBe(2)
    expect(await page.getByTestId('set-aside').textContent()).toContain('F5D_0291_0762_20231205.0')
    await uploads.getByRole('link', { name: CURVE }).click()
    await page.getByTestId('curve').waitFor()
    expect(decodeURIComponent(page.url())).toContain('from=2023-09-30T22:00:00.000Z')
  })

  test('a folder is read with the names of its folders, for they tell whose files they are', async () => {
    const page = await at('/meters')
    const folderOfClamp = join(SAMPLES, 'fed676021dacaaf6a12a8dda7685be34')
    await dropFolder(page, folderOfClamp)
    const sum = page.getByTestId('upload-sum')
    await soon(() => sum.textContent()).toBe('24 files · 0 new readings · 24 read before')
    expect(await page.getByTestId('upload').first().textContent()).toContain('fed676021dacaaf6a12a8dda7685be34/0/8/')
    await page.getByRole('button', { name: 'Clear the list' }).click()
    await page.locator('.of-folder input').setInputFiles(folderOfClamp)
    await soon(() => sum.textContent()).toBe('24 files · 0 new readings · 24 read before')
  })

  test('whoever may only look is not asked for files, and what they drop goes nowhere', async () => {
    const headers = { authorization: `Bearer ${token()}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ name: 'ana', role: 'reader', grants: [{ point: '*' }] })
    expect((await fetch(`${server.url}/v1/access`, { method: 'POST', headers, body })).status).toBe(201)
    const seen = await visit(browser)
    visits.push(seen)
    const { page } = seen
    await page.goto(await linkOf(server.url, token(), 'ana'))
    await page.getByRole('link', { name: 'Files' }).click()
    await page.getByTestId('set-aside').locator('summary').first().waitFor()
    expect(await page.getByText('Choose files').count()).toBe(0)
    const posted: string[] = []
    page.on('request', (request) => posted.push(...(request.method() === 'POST' ? [request.url()] : [])))
    await drop(page, [{ name: 'F5D_0291_0762_20231206.0', bytes: 'x' }], false)
    await page.getByRole('link', { name: 'Rules' }).click()
    await page.getByTestId('traces').waitFor()
    expect([posted, await page.getByTestId('upload').count()]).toEqual([[], 0])
  })

  test('a corrected day is told with what it was; before that, nothing had changed', async () => {
    const since = new Date().toISOString()
    const page = await at(`/changes?since=${since}`)
    await page.getByText('No figure of the past has changed').waitFor()
    const [first, ...rest] = readFileSync(join(SAMPLES, 'F5D_0291_0762_20231115.0'), 'latin1').split('\n').slice(0, 24)
    const fields = first.split(';')
    fields[3] = String(Number(fields[3]) + 5000)
    await send({ name: 'F5D_0291_0762_20240101.0', bytes: [fields.join(';'), ...rest].join('\n') })
    await page.reload()
    const changed = page.getByTestId('changed')
    await soon(() => changed.textContent()).toContain('+5.000 kWh')
    expect(await changed.textContent()).toContain('F5D_0291_0762_20240101.0')
  })

  test('a day that is missing is seen over all meters, and leads to its load curve', async () => {
    const lame = 'ES0031400000000015LT'
    const lines = readFileSync(join(SAMPLES, 'F5D_0291_0762_20231115.0'), 'latin1').split('\n')
    // Hours are stamped at their end.
    const kept = lines.filter((line) => line.startsWith(CURVE) && !/;2023\/10\/(18 (0[1-9]|1\d|2[0-3])|19 00):/.test(line))
    await send({ name: 'F5D_0031_0762_20231115.0', bytes: kept.map((line) => line.replace(CURVE, lame)).join('\n') })
    const page = await at('/gaps?month=2023-10&show=incomplete')
    const row = page.getByTestId(`gaps ${lame} 1.8.0`)
    await row.waitFor()
    expect(await page.getByTestId('gaps-sum').textContent()).toMatch(/registers (is|are) complete in October 2023; \d misse?s? /)
    await row.getByRole('link', { name: lame }).focus()
    for (let i = 0; i < 18; i++) await page.keyboard.press('ArrowRight')
    expect(await page.evaluate('document.activeElement.title')).toMatch(/^Wed,? 18 Oct 2023: nothing is there$/)
    await page.keyboard.press('Enter')
    await page.getByTestId('curve').waitFor()
    expect(decodeURIComponent(page.url())).toContain(`/meters/${lame}/1.8.0?span=day&at=2023-10-17T22:00:00.000Z`)
    await page.goBack()
    await page.getByRole('button', { name: 'Month after' }).click()
    await soon(() => page.getByTestId('gaps-sum').textContent()).toContain('in November 2023')
    await page.getByRole('button', { name: /^Show (it|them)$/ }).click()
    await page.getByTestId(`gaps ${lame} 1.8.0`).waitFor()
  })

  test('the rules stand beside what others make of the same readings', async () => {
    const page = await at('/rules')
    const blip = page.getByRole('row', { name: /zero blip/i })
    expect((await blip.getByRole('cell').allTextContents()).slice(0, 3)).toEqual(['0.019', '3.756', '3.756'])
  })

  for (const how of [{ phone: true }, { dark: true }] satisfies How[]) {
    test(`every page, ${how.phone ? 'on a phone' : 'on a desk'}, ${how.dark ? 'dark' : 'light'}: nothing hangs over, everything has a name`, async () => {
      const page = await at('/meters', how)
      for (const path of ['/meters', `/meters/${CURVE}/1.8.0`, '/gaps?month=2023-10&show=all', '/changes', '/files', '/rules']) {
        await page.goto(`${server.url}/#${path}`)
        await page.locator('main h1, main h2, main [data-testid=curve], main .meter-list').first().waitFor({ state: 'attached' })
        await soon(() => page.locator('.loading').count()).toBe(0)
        expect([path, await nameless(page)]).toEqual([path, []])
        expect([path, await overhang(page)]).toEqual([path, 0])
      }
      const [ground] = (await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')).match(/\d+/g)!.map(Number)
      expect(ground < 128).toBe(how.dark ?? false)
    })
  }
})
