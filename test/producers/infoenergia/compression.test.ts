import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BOUNDS, Budget, type Content, decompress, isDamage } from '../../../producers/compression.js'
import { unzip } from '../../../producers/zip.js'
import { parsed, recorded, rowsOf } from './support.js'

const plain = recorded('F5D_0291_0762_20231115.0')
const NAME = 'F5D_0291_0762_20231115.0'

async function* cut(bytes: Buffer, chunk: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += chunk) yield bytes.subarray(from, from + chunk)
}
const readAll = async (contents: AsyncIterable<Content>) => {
  const read: { name: string; text: string; damage: string[] }[] = []
  for await (const { name, chunks } of contents) {
    const parts: Buffer[] = []
    const damage: string[] = []
    for await (const item of chunks) {
      if (isDamage(item)) damage.push(item.reason)
      else parts.push(item)
    }
    read.push({ name, text: Buffer.concat(parts).toString('latin1'), damage })
  }
  return read
}
const open = (bytes: Buffer, chunk = 1000, bounds = BOUNDS) => readAll(decompress('given', cut(bytes, chunk), bounds))

const variants = {
  plain,
  gzip: gzipSync(plain),
  'gzip of two members': Buffer.concat([gzipSync(plain.subarray(0, 940)), gzipSync(plain.subarray(940))]),
  bzip2: recorded('plain.bz2'),
  'bzip2 of two streams': recorded('two-streams.bz2'),
  zip: recorded('one.zip'),
  'bzip2 inside zip': recorded('bzip2-inside.zip')
}

describe('F: the same file however packed, recognised by its first bytes', () => {
  for (const [how, bytes] of Object.entries(variants)) {
    for (const chunk of [1, 7, 65536]) {
      test(`${how}, in chunks of ${chunk}`, async () => {
        expect((await open(bytes, chunk)).map(({ text, damage }) => [text, damage])).toEqual([[plain.toString('latin1'), []]])
      })
    }
    for (const name of [NAME, `${NAME}.bz2`, `${NAME}.ZIP`, `in/some/folder/${NAME.toLowerCase()}`]) {
      test(`${how} named ${name}: 25 intervals, 3250 Wh, revision 2023111500`, async () => {
        const { readings, rejects } = await parsed(name, bytes)
        expect(rejects).toEqual([])
        const rows = rowsOf(readings)
        expect([rows.length, rows.reduce((total, { value }) => total + value, 0)]).toEqual([25, 3250])
        expect(readings[0].revision).toBe(2023111500)
      })
    }
  }

  test('a zip of several files gives each in turn, by its name, lines counted in each', async () => {
    const read = await open(recorded('several.zip'))
    expect(read.map(({ name }) => name)).toEqual(['folder/a.0', 'folder/b.0'])
    expect(read.map(({ text }) => text).join('')).toBe(plain.toString('latin1'))
    const { readings, rejects } = await parsed(`${NAME}.zip`, recorded('several.zip'))
    expect(rejects).toEqual([])
    expect(new Set(readings.map(({ attrs }) => attrs.member))).toEqual(new Set(['folder/a.0', 'folder/b.0']))
    expect(rowsOf(readings).map(({ line }) => line)).toEqual([...Array(13).keys(), ...Array(12).keys()].map((line) => line + 1))
  })

  test('a zip that holds folders only is one reject: empty-file', async () => {
    // Local header and directory entry of `f/`, then the end of the directory.
    const local = '504b0304140000000000000000000000000000000000000000000200000066 2f'
    const entry = '504b010214001400000000000000000000000000000000000000000002000000000000000000000000000000000066 2f'
    const end = '504b0506000000000100010030000000200000000000'
    const { readings, rejects } = await parsed(`${NAME}.zip`, Buffer.from(`${local}${entry}${end}`.replaceAll(' ', ''), 'hex'))
    expect([readings, rejects.map(({ reason }) => reason)]).toEqual([[], ['empty-file']])
  })

  test('a large zip goes through a temporary file', async () => {
    const read = await readAll(unzip('given', cut(recorded('several.zip'), 100), new Budget(BOUNDS), 500))
    expect(read.map(({ text }) => text).join('')).toBe(plain.toString('latin1'))
  })

  test('a payload that can not be read is bad weather: it throws', async () => {
    for (const bytes of Object.values(variants)) {
      const failing = async function* () {
        yield bytes.subarray(0, 100)
        throw new Error('connection lost')
      }
      await expect(readAll(decompress('given', failing()))).rejects.toThrow('connection lost')
    }
  })
})

const lines = Array.from({ length: 5000 }, (_, i) => `line ${i} ${(i * 7919) % 10007}\n`).join('')

