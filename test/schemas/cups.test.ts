import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { controlLetters, parseCups, zoneOfCups } from '../../schemas/cups.js'

interface Case {
  input: string
  valid: boolean
  base?: string
  why?: string
}
const cases = JSON.parse(readFileSync('test/recorded/infoenergia/cups.json', 'utf8')) as Case[]

for (const { input, valid, base, why } of cases) {
  test(`A23: ${input} is ${valid ? `known as ${base}` : `refused: ${why}`}`, () => {
    const cups = parseCups(input)
    expect(cups.ok).toBe(valid)
    if (cups.ok) expect(cups.base).toBe(base)
  })
}

const refused = [
  { input: 'ES0291000000000001DX0F', reason: 'control-letters', says: 'DN' },
  { input: 'ES02910000000001DN0F', reason: 'cups-digits', says: '16 digits' },
  { input: 'PT0291000000000001DN', reason: 'cups-country', says: 'ES' },
  { input: 'ES0291000000000001DN0F001', reason: 'cil-not-cups', says: 'CIL' },
  { input: 'ES0291000000000001DNF0', reason: 'cups-suffix', says: 'suffix' },
  { input: '', reason: 'cups-length', says: '20 or 22' }
]
for (const { input, reason, says } of refused) {
  test(`"${input}" is refused as ${reason} and says what is expected`, () => {
    expect(parseCups(input)).toMatchObject({ ok: false, reason, expected: expect.stringContaining(says) })
  })
}

test('the dossier: 0291000000000001 gives DN, 0031198855449538 SC, 9876543210987655 XJ', () => {
  expect(['0291000000000001', '0031198855449538', '9876543210987655'].map(controlLetters)).toEqual(['DN', 'SC', 'XJ'])
})

test('control letters agree with BigInt for any 16 digits, above 2^53 too', () => {
  const t = 'TRWAGMYFPDXBNJZSQVHLCKE'
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 9_999_999_999_999_999n }), (n) => {
      const r = Number(n % 529n)
      expect(controlLetters(String(n).padStart(16, '0'))).toBe(t[Math.trunc(r / 23)] + t[r % 23])
    })
  )
})

test('no text makes it throw', () => {
  fc.assert(fc.property(fc.string({ maxLength: 30 }), (text) => typeof parseCups(text).ok === 'boolean'))
})

test('A15: only ES00316 and ES04016 are on the Canary Islands', () => {
  expect(zoneOfCups('ES0031600000000001XF')).toBe('Atlantic/Canary')
  expect(zoneOfCups('ES0401600000000001XF0F')).toBe('Atlantic/Canary')
  expect(zoneOfCups('ES0031500000000001XF')).toBe('Europe/Madrid')
})
