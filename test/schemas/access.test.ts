import { expect, test } from 'vitest'
import {
  type AccessEntry,
  type BrowserSession,
  clip,
  covers,
  credentialOf,
  credentialsOf,
  type Grant,
  hashToken,
  readable,
  sameHash
} from '../../schemas/access.js'

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

const entry = (name: string, token: string, expiresAt?: number): AccessEntry => ({
  name,
  role: 'reader',
  tokenHash: hashToken(token),
  grants: [],
  createdAt: 10,
  expiresAt
})
const session = (who: string, token: string, createdAt = 20, expiresAt = 100): BrowserSession => ({
  id: `${who}-${token}`,
  who,
  tokenHash: hashToken(token),
  createdAt,
  expiresAt
})
const people = (...entries: AccessEntry[]) => new Map(entries.map((each) => [each.name, each]))

test('of a token only its hash is stored, and only the token finds it', () => {
  const known = [...credentialsOf(people(entry('ana', 'one'), entry('bob', 'two')), [])]
  expect(JSON.stringify(known)).not.toContain('"one"')
  expect(credentialOf(known, 'two', 0)).toMatchObject({ entry: { name: 'bob' }, session: null, expiresAt: null })
  expect(credentialOf(known, known[0].tokenHash, 0)).toBeNull()
  expect(credentialOf(known, '', 0)).toBeNull()
  expect([sameHash('', ''), sameHash('ab', 'abcd'), sameHash(hashToken('x'), hashToken('x'))]).toEqual([false, false, true])
})

test('a session shows its person until it, or the person’s own token, expires', () => {
  const known = [...credentialsOf(people(entry('ana', 'one'), entry('bob', 'two', 50)), [session('ana', 'a'), session('bob', 'b')])]
  expect(credentialOf(known, 'a', 99)).toMatchObject({ entry: { name: 'ana' }, session: 'ana-a', expiresAt: 100 })
  expect(credentialOf(known, 'a', 100)).toBeNull()
  expect(credentialOf(known, 'one', 100)).not.toBeNull()
  expect(credentialOf(known, 'b', 49)).toMatchObject({ entry: { name: 'bob' }, expiresAt: 50 })
  expect([credentialOf(known, 'b', 50), credentialOf(known, 'two', 50)]).toEqual([null, null])
})

test('a session is of no use without its person, nor for the next one of that name', () => {
  expect([...credentialsOf(people(), [session('ana', 'a')])]).toEqual([])
  const known = [...credentialsOf(people(entry('ana', 'new')), [session('ana', 'a', 9), session('ana', 'b', 10)])]
  expect([credentialOf(known, 'a', 20), credentialOf(known, 'b', 20)?.session]).toEqual([null, 'ana-b'])
})
