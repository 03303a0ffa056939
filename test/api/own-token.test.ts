import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { OWNER, ownToken } from '../../api/access/own-token.js'
import { type AccessEntry, hashToken } from '../../schemas/access.js'
import { memoryMap } from './memory-map.js'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'wattledger-token-'))
  folders.push(made)
  return made
}
const GIVEN = 'g'.repeat(32)

test('the first of those that share a ledger makes the token; the others leave it alone', async () => {
  const people = memoryMap<AccessEntry>()
  expect(await ownToken(folder(), people, { shared: true, first: false })).toBe('')
  expect(people.entries.size).toBe(0)
  const mine = folder()
  const token = await ownToken(mine, people, { shared: true, first: true })
  expect(people.entries.get(OWNER)).toMatchObject({ role: 'admin', tokenHash: hashToken(token) })
  expect(readFileSync(join(mine, 'token'), 'utf8').trim()).toBe(token)
  for (const first of [true, false]) expect(await ownToken(folder(), people, { shared: true, first })).toBe('')
  expect(await ownToken(mine, people, { shared: true, first: true })).toBe(token)
  expect(people.entries.get(OWNER)?.tokenHash).toBe(hashToken(token))
})

test('a token that is given is the owner’s everywhere, and a weak one is refused', async () => {
  const people = memoryMap<AccessEntry>()
  await ownToken(folder(), people, { shared: true, first: true })
  for (const first of [true, false]) expect(await ownToken(folder(), people, { given: GIVEN, shared: true, first })).toBe(GIVEN)
  expect(people.entries.get(OWNER)?.tokenHash).toBe(hashToken(GIVEN))
  for (const given of ['short', `${GIVEN} `, '', 'x'.repeat(201)])
    await expect(ownToken(folder(), people, { given, shared: true, first: true })).rejects.toThrow('http.token: expected 32')
})
