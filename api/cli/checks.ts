import { Misuse } from './command.js'
import type { Ledger } from './ledger.js'
import type { Output } from './output.js'
import { query } from './query.js'
import { table } from './table.js'

/** Options of `wattledger alerts`, as far as they choose between what was told and what days show. */
export interface AlertOptions {
  rule?: string
  from?: string
  to?: string
  installations?: string[]
  point?: string
  active?: boolean
  limit?: string
  ack?: string
}

/** What days can be asked about. All but the first are also names of alerts that were told. */
const OF_DAYS = ['sign', 'missing', 'conservation']

/** Whether the daily rules are to be run, rather than what was told shown. Throws when it cannot be both. */
export const wantsChecks = ({ rule, from, to, installations, point, active, limit, ack }: AlertOptions): boolean => {
  const ofTold = point !== undefined || active === true || limit !== undefined || ack !== undefined
  const range = from !== undefined && to !== undefined
  const ofDays = rule !== undefined && OF_DAYS.includes(rule)
  if (installations === undefined && rule !== 'sign' && !(ofDays && range && !ofTold)) return false
  if (!ofDays) throw new Misuse('--installations goes with --rule missing, --rule sign or --rule conservation.')
  if (!range) throw new Misuse(`--rule ${rule} looks at days: say --from DAY and --to DAY, the day after the last one.`)
  if (ofTold) throw new Misuse(`--rule ${rule} looks at days, whatever was told: leave out --point, --active, --limit and --ack.`)
  return true
}

interface Check {
  [column: string]: string | number
}

/** `wattledger alerts --rule missing|sign|conservation --from DAY --to DAY [--installations A,B]` */
export const showChecks = async (ledger: Ledger, out: Output, { rule, from, to, installations }: AlertOptions): Promise<void> => {
  const asked = query({ rule, from, to, installation: installations })
  const { checks } = (await ledger.get(`/v1/installations/checks${asked}`)) as { checks: Check[] }
  const columns = ['installation', 'day', 'rule', 'value', 'threshold', 'unit', 'text']
  out.objects(checks, () =>
    checks.length === 0
      ? 'Nothing is wrong with those days.'
      : table(
          columns.map((column) => (column === 'text' ? 'what' : column)),
          checks.map((check) => columns.map((column) => check[column]))
        )
  )
}
