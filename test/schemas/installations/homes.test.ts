import fc from 'fast-check'
import { expect, test } from 'vitest'
import { covers, type Grant, readable } from '../../../schemas/access.js'
import type { Installation } from '../../../schemas/generated.js'
import { homesOf, withMembers } from '../../../schemas/installations/homes.js'
import { pointOfInstallation } from '../../../schemas/installations.js'

const installation = (name: string, points: string, validFrom = 0, knownAt = 1): Installation => ({
  installation: name,
  validFrom,
  knownAt,
  deleted: false,
  name: '',
  zone: '',
  latitude: null,
  longitude: null,
  members: [...points].map((point) => ({
    point: `flukso/${point}`,
    register: '1.8.0',
    tot: 1,
    prod: 0,
    ve: 0,
    cons: 1,
    label: '',
    device: '',
    startDate: ''
  }))
})
const on = (...names: string[]): Grant[] => names.map((name) => ({ who: 'ana', point: pointOfInstallation(name), from: null, to: null }))
const open = (rows: Installation[], grants: Grant[], point: string) =>
  readable({ name: 'ana', role: 'reader', grants: withMembers(grants, homesOf(rows)) }, `flukso/${point}`).map(({ from, to }) => [from, to])
const EVER = [[0, Number.POSITIVE_INFINITY]]

const street = [installation('H1', 'ab'), installation('H2', 'cd'), installation('G', 'abcd')]

test('a home opens its sensors; its group opens none of a home', () => {
  const cases: [grants: Grant[], open: string][] = [
    [on('H1'), 'ab'],
    [on('H1', 'G'), 'ab'],
    [on('G'), ''],
    [on('H1', 'H2'), 'abcd'],
    [on('nobody'), ''],
    [[], '']
  ]
  for (const [grants, then] of cases) expect([...'abcd'].filter((point) => open(street, grants, point).length > 0).join('')).toBe(then)
  expect(open(street, on('H1'), 'a')).toEqual(EVER)
})

test('a sensor of two of which none is part of the other is open to who may see both', () => {
  // The group leaves the charger out; another takes only what is on the roofs.
  const left = [installation('H1', 'abv'), installation('H2', 'cd'), installation('G', 'abcd'), installation('ROOF', 'bd')]
  const seen = (...names: string[]) => [...'abcdv'].filter((point) => open(left, on(...names), point).length > 0).join('')
  expect([seen('H1'), seen('G'), seen('H1', 'G'), seen('H2', 'G'), seen('H1', 'G', 'ROOF'), seen('ROOF')]).toEqual([
    'v',
    '',
    'av',
    'c',
    'abv',
    ''
  ])
})

test('only for as long as it is a member, and as the grant says', () => {
  const moved = [
    installation('H1', 'ab', 10),
    installation('H1', 'b', 20),
    installation('H2', 'c', 10),
    installation('H2', 'ac', 20),
    installation('H2', 'c', 30, 1),
    { ...installation('H2', '', 30, 2), deleted: true }
  ]
  expect(open(moved, on('H1'), 'a')).toEqual([[10, 20]])
  expect(open(moved, on('H2'), 'a')).toEqual([[20, Number.POSITIVE_INFINITY]])
  expect(open(moved, on('H1', 'H2'), 'a')).toEqual([[10, Number.POSITIVE_INFINITY]])
  expect(open(moved, [{ ...on('H1')[0], from: 15, to: 18 }], 'a')).toEqual([[15, 18]])
  expect(open(moved, [{ ...on('H1')[0], from: 25 }], 'a')).toEqual([])
})

test('grants on points are as they were', () => {
  const grants = [{ who: 'ana', point: 'flukso/a', from: 1, to: 2 }]
  expect(withMembers(grants, homesOf(street))).toEqual(grants)
})

test('nobody sees a sensor without a grant on an installation that has it then, nor one of a smaller one alone', () => {
  const points = fc.subarray([...'abcdef'], { minLength: 0 }).map((all) => all.join(''))
  const rows = fc.array(fc.record({ name: fc.constantFrom('P', 'Q', 'R', 'S'), points, validFrom: fc.integer({ min: 0, max: 3 }) }), {
    maxLength: 8
  })
  fc.assert(
    fc.property(rows, fc.subarray(['P', 'Q', 'R', 'S']), (said, names) => {
      const versions = said.map(({ name, points, validFrom }, i) => installation(name, points, validFrom, i))
      const identity = { name: 'ana', role: 'reader' as const, grants: withMembers(on(...names), homesOf(versions)) }
      for (const at of [-1, 0, 1, 2, 3, 4]) {
        const now = ['P', 'Q', 'R', 'S'].flatMap((name) => {
          const holds = versions.filter((row) => row.installation === name && row.validFrom <= at)
          const newest = holds.sort((a, b) => a.validFrom - b.validFrom || a.knownAt - b.knownAt).at(-1)
          return newest ? [{ name, has: new Set(newest.members.map(({ point }) => point)) }] : []
        })
        for (const point of [...'abcdef'].map((each) => `flukso/${each}`)) {
          const having = now.filter(({ has }) => has.has(point))
          const owners = having.filter(
            ({ has }) => !having.some((other) => other.has.size < has.size && [...other.has].every((each) => has.has(each)))
          )
          const may = owners.length > 0 && owners.every(({ name }) => names.includes(name))
          expect(covers(readable(identity, point), at, at + 1)).toBe(may)
        }
      }
    })
  )
})
