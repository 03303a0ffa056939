import { describe, expect, test } from 'vitest'
import { rawAround } from '../../producers/inspect.js'
import { byPayload } from '../../producers/redrive.js'
import type { Reject } from '../../schemas/generated.js'
import { precedence, resolved } from '../../schemas/reject.js'

const reject = (over: Partial<Reject> = {}): Reject => ({
  source: 'test',
  origin: 'aa',
  name: 'a.csv',
  line: 3,
  field: 'kWh',
  reason: 'not-a-number',
  expected: 'a number',
  found: 'x',
  advice: 'Mend it.',
  ingestedAt: 1000,
  parserVersion: 1,
  ...over
})

test('payloads are bytes under a name, oldest first', () => {
  const all = [reject({ name: 'b.csv' }), reject({ line: 4 }), reject({ origin: 'bb', ingestedAt: 5 }), reject({})]
  expect(byPayload(all).map((group) => group.map(({ origin, name, line }) => `${origin} ${name} ${line}`))).toEqual([
    ['bb a.csv 3'],
    ['aa a.csv 4', 'aa a.csv 3'],
    ['aa b.csv 3']
  ])
})

const better: { when: string; than: Reject; counts: Reject }[] = [
  { when: 'a newer parser, whatever came later', than: reject({ ingestedAt: 2000 }), counts: reject({ parserVersion: 2 }) },
  { when: 'a later receipt', than: resolved(reject(), 'test', 1), counts: reject({ ingestedAt: 1001 }) },
  { when: 'of one receipt and parser what is resolved', than: reject(), counts: resolved(reject(), 'test', 1) },
  {
    when: 'what was resolved by a newer parser than the one that reads now',
    than: reject({ parserVersion: 2 }),
    counts: resolved(reject(), 'test', 3)
  }
]
for (const { when, than, counts } of better)
  test(`of two rejects counts ${when}`, () => {
    expect(precedence(counts, than)).toBeGreaterThan(0)
    expect(precedence(than, counts)).toBeLessThan(0)
    expect(precedence(counts, counts)).toBe(0)
  })

describe('the raw lines around a reject', () => {
  const around = async (text: string | Buffer, line: number, pieceBytes = 7) => {
    const bytes = Buffer.from(text)
    const open = async function* () {
      for (let from = 0; from < bytes.length; from += pieceBytes) yield bytes.subarray(from, from + pieceBytes)
    }
    return rawAround({ name: 'a.csv', bytes: bytes.length, open }, reject({ line }))
  }
  const lines = Array.from({ length: 9 }, (_, i) => `line ${i + 1}`)

  test.each([1, 2, 5, 8, 9])('line %i, with two on either side, however the bytes come', async (line) => {
    for (const pieceBytes of [1, 7, 1000])
      expect((await around(lines.join('\n'), line, pieceBytes)).lines).toEqual(
        lines.map((text, i) => ({ line: i + 1, text, rejected: i + 1 === line })).filter((each) => Math.abs(each.line - line) <= 2)
      )
  })

  test('of what is rejected as a whole the first lines; of nothing none', async () => {
    expect(await around(lines.join('\n'), 0)).toMatchObject({
      bytes: 62,
      head: Buffer.from('line 1\nline 2\nline 3\nline 4\nline').subarray(0, 7).toString('hex')
    })
    expect((await around(lines.join('\n'), 0)).lines.map(({ text }) => text)).toEqual(['line 1', 'line 2', 'line 3'])
    expect(await around('', 0)).toEqual({ bytes: 0, head: '', member: null, lines: [] })
  })

  test('an endless line is cut, bytes that are no text are shown as what they look like', async () => {
    const [, , long] = (await around(`a\nb\n${'x'.repeat(100_000)}\nd`, 3, 999)).lines
    expect(long.text).toBe('x'.repeat(500))
    const [odd] = (await around(Buffer.from([0x41, 0xe9, 0x1b, 0x5b, 0x42]), 1)).lines
    expect(odd.text).toBe('Aé·[B')
  })
})
