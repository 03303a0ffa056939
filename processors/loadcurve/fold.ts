import { MAX_ROWS } from '../../schemas/blocks.js'
import type { StoredGrid } from '../../schemas/grid.js'
import { homeZone } from '../../schemas/home-zone.js'
import { Topics } from '../../schemas/topics.js'
import type { Wire } from '../../schemas/wire.js'
import type { Fold, Folded, Output } from '../contract.js'
import { resolveRules } from '../energy/rules.js'
import { refoldCurve } from './history.js'
import { type CurveState, initialCurve } from './state.js'
import { beatCurve, type CurveRules, type CurveStepped, dueCurve, stepCurve, toSlots } from './step.js'

/** Intervals to slots of the stored grids. */
export const loadcurve: Fold<'Intervals', CurveState, CurveRules> = {
  name: 'loadcurve',
  input: 'Intervals',
  inputs: () => [Topics.intervals],
  outputs: [Topics.slots],
  initial: initialCurve,
  keep: (state) => Buffer.from(JSON.stringify(state)),
  resume: (bytes) => JSON.parse(bytes.toString()),
  resolve: (rows, point, register) => {
    const { versions } = resolveRules(rows, register)
    return {
      zone: versions[versions.length - 1].zone || homeZone(point),
      versions: versions.map(({ validFrom, expectedMs, holdMs }) => ({ validFrom, expectedMs, holdMs }))
    }
  },
  always: ({ zone }) => zone,
  ignores: () => false,
  step: (wire, before, block, _where, rules) => send(wire, stepCurve(before, block, rules)),
  beat: (wire, before, at, _partition, rules) => send(wire, beatCurve(before, at, rules)),
  due: dueCurve,
  refold: async (wire, store, before, ask, _partition, rules) => {
    const latest = (await store.latest(before.point)).find(({ register }) => register === before.register)
    const history = {
      // A curve's first reading is the end of its first interval.
      first: latest === undefined ? Number.MAX_SAFE_INTEGER : latest.firstAt - before.native,
      intervals: (from: number, to: number) => store.intervals(before, from, to),
      slots: (grid: StoredGrid, from: number, to: number) => store.slots(before, grid, from, to)
    }
    return send(wire, await refoldCurve(before, ask, rules, history))
  },
  newest: ({ end }) => end,
  passOn: () => null
}

const send = (wire: Wire, { state, rows }: CurveStepped): Folded<CurveState> => {
  if (rows.size === 0) return { state, outputs: [] }
  const { point, register, unit, source, knownAt } = state
  const rev = state.rev + 1
  const outputs: Output[] = []
  for (const [grid, list] of rows) outputs.push(...blocksOf(wire, { point, register, unit, source, grid, rev, knownAt }, list))
  return { state: { ...state, rev }, outputs }
}

const blocksOf = (
  wire: Wire,
  head: Parameters<typeof toSlots>[0] & { grid: StoredGrid },
  rows: Parameters<typeof toSlots>[1]
): Output[] => {
  const outputs: Output[] = []
  for (let from = 0; from < rows.length; from += MAX_ROWS) {
    const block = toSlots(head, rows.slice(from, from + MAX_ROWS))
    outputs.push({ topic: Topics.slots, key: head.point, value: wire.encode('Slots', block) })
  }
  return outputs
}
