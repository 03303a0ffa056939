import { expect, test } from 'vitest'
import { type AccessEntry, clip, covers, entryOf, type Grant, hashToken, readable, sameHash } from '../../schemas/access.js'

const grant = (point: string, from: number | null, to: number | null): Grant => ({ who: 'ana', point, from, to })

test('grants are clipped to what is asked and joined where they touch', () => {
  const cases: [grants: Grant[], then: [number, number][]][] = [
    [[], []],
    [[grant('b', null, null)], []],
    [[grant('a', null, null)], [[10, 20]]],
    [[grant('*', null, null)], [[10, 20]]],
    [[grant('a', 12, 15)], [[12, 15]]],
    [[grant('a', null, 10)], []],
    [[grant('a', 20, null)], []],
    [[grant('a', 15, 18), grant('a', 5, 15)], [[10, 18]]],
    [
      [grant('a', 17, null), grant('*', null, 12)],
      [
        [10, 12],
        [17, 20]
      ]
    ],
    [[grant('a', 11, 19), grant('a', 12, 13)], [[11, 19]]],
    [[grant('a', 15, 15)], []]
  ]
  for (const [grants, then] of cases) expect(clip(grants, 'a', 10, 20)).toEqual(then.map(([from, to]) => ({ from, to })))
})

test('an admin reads everything, a device nothing', () => {
  const ever = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }
  expect(readable({ name: 'x', role: 'admin', grants: [] }, 'a')).toEqual([ever])
  expect(readable({ name: 'x', role: 'device', grants: [grant('*', null, null)] }, 'a')).toEqual([])
  expect(readable({ name: 'x', role: 'reader', grants: [grant('*', null, null)] }, 'a')).toEqual([ever])
  expect(covers([{ from: 0, to: 10 }], 0, 10)).toBe(true)
  expect(
    covers(
      [
        { from: 0, to: 10 },
        { from: 12, to: 20 }
      ],
      9,
      13
    )
  ).toBe(false)
})

test('of a token only its hash is stored, and only the token finds it', () => {
  const entry = (name: string, token: string): AccessEntry => ({
    name,
    role: 'reader',
    tokenHash: hashToken(token),
    grants: [],
    createdAt: 0
  })
  const entries = [entry('ana', 'one'), entry('bob', 'two')]
  expect(JSON.stringify(entries)).not.toContain('"one"')
  expect(entryOf(entries, 'two')?.name).toBe('bob')
  expect(entryOf(entries, entries[0].tokenHash)).toBeNull()
  expect(entryOf(entries, '')).toBeNull()
  expect([sameHash('', ''), sameHash('ab', 'abcd'), sameHash(hashToken('x'), hashToken('x'))]).toEqual([false, false, true])
})
