import fc from 'fast-check'
import { expect, test } from 'vitest'
import { murmur2, partitionOf } from '../../schemas/partition.js'

// The vectors of Kafka's own tests (clients, UtilsTest.testMurmur2), so that a key goes where the Java client sends it.
const kafka = [
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
  ['a-little-bit-longer-string', -1_486_304_829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ['abc', 479_470_107]
] as const
for (const [key, hash] of kafka) test(`murmur2 of "${key}" is ${hash}`, () => expect(murmur2(key)).toBe(hash))

/** Kafka's toPositive clears the sign; it does not negate. */
test('foobar of 24 partitions is where the Java client puts it', () => {
  expect(partitionOf('foobar', 24)).toBe(((-790_332_482 + 2 ** 31) % 2 ** 31) % 24)
})

test('any key has a partition, also one that is no ASCII, and always the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 1000 }), (key, partitions) => {
      const partition = partitionOf(key, partitions)
      expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true)
      expect(partitionOf(key, partitions)).toBe(partition)
    })
  )
})

test('supply points spread: none of 24 partitions gets more than twice its share', () => {
  const counts = new Array<number>(24).fill(0)
  for (let i = 0; i < 24_000; i++) counts[partitionOf(`ES0291${String(i).padStart(12, '0')}XX`, 24)]++
  expect(Math.max(...counts)).toBeLessThan(2000)
})
