import type { Command } from 'commander'
import { showChecks, wantsChecks } from './checks.js'
import type { WithLedger } from './command.js'
import { explanationText } from './explanation.js'
import { query } from './query.js'
import { table } from './table.js'

// biome-ignore lint/suspicious/noExplicitAny: an answer of the API, shown as it is
type Json = Record<string, any>

/** `wattledger points` */
export const pointsCommand = (command: Command, withLedger: WithLedger): void => {
  command.description('metering points and their registers').action(async (options) => {
    await withLedger(options, async (ledger, out) => {
      const { points } = (await ledger.get('/v1/points')) as { points: Json[] }
      out.objects(points, () =>
        points.length === 0
          ? 'No points yet: wattledger import FILE…'
          : table(
              ['point', 'name', 'register', 'unit', 'kind', 'first', 'last', 'shows'],
              points.flatMap((point) =>
                point.registers.map((register: Json) => [
                  point.id,
                  point.name,
                  register.register,
                  register.unit,
                  register.kind,
                  register.first,
                  register.last,
                  register.latest?.value
                ])
              )
            )
      )
      return 0
    })
  })
}

/** `wattledger series POINT` */
export const seriesCommand = (command: Command, withLedger: WithLedger): void => {
  command
    .description('energy of a point on any grid, from (included) to (excluded)')
    .argument('<point>', 'point id, or a CUPS')
    .option('--register <register>', 'OBIS code or word (default: the only one, or 1.8.0)')
    .requiredOption('--from <instant>', 'day or instant; without a zone, local time of the point')
    .option('--to <instant>', 'day or instant, excluded (default: now)')
    .option('--grid <grid>', 'PT15M, PT1H, P1D, P1M, any other that divides a day, or intervals', 'PT1H')
    .option('--zone <zone>', 'IANA zone (default: the point’s)')
    .option('--csv', 'CSV on stdout')
    .action(async (point: string, options) => {
      const { register, from, to, grid, zone, csv } = options
      await withLedger(options, async (ledger, out) => {
        const path = `/v1/series${query({ point, register, from, to, grid, zone, format: csv ? 'csv' : undefined })}`
        if (csv) {
          for await (const bytes of ledger.getBytes(path)) out.raw(bytes)
          return 0
        }
        const answer = (await ledger.get(path)) as Json
        const { rows, ...head } = answer
        if (out.json) {
          out.objects(rows, () => '')
          out.say(JSON.stringify(head))
          return 0
        }
        out.raw(
          `${table(
            ['start', 'end', answer.unit === 'Wh' ? 'kWh' : `thousandths of ${answer.unit}`, 'quality', 'complete', 'W'],
            rows.map((row: Json) => [
              row.start,
              row.end,
              row.kwh ?? row.milli,
              row.quality,
              row.completeness === undefined ? '' : `${Math.floor(row.completeness * 1000) / 10} %`,
              row.power
            ])
          )}\n`
        )
        const { summary, gaps } = answer
        out.say(
          `\n${answer.point} ${answer.register} ${answer.zone}: ${summary.kwh === null ? `${summary.milli} thousandths of ${answer.unit}` : `${summary.kwh} kWh`}, ${Math.floor(summary.completeness * 1000) / 10} % covered, worst quality ${summary.quality ?? 'none'}`
        )
        for (const gap of gaps.slice(0, 20)) out.say(`  gap ${gap.start} .. ${gap.end}`)
        if (gaps.length > 20) out.say(`  and ${gaps.length - 20} more gaps`)
        return 0
      })
    })
}

/** `wattledger explain POINT TIME` */
export const explainCommand = (command: Command, withLedger: WithLedger): void => {
  command
    .description('what a figure was made of: readings, files and lines, rules, factor, revisions')
    .argument('<point>', 'point id, or a CUPS')
    .argument('<time>', 'an instant inside the interval or slot')
    .option('--register <register>', 'OBIS code or word (default: the only one, or 1.8.0)')
    .option('--grid <grid>', 'explain the whole slot of this grid')
    .option('--zone <zone>', 'IANA zone (default: the point’s)')
    .option('--limit <n>', 'most intervals explained one by one')
    .action(async (point: string, at: string, options) => {
      const { register, grid, zone, limit } = options
      await withLedger(options, async (ledger, out) => {
        const answer = (await ledger.get(`/v1/explain${query({ point, at, register, grid, zone, limit })}`)) as Json
        out.object(answer, () => explanationText(answer))
        return 0
      })
    })
}

/** `wattledger changes` */
export const changesCommand = (command: Command, withLedger: WithLedger): void => {
  command
    .description('daily figures that are told otherwise than they were, and why; and what is new')
    .option('--since <instant>', 'day or instant to compare with (default: the start of yesterday)')
    .option('--point <point>', 'only this point')
    .option('--zone <zone>', 'IANA zone of --since (default: the point’s, else UTC)')
    .option('--limit <n>', 'at most this many of each, newest first')
    .action(async (options) => {
      const { since, point, zone, limit } = options
      await withLedger(options, async (ledger, out) => {
        const answer = (await ledger.get(`/v1/changes${query({ since, point, zone, limit })}`)) as Json
        out.object(answer, () => changesText(answer))
        return 0
      })
    })
}

