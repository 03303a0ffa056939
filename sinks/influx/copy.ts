import type { Log } from '../../infra/log.js'
import { caughtUp } from '../../infra/settled.js'
import type { SeriesKey } from '../../infra/store.js'
import type { Slots } from '../../schemas/generated.js'
import { mergeSlots } from '../../schemas/merge.js'
import type { Influx } from '../../schemas/settings-influx.js'
import { Topics } from '../../schemas/topics.js'
import type { Copy } from '../reconcile/copy.js'
import type { Row } from '../reconcile/days.js'
import { Attempts, type Pace } from './attempts.js'
import { type Answered, influxRequests } from './client.js'
import { delivery } from './deliver.js'
import { canBeTags, energyFields, slotLines, slotTags } from './lines.js'
import { selectionOf } from './select.js'
import { influxGroup } from './sink.js'

const TIMEOUT_MS = 60_000
const PACE: Pace = { firstMs: 250, longestMs: 5_000, patienceMs: 30_000 }
/** Without a word from the sink, ms. */
const LAG_PATIENCE_MS = 60_000

/** The copy for analysts, asked and mended from beside its sink. `token` as for that. */
export const influxCopy = (settings: Influx, log: Log, token: () => string, now: () => number): Copy => {
  const { url, org, bucket, batchRows } = settings
  const requests = influxRequests({ url, org, bucket, token, timeoutMs: TIMEOUT_MS })
  const attempts = new Attempts(PACE, new AbortController().signal, () => {})
  const deliver = delivery(requests, attempts)
  const selection = selectionOf(settings)
  const ask = async (influxQl: string): Promise<Answered[]> => {
    let rows: Answered[] = []
    await attempts.run(async () => {
      rows = await requests.ask(influxQl)
    })
    return rows
  }
  const rows: Copy['rows'] = async (series, grid, { from, to }) =>
    (await ask(`SELECT *::field FROM energy WHERE ${where({ ...series, grid })} AND time >= ${from}ms AND time < ${to}ms`)).map(foundRow)
  const wanted = (ledger: readonly Slots[]): Row[] => mergeSlots(ledger).flatMap(wantedRows)

  return {
    name: 'influx',
    takes: (series, grid) => selection.grids(series.point).has(grid) && canBeTags(slotTags({ ...series, grid })),
    keepsFrom: async () => {
      const policies = await ask(`SHOW RETENTION POLICIES ON ${quotedName(bucket)}`)
      const kept = policies.map(({ duration }) => durationMs(String(duration))).filter((ms) => ms > 0)
      return kept.length === 0 ? Number.NEGATIVE_INFINITY : now() - Math.min(...kept)
    },
    series: async (grid) => {
      const of = async (which: 'FIRST' | 'LAST') =>
        ask(`SELECT ${which}(milli) FROM energy WHERE ${where({ grid })} GROUP BY point, register`)
      const name = ({ point, register }: Answered) => `${point}\u0000${register}`
      const lasts = new Map((await of('LAST')).map((row) => [name(row), row.time as number]))
      return (await of('FIRST')).map((row) => {
        const from = row.time as number
        return { point: String(row.point), register: String(row.register), from, to: (lasts.get(name(row)) ?? from) + 1 }
      })
    },
    wanted,
    rows,
    mend: async (series, grid, span, ledger) => {
      const ours = new Map(wanted(ledger).map(({ start, text }) => [start, text]))
      const theirs = new Map((await rows(series, grid, span)).map(({ start, text }) => [start, text]))
      const tags = slotTags({ ...series, grid })
      // A field too many would stay if its row were only written over.
      for (const [at, text] of theirs)
        if (ours.get(at) !== text) await attempts.run(() => requests.remove({ measurement: 'energy', tags, at }))
      const lines = mergeSlots(ledger).flatMap((block) =>
        slotLines(block).filter((_, i) => theirs.get(block.start[i]) !== ours.get(block.start[i]))
      )
      // What is refused still differs when it is looked at again, which is told.
      for (let first = 0; first < lines.length; first += batchRows) await deliver(lines.slice(first, first + batchRows))
    },
    caughtUp: () => caughtUp(log, influxGroup(settings), [Topics.slots], LAG_PATIENCE_MS)
  }
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
const quotedName = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`

const where = (tags: Partial<SeriesKey> & { grid: string }): string =>
  (['grid', 'point', 'register'] as const)
    .filter((name) => tags[name] !== undefined)
    .map((name) => `${name} = ${quoted(tags[name] as string)}`)
    .join(' AND ')

/** The fields by name: a row is the same when it has the same ones with the same values. */
const textOf = (fields: Record<string, unknown>): string => JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))

const wantedRows = (block: Slots): Row[] =>
  block.start.map((start, i) => {
    const { own, ...fields } = energyFields(block, i)
    return { start, milli: fields.milli, text: textOf(own ? { ...fields, [own.name]: own.value } : fields) }
  })

const foundRow = ({ time, ...columns }: Answered): Row => {
  const fields = Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null))
  return { start: time as number, milli: typeof fields.milli === 'number' ? fields.milli : 0, text: textOf(fields) }
}

const UNIT_MS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000 }

/** Of `720h0m0s`; 0: for ever. */
const durationMs = (text: string): number =>
  [...text.matchAll(/(\d+)([hms])/g)].reduce((sum, [, number, unit]) => sum + Number(number) * UNIT_MS[unit], 0)
