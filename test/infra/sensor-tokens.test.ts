import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Refused } from '../../infra/errors.js'
import { openSensorTokens } from '../../infra/sensor-tokens.js'

const CLAMP = 'a'.repeat(32)
const WATER = 'b'.repeat(32)
const SECRET = '0123456789abcdef'.repeat(2)
const OTHER = 'fedcba9876543210'.repeat(2)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-tokens-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('none at first; what was put is there for whoever opens the folder, and later ones replace', () => {
  const tokens = openSensorTokens(folder)
  expect([...tokens.entries()]).toEqual([])
  tokens.put(
    new Map([
      [CLAMP, SECRET],
      [WATER, SECRET]
    ])
  )
  openSensorTokens(folder).put(new Map([[WATER, OTHER]]))
  expect([tokens.get(CLAMP), tokens.get(WATER), tokens.get('c'.repeat(32))]).toEqual([SECRET, OTHER, undefined])
})

test('one is taken away, and the others stay', () => {
  const tokens = openSensorTokens(folder)
  expect(tokens.remove(CLAMP)).toBe(false)
  tokens.put(
    new Map([
      [CLAMP, SECRET],
      [WATER, OTHER]
    ])
  )
  expect([tokens.remove(CLAMP), tokens.remove(CLAMP)]).toEqual([true, false])
  expect([...openSensorTokens(folder).entries()]).toEqual([[WATER, OTHER]])
  expect(readFileSync(join(folder, 'sensor-tokens.json'), 'utf8')).not.toContain(SECRET)
  expect(statSync(join(folder, 'sensor-tokens.json')).mode & 0o777).toBe(0o600)
})

test('only its owner may read it, and nothing half written stays', () => {
  openSensorTokens(folder).put(new Map([[CLAMP, SECRET]]))
  expect(readdirSync(folder)).toEqual(['sensor-tokens.json'])
  expect(statSync(join(folder, 'sensor-tokens.json')).mode & 0o777).toBe(0o600)
})

test('what is no token is refused without being repeated, and nothing of that call is kept', () => {
  const tokens = openSensorTokens(folder)
  const put = () =>
    tokens.put(
      new Map([
        [CLAMP, SECRET],
        [WATER, `${OTHER}x`]
      ])
    )
  expect(put).toThrow(Refused)
  expect(put).toThrow(new RegExp(`sensor ${WATER} is not 32 hex`))
  expect(put).not.toThrow(new RegExp(OTHER))
  expect([...tokens.entries()]).toEqual([])
})

test('a file that somebody broke says where it is, not what is in it', () => {
  writeFileSync(join(folder, 'sensor-tokens.json'), `{"${CLAMP}": "${SECRET}"`)
  const { get, put } = openSensorTokens(folder)
  for (const ask of [() => get(CLAMP), () => put(new Map([[WATER, OTHER]]))]) {
    expect(ask).toThrow(/sensor-tokens\.json is not \{"<sensor>"/)
    expect(ask).not.toThrow(new RegExp(SECRET))
  }
  expect(readFileSync(join(folder, 'sensor-tokens.json'), 'utf8')).toContain(SECRET)
})
