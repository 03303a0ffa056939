import fc from 'fast-check'
import Papa from 'papaparse'
import { expect, test } from 'vitest'
import { csvField, csvLine, decimal, kwh, meanPower } from '../../api/format.js'
import { KNOWN_RULES, rulesText } from '../../api/rules-text.js'
import { parseDecimal } from '../../schemas/exact.js'

test('decimals are exact', () => {
  expect([decimal(19_000, 6), decimal(-5, 3), decimal(0, 2), decimal(123, 0), decimal(7, -3), decimal(Number.MAX_SAFE_INTEGER, 6)]).toEqual(
    ['0.019000', '-0.005', '0.00', '123', '7000', '9007199254.740991']
  )
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.nat(9), (value, scale) => parseDecimal(decimal(value, scale), scale) === (value === 0 ? 0 : value))
  )
})

test('kWh and power', () => {
  expect([kwh(19_000, 'Wh'), kwh(-1, 'Wh'), kwh(5, 'L')]).toEqual(['0.019000', '-0.000001', null])
  expect([
    meanPower(1_000_000, 'Wh', 3_600_000),
    meanPower(1, 'Wh', 8000),
    meanPower(-500_000, 'varh', 900_000),
    meanPower(5, 'L', 1000)
  ]).toEqual([1000, 0.45, -2000, null])
  expect(meanPower(9e15, 'Wh', 3_600_000)).toBe(9e12)
})

test('CSV reads back, and is no formula', () => {
  expect(csvLine(['a', null, 1.5, 'x,"y"\n'])).toBe('a,,1.5,"x,""y""\n"\r\n')
  for (const text of ['=1+1', '+1', '-1+cmd', '@x', '\t=1']) expect(csvField(text).replace(/^"/, '').startsWith("'"), text).toBe(true)
  expect([csvField('-0.019000'), csvField(-3)]).toEqual(['-0.019000', '-3'])
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', ',', '"', '\r', '\n', ' ', ';') }), { minLength: 2, maxLength: 4 }),
      (cells) => {
        fc.pre(cells.every((cell) => !cell.startsWith('\r')))
        expect(Papa.parse(csvLine(cells).slice(0, -2), { delimiter: ',', newline: '\r\n' }).data).toEqual([cells])
      }
    )
  )
})

test('every rule has its sentence', () => {
  expect(KNOWN_RULES).toEqual(['counter', 'curve', 'gap', 'glitch', 'rollover', 'reset', 'replacement', 'backwards', 'jump', 'held', 'cut'])
  expect(rulesText('gap+rollover').map(({ rule }) => rule)).toEqual(['gap', 'rollover'])
  expect(rulesText('')).toEqual([])
  expect(rulesText('later-rule')[0].sentence).toContain('later-rule')
})
