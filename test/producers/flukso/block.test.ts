import { describe, expect, test } from 'vitest'
import { covers, fromPath, isBlockId, smallestHolding, tailOf } from '../../../producers/flukso/block.js'
import { SID } from './blocks.js'

describe('A20 chunk law: bid <= child < bid + 2^level', () => {
  const parent = { level: 12, bid: 1656676352 }
  const eights = (from: number, count: number) => Array.from({ length: count }, (_, i) => ({ level: 8, bid: from + i * 256 }))

  test('A20 a parent covers its 16 children', () => expect(eights(parent.bid, 16).every((child) => covers(parent, child))).toBe(true))
  test('A20 and leaves every other block untouched', () => {
    const others = [...eights(parent.bid - 20 * 256, 20), ...eights(parent.bid + 4096, 3)]
    expect(others.filter((child) => covers(parent, child))).toEqual([])
  })
  test('A20 grandchildren are covered, blocks of its own or a higher level are not', () => {
    const large = { level: 20, bid: 1656750080 - (1656750080 % 2 ** 20) }
    expect(covers(large, { level: 8, bid: large.bid + 256 })).toBe(true)
    expect(covers(large, large)).toBe(false)
    expect(covers({ level: 8, bid: large.bid }, large)).toBe(false)
  })
})

test('a block ends a second before the next', () => expect(tailOf({ level: 8, bid: 1656676352 })).toBe(1656676607))

test('the smallest block that holds two instants', () => {
  expect(smallestHolding(1656676352, 1656676607)).toEqual({ level: 8, bid: 1656676352 })
  expect(smallestHolding(1656676607, 1656676608)).toEqual({ level: 12, bid: 1656676352 })
  expect(smallestHolding(0, 2 ** 20)).toBe(null)
})

test('paths', () => {
  const block = { sid: SID, rid: 1, level: 8, bid: 1656676608 }
  for (const name of [`${SID}/1/8/1656676608.gz`, `in/${SID}/1/8/1656676608`, `C:\\in\\${SID}\\1\\8\\1656676608.gz`])
    expect(fromPath(name)).toEqual(block)
  for (const name of [
    '1656676608.gz',
    `${SID}/8/1656676608.gz`,
    `x${SID}/1/8/1656676608.gz`,
    `${SID.toUpperCase()}/1/8/1.gz`,
    `${SID}/1/8/1.txt`
  ]) {
    expect(fromPath(name)).toBe(null)
  }
})

test('block ids', () => {
  expect(isBlockId({ level: 8, bid: 1656676608 })).toBe(true)
  expect(isBlockId({ level: 12, bid: 1656676608 })).toBe(false)
  expect(isBlockId({ level: 10, bid: 0 })).toBe(false)
})
