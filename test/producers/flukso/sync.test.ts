import { describe, expect, test } from 'vitest'
import { type StoredBlock, syncAnswer } from '../../../producers/flukso/sync.js'
import { recorded } from './blocks.js'

const stored = ([rid, level, bid]: number[]): StoredBlock => ({ rid, level, bid })
const asked = (client: number[], server: number[][]): number[][] | undefined =>
  syncAnswer(stored(client), server.map(stored))?.map(({ rid, level, bid }) => [rid, level, bid])

interface Case {
  name: string
  server: number[][]
  client: { rid: number; lvl: number; bid: number }
  response: { rid: number; lvl: number; bid: number }[]
}

describe('A6 sync', () => {
  test('A6 (0,8,1656676352) -> only 8:1656676608', () => {
    const server = [
      [0, 12, 1656672256],
      [0, 8, 1656676352],
      [0, 8, 1656676608]
    ]
    expect(asked([0, 8, 1656676352], server)).toEqual([[0, 8, 1656676608]])
  })
  const compacted = [
    [0, 12, 1656672256],
    [0, 12, 1656676352],
    [0, 8, 1656680448]
  ]
  test('A6 (0,8,1656680192), the last child: never its parent, only 8:1656680448', () => {
    expect(asked([0, 8, 1656680192], compacted)).toEqual([[0, 8, 1656680448]])
  })
  test('A6 (0,8,1656676608) after an outage: 12:1656676352, 8:1656680448', () => {
    expect(asked([0, 8, 1656676608], compacted)).toEqual([
      [0, 12, 1656676352],
      [0, 8, 1656680448]
    ])
  })
  const cases = JSON.parse(recorded('synthetic/http/sync-cases.json').toString()) as Case[]
  for (const { name, server, client, response } of cases) {
    test(`A6 sync-cases.json: ${name}`, () => {
      const expected = response.map(({ rid, lvl, bid }) => [rid, lvl, bid])
      expect(asked([client.rid, client.lvl, client.bid], server)).toEqual(expected)
      expect(asked([client.rid, client.lvl, client.bid], server.toReversed())).toEqual(expected)
    })
  }
})

const B = 1656750080 - (1656750080 % 2 ** 20)

test('a child left beside its parent is dropped', () => {
  expect(
    asked(
      [0, 0, 0],
      [
        [0, 12, B],
        [0, 8, B + 256],
        [0, 8, B + 4096]
      ]
    )
  ).toEqual([
    [0, 12, B],
    [0, 8, B + 4096]
  ])
})

test('an older block that no parent covers cannot be put in order: try later', () => {
  expect(
    asked(
      [0, 0, 0],
      [
        [0, 12, B + 4096],
        [0, 8, B]
      ]
    )
  ).toBe(undefined)
})

test('a later rid starts anew; an earlier one is not asked for', () => {
  const server = [
    [0, 8, B],
    [1, 8, B + 512],
    [1, 8, B + 768],
    [2, 8, B + 1024]
  ]
  expect(asked([1, 8, B + 512], server)).toEqual([
    [1, 8, B + 768],
    [2, 8, B + 1024]
  ])
})

test('nothing of the level-20 spans before the client’s', () => {
  expect(
    asked(
      [0, 8, B + 256],
      [
        [0, 20, B - 2 ** 20],
        [0, 8, B + 512]
      ]
    )
  ).toEqual([[0, 8, B + 512]])
})
