import type { Reject } from '../../schemas/generated.js'
import type { Changes } from './batch.js'
import type { Refusal } from './deliver.js'

/** Rows of one batch that are told one by one; beyond, one reject stands for the rest and says how many. */
const SINGLE_REJECTS = 50

const REASONS = { refused: 'influx-refused', large: 'influx-too-large', failing: 'influx-failed', away: '', closed: '' } as const
const ADVICE = {
  refused: 'See what else writes to this bucket: a field has one type for ever. Then: wattledger reconcile --apply.',
  large: 'Raise the limit on the size of requests of what stands before InfluxDB. Then: wattledger reconcile --apply.',
  failing: "See InfluxDB's own log: it takes other rows. Then: wattledger reconcile --apply.",
  away: '',
  closed: ''
} as const

const about = { source: 'influx', line: 0, field: '', parserVersion: 1 }

/** Rows that InfluxDB will never take, as rejects: the ledger has them, only the copy for analysts does not. `at`: UTC ms. */
export const rejectsOf = (refusals: readonly Refusal[], unwritable: Changes['unwritable'], at: number): Reject[] => {
  const rejects = refusals.slice(0, SINGLE_REJECTS).map(({ place, trouble }): Reject => {
    return {
      ...about,
      origin: `influx ${place}`,
      name: place,
      reason: REASONS[trouble.kind],
      expected: 'a row that InfluxDB takes',
      found: trouble.said,
      advice: ADVICE[trouble.kind],
      ingestedAt: at
    }
  })
  const more = refusals.length - rejects.length
  if (more > 0) rejects[rejects.length - 1].found += `; and ${more} more rows of this batch`
  const names = unwritable.map(({ measurement, tags }): Reject => {
    const place = `${measurement} ${tags.map(([, value]) => JSON.stringify(value)).join(' ')}`
    return {
      ...about,
      origin: `influx ${place}`,
      name: place,
      reason: 'influx-name',
      expected: 'names without backslashes and control characters',
      found: place.slice(0, 200),
      advice: 'InfluxDB has no way to write such a name. Give the point another one in the registry.',
      ingestedAt: at
    }
  })
  return [...rejects, ...names]
}
