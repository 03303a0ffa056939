import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claim, type Holder, type Owner } from '../../infra/owner.js'

const child = new URL('./children/claiming.mjs', import.meta.url).pathname

let folder: string
const running: ChildProcessWithoutNullStreams[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-owner-'))
})
afterEach(async () => {
  await Promise.all(running.splice(0).map(kill))
  rmSync(folder, { recursive: true })
})

const kill = (process: ChildProcessWithoutNullStreams): Promise<void> =>
  new Promise((resolve) => {
    if (process.exitCode !== null || process.signalCode !== null) return resolve()
    process.on('close', () => resolve())
    process.kill('SIGKILL')
  })

const claiming = (address = ''): Promise<{ process: ChildProcessWithoutNullStreams; pid?: number; heldBy?: Holder }> =>
  new Promise((resolve) => {
    const started = spawn(process.execPath, [child, folder, address])
    running.push(started)
    let said = ''
    started.stdout.on('data', (text) => {
      said += text
      if (said.includes('\n')) resolve({ process: started, ...JSON.parse(said) })
    })
  })

const owned = (claimed: Owner | { heldBy: Holder }): Owner => {
  if ('heldBy' in claimed) throw new Error(`held by ${claimed.heldBy.pid}`)
  return claimed
}

test('one of many that start at once gets the folder; the others learn who and where', async () => {
  const all = await Promise.all(Array.from({ length: 6 }, (_, i) => claiming(`http://127.0.0.1:${8080 + i}`)))
  const winners = all.filter(({ pid }) => pid !== undefined)
  expect(winners.length).toBe(1)
  const written = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8'))
  expect(written.pid).toBe(winners[0].pid)
  for (const { heldBy } of all) if (heldBy) expect(heldBy).toEqual(written)
}, 60_000)

test('after kill -9 the next one gets it at once', async () => {
  const first = await claiming()
  expect('heldBy' in (await claim(folder))).toBe(true)
  await kill(first.process)
  const owner = owned(await claim(folder))
  expect(await claim(folder)).toEqual({ heldBy: expect.objectContaining({ pid: process.pid }) })
  await owner.release()
})

test('released, it is free, and owner.json is gone', async () => {
  const owner = owned(await claim(folder, { address: 'http://one' }))
  owner.announce('http://127.0.0.1:8080')
  expect(await claim(folder)).toEqual({ heldBy: expect.objectContaining({ address: 'http://127.0.0.1:8080' }) })
  expect(JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')).address).toBe('http://127.0.0.1:8080')
  await owner.release()
  expect(existsSync(join(folder, 'owner.json'))).toBe(false)
  await owned(await claim(folder)).release()
})

test('a process number that is used again by another process is not the owner', async () => {
  const owner = owned(await claim(folder))
  const table = open({ path: join(folder, 'owner.mdb'), noSubdir: true, encoding: 'json' })
  table.putSync('owner', { ...table.get('owner'), started: 'an earlier boot/1' })
  await owned(await claim(folder)).release()
  await owner.release()
  await table.close()
})

test('an owner on another host holds it while it touches owner.json', async () => {
  const owner = owned(await claim(folder))
  const table = open({ path: join(folder, 'owner.mdb'), noSubdir: true, encoding: 'json' })
  table.putSync('owner', { ...table.get('owner'), claim: 'theirs', host: 'another', pid: 1 })
  expect(await claim(folder)).toEqual({ heldBy: expect.objectContaining({ host: 'another' }) })
  const silent = new Date(Date.now() - 60_000)
  utimesSync(join(folder, 'owner.json'), silent, silent)
  const taken = owned(await claim(folder))
  expect(() => owner.announce('http://late')).toThrow('taken by another host')
  await owner.release()
  expect(existsSync(join(folder, 'owner.json'))).toBe(true)
  await taken.release()
  await table.close()
})
