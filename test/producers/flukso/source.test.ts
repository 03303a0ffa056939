import { expect, test } from 'vitest'
import type { Payload } from '../../../producers/contract.js'
import { flukso } from '../../../producers/flukso/source.js'
import { encode, FED676, recorded, SID } from './blocks.js'

const GZIP = Buffer.from([0x1f, 0x8b, 8, 0])
const TEXT = Buffer.from('cups;register;instant')

const payload = (bytes: Buffer, name: string, chunk = 1000): Payload & { read: number } => {
  const made = {
    name,
    origin: 'f00d',
    receivedAt: 0,
    bytes: bytes.length,
    read: 0,
    async *open() {
      for (let from = 0; from < bytes.length; from += chunk) {
        made.read = Math.min(from + chunk, bytes.length)
        yield bytes.subarray(from, made.read)
      }
    }
  }
  return made
}

const parsed = async (of: Payload) => {
  const pieces = []
  for await (const piece of flukso.parse(of)) pieces.push(piece)
  return pieces
}

const cases: { when: string; given: [string, Buffer]; gives: boolean }[] = [
  { when: 'a block’s path', given: [`${SID}/0/8/1656676352.gz`, GZIP], gives: true },
  { when: 'a block’s path without suffix', given: [`in/${SID}/0/8/1656676352`, GZIP], gives: true },
  { when: 'a block’s path, empty file: ours to reject', given: [`${SID}/0/8/1656676352.gz`, Buffer.alloc(0)], gives: true },
  { when: 'a .gz below a sensor', given: [`${SID}/old/1656676352.gz`, TEXT], gives: true },
  { when: 'a number.gz that is gzip', given: ['in/1656676352.gz', GZIP], gives: true },
  { when: 'a number.gz that is not', given: ['in/1656676352.gz', TEXT], gives: false },
  { when: 'any other .gz', given: ['x.gz', GZIP], gives: true },
  { when: 'a distributor’s curve', given: ['F5D_0031_20220701.0.gz', GZIP], gives: false },
  { when: 'a distributor’s curve, in lower case, in a folder', given: ['in/p1d_0031_20220701.0.gz', GZIP], gives: false },
  { when: 'gzip under another name', given: ['x.bin', GZIP], gives: false },
  { when: 'a text', given: ['readings.csv', TEXT], gives: false }
]
for (const { when, given, gives } of cases) test(`recognises ${when}: ${gives}`, () => expect(flukso.recognises(...given)).toBe(gives))

test('is in Brussels, and believes clocks to five minutes', () => {
  expect([flukso.name, flukso.zone(`flukso/${SID}`), flukso.aheadMs]).toEqual(['flukso', 'Europe/Brussels', 300_000])
})

test('parses a payload that comes in pieces', async () => {
  const name = `${FED676}/16/1404108800.gz`
  const pieces = await parsed(payload(recorded(name), name, 100))
  expect(pieces.reduce((sum, { rows }) => sum + rows, 0)).toBe(12232)
  expect(Math.max(...pieces.map(({ rows }) => rows))).toBe(4096)
})

test('reads no more than a block may have', async () => {
  const bytes = Buffer.concat([encode({ samples: [[1656676352, 0]] }), Buffer.alloc(40 * 1024 * 1024)])
  const given = payload(bytes, 'x.gz', 1024 * 1024)
  const [{ rejects }] = await parsed(given)
  expect(rejects[0]).toMatchObject({ reason: 'too-large', name: 'x.gz', origin: 'f00d' })
  expect(given.read).toBeLessThanOrEqual(17 * 1024 * 1024)
})

test('an empty payload is a reject', async () => {
  expect((await parsed(payload(Buffer.alloc(0), `${SID}/0/8/1656676352.gz`)))[0].rejects[0].reason).toBe('not-gzip')
})
