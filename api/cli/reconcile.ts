import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { SingleBar } from 'cli-progress'
import { type Command, Option } from 'commander'
import { STORED_GRIDS } from '../../schemas/grid.js'
import type { WithLedger } from './command.js'
import { type Ledger, Refusal } from './ledger.js'
import { table, thousands } from './table.js'

interface Options {
  points?: string[]
  from?: string
  to?: string
  grid: string
  apply?: boolean
  json?: boolean
}

// biome-ignore lint/suspicious/noExplicitAny: an answer of the API, shown as it is
type Json = Record<string, any>

/** Differences shown in the table; with --json all are told. */
const MOST_SHOWN = 500

/** `wattledger reconcile [--points P…] [--from DAY] [--to DAY] [--apply]` */
export const reconcileCommand = (command: Command, withLedger: WithLedger): void => {
  command
    .description('compare the slots of store and InfluxDB with the ledger, by point and day; --apply rewrites the days that differ')
    .option('--points <point...>', 'only these (default: all)')
    .option('--from <day>', 'first UTC day (default: from the beginning)')
    .option('--to <day>', 'UTC day after the last (default: all there is)')
    .addOption(new Option('--grid <grid>', 'slots of which grid').choices(STORED_GRIDS).default('PT1H'))
    .option('--apply', 'rewrite the days that differ')
    .action(async (options: Options) => {
      await withLedger(options, async (ledger, out) => {
        const shown: Json[] = []
        let done: Json | null = null
        const bar = new SingleBar({ format: '{bar} {value}/{total} series compared', stream: process.stderr, clearOnComplete: true })
        for await (const step of steps(ledger, options)) {
          if (step.step === 'reading' && step.rows > 0 && !options.json) out.say(`${thousands(step.rows)} rows of the ledger read …`)
          if (step.step === 'comparing' && process.stderr.isTTY) {
            if (!bar.isActive) bar.start(step.of, 0)
            bar.update(step.series)
          }
          if (step.step === 'difference') {
            if (options.json) out.object(differenceOf(step), () => '')
            else if (shown.length < MOST_SHOWN) shown.push(step)
          }
          if (step.step === 'failed') throw new Refusal('unavailable', step.message)
          if (step.step === 'done') done = step
        }
        bar.stop()
        if (done === null) throw new Refusal('unavailable', 'The answer broke off: run it again; what was mended stays so.')
        const { step: _, ...totals } = done
        if (shown.length > 0) out.objects(shown, () => differencesText(shown))
        out.object(totals, () => verdict(totals, options))
        return totals.differing > totals.mended ? 1 : 0
      })
    })
}

async function* steps(ledger: Ledger, { points, from, to, grid, apply = false }: Options): AsyncGenerator<Json> {
  const bytes = ledger.getBytes('/v1/reconcile', { points, from, to, grid, apply })
  for await (const line of createInterface({ input: Readable.from(bytes) })) yield JSON.parse(line)
}

const differenceOf = ({ step: _, ...difference }: Json): Json => difference

const differencesText = (differences: readonly Json[]): string =>
  table(
    ['where', 'point', 'register', 'day', 'rows', 'ledger', 'sum', 'ledger', 'hash', 'ledger', ''],
    differences.map(({ copy, point, register, day, ledger, found, mended }) => [
      copy,
      point,
      register,
      day,
      found.rows,
      ledger.rows,
      found.milli,
      ledger.milli,
      found.hash,
      ledger.hash,
      mended ? 'rewritten' : ''
    ])
  )

const verdict = ({ days, differing, mended, moving }: Json, { apply = false }: Options): string =>
  [
    differing === 0
      ? `${thousands(days)} days of registers, each as the ledger has it.`
      : `${thousands(differing)} of ${thousands(days)} days of registers differ from the ledger.`,
    ...(differing > MOST_SHOWN ? [`The first ${MOST_SHOWN} are shown; --json tells all.`] : []),
    ...(moving > 0 ? [`${thousands(moving)} more changed while they were looked at: nothing is said of them.`] : []),
    ...(differing === 0 ? [] : apply ? [outcome(differing, mended)] : ['Nothing was changed: --apply rewrites them.'])
  ].join('\n')

const outcome = (differing: number, mended: number): string =>
  mended === differing
    ? 'All of them were rewritten.'
    : `${thousands(mended)} were rewritten; the others still differ: "wattledger rejects" and the log say what was refused.`
