import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Damaged } from '../../infra/errors.js'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import type { Log, LogRecord, NewRecord } from '../../infra/log.js'

let folder: string
let embedded: Embedded
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-segments-'))
  embedded = await openEmbedded(folder)
  await embedded.log.create(['in', 'out'])
})
afterEach(async () => {
  await embedded.close()
  rmSync(folder, { recursive: true })
})

const reopen = async () => {
  await embedded.close()
  embedded = await openEmbedded(folder)
}

/** Everything appended before now is old. */
const OLD = -1

const archiveAll = async (): Promise<number> => {
  let steps = 0
  while (await embedded.log.archive(OLD)) steps++
  return steps
}

const numbered = (count: number, from = 0): NewRecord[] =>
  Array.from({ length: count }, (_, i) => ({ key: `k${(from + i) % 17}`, value: Buffer.from(`${from + i} ${'x'.repeat(200)}`) }))

const numberOf = (value: Buffer | null): number => Number(value?.toString().split(' ')[0])
const shown = ({ topic, partition, offset, key, value }: LogRecord): string => `${topic} ${partition} ${offset} ${key} ${value}`

const read = async (log: Log, topic: string, from: number[] = [], partition?: number): Promise<LogRecord[]> => {
  const ends = (await log.ends([topic])).get(topic)!
  const next = ends.map((_, each) => (partition === undefined || partition === each ? (from[each] ?? 0) : Number.POSITIVE_INFINITY))
  const complete = () => ends.every((end, each) => next[each] >= end)
  const done = new AbortController()
  const found: LogRecord[] = []
  if (complete()) return found
  for await (const records of log.tail(topic, from, done.signal, partition)) {
    found.push(...records)
    for (const record of records) next[record.partition] = record.offset + 1
    if (complete()) done.abort()
  }
  return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}

const files = (): string[] =>
  readdirSync(join(folder, 'segments'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))

test('what is archived is read as before: whole, from any offset, by tails and groups, before and after opening again', async () => {
  for (let i = 0; i < 10; i++) await embedded.log.append('in', numbered(500, i * 500))
  const before = await read(embedded.log, 'in')
  await archiveAll()
  await embedded.log.append('in', numbered(100, 5000))
  for (const _ of ['running', 'opened again']) {
    const all = await read(embedded.log, 'in')
    expect(all.filter(({ value }) => numberOf(value) < 5000).map(shown)).toEqual(before.map(shown))
    expect(all.length).toBe(5100)
    const ends = (await embedded.log.ends(['in'])).get('in')!
    for (const from of [0, 1, 777, ends[2] - 60, ends[2] - 1]) {
      expect((await read(embedded.log, 'in', [0, 0, from], 2)).map(({ offset }) => offset)).toEqual(
        Array.from({ length: ends[2] - from }, (_, i) => from + i)
      )
    }
    await reopen()
  }
  let folded = 0
  const run = embedded.log.process('g', ['in'], {
    batch(_, records) {
      folded += records.length
      return { outputs: [], states: new Map() }
    }
  })
  await run.drained()
  expect(folded).toBe(5100)
})

test('status tells what is in segments; the working file gives the space back', async () => {
  await embedded.log.append('in', numbered(2000))
  const before = (await embedded.log.status()).find(({ topic }) => topic === 'in')!
  await archiveAll()
  const after = (await embedded.log.status()).find(({ topic }) => topic === 'in')!
  expect(after).toMatchObject({ records: 2000, bytes: 0, oldestAt: before.oldestAt, segments: 4 })
  expect(after.segmentBytes).toBeGreaterThan(0)
  expect(after.segmentBytes).toBeLessThan(before.bytes / 5)
  expect((await embedded.store.sizes()).get('log')).toBeLessThan(20_000)
})

