import type { StoredGrid } from '../../schemas/grid.js'
import { homeZone } from '../../schemas/home-zone.js'
import { POWER_GRID } from '../../schemas/installations.js'
import { Topics } from '../../schemas/topics.js'
import type { Wire } from '../../schemas/wire.js'
import { type Fold, type Folded, type Output, ofPoints, seriesKey } from '../contract.js'
import { resolveRules } from '../energy/rules.js'
import { refoldCurve } from './history.js'
import { slotRecords, slotsBeat } from './sent.js'
import { type CurveState, initialCurve } from './state.js'
import { beatCurve, type CurveRules, type CurveStepped, dueCurve, stepCurve } from './step.js'

/**
 * Intervals to slots of the stored grids. Those of installations are a member's alone: each of its installations gets them under its own
 * key, so that they are in its partition, and nobody else has to pass over ten thousand rows a day.
 */
export const loadcurve: Fold<'Intervals', CurveState, CurveRules> = {
  name: 'loadcurve',
  input: 'Intervals',
  inputs: () => [Topics.intervals],
  outputs: [Topics.slots, Topics.members],
  ...ofPoints,
  keyOf: ({ point, register }) => seriesKey(point, register),
  initial: initialCurve,
  keep: (state) => Buffer.from(JSON.stringify(state)),
  resume: (bytes) => JSON.parse(bytes.toString()),
  resolve: (rows, point, register) => {
    const { versions } = resolveRules(rows, register)
    return {
      zone: versions[versions.length - 1].zone || homeZone(point),
      versions: versions.map(({ validFrom, expectedMs, holdMs }) => ({ validFrom, expectedMs, holdMs })),
      installations: [...new Set(rows.flatMap(({ installations }) => installations))].sort()
    }
  },
  always: ({ zone, installations }) => [zone, ...installations].join(' '),
  ignores: () => false,
  step: (wire, before, block, _where, rules) => send(wire, stepCurve(before, block, rules), rules),
  beat: (wire, before, at, _partition, rules) => send(wire, beatCurve(before, at, rules), rules),
  due: dueCurve,
  refold: async (wire, store, before, ask, _partition, rules) => {
    const latest = (await store.latest(before.point)).find(({ register }) => register === before.register)
    const history = {
      // A curve's first reading is the end of its first interval.
      first: latest === undefined ? Number.MAX_SAFE_INTEGER : latest.firstAt - before.native,
      intervals: (from: number, to: number) => store.intervals(before, from, to),
      slots: (grid: StoredGrid, from: number, to: number) => store.slots(before, grid, from, to)
    }
    return send(wire, await refoldCurve(before, ask, rules, history), rules)
  },
  newest: ({ end }) => end,
  passOn: (wire, source, at) => slotsBeat(wire, Topics.members, source, at)
}

const send = (wire: Wire, { state, rows }: CurveStepped, { installations }: CurveRules): Folded<CurveState> => {
  if (rows.size === 0) return { state, outputs: [] }
  const { point, register, unit, source, knownAt } = state
  const rev = state.rev + 1
  const outputs: Output[] = []
  for (const [grid, list] of rows) {
    const to = grid === POWER_GRID ? installations.map((key) => ({ topic: Topics.members, key })) : [{ topic: Topics.slots, key: point }]
    for (const value of slotRecords(wire, { point, register, unit, source, grid, rev, knownAt }, list))
      for (const place of to) outputs.push({ ...place, value })
  }
  return { state: { ...state, rev }, outputs }
}
