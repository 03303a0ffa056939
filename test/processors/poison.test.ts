import { beforeAll, expect, test } from 'vitest'
import { Topics } from '../../schemas/topics.js'
import { notFoldable, notRecords } from '../engines/poison.js'
import { ROUNDS, roundsOf } from '../engines/readings.js'
import { type Outcome, undisturbed } from '../engines/undisturbed.js'

/** A bad record costs itself: it is set aside and counted, and what comes before and behind it is folded as if it were not there. */
let expected: Outcome
beforeAll(async () => {
  expected = await undisturbed((wire) => [{ records: roundsOf(wire, 0) }])
})

test('records of readings that are none', async () => {
  const outcome = await undisturbed((wire) => [
    { records: roundsOf(wire, 0, 2) },
    { records: [...roundsOf(wire, 2, 4), ...notRecords(wire), ...roundsOf(wire, 4, ROUNDS)] },
    { records: notRecords(wire) }
  ])
  // The fold and the store both meet them, and count them once.
  expect(outcome).toEqual({ ...expected, rejects: new Map([['not-a-record', 10]]) })
})

test('a block that no fold can work with', async () => {
  const outcome = await undisturbed((wire) => [{ records: [...roundsOf(wire, 0, 3), notFoldable(wire), ...roundsOf(wire, 3)] }])
  expect(outcome.rows).toEqual(expected.rows)
  expect(outcome.rejects).toEqual(new Map([['not-foldable', 1]]))
})

for (const topic of [Topics.intervals, Topics.slots, Topics.suspect, Topics.rejected, Topics.registryPoints, Topics.registryInstallations])
  test(`records on ${topic} that are none`, async () => {
    const outcome = await undisturbed((wire) => [
      { records: roundsOf(wire, 0, 3) },
      { topic, records: [{ key: 'test/01', value: Buffer.from('{"kWh": 1}') }] },
      { records: roundsOf(wire, 3) }
    ])
    expect(outcome.days).toEqual(expected.days)
    expect(outcome.rejects).toEqual(new Map([['not-a-record', 1]]))
  })
