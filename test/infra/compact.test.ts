import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { compactFolder } from '../../infra/lmdb/compact.js'
import { workingFile } from '../../infra/lmdb/env.js'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'

let folder: string
let embedded: Embedded
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-compact-'))
  embedded = await openEmbedded(folder)
})
afterEach(async () => {
  await embedded.close()
  rmSync(folder, { recursive: true })
})

const fileBytes = (): number => statSync(workingFile(folder)).size

test('opening gives free pages back when there are many, and keeps all that is stored', async () => {
  const { log } = embedded
  await log.create(['in'])
  for (let i = 0; i < 30; i++) await log.append('in', [{ key: 'k', value: randomBytes(1_000_000), partition: 0 }])
  await log.append('in', [{ key: 'last', value: Buffer.from('of all'), partition: 1 }])
  const full = fileBytes()
  while (await log.archive(-1));
  await embedded.close()
  expect(fileBytes()).toBeGreaterThanOrEqual(full)
  writeFileSync(`${workingFile(folder)}.compact`, 'left by a crash')
  embedded = await openEmbedded(folder)
  expect(fileBytes()).toBeLessThan(full / 10)
  expect(existsSync(`${workingFile(folder)}.compact`)).toBe(false)
  expect((await embedded.log.ends(['in'])).get('in')).toEqual([30, 1, 0, 0])
  await embedded.log.append('in', [{ key: 'k', value: null, partition: 0 }])
  expect((await embedded.log.status())[0]).toMatchObject({ records: 32, segments: expect.any(Number) })
})

test('a full or a small file is left alone', async () => {
  const { log } = embedded
  await log.create(['in'])
  await log.append('in', [{ key: 'k', value: randomBytes(100_000) }])
  await embedded.close()
  expect(await compactFolder(folder)).toBe(0)
  embedded = await openEmbedded(folder)
  for (let i = 0; i < 20; i++) await embedded.log.append('in', [{ key: 'k', value: randomBytes(1_000_000) }])
  await embedded.close()
  expect(await compactFolder(folder)).toBe(0)
  embedded = await openEmbedded(folder)
})
