import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { cupsOf, f5d, HOUR, hours, utc } from './files.js'
import { type Json, openWhole } from './platform.js'

/** What changed, over the whole path: files in, question over HTTP. */
const CUPS = cupsOf(5)
const OTHER = cupsOf(6)
const DAY = 24 * HOUR
const FIRST = utc('2024-05-01T22:00Z')
const days = (count: number, wh: number) => hours(FIRST, FIRST + count * DAY, () => wh)

/** An instant after everything that has been taken, and before everything that comes. */
const instant = async (): Promise<string> => {
  await sleep(5)
  const now = new Date().toISOString()
  await sleep(5)
  return now
}

test('a corrected file shows its day with before and after; what is new is counted; a restart changes nothing', async () => {
  let whole = await openWhole()
  try {
    await whole.take(f5d('F5D_0291_0762_20240601.0', CUPS, days(3, 100)))
    const since = await instant()
    const nothing = await whole.ask('/v1/changes', { since })
    expect([nothing.changes, nothing.arrived, nothing.more]).toEqual([[], [], false])

    // One hour of the second day, a year after it; a fourth day; another point.
    const corrected = [{ start: FIRST + DAY + 5 * HOUR, wh: 350 }]
    await whole.take(
      f5d('F5D_0291_0762_20240601.1', CUPS, corrected),
      f5d(
        'F5D_0291_0762_20240605.0',
        CUPS,
        hours(FIRST + 3 * DAY, FIRST + 4 * DAY, () => 7)
      ),
      f5d('F5D_0291_0762_20240605.0', OTHER, days(2, 1))
    )
    const asked = async () => whole.ask('/v1/changes', { since })
    const answer = await asked()
    expect(answer.changes).toMatchObject([
      {
        point: CUPS,
        register: '1.8.0',
        unit: 'Wh',
        day: '2024-05-02T22:00:00.000Z',
        end: '2024-05-03T22:00:00.000Z',
        before: { milli: 2_400_000, kwh: '2.400000' },
        after: { milli: 2_650_000, kwh: '2.650000' }
      }
    ])
    expect(answer.changes[0].why).toEqual([
      expect.stringMatching(/^Corrected by the source: F5D_0291_0762_20240601\.1 .*instead of F5D_0291_0762_20240601\.0 /)
    ])
    const arrived = answer.arrived.filter(({ register }: Json) => register === '1.8.0')
    expect(arrived.map(({ point, days, kwh }: Json) => [point, days, kwh]).sort()).toEqual(
      [
        [CUPS, 1, '0.168000'],
        [OTHER, 2, '0.048000']
      ].sort()
    )
    // The figure that was told is the one that /v1/series gave then.
    const range = { point: CUPS, register: '1.8.0', from: '2024-05-03', to: '2024-05-04', grid: 'P1D' }
    const then = await whole.ask('/v1/series', { ...range, asKnownAt: since })
    expect(then.summary.milli).toBe(answer.changes[0].before.milli)
    expect((await whole.ask('/v1/changes', { since: await instant() })).changes).toEqual([])

    const { folder } = whole
    await whole.platform.close()
    whole = await openWhole(folder)
    expect(await asked()).toEqual(answer)
  } finally {
    await whole.close()
  }
})

test('a factor entered late: every day of it, with its reason', async () => {
  const whole = await openWhole()
  try {
    await whole.take(f5d('F5D_0291_0762_20240601.0', CUPS, days(3, 100)))
    const since = await instant()
    await whole.registry(`points:\n  - { point: ${CUPS}, validFrom: 2024-05-03, factor: 2 }\n`)
    const { changes } = await whole.ask('/v1/changes', { since })
    expect(changes.map(({ before, after }: Json) => [before.kwh, after.kwh])).toEqual([
      ['2.400000', '4.800000'],
      ['2.400000', '4.800000']
    ])
    for (const { why } of changes) expect(why[0]).toMatch(/^Another factor: /)
  } finally {
    await whole.close()
  }
})