const changesText = ({ since, zone, changes, arrived, more }: Json): string => {
  const figure = (told: Json | null) => (told === null ? 'taken back' : `${told.kwh ?? told.milli} ${told.quality}`)
  const parts = [
    changes.length === 0
      ? `Since ${since} (${zone}) no day of the past is told otherwise.`
      : `Told otherwise since ${since} (${zone}):\n\n${table(
          ['point', 'register', 'day', 'was', 'is', 'known', 'why'],
          changes.map((row: Json) => [
            row.point,
            row.register,
            row.day,
            figure(row.before),
            figure(row.after),
            row.revisedAt,
            row.why.join(' ')
          ])
        )}`
  ]
  if (arrived.length > 0) {
    parts.push(
      `New:\n\n${table(
        ['point', 'register', 'days', 'from', 'to', 'amount', ''],
        arrived.map((row: Json) => [
          row.point,
          row.register,
          row.days,
          row.from,
          row.to,
          row.kwh ?? row.milli,
          row.kwh === null ? `thousandths of ${row.unit}` : 'kWh'
        ])
      )}`
    )
  }
  if (more) parts.push('There is more than is shown: --since a later instant, --point, or a higher --limit.')
  return parts.join('\n\n')
}

/** `wattledger alerts` */
export const alertsCommand = (command: Command, withLedger: WithLedger): void => {
  command
    .description('alerts with their evidence, newest first')
    .option('--point <point>', 'only this point')
    .option(
      '--rule <rule>',
      'silent, backwards, jump, frozen, clock-drift, block-rejected, platform-late; missing, sign-consumption, sign-production, production-at-night, conservation'
    )
    .option('--from <instant>', 'those that began at or after this day or instant')
    .option('--to <instant>', 'those that began before')
    .option('--active', 'only those that are neither resolved nor retracted')
    .option('--limit <n>', 'at most this many')
    .option(
      '--installations <ids>',
      'with --rule missing, sign or conservation, --from and --to: what days of these (A,B; default: all) show, whatever was told',
      (ids) => ids.split(',')
    )
    .option('--ack <key>', 'acknowledge the alert of this key (the last column)')
    .option('--note <text>', 'what to say to it')
    .action(async (options) => {
      const { point, rule, from, to, active, limit, ack, note } = options
      const checks = wantsChecks(options)
      await withLedger(options, async (ledger, out) => {
        if (checks) {
          await showChecks(ledger, out, options)
          return 0
        }
        if (ack !== undefined) {
          const { alert } = (await ledger.send('POST', '/v1/alerts/ack', { alertKey: ack, note })) as { alert: Json }
          out.object(alert, () => `${alert.rule} ${alert.subject}: ${alert.state}`)
          return 0
        }
        const asked = query({ point, rule, from, to, limit, active: active ? 'true' : undefined })
        const { alerts, more } = (await ledger.get(`/v1/alerts${asked}`)) as { alerts: Json[]; more: boolean }
        out.objects(alerts, () =>
          alerts.length === 0
            ? 'No such alerts.'
            : table(
                ['since', 'rule', 'subject', 'register', 'state', 'severity', 'what', 'key'],
                alerts.map((row) => [row.since, row.rule, row.subject, row.register, row.state, row.severity, row.text, row.key])
              )
        )
        if (more) out.say('There are more than are shown: --from, --to, --point, or a higher --limit.')
        return 0
      })
    })
}

/** `wattledger gaps` */
export const gapsCommand = (command: Command, withLedger: WithLedger): void => {
  command
    .description('what is missing: registers whose days are not complete, worst first')
    .option('--from <day>', 'first local day of the points (default: 31 days before --to)')
    .option('--to <day>', 'the day after the last one (default: tomorrow)')
    .option('--point <point>', 'only this point')
    .option('--zone <zone>', 'IANA zone in which it is today (default: the point’s, else UTC)')
    .option('--limit <n>', 'at most this many, worst first')
    .option('--silent', 'also registers of which nothing came in all of the time')
    .action(async (options) => {
      const { from, to, point, zone, limit, silent } = options
      const asked = query({ from, to, point, zone, limit, worst: 'true', silent: silent ? 'true' : undefined })
      await withLedger(options, async (ledger, out) => {
        const answer = (await ledger.get(`/v1/completeness${asked}`)) as Json
        out.object(answer, () => gapsText(answer))
        return 0
      })
    })
}

const gapsText = ({ days, series, totals, more }: Json): string => {
  const hours = (ms: number) => Math.round(ms / 36_000) / 100
  const parts = [
    `${days[0]} to ${days.at(-1)}: ${totals.complete} of ${totals.series} registers complete, ${totals.partial} with gaps (${hours(totals.missingMs)} h), ${totals.silent} silent all the time.`
  ]
  if (series.length > 0) {
    parts.push(
      table(
        ['point', 'name', 'register', 'complete', 'h missing', 'days missing', 'days in part', 'last'],
        series.map((row: Json) => [
          row.point,
          row.name,
          row.register,
          `${Math.floor(row.completeness * 1000) / 10} %`,
          hours(row.missingMs),
          row.missingDays,
          row.partialDays,
          row.last
        ])
      )
    )
  }
  if (more) parts.push('There is more than is shown: --point, or a higher --limit.')
  return parts.join('\n\n')
}