test('only what is older goes; small segments are joined with what follows', async () => {
  await embedded.log.append('in', numbered(100))
  expect(await embedded.log.archive(60_000)).toBe(false)
  for (let round = 1; round <= 3; round++) {
    await archiveAll()
    await embedded.log.append('in', numbered(100, round * 100))
  }
  expect(files().length).toBe(4)
  expect((await read(embedded.log, 'in')).length).toBe(400)
})

test('a step moves a bounded part', async () => {
  for (let i = 0; i < 20; i++) await embedded.log.append('in', [{ key: 'k', value: randomBytes(1_000_000), partition: 0 }])
  expect(await archiveAll()).toBe(3)
  expect((await read(embedded.log, 'in')).length).toBe(20)
})

test('superseded records are left out, the others keep their offsets; compaction goes on across segments', async () => {
  await embedded.close()
  embedded = await openEmbedded(folder, { supersedes: ({ topic, key }) => (topic === 'in' && key.startsWith('c') ? key : null) })
  const { log } = embedded
  const keys = ['c1', 'keep', 'c2', 'c1', 'c1', 'keep', 'c2']
  const append = () =>
    log.append(
      'in',
      keys.map((key, i) => ({ key, value: i === 4 ? null : Buffer.from(`${i}`), partition: 1 }))
    )
  await append()
  await archiveAll()
  expect((await read(log, 'in')).map(({ key, offset }) => [key, offset])).toEqual([
    ['keep', 1],
    ['c1', 4],
    ['keep', 5],
    ['c2', 6]
  ])
  await append()
  await archiveAll()
  const left = [
    ['keep', 1],
    ['keep', 5],
    ['keep', 8],
    ['c1', 11],
    ['keep', 12],
    ['c2', 13]
  ]
  expect((await read(log, 'in')).map(({ key, offset }) => [key, offset])).toEqual(left)
  expect((await read(log, 'in', [0, 6], 1)).map(({ offset }) => offset)).toEqual([8, 11, 12, 13])
  expect((await log.status()).find(({ topic }) => topic === 'in')?.records).toBe(6)
  expect(await log.append('in', [{ key: 'k', value: null, partition: 1 }])).toEqual([{ topic: 'in', partition: 1, offset: 14 }])
})

test('readers and a group go on while records move', async () => {
  const { log } = embedded
  const done = new AbortController()
  const seen: number[] = []
  const tailing = (async () => {
    for await (const records of log.tail('in', [], done.signal, 0)) seen.push(...records.map(({ value }) => numberOf(value)))
  })()
  const run = log.process('copy', ['in'], {
    batch: (_, records) => ({ outputs: records.map(({ key, value }) => ({ topic: 'out', key, value })), states: new Map() })
  })
  for (let i = 0; i < 20; i++) {
    await log.append('in', numbered(200, i * 200))
    await log.archive(OLD)
  }
  await run.drained()
  expect((await read(log, 'out')).length).toBe(4000)
  const inFirst = (await read(log, 'in', [], 0)).map(({ value }) => numberOf(value))
  await expect.poll(() => seen.length).toBe(inFirst.length)
  expect(seen).toEqual(inFirst)
  done.abort()
  await tailing
})

test('files that are not in use are removed at the start; a damaged one is said to be', async () => {
  await embedded.log.append('in', numbered(500))
  await archiveAll()
  const [used] = files()
  mkdirSync(join(folder, 'segments', 'in', '9'), { recursive: true })
  for (const stray of ['in/9/0-7.seg', 'in/0/0-9999.seg', 'in/0/0-9999.seg.unfinished'])
    writeFileSync(join(folder, 'segments', stray), 'stray')
  await reopen()
  expect(files().length).toBe(4)
  const bytes = readFileSync(used)
  bytes[100] ^= 0xff
  writeFileSync(used, bytes)
  await expect(read(embedded.log, 'in')).rejects.toThrow(Damaged)
  rmSync(used)
  await expect(read(embedded.log, 'in')).rejects.toThrow(Damaged)
})
