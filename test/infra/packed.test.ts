import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Archive, openArchive } from '../../infra/archive.js'

let folder: string
const opened: Archive[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-packed-'))
})
afterEach(async () => {
  for (const archive of opened.splice(0)) await archive.close()
  rmSync(folder, { recursive: true })
})

const openHere = async (): Promise<Archive> => {
  const archive = await openArchive(folder)
  opened.push(archive)
  return archive
}
const filesIn = (): string[] =>
  readdirSync(join(folder, 'raw'), { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
const NOV = Date.UTC(2026, 10, 1)
const DAY = 86_400_000
const block = (number: number): Buffer => gzipSync(`block ${number}`)
const originOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const put = (archive: Archive, number: number) =>
  archive.put([block(number)], { name: `sensor/0/8/${number}.gz`, receivedAt: NOV + number * DAY, packed: true })
const bytesOf = async (archive: Archive, origin: string): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of archive.open(origin)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
const namesIn = async (archive: Archive): Promise<string[]> => {
  const names: string[] = []
  for await (const { name } of archive.list()) names.push(name)
  return names
}
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

test('many small ones are a file a month; each is found by its hash, also by whoever opens the folder beside or after', async () => {
  const [archive, beside] = [await openHere(), await openHere()]
  for (const i of range(60)) expect(await put(archive, i)).toEqual({ origin: originOf(block(i)), bytes: block(i).length, existed: false })
  expect(filesIn().filter((path) => path.endsWith('.mdb')).length).toBe(2)
  await put(beside, 60)
  await put(beside, 70)
  expect((await put(archive, 70)).existed).toBe(true)
  const after = await openHere()
  for (const each of [archive, beside, after]) {
    expect((await namesIn(each)).sort()).toEqual([...range(61), 70].map((i) => `sensor/0/8/${i}.gz`).sort())
    for (const i of [0, 30, 60, 70]) {
      const origin = originOf(block(i))
      expect(await bytesOf(each, origin)).toEqual(block(i))
      const { length: bytes } = block(i)
      expect(await each.get(origin)).toEqual({ origin, name: `sensor/0/8/${i}.gz`, receivedAt: NOV + i * DAY, bytes, source: '' })
    }
    expect(await each.get('ab'.repeat(32))).toBeNull()
    await expect(bytesOf(each, 'ab'.repeat(32))).rejects.toThrow('has no payload abab')
  }
})

test('more of them than are read at once are listed once each', async () => {
  const archive = await openHere()
  await Promise.all(range(1100).map((i) => archive.put([Buffer.from(`${i}`)], { name: `${i}`, receivedAt: NOV, packed: true })))
  await archive.put([Buffer.from('1050')], { name: 'later', receivedAt: NOV + 1, packed: true })
  const names = await namesIn(archive)
  expect(names.indexOf('later')).toBe(names.indexOf('1050') + 1)
  expect(names.sort()).toEqual([...range(1100).map(String), 'later'].sort())
})

test('what is not compressed is compressed, and nothing is something', async () => {
  const archive = await openHere()
  for (const bytes of [Buffer.alloc(0), Buffer.from('<html>'.repeat(100_000)), Buffer.from('\n\n')]) {
    const { origin } = await archive.put([bytes], { name: 'page', receivedAt: NOV, packed: true })
    expect((await bytesOf(archive, origin)).equals(bytes)).toBe(true)
  }
  expect(Math.max(...filesIn().map((path) => readFileSync(path).length))).toBeLessThan(200_000)
})

test('equal bytes are kept once, at once and later, with others or in a file of their own, with a receipt for each name', async () => {
  const archive = await openHere()
  const bytes = block(1)
  const as = (name: string, packed: boolean, receivedAt: number, which = archive) => which.put([bytes], { name, receivedAt, packed })
  const first = await Promise.all(range(4).map((i) => as(i < 2 ? 'a' : 'b', true, NOV + i)))
  // Whichever of them was the first.
  expect(first.filter(({ existed }) => !existed).length).toBe(1)
  const later = await openHere()
  expect((await as('c', false, NOV + 7, later)).existed).toBe(true)
  expect((await as('d', true, NOV + 40 * DAY, later)).existed).toBe(true)
  expect(await namesIn(later)).toEqual(['a', 'b', 'c', 'd'])
  expect((await later.get(originOf(bytes)))?.name).toBe('a')
  const other = await later.put([block(2)], { name: 'x', receivedAt: 1 })
  expect(await later.put([block(2)], { name: 'y', receivedAt: 2, packed: true })).toEqual({ ...other, existed: true })
  expect((await namesIn(later)).sort()).toEqual(['a', 'b', 'c', 'd', 'x', 'y'])
})

test('a damaged payload is told, and no other', async () => {
  const before = await openArchive(folder)
  for (const i of range(3)) await put(before, i)
  await before.close()
  const [path] = filesIn().filter((each) => each.endsWith('ledger.mdb'))
  const bytes = readFileSync(path)
  bytes[bytes.indexOf(block(1)) + 12] ^= 1
  writeFileSync(path, bytes)
  const archive = await openHere()
  await expect(bytesOf(archive, originOf(block(1)))).rejects.toThrow(/payload .* is damaged/)
  for (const i of [0, 2]) expect(await bytesOf(archive, originOf(block(i)))).toEqual(block(i))
})

test('in a folder that machines share nothing is packed', async () => {
  const archive = await openArchive(folder, { shared: true })
  const { origin } = await put(archive, 1)
  expect((await put(archive, 1)).existed).toBe(true)
  expect([await bytesOf(archive, origin), await namesIn(archive)]).toEqual([block(1), ['sensor/0/8/1.gz']])
  expect(filesIn().filter((path) => path.endsWith('.mdb'))).toEqual([])
  await archive.close()
})
