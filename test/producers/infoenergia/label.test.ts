import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, test } from 'vitest'
import { isInstant, labelReader } from '../../../producers/infoenergia/label.js'
import { Flag } from '../../../schemas/quality.js'

const HOUR = 3_600_000
const madrid = labelReader('Europe/Madrid', HOUR)
const seen = (label: string, season: string) => {
  const read = madrid(label, season)
  if (!isInstant(read)) return read.reason
  const marks = [read.flags & Flag.AMBIGUOUS && 'ambiguous', read.flags & Flag.SEASON_MISMATCH && 'mismatch'].filter(Boolean)
  return [new Date(read.at).toISOString().slice(5, 16), ...marks].join(' ')
}

const cases = [
  ['2023/10/29 02:00', '1', '10-29T00:00 ambiguous'],
  ['2023/10/29 02:00', '0', '10-29T01:00 ambiguous'],
  ['2023/10/29 03:00', '0', '10-29T02:00'],
  ['2023/10/29 03:00', '1', '10-29T01:00'],
  ['2023/10/29 04:00', '1', '10-29T03:00 mismatch'],
  ['2023/10/29 02:00', '', 'ambiguous-time'],
  ['2023/10/29 02:00', '7', 'ambiguous-time'],
  ['2024/03/31 03:00', '1', '03-31T01:00'],
  ['2024/03/31 02:00', '0', '03-31T01:00'],
  ['2024/03/31 02:00', '1', 'no-such-time'],
  ['2024/03/31 02:00', '', 'no-such-time'],
  ['2024/03/31 03:00', '0', '03-31T01:00 mismatch'],
  ['2024/03/31 04:00', '0', '03-31T02:00 mismatch'],
  ['2024/01/15 24:00', '0', '01-15T23:00'],
  ['2024/12/31 24:00', '0', '12-31T23:00'],
  ['2024/01/15 05:00:00', '0', '01-15T04:00'],
  ['2024/01/15 05:00', '', '01-15T04:00'],
  ['2024/01/15 05:00', '1', '01-15T04:00 mismatch'],
  ['2024/01/15 05:00', '7', '01-15T04:00 mismatch'],
  ['2024/02/29 05:00', '0', '02-29T04:00'],
  ['2024/02/30 05:00', '0', 'no-such-date'],
  ['2023/02/29 05:00', '0', 'no-such-date'],
  ['2024/13/01 05:00', '0', 'no-such-date'],
  ['0024/01/15 05:00', '0', 'no-such-date'],
  ['2024/01/15 24:01', '0', 'no-such-date'],
  ['2024/01/15 25:00', '0', 'no-such-date'],
  ['2024/01/15 05:30', '0', 'off-grid'],
  ['2024-01-15 05:00', '0', 'not-a-date'],
  ['', '0', 'not-a-date']
] as const
describe('a label names the END, in local time', () => {
  for (const [label, season, then] of cases)
    test(`"${label}" with season "${season}" is ${then}`, () => expect(seen(label, season)).toBe(then))
})

for (const zone of ['Europe/Madrid', 'Atlantic/Canary']) {
  test(`every hour of a year goes label -> UTC and back, ${zone}`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 2000, max: 2037 }), (year) => {
        const read = labelReader(zone, HOUR)
        for (let end = Date.UTC(year, 0, 1); end < Date.UTC(year + 1, 0, 1); end += HOUR) {
          const local = DateTime.fromMillis(end, { zone })
          const instant = read(local.toFormat('yyyy/MM/dd HH:mm'), local.isInDST ? '1' : '0')
          if (!isInstant(instant) || instant.at !== end || instant.flags & Flag.SEASON_MISMATCH) throw new Error(`${local.toISO()}`)
        }
      }),
      { numRuns: 4 }
    )
  })

  test(`without flag only the hour that repeats is refused, ${zone}`, () => {
    const read = labelReader(zone, HOUR)
    const refused: string[] = []
    for (let end = Date.UTC(2024, 0, 1); end < Date.UTC(2025, 0, 1); end += HOUR) {
      const local = DateTime.fromMillis(end, { zone })
      const instant = read(local.toFormat('yyyy/MM/dd HH:mm'), '')
      if (!isInstant(instant)) refused.push(instant.reason)
      else expect(instant.at).toBe(end)
    }
    expect(refused).toEqual(['ambiguous-time', 'ambiguous-time'])
  })
}
