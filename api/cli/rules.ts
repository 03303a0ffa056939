import type { GoldenRules } from '../deps.js'
import { kwh } from '../format.js'
import type { Output } from './output.js'
import { table } from './table.js'

/** `wattledger rules`: ours beside others, on the golden traces. */
export const printRules = (out: Output, { traces, others: names }: GoldenRules): void => {
  out.objects(
    traces.map(({ name, ours, others }) => ({ trace: name, ours, others })),
    () =>
      table(
        ['trace', 'readings (kWh)', 'Wattledger', 'why', ...names],
        traces.map(({ name, readings, ours, others }) => {
          const shown = readings.slice(0, 5).map(([, text]) => text)
          const figures = readings.length > 5 ? `${shown.slice(0, 3).join(' ')} … ${readings[readings.length - 1][1]}` : shown.join(' ')
          const why = [...ours.rules, ...ours.suspects.map((reason) => `suspect ${reason}`)].join(', ')
          return [
            name,
            figures,
            `${kwh(ours.milli, 'Wh')}${ours.tail ? ' + unknown' : ''}`,
            why,
            ...names.map((each) => kwh(others[each], 'Wh'))
          ]
        })
      )
  )
}
