import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Archive, openArchive } from '../../infra/archive.js'

let folder: string
let archive: Archive
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-archive-'))
  archive = await openArchive(folder)
})
afterEach(() => rmSync(folder, { recursive: true }))

const receipt = { name: 'day.csv', receivedAt: 1_700_000_000_000, source: 'test' }
const bytesOf = async (origin: string): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of archive.open(origin)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
const pathOf = (origin: string, suffix = ''): string => join(folder, 'raw', origin.slice(0, 2), `${origin}${suffix}`)

test('gives back the original bytes, and keeps them gzipped under their own hash', async () => {
  const body = Buffer.from('cups;at;kWh\n'.repeat(1000))
  const { origin, bytes, existed } = await archive.put([body.subarray(0, 1), body.subarray(1, 2), body.subarray(2)], receipt)
  expect({ origin, bytes, existed }).toEqual({
    origin: createHash('sha256').update(body).digest('hex'),
    bytes: body.length,
    existed: false
  })
  expect((await bytesOf(origin)).equals(body)).toBe(true)
  expect(gunzipSync(readFileSync(pathOf(origin, '.gz'))).equals(body)).toBe(true)
  expect(await archive.get(origin)).toEqual({ origin, bytes: body.length, ...receipt })
})

test.each([
  ['gzip', gzipSync('x')],
  ['zip', Buffer.from('PK\x03\x04 and so on')],
  ['bzip2', Buffer.from('BZh91AY')],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2])]
])('what is compressed already (%s) is kept as it is', async (_, body) => {
  const { origin } = await archive.put(
    [...body].map((byte) => Buffer.of(byte)),
    receipt
  )
  expect(readFileSync(pathOf(origin)).equals(body)).toBe(true)
  expect((await bytesOf(origin)).equals(body)).toBe(true)
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['three bytes', Buffer.from('abc')],
  ['noise', randomBytes(300_000)]
])('%s goes in and out', async (_, body) => {
  const { origin, bytes } = await archive.put([body], receipt)
  expect(bytes).toBe(body.length)
  expect((await bytesOf(origin)).equals(body)).toBe(true)
})

test('the same bytes twice are kept once, with a receipt for each name; at once, too', async () => {
  const body = () => [Buffer.from('the same')]
  const results = await Promise.all([archive.put(body(), receipt), archive.put(body(), receipt)])
  expect(new Set(results.map(({ origin }) => origin)).size).toBe(1)
  expect(await archive.put(body(), { name: 'again', receivedAt: 5 })).toEqual({ ...results[0], existed: true })
  const listed = []
  for await (const file of archive.list()) listed.push(file)
  const { origin } = results[0]
  expect(listed).toEqual([
    { origin, bytes: 8, ...receipt },
    { origin, bytes: 8, name: 'again', receivedAt: 5, source: '' }
  ])
  expect(readdirSync(join(folder, 'raw', 'unfinished'))).toEqual([])
})

test('a body that breaks off leaves nothing, and says why', async () => {
  const broken = async function* () {
    yield Buffer.from('half of ')
    throw new Error('connection reset')
  }
  await expect(archive.put(broken(), receipt)).rejects.toThrow('connection reset')
  expect(readdirSync(join(folder, 'raw'))).toEqual(['unfinished'])
  expect(readdirSync(join(folder, 'raw', 'unfinished'))).toEqual([])
})

test('a payload that is not there, or damaged, is refused in words', async () => {
  await expect(bytesOf('ab'.repeat(32))).rejects.toThrow('has no payload abab')
  expect(await archive.get('ab'.repeat(32))).toBeNull()
  const { origin } = await archive.put([Buffer.from('BZh whole')], receipt)
  writeFileSync(pathOf(origin), 'BZh other')
  await expect(bytesOf(origin)).rejects.toThrow('is damaged')
})

test('what a crash left half received is removed after a day', async () => {
  const [old, fresh] = ['old', 'fresh'].map((name) => join(folder, 'raw', 'unfinished', name))
  for (const path of [old, fresh]) writeFileSync(path, 'half')
  utimesSync(old, 1, 1)
  await openArchive(folder)
  expect([existsSync(old), existsSync(fresh)]).toEqual([false, true])
})

const MEGABYTES = process.env.WATTLEDGER_LONG ? 1024 : 128

test(`${MEGABYTES} MB go through in little memory`, async () => {
  const chunk = Buffer.alloc(1024 * 1024, 'reading;')
  const body = function* () {
    for (let i = 0; i < MEGABYTES; i++) yield chunk
  }
  const before = process.memoryUsage().rss
  let most = 0
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss - before)
  }, 20)
  const { origin, bytes } = await archive.put(body(), receipt)
  let read = 0
  for await (const part of archive.open(origin)) read += part.length
  clearInterval(watching)
  expect([bytes, read]).toEqual([MEGABYTES * chunk.length, MEGABYTES * chunk.length])
  expect(most / 1024 / 1024).toBeLessThan(100)
}, 120_000)

test('equal bytes under several names: each is listed, once, and the first is the one that is told', async () => {
  const origins: string[] = []
  for (const name of ['a.csv', 'b.csv', 'a.csv', 'c/b.csv', 'b.csv'])
    origins.push((await archive.put([Buffer.from('')], { ...receipt, name, receivedAt: receipt.receivedAt + origins.length })).origin)
  const [origin] = origins
  expect(new Set(origins).size).toBe(1)
  const listed = []
  for await (const file of archive.list()) listed.push(file)
  expect(listed.map(({ name, receivedAt }) => [name, receivedAt - receipt.receivedAt]).sort()).toEqual([
    ['a.csv', 0],
    ['b.csv', 1],
    ['c/b.csv', 3]
  ])
  expect(await archive.get(origin)).toMatchObject({ name: 'a.csv', receivedAt: receipt.receivedAt })
})
