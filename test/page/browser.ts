import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import type { Given } from '../whole/platform.js'

/** A real browser on the page as it is built. */

const root = (path: string): string => new URL(`../../${path}`, import.meta.url).pathname

/** Where a Chromium is, without downloading one; null: the tests that need it are skipped, and say so. */
export const CHROMIUM =
  [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => path && existsSync(path)) ?? null

export const titled = (what: string): string =>
  CHROMIUM === null ? `${what} (SKIPPED: no Chromium here; apt-get install chromium, or name one in CHROMIUM)` : what

const QUIET = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic']

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', ...QUIET] })

const newest = (folder: string): number =>
  Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs)
  )

/** `npm test` has built the page; whoever runs one file alone may have changed it since. */
export const builtPage = async (): Promise<void> => {
  const index = root('dist/page/index.html')
  const changed = Math.max(newest(root('api/page')), newest(root('api/client')))
  if (!existsSync(index) || statSync(index).mtimeMs < changed) await build({ configFile: root('api/page/vite.config.ts') })
}

/** A one-time link, as `wattledger access link` prints it. */
export const linkOf = async (url: string, token: string, name?: string): Promise<string> => {
  const response = await fetch(`${url}/v1/sign-in-links`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name })
  })
  return ((await response.json()) as { link: string }).link
}

export interface Visit {
  page: Page
  context: BrowserContext
  /** What the browser complained of: errors of scripts and of the network, and what the content security policy refused. */
  complaints: string[]
}

export interface How {
  phone?: boolean
  dark?: boolean
}

export const visit = async (browser: Browser, { phone = false, dark = false }: How = {}): Promise<Visit> => {
  const context = await browser.newContext({
    viewport: phone ? { width: 390, height: 844 } : { width: 1280, height: 800 },
    isMobile: phone,
    hasTouch: phone,
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce'
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  return { page, context, complaints }
}

/** Drags files over the page and lets them fall; `welcome`: the page says that they may. */
export const drop = async (page: Page, files: readonly Given[], welcome = true): Promise<void> => {
  const list = files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }))
  const dataTransfer = await page.evaluateHandle(
    `(() => { const data = new DataTransfer()
      for (const { name, base64 } of ${JSON.stringify(list)})
        data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name))
      return data })()`
  )
  await page.dispatchEvent('body', 'dragenter', { dataTransfer })
  await page.getByTestId('drop-overlay').waitFor({ state: welcome ? 'visible' : 'detached' })
  await page.dispatchEvent('body', 'drop', { dataTransfer })
}

/** Drags a folder of this machine over the page and lets it fall, as a file manager does. */
export const dropFolder = async (page: Page, path: string): Promise<void> => {
  const devtools = await page.context().newCDPSession(page)
  const event = { x: 300, y: 300, data: { items: [], files: [path], dragOperationsMask: 1 } }
  for (const type of ['dragEnter', 'dragOver'] as const) await devtools.send('Input.dispatchDragEvent', { type, ...event })
  await page.getByTestId('drop-overlay').waitFor()
  await devtools.send('Input.dispatchDragEvent', { type: 'drop', ...event })
}

/** What a reader of the screen would stumble over: things to press or fill without a name, pictures without words, ids twice. */
export const nameless = (page: Page): Promise<string[]> =>
  page.evaluate(`(() => {
    const named = (e) => (e.getAttribute('aria-label') ?? e.title ?? '').trim() || e.textContent.trim() || e.labels?.[0]?.textContent.trim() || e.placeholder
    const ids = [...document.querySelectorAll('[id]')].map((e) => e.id)
    return [
      ...[...document.querySelectorAll('a[href], button, input, select, summary')].filter((e) => !named(e)).map((e) => e.outerHTML.slice(0, 120)),
      ...[...document.querySelectorAll('img:not([alt]), svg:not([aria-hidden]):not([role])')].map((e) => e.outerHTML.slice(0, 120)),
      ...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => 'id twice: ' + id),
      ...(document.querySelectorAll('main').length === 1 ? [] : ['not one main']),
      ...(document.querySelectorAll('h1').length <= 1 ? [] : ['more than one h1'])
    ]
  })()`)

/** How far the page is wider than the window, CSS px: what somebody with a phone would have to push aside. */
export const overhang = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
