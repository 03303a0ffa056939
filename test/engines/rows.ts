import type { Log } from '../../infra/log.js'
import type { RecordName } from '../../schemas/generated.js'
import { Topics } from '../../schemas/topics.js'
import type { Records, Wire } from '../../schemas/wire.js'
import { contents } from './counted.js'

/** Nothing, where a test put what is no record. */
const recordOf = <Name extends RecordName>(wire: Wire, name: Name, value: Buffer): Records[Name][] => {
  try {
    return [wire.decode(name, value)]
  } catch {
    return []
  }
}

/**
 * Every row that the folds ever sent, by series and in the order sent, with its revision: a row sent twice, lost, or sent by somebody who
 * was behind shows. Where in the log its readings lie is left out. `named`: what a topic is called.
 */
export const rowsSent = async (log: Log, wire: Wire, named = (topic: string) => topic): Promise<string[]> => {
  const records = async <Name extends RecordName>(name: Name, topic: string): Promise<Records[Name][]> =>
    (await contents(log, named(topic))).flatMap(({ value }) => recordOf(wire, name, value!))
  const series = new Map<string, string[]>()
  const note = (name: string, row: readonly unknown[]) => {
    const rows = series.get(name) ?? []
    series.set(name, [...rows, `${name} ${row.join(' ')}`])
  }
  for (const record of await records('Intervals', Topics.intervals)) {
    const { point, register, rows, start, end, milli, op, low, high, quality, rule, words, rev, knownAt } = record
    for (let i = 0; i < rows; i++)
      note(`${point} ${register}`, [start[i], end[i], milli[i], op[i], low[i], high[i], quality[i], words[rule[i]], rev[i], knownAt[i]])
  }
  for (const record of await records('Slots', Topics.slots)) {
    const { point, register, grid, rows, start, end, amount, op, quality, coveredMs, received, rev, knownAt } = record
    for (let i = 0; i < rows; i++)
      note(`${point} ${register} ${grid}`, [start[i], end[i], amount[i], op[i], quality[i], coveredMs[i], received[i], rev[i], knownAt[i]])
  }
  for (const record of await records('Suspect', Topics.suspect)) {
    const { point, register, at, value: shown, reason, op, rev } = record
    note(`${point} ${register} suspect`, [at, shown, reason, op, rev])
  }
  return [...series.keys()].sort().flatMap((name) => series.get(name)!)
}
