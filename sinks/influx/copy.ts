import type { Log } from '../../infra/log.js'
import { caughtUp } from '../../infra/settled.js'
import type { SeriesKey } from '../../infra/store.js'
import type { Slots } from '../../schemas/generated.js'
import { pointOfInstallation } from '../../schemas/installations.js'
import { mergeSlots } from '../../schemas/merge.js'
import type { Influx } from '../../schemas/settings-influx.js'
import { Topics } from '../../schemas/topics.js'
import type { Copy } from '../reconcile/copy.js'
import type { Row } from '../reconcile/days.js'
import { nameOf } from '../reconcile/ledger.js'
import { Attempts, type Pace } from './attempts.js'
import { type Answered, influxRequests, type Place, type Requests } from './client.js'
import { delivery } from './deliver.js'
import { canBeTags, energyFields, slotLines, slotTags } from './lines.js'
import { isPower, powerFields, powerLines, powerTags } from './power.js'
import { selectionOf } from './select.js'
import { influxGroup } from './sink.js'

const TIMEOUT_MS = 60_000
const PACE: Pace = { firstMs: 250, longestMs: 5_000, patienceMs: 30_000 }
/** Without a word from the sink, ms. */
const LAG_PATIENCE_MS = 60_000

/** A measurement that tells of slots. */
interface Measurement {
  copy: string
  name: string
  /** A field that every point has: what is asked for where points are looked for. */
  always: string
  takes(series: SeriesKey, grid: string): boolean
  tags(of: SeriesKey & { grid: string }): Place['tags']
  /** The series of a point there, by its tags. */
  series(tags: Answered): SeriesKey
  /** What a row tells there, by the names of its fields. */
  fields(block: Slots, i: number): Record<string, number>
  lines(block: Slots): string[]
}

const measurementsOf = (settings: Influx): Measurement[] => {
  const selection = selectionOf(settings)
  return [
    {
      copy: 'influx',
      name: 'energy',
      always: 'milli',
      takes: ({ point }, grid) => selection.grids(point).has(grid),
      tags: slotTags,
      series: ({ point, register }) => ({ point: String(point), register: String(register) }),
      fields: (block, i) => {
        const { own, ...fields } = energyFields(block, i)
        return own ? { ...fields, [own.name]: own.value } : fields
      },
      lines: slotLines
    },
    {
      copy: 'influx power',
      name: 'power',
      always: 'quality',
      takes: ({ point, register }, grid) => selection.power(point).has(grid) && isPower(register),
      tags: powerTags,
      series: ({ installation, register }) => ({ point: pointOfInstallation(String(installation)), register: String(register) }),
      fields: powerFields,
      lines: powerLines
    }
  ]
}

/** The copies for analysts, asked and mended from beside their sink. `token` as for that. */
export const influxCopies = (settings: Influx, log: Log, token: () => string, now: () => number): Copy[] => {
  const { url, org, bucket } = settings
  const requests = influxRequests({ url, org, bucket, token, timeoutMs: TIMEOUT_MS })
  return measurementsOf(settings).map((measurement) => copyOf(measurement, settings, requests, log, now))
}

const copyOf = (measurement: Measurement, settings: Influx, requests: Requests, log: Log, now: () => number): Copy => {
  const { bucket, batchRows } = settings
  const { name, tags, fields } = measurement
  const attempts = new Attempts(PACE, new AbortController().signal, () => {})
  const deliver = delivery(requests, attempts)
  const ask = async (influxQl: string): Promise<Answered[]> => {
    let rows: Answered[] = []
    await attempts.run(async () => {
      rows = await requests.ask(influxQl)
    })
    return rows
  }
  const rows: Copy['rows'] = async (series, grid, { from, to }) => {
    const question = `SELECT *::field FROM ${name} WHERE ${where(tags({ ...series, grid }))} AND time >= ${from}ms AND time < ${to}ms`
    return (await ask(question)).map(foundRow)
  }
  const wanted = (ledger: readonly Slots[]): Row[] =>
    mergeSlots(ledger).flatMap((block) => block.start.map((start, i) => rowOf(start, fields(block, i))))

  return {
    name: measurement.copy,
    takes: (series, grid) => measurement.takes(series, grid) && canBeTags(tags({ ...series, grid })),
    keepsFrom: async () => {
      const policies = await ask(`SHOW RETENTION POLICIES ON ${quotedName(bucket)}`)
      const kept = policies.map(({ duration }) => durationMs(String(duration))).filter((ms) => ms > 0)
      return kept.length === 0 ? Number.NEGATIVE_INFINITY : now() - Math.min(...kept)
    },
    series: async (grid) => {
      const names = tags({ point: '', register: '', grid }).map(([tag]) => tag)
      const of = async (which: 'FIRST' | 'LAST') => {
        const question = `SELECT ${which}(${measurement.always}) FROM ${name} WHERE ${where([['grid', grid]])} GROUP BY ${names.join(', ')}`
        return (await ask(question)).map((row) => ({ ...measurement.series(row), at: row.time as number }))
      }
      const lasts = new Map((await of('LAST')).map(({ at, ...series }) => [nameOf(series), at]))
      return (await of('FIRST')).map(({ at: from, ...series }) => ({ ...series, from, to: (lasts.get(nameOf(series)) ?? from) + 1 }))
    },
    wanted,
    rows,
    mend: async (series, grid, span, ledger) => {
      const ours = new Map(wanted(ledger).map(({ start, text }) => [start, text]))
      const theirs = new Map((await rows(series, grid, span)).map(({ start, text }) => [start, text]))
      // A field too many would stay if its row were only written over.
      for (const [at, text] of theirs)
        if (ours.get(at) !== text) await attempts.run(() => requests.remove({ measurement: name, tags: tags({ ...series, grid }), at }))
      const lines = mergeSlots(ledger).flatMap((block) =>
        measurement.lines(block).filter((_, i) => theirs.get(block.start[i]) !== ours.get(block.start[i]))
      )
      // What is refused still differs when it is looked at again, which is told.
      for (let first = 0; first < lines.length; first += batchRows) await deliver(lines.slice(first, first + batchRows))
    },
    caughtUp: () => caughtUp(log, influxGroup(settings), [Topics.slots, Topics.power], LAG_PATIENCE_MS)
  }
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
const quotedName = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`

const where = (tags: Place['tags']): string => tags.map(([name, value]) => `${name} = ${quoted(value)}`).join(' AND ')

/** The fields by name: a row is the same when it has the same ones with the same values. */
const rowOf = (start: number, fields: Record<string, unknown>): Row => ({
  start,
  milli: typeof fields.milli === 'number' ? fields.milli : 0,
  text: JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))
})

const foundRow = ({ time, ...columns }: Answered): Row =>
  rowOf(time as number, Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null)))

const UNIT_MS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000 }

/** Of `720h0m0s`; 0: for ever. */
const durationMs = (text: string): number =>
  [...text.matchAll(/(\d+)([hms])/g)].reduce((sum, [, number, unit]) => sum + Number(number) * UNIT_MS[unit], 0)
