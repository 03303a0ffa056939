import { z } from 'zod'
import { STORED_GRIDS } from './grid.js'
import { POWER_GRID } from './installations.js'
import { Secret } from './secret.js'

/**
 * Where analysts ask: an InfluxDB 2 that gets the load curves, gauges and alerts as they become known. Absent: nothing goes there.
 *
 *   influx:
 *     url: 'http://127.0.0.1:8086'
 *     org: home
 *     bucket: wattledger
 *     token: { file: /run/secrets/influx }    # may write and delete in the bucket
 *     grids: [PT1H, P1D]                      # of every point
 *     points: ['flukso/*', 'ES0291…']         # absent: all of them; gauges and alerts as well
 *     finer:                                  # beside `grids`
 *       - { point: 'flukso/*', grids: [PT15M] }
 *     power:                                  # mean power of installations
 *       - { grids: [PT15M] }                  # of all of them
 *       - { installation: 'HOME*', grids: [PT8S] }
 *     gauges: true
 */
const PointPattern = z
  .string()
  .regex(/^[^*]{1,200}\*?$/)
  .meta({ expected: 'a point, or the beginning of its name and *', mend: "Write it as 'flukso/*' or in full." })

const Grids = z
  .array(z.enum(STORED_GRIDS))
  .min(1)
  .meta({ expected: `a list of ${STORED_GRIDS.join(', ')}` })

const POWER_GRIDS = [POWER_GRID, 'PT15M', 'PT1H', 'P1D'] as const

export const Influx = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => {
      const { username, password, search, hash } = new URL(url)
      return `${username}${password}${search}${hash}` === ''
    }, 'an address holds no user, password or question: the token is named apart')
    .meta({ expected: 'an address such as http://127.0.0.1:8086', mend: 'Write the address alone, and name the token under token.' }),
  org: z.string().min(1).max(200).meta({ expected: 'the name of an organisation' }),
  bucket: z.string().min(1).max(200).meta({ expected: 'the name of a bucket', description: 'It has to be there.' }),
  token: Secret.meta({ description: 'May write to the bucket and delete in it. A file is read again when the token is refused.' }),
  grids: Grids.default(['PT1H', 'P1D']).meta({ description: 'Grids of the load curve that go there, for every point.' }),
  points: z
    .array(PointPattern)
    .min(1)
    .max(10_000)
    .optional()
    .meta({ expected: 'a list of points', description: 'Points that go there; absent: all.' }),
  finer: z
    .array(z.strictObject({ point: PointPattern, grids: Grids }))
    .max(10_000)
    .default([])
    .meta({ expected: 'a list of { point, grids }', description: 'More grids for some points.' }),
  // Sixty homes have 1.9 million slots of eight seconds a day, and 17 280 quarters of an hour.
  power: z
    .array(
      z.strictObject({
        installation: PointPattern.meta({
          expected: 'an installation, or the beginning of its id and *',
          mend: "Write it as 'HOME*' or in full; leave it out for all of them."
        }).optional(),
        grids: z
          .array(z.enum(POWER_GRIDS))
          .min(1)
          .meta({ expected: `a list of ${POWER_GRIDS.join(', ')}` })
      })
    )
    .max(1_000)
    .default([{ grids: ['PT15M'] }])
    .meta({
      expected: 'a list of { installation, grids }',
      description: 'Grids on which the mean power of installations goes there; without a name, of all of them.'
    }),
  gauges: z.boolean().default(true).meta({ expected: 'true or false', description: 'Momentary figures as they were read.' }),
  batchRows: z
    .int()
    .min(1)
    .max(50_000)
    .default(5000)
    .meta({ expected: 'a whole number from 1 to 50000', description: 'Most rows in one request.' })
})
export type Influx = z.output<typeof Influx>
