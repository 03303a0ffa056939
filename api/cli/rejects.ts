import type { Command } from 'commander'
import type { WithLedger } from './command.js'
import type { Output } from './output.js'
import { query } from './query.js'
import { table, thousands } from './table.js'

// biome-ignore lint/suspicious/noExplicitAny: an answer of the API, shown as it is
type Json = Record<string, any>

/** `wattledger rejects [list] | inspect FILE | redrive [FILE]` */
export const rejectsCommands = (rejects: Command, common: (command: Command) => Command, withLedger: WithLedger): void => {
  common(rejects.command('list', { isDefault: true }))
    .description('what could not be read, with its file, line and mend')
    .option('--reason <reason>', 'only this reason')
    .option('--limit <n>', 'at most this many, newest first', '50')
    .action(async (options) => {
      const { reason, limit } = options
      await withLedger(options, async (ledger, out) => {
        const { counts } = (await ledger.get('/v1/rejects/counts')) as { counts: { reason: string; count: number }[] }
        const { rejects: found } = (await ledger.get(`/v1/rejects${query({ reason, limit })}`)) as { rejects: Json[] }
        out.objects(found, () => listText(counts, found))
        return 0
      })
    })
  common(rejects.command('inspect'))
    .description('the raw lines around what was rejected, and what was expected')
    .argument('<file>', 'its name, or at least eight digits of its SHA-256')
    .option('--line <n>', 'only this line')
    .action(async (file: string, options) => {
      await withLedger(options, async (ledger, out) => {
        const { rejects: found } = (await ledger.get(`/v1/rejects/inspect${query({ file, line: options.line })}`)) as { rejects: Json[] }
        out.objects(found, () => found.map(inspectedText).join('\n\n'))
        return 0
      })
    })
  common(rejects.command('redrive'))
    .description('read files with rejects again with the present parsers; shows what would change, and does it with --apply')
    .argument('[file]', 'only this one: its name, or at least eight digits of its SHA-256')
    .option('--reason <reason>', 'only files with rejects of this reason')
    .option('--as <name>', 'read the file under this name: its own was wrong')
    .option('--again', 'also what was redriven before and is still rejected')
    .option('--apply', 'do it')
    .action(async (file: string | undefined, options) => {
      const { reason, as, again = false, apply = false } = options
      await withLedger(options, async (ledger, out) => {
        const done = (await ledger.send('POST', '/v1/rejects/redrive', { file, reason, as, again, apply })) as Json
        return showRedriven(out, done)
      })
    })
}

const listText = (counts: readonly { reason: string; count: number }[], rejects: readonly Json[]): string =>
  rejects.length === 0
    ? 'Nothing was rejected.'
    : `${table(
        ['reason', 'count'],
        counts.map(({ reason, count }) => [reason, count])
      )}\n\n${table(
        ['file', 'line', 'field', 'reason', 'expected', 'found', 'what to do'],
        rejects.map((row) => [row.name, row.line || '', row.field, row.reason, row.expected, String(row.found).slice(0, 60), row.advice])
      )}`

const inspectedText = (reject: Json): string => {
  const { raw } = reject
  return [
    `${reject.name}${reject.line > 0 ? `:${reject.line}` : ''} ${reject.field}: ${reject.reason}`,
    `  expected  ${reject.expected}`,
    `  found     ${reject.found}`,
    `  to do     ${reject.advice}`,
    `  received  ${reject.ingestedAt}, sha-256 ${reject.origin}`,
    `  read by   ${reject.source || 'no source'} ${reject.source ? reject.parserVersion : ''}${reject.attempts > 0 ? `, redriven ${reject.attempts} times` : ''}`,
    ...(raw === null ? ['  no raw bytes are kept'] : rawText(raw))
  ].join('\n')
}

const rawText = ({ bytes, head, member, lines }: Json): string[] => [
  `  raw       ${thousands(bytes)} bytes, ${head}${member === null ? '' : `, in it ${member}`}`,
  ...lines.map(({ line, text, rejected }: Json) => `  ${rejected ? '>' : ' '} ${String(line).padStart(6)}  ${text}`)
]

const OUTCOMES: Record<string, string> = {
  read: 'read',
  tried: 'rejected before by this parser: --again tries once more',
  'not-kept': 'no raw bytes are kept: send the file again',
  'not-recognised': 'no source knows such a name: --as gives it another'
}

/** Exit code 2 when something is still rejected. */
const showRedriven = (out: Output, done: Json): number => {
  const { applied, files, days, totals, more } = done
  out.object(done, () =>
    files.length === 0
      ? 'Nothing that is rejected fits.'
      : [
          table(
            ['file', 'source', 'outcome', 'attempt', 'rejects', 'left', 'readings'],
            files.map((file: Json) => [
              file.name,
              file.source,
              OUTCOMES[file.outcome],
              file.attempts,
              file.rejects,
              file.left,
              file.readings
            ])
          ),
          ...(days.length > 0 ? [daysText(days, more)] : []),
          ...(applied ? ['Done.'] : [totalsText(totals), 'Nothing was changed: --apply does it.'])
        ].join('\n\n')
  )
  return files.some(({ left }: Json) => left > 0) ? 2 : 0
}

const figure = (milli: number | null, unit: string): string => {
  if (milli === null) return ''
  return unit === 'Wh' ? (milli / 1_000_000).toFixed(6) : String(milli)
}

const daysText = (days: readonly Json[], more: boolean): string =>
  `${table(
    ['point', 'register', 'day', 'unit', 'is', 'would be', 'change'],
    days.map((day) => [
      day.point,
      day.register,
      day.day,
      day.unit === 'Wh' ? 'kWh' : `thousandths of ${day.unit}`,
      figure(day.before, day.unit),
      figure(day.after, day.unit),
      day.changeKwh ?? day.changeMilli
    ])
  )}${more ? '\nThere are more days; these change most.' : ''}`

const totalsText = (totals: readonly Json[]): string =>
  totals.length === 0
    ? 'No day would be told otherwise.'
    : totals
        .map((total) =>
          total.changeKwh === null
            ? `${total.days} days, ${total.changeMilli} thousandths of ${total.unit} more.`
            : `${total.days} days would change by ${total.changeKwh} kWh in all.`
        )
        .join('\n')