describe('F: what is damaged is a value, and what came before it is kept', () => {
  test('gzip cut in the middle: truncated, after a good half of the lines', async () => {
    const packed = gzipSync(lines)
    const [{ text, damage }] = await open(packed.subarray(0, packed.length / 2))
    expect(damage).toEqual(['truncated'])
    expect(text.length).toBeGreaterThan(lines.length / 3)
    expect(lines.startsWith(text)).toBe(true)
  })

  test('gzip with a wrong checksum: gzip-corrupt; zlib keeps at most the last 16 KB back', async () => {
    const packed = gzipSync(lines)
    packed[packed.length - 6] ^= 1
    const [{ text, damage }] = await open(packed)
    expect(damage).toEqual(['gzip-corrupt'])
    expect(text).toBe(lines.slice(0, text.length))
    expect(lines.length - text.length).toBeLessThanOrEqual(16 * 1024)
  })

  test('bzip2 with its second block damaged: the first block is kept, bzip2-corrupt', async () => {
    const packed = Buffer.from(recorded('blocks.bz2'))
    const whole = (await open(packed))[0].text
    packed[Math.floor(packed.length / 2)] ^= 4
    const [{ text, damage }] = await open(packed)
    expect(damage).toEqual(['bzip2-corrupt'])
    expect(text.length).toBeGreaterThan(90_000)
    expect(whole.startsWith(text)).toBe(true)
  })

  test('bzip2 cut short: truncated, its whole blocks are kept', async () => {
    const packed = recorded('blocks.bz2')
    const [{ text, damage }] = await open(packed.subarray(0, packed.length - 100))
    expect(damage).toEqual(['truncated'])
    expect(text.length).toBeGreaterThan(190_000)
  })

  test('zip without its directory: truncated', async () => {
    expect(await open(recorded('one.zip').subarray(0, 200))).toMatchObject([{ text: '', damage: ['truncated'] }])
  })

  test('one damaged file of a zip does not cost the other', async () => {
    const packed = Buffer.from(recorded('several.zip'))
    packed[packed.indexOf('ES0291', packed.indexOf('folder/b.0'))] ^= 1
    const read = await open(packed)
    expect(read.map(({ damage }) => damage)).toEqual([[], ['zip-corrupt']])
    expect(read[0].text).toBe(plain.subarray(0, 940).toString('latin1'))
  })

  test('a curve file cut in the middle of a line: its whole lines are readings, one reject says truncated', async () => {
    const packed = gzipSync(plain, { level: 0 })
    const { readings, rejects } = await parsed(NAME, packed.subarray(0, packed.length - 100))
    expect(rejects.map(({ line, reason }) => [line, reason])).toEqual([[0, 'truncated']])
    expect(rowsOf(readings).map(({ value }) => value)).toEqual(Array.from({ length: 23 }, (_, i) => 10 * (i + 1)))
  })

  test('bombs end at the bound: by ratio and by size, in every packing', async () => {
    const bounds = { bytes: 1e9, ratio: 100, freeBytes: 1 << 20 }
    const zeros = gzipSync(Buffer.alloc(20 << 20))
    const [{ text, damage }] = await open(zeros, 1000, bounds)
    expect(damage).toEqual(['expands-too-much'])
    expect(text.length).toBeLessThanOrEqual(Math.max(1 << 20, 100 * zeros.length))
    expect((await open(gzipSync(lines), 1000, { bytes: 10_000, ratio: 100, freeBytes: 1 << 20 }))[0].damage).toEqual(['expands-too-much'])
    const small = { bytes: 50_000, ratio: 100, freeBytes: 50_000 }
    expect((await open(recorded('blocks.bz2'), 1000, small))[0].damage).toEqual(['expands-too-much'])
    expect((await open(recorded('one.zip'), 1000, { ...small, bytes: 500 }))[0].damage).toEqual(['expands-too-much'])
  })

  test('any flipped bytes, any cut: never a throw, and never a reading that was not in the file', { timeout: 120_000 }, async () => {
    const packings = [gzipSync(plain), recorded('plain.bz2'), recorded('one.zip'), recorded('bzip2-inside.zip'), recorded('several.zip')]
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...packings), flips, fc.option(fc.nat()), async (packed, changes, end) => {
        const bytes = Buffer.from(packed.subarray(0, end === null ? packed.length : end % packed.length))
        for (const [at, bits] of changes) if (bytes.length > 0) bytes[at % bytes.length] ^= bits
        const { readings, rejects } = await parsed(NAME, bytes)
        expect(rowsOf(readings).length > 0 || rejects.length > 0).toBe(true)
      }),
      { numRuns: 400 }
    )
  })

  test('what zlib reads, gunzip here reads the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100_000 }), fc.integer({ min: 1, max: 5000 }), async (bytes, chunk) => {
        const packed = gzipSync(bytes)
        expect((await open(packed, chunk))[0].text).toBe(gunzipSync(packed).toString('latin1'))
      }),
      { numRuns: 30 }
    )
  })
})
