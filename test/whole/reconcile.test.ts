import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEmbedded } from '../../infra/lmdb/open.js'
import { type Ended, lay, run, serve, stop } from './child.js'
import { f5d, hours, utc } from './files.js'
import { type Json, temporary } from './platform.js'
import { HOME } from './world.js'

/** `wattledger reconcile` as people type it, on a folder whose store is not what its log says. */
let folder: string
const on = () => ['--data', join(folder, 'data')]
const series = { point: HOME, register: '1.8.0' }
const DAY_MS = 86_400_000
const SECOND = utc('2024-05-03T00:00Z')

beforeAll(async () => {
  folder = temporary()
  const curve = hours(utc('2024-05-01T22:00Z'), utc('2024-05-04T22:00Z'), (_, i) => 100 + i)
  lay(join(folder, 'meters'), [f5d('F5D_0291_0762_20240601.0', HOME, curve)])
  expect((await run(['import', join(folder, 'meters'), ...on()])).code).toBe(0)
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const damage = async (): Promise<void> => {
  const { store, close } = await openEmbedded(join(folder, 'data'))
  await store.replaceSlots(series, 'PT1H', SECOND, SECOND + DAY_MS, [])
  await close()
}
const objectsOf = ({ stdout }: Ended): Json[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
const go = (...args: string[]) => run(['reconcile', ...args, ...on()])

test('finds the day that is not as the ledger has it, changes nothing unless told to, and mends it', async () => {
  await damage()
  const dry = await go()
  expect([dry.code, dry.stdout]).toEqual([1, expect.stringMatching(/store +ES0291.* 1\.8\.0 +2024-05-03 +0 +24 /)])
  expect(dry.stdout).toMatch(/1 of \d+ days of registers differ.*--apply rewrites them/s)
  const difference = {
    copy: 'store',
    point: HOME,
    register: '1.8.0',
    day: '2024-05-03',
    found: { rows: 0, milli: 0 },
    ledger: { rows: 24 }
  }
  const again = await go('--json')
  expect([again.code, objectsOf(again)]).toMatchObject([
    1,
    [
      { ...difference, mended: false },
      { differing: 1, mended: 0, moving: 0 }
    ]
  ])
  expect((await go('--from', '2024-05-04')).code).toBe(0)
  expect((await go('--points', 'flukso/nobody')).code).toBe(0)

  const applied = await go('--apply', '--json')
  expect([applied.code, objectsOf(applied)]).toMatchObject([
    0,
    [
      { ...difference, mended: true },
      { differing: 1, mended: 1 }
    ]
  ])
  const clean = await go()
  expect([clean.code, clean.stdout]).toEqual([0, expect.stringMatching(/^\d+ days of registers, each as the ledger has it\.\n$/)])
}, 240_000)

test('while another process owns the folder, it is that one that does it', async () => {
  await damage()
  writeFileSync(join(folder, 'wattledger.yaml'), `data: ${join(folder, 'data')}\nhttp: { listen: ['127.0.0.1:0'] }\n`)
  const server = await serve(['--config', join(folder, 'wattledger.yaml')])
  try {
    expect((await go()).code).toBe(1)
    const applied = await go('--apply')
    expect([applied.code, applied.stdout]).toEqual([0, expect.stringContaining('All of them were rewritten.')])
    expect((await go('--grid', 'P1D')).code).toBe(0)
    const wrong = await go('--from', '2024-05-04', '--to', '2024-05-01')
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('to: the range ends before it begins.')])
    expect((await go('--from', 'May')).stderr).toMatch(/from: /)
  } finally {
    await stop(server)
  }
}, 240_000)
