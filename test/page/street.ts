import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { writeTabs } from '../../infra/workbook.js'
import type { Tab } from '../../schemas/installations/tabs.js'
import { sampleTabs } from '../schemas/installations/sample.js'
import { type Server, serve, stop } from '../whole/child.js'
import { recordedBlock } from '../whole/files.js'
import { type Given, type Json, temporary } from '../whole/platform.js'
import { builtPage, type How, launch, linkOf, type Visit, visit } from './browser.js'

/** The page of the people of the dossier's street: its blocks and workbook, from the files to what they see. */
const TMPO = new URL('../recorded/flukso/synthetic/tmpo', import.meta.url).pathname
/** Who has the folder. */
export const OWNER = 'owner'

/** Other programs may want this machine too. */
export const soon = <Value>(ask: () => Promise<Value> | Value) => expect.poll(ask, { timeout: 20_000 })

export interface Street {
  url: string
  data: string
  token(): string
  /** Sends bytes as the owner. */
  post(path: string, bytes: Buffer | string): Promise<Json>
  get(path: string): Promise<Json>
  send(file: Given): Promise<Json>
  /** Gives a sensor its token. */
  give(sensor: string, token: string): Promise<Json>
  /** A visitor whom nobody knows yet. */
  come(how?: How): Promise<Page>
  /** Somebody with their own secret, or the owner with a link; later the cookie speaks. */
  enter(name: string, how?: How): Promise<Page>
  /** Closes what was opened; resolves with what the browsers complained of, but for the 401 of who is not signed in yet. */
  leave(): Promise<string[]>
  close(): Promise<void>
}

/** `flukso`: that setting, as it is written; `wanted`: of the recorded blocks only those. */
export const openStreet = async (
  { flukso = '', tabs = sampleTabs() }: { flukso?: string; tabs?: readonly Tab[] } = {},
  wanted: (block: string) => boolean = () => true
): Promise<Street> => {
  await builtPage()
  const folder = temporary()
  const data = join(folder, 'data')
  const config = join(folder, 'wattledger.yaml')
  writeFileSync(config, `data: ${data}\nhttp: { listen: ['127.0.0.1:0'] }\nfolders: []\n${flukso}\n`)
  const server: Server = await serve(['--config', config])
  const browser: Browser = await launch()
  const visits: Visit[] = []
  // A browser signs in ten times a minute at most.
  const cookies = new Map<string, Awaited<ReturnType<Visit['context']['cookies']>>>()
  const token = () => readFileSync(join(data, 'token'), 'utf8').trim()
  const authorization = () => `Bearer ${token()}`
  const answered = async (path: string, init: RequestInit): Promise<Json> => {
    const response = await fetch(`${server.url}${path}`, init)
    expect([path, response.status]).toEqual([path, 200])
    return (await response.json()) as Json
  }
  const post: Street['post'] = (path, bytes) =>
    answered(path, {
      method: 'POST',
      headers: { authorization: authorization(), 'content-type': 'application/octet-stream' },
      body: new Uint8Array(Buffer.from(bytes))
    })
  const give: Street['give'] = (sensor, given) =>
    answered('/v1/sensors', {
      method: 'POST',
      headers: { authorization: authorization(), 'content-type': 'application/json' },
      body: JSON.stringify({ sensor, token: given })
    })
  const send: Street['send'] = ({ name, bytes }) => post(`/v1/files?name=${encodeURIComponent(name)}`, Buffer.from(bytes))
  const come: Street['come'] = async (how = {}) => {
    const seen = await visit(browser, how)
    visits.push(seen)
    return seen.page
  }
  const names = readdirSync(TMPO, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.gz') && wanted(name))
  for (const name of names.sort()) await send(recordedBlock(join('synthetic/tmpo', name)))
  const { people } = await post('/v1/installations/workbook?dryRun=false&name=Configuration01_20220701.xlsx', await writeTabs(tabs))
  const secrets = new Map<string, string>(people.map(({ name, secret }: Json) => [name, secret]))
  const enter: Street['enter'] = async (name, how = {}) => {
    const page = await come(how)
    const known = cookies.get(name)
    if (known) await page.context().addCookies(known)
    await page.goto(known || name !== OWNER ? server.url : await linkOf(server.url, token()))
    if (!known && name !== OWNER) {
      await page.getByLabel('Your secret, or a link').fill(secrets.get(name)!)
      await page.getByRole('button', { name: 'Sign in' }).click()
    }
    await page.locator('.status.live').waitFor()
    cookies.set(name, await page.context().cookies())
    return page
  }
  return {
    url: server.url,
    data,
    token,
    post,
    get: (path) => answered(path, { headers: { authorization: authorization() } }),
    send,
    give,
    come,
    enter,
    leave: async () => {
      const all = visits.splice(0)
      for (const { context } of all) await context.close()
      return all.flatMap(({ complaints }) => complaints).filter((each) => !each.includes('401'))
    },
    close: async () => {
      await browser.close()
      await stop(server)
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
