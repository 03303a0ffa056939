import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DiskFull, Unavailable } from '../../infra/errors.js'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import { runSink } from '../../sinks/run.js'

let folder: string
let embedded: Embedded
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-'))
  embedded = await openEmbedded(folder)
  await embedded.log.create(['rows'])
})
afterEach(async () => {
  await embedded.close()
  rmSync(folder, { recursive: true, force: true })
})

const append = () =>
  embedded.log.append(
    'rows',
    ['1', '2', '3'].map((value) => ({ key: 'k', value: Buffer.from(value) }))
  )

test('a store that is away for a moment gets the same batch again, and nothing is committed before', async () => {
  const seen: string[][] = []
  const committed: unknown[] = []
  await append()
  const sink = runSink(embedded.log, 'sink', ['rows'], async (records) => {
    seen.push(records.map(({ value }) => String(value)))
    committed.push((await embedded.log.committed('sink')).get('rows')?.reduce((sum, each) => sum + each, 0) ?? 0)
    if (seen.length < 3) throw new Unavailable('away')
  })
  await sink.drained()
  expect(seen).toEqual([
    ['1', '2', '3'],
    ['1', '2', '3'],
    ['1', '2', '3']
  ])
  expect(committed).toEqual([0, 0, 0])
  expect((await embedded.log.committed('sink')).get('rows')?.reduce((sum, each) => sum + each, 0)).toBe(3)
  await sink.stop()
})

test('what no waiting mends ends the group', async () => {
  for (const error of [new DiskFull('full'), new Error('a bug')]) {
    let tried = 0
    await append()
    const sink = runSink(embedded.log, `sink ${error.message}`, ['rows'], async () => {
      tried++
      throw error
    })
    await expect(sink.ended).rejects.toThrow(error.message)
    expect(tried).toBe(1)
  }
})
