import { INTERVAL_COLUMNS, MAX_ROWS, slice } from '../../schemas/blocks.js'
import { backfillTopic, readingsTopic, Topics } from '../../schemas/topics.js'
import type { Wire } from '../../schemas/wire.js'
import { type Fold, type Folded, type Output, ofPoints, seriesKey } from '../contract.js'
import { dueOf } from './counter.js'
import { refold } from './history.js'
import { keep, resume } from './kept.js'
import { type Row, type SuspectDraft, toBlock } from './rows.js'
import { RULE_VERSION, resolveRules, type SeriesRules } from './rules.js'
import { type EnergyState, initialState } from './state.js'
import { beat, step } from './step.js'
import { storedEnergy } from './stored.js'
import { usual } from './usual.js'

/** Readings to exact intervals (RULES §1). */
export const energy: Fold<'Readings', EnergyState, SeriesRules> = {
  name: 'energy',
  input: 'Readings',
  inputs: (sources) => [...sources.map(readingsTopic), ...sources.map(backfillTopic)],
  outputs: [Topics.intervals, Topics.suspect],
  ...ofPoints,
  keyOf: ({ point, register }) => seriesKey(point, register),
  initial: initialState,
  keep,
  resume,
  resolve: (rows, _point, register) => resolveRules(rows, register),
  always: () => '',
  ignores: ({ kind }) => kind !== 'COUNTER' && kind !== 'INTERVAL',
  step: (wire, before, block, where, rules) => {
    const plain = usual(before, block, where, rules)
    if (plain !== null) {
      const value = wire.encodeFolded('Intervals', plain.block)
      return { state: plain.state, outputs: [{ topic: Topics.intervals, key: before.point, value }] }
    }
    const { state, rows, suspects } = step(before, block, where, rules)
    return send(wire, state, where.partition, [rows], suspects)
  },
  beat: (wire, before, at, partition, rules) => {
    const { state, rows, suspects } = beat(before, at, rules)
    return send(wire, state, partition, [rows], suspects)
  },
  due: dueOf,
  refold: async (wire, store, before, ask, partition, rules, beatAt) => {
    const { state, gone, rows, suspects } = await refold(before, ask, rules, await storedEnergy(store, before), beatAt)
    return send(wire, state, partition, [gone, rows], suspects)
  },
  newest: ({ last }) => last?.at ?? null,
  passOn: (wire, source, at) => ({ topic: Topics.intervals, key: '', value: wire.encode('Intervals', heartbeat(source, at)) })
}

const heartbeat = (source: string, at: number) => ({
  ...toBlock({ point: '', register: '', unit: '', source, native: 0, partition: 0, rev: 0, knownAt: 0 }, []),
  words: [],
  beat: at
})

/** Every part goes out as a block of its own revision; suspects take the last. */
const send = (
  wire: Wire,
  state: EnergyState,
  partition: number,
  parts: readonly (readonly Row[])[],
  suspects: readonly (SuspectDraft & { op?: number })[]
): Folded<EnergyState> => {
  const { point, register, unit, source, native, knownAt } = state
  const outputs: Output[] = []
  let { rev } = state
  for (const rows of parts) {
    if (rows.length === 0) continue
    const block = toBlock({ point, register, unit, source, native, partition, rev: ++rev, knownAt }, rows)
    for (let from = 0; from < block.rows; from += MAX_ROWS) {
      const piece = slice(block, INTERVAL_COLUMNS, from, Math.min(from + MAX_ROWS, block.rows))
      outputs.push({ topic: Topics.intervals, key: point, value: wire.encode('Intervals', piece) })
    }
  }
  if (suspects.length > 0 && rev === state.rev) rev++
  for (const suspect of suspects) {
    const record = { ...suspect, op: suspect.op ?? 0, partition, rev, knownAt, ruleVersion: RULE_VERSION }
    outputs.push({ topic: Topics.suspect, key: point, value: wire.encode('Suspect', record) })
  }
  return { state: rev === state.rev ? state : { ...state, rev }, outputs }
}
