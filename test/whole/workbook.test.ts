import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readTabs, writeTabs } from '../../infra/workbook.js'
import { SENSORS_TAB } from '../../schemas/installations/tabs.js'
import { changed, SAMPLE, sampleTabs } from '../schemas/installations/sample.js'
import { type Ended, run, type Server, serve, stop } from './child.js'
import { temporary } from './platform.js'

// A dozen commands are a dozen processes, each seconds long where others are at work.
vi.setConfig({ testTimeout: 180_000 })

/** Workbooks as people bring them: to a folder that nobody holds, and to one that `start` owns. */
let folder: string
const file = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = temporary()
  writeFileSync(file('Configuration02_20220801.xlsx'), await writeTabs(sampleTabs('v2')))
  writeFileSync(file('wrong.xlsx'), await writeTabs(changed(sampleTabs(), SENSORS_TAB, 3, { Network: 'minus' })))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const TOKEN = 'da21a1695b81e77e1c8a9dde59046594'
const quiet = ({ stdout, stderr }: Ended): void => expect(stdout + stderr).not.toContain(TOKEN)

const walk = (on: () => string[]): void => {
  const go = (...args: string[]) => run(['registry', ...args, ...on()])

  test('import shows what differs, prints secrets once, and again finds nothing', async () => {
    const sample = fileURLToPath(SAMPLE)
    const dry = await go('import', '--dry-run', sample)
    expect([dry.code, dry.stdout.trim().split(/\n(?! )/).length]).toEqual([0, 9])
    expect(dry.stdout).not.toContain('wl_')
    const first = await go('import', sample)
    expect([first.code, first.stderr]).toEqual([
      0,
      expect.stringMatching(/^GRPA01, from 2022-07-01 on: added: .*HOME01 \(new\): may see HOME01, GRPA01/s)
    ])
    expect([...first.stdout.matchAll(/^(\w+)\t(wl_[\w-]{43})$/gm)].map(([, name]) => name)).toEqual([
      'HOME01',
      'HOME02',
      'HOME03',
      'GRPA01'
    ])
    const again = await go('import', '--json', sample)
    expect(again.objects).toMatchObject([{ applied: false, changes: [], people: [], tokens: 0 }])
    for (const ended of [dry, first, again]) quiet(ended)
  })

  test('a mistake enters nothing and says where', async () => {
    const wrong = await go('import', file('wrong.xlsx'), '--valid-from', '2022-07-01')
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining(`error: ${SENSORS_TAB}, row 3, Network: expected -1, 0, 1 or nothing, found "minus".`)
    ])
    expect(wrong.stderr).toContain('Nothing was entered')
    const undated = await go('import', file('wrong.xlsx'))
    expect([undated.code, undated.stderr]).toEqual([1, expect.stringContaining('--valid-from 2022-07-01')])
    quiet(wrong)
  })

  test('the next workbook is a version; the export is the last one, without tokens', async () => {
    const next = await go('import', file('Configuration02_20220801.xlsx'))
    expect([next.code, next.stderr]).toEqual([0, expect.stringMatching(/^GRPA01, from 2022-08-01 on: changed: .* Prod 1 → -1/s)])
    const [last, first] = [file('last.xlsx'), file('first.xlsx')]
    expect((await go('export', last)).code).toBe(0)
    expect((await go('export', first, '--at', '2022-07-15')).code).toBe(0)
    const prod = async (path: string) =>
      (await readTabs(readFileSync(path)))[0].rows.flatMap(([id, , , label, , prod]) => (id === 'HOME01' && label === 'PV' ? [prod] : []))
    expect([await prod(last), await prod(first)]).toEqual([['-1'], ['1']])
    expect((await go('check', last, '--valid-from', '2022-09-01')).stdout).toBe('Nothing differs.\n')
  })
}

describe('a folder that nobody holds', () => {
  walk(() => ['--data', file('free')])

  test('tokens are the folder owner’s', () => {
    const path = join(file('free'), 'sensor-tokens.json')
    expect([statSync(path).mode & 0o777, readFileSync(path, 'utf8')]).toEqual([0o600, expect.stringContaining(TOKEN)])
  })
})

describe('a folder that start owns', () => {
  let server: Server
  beforeAll(async () => {
    writeFileSync(file('wattledger.yaml'), `data: ${file('owned')}\nhttp: { listen: ['127.0.0.1:0'] }\n`)
    server = await serve(['--config', file('wattledger.yaml')])
  })
  afterAll(() => stop(server))
  walk(() => ['--config', file('wattledger.yaml')])
})

test('two files are compared without a ledger', async () => {
  const differing = await run(['registry', 'import', file('Configuration02_20220801.xlsx'), '--diff', fileURLToPath(SAMPLE)])
  expect([differing.code, differing.stdout]).toEqual([
    0,
    expect.stringMatching(/^GRPA01: changed: .*\nHOME01: changed: sensor 8efc\w+ "PV" Prod 1 → -1\n {4}sensor 8efc.*\n$/s)
  ])
  const wrong = await run(['registry', 'import', file('wrong.xlsx'), '--diff', fileURLToPath(SAMPLE)])
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('row 3, Network')])
})
