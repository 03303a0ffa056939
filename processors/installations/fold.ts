import type { Store } from '../../infra/store.js'
import type { StoredGrid } from '../../schemas/grid.js'
import { POWER_GRID, POWER_SCALE, pointOfInstallation } from '../../schemas/installations.js'
import { Topics } from '../../schemas/topics.js'
import type { Wire } from '../../schemas/wire.js'
import { type Fold, type Folded, type Output, seriesKey } from '../contract.js'
import { slotRecords, slotsBeat } from '../loadcurve/sent.js'
import { type InstallationHistory, refoldInstallation } from './history.js'
import { SLOT_MS } from './power.js'
import { type InstallationRules, resolveInstallation } from './rules.js'
import { type InstallationState, initialInstallation, type Stepped } from './state.js'
import { beatInstallation, dueInstallation, stepInstallation } from './step.js'

/** Slots of members to the power of their installations and groups: a group is an installation whose members are those of others. */
export const installations: Fold<'Slots', InstallationState, InstallationRules, 'Installation'> = {
  name: 'installations',
  input: 'Slots',
  inputs: () => [Topics.members],
  outputs: [Topics.power],
  about: 'Installation',
  keyOf: (_block, recordKey) => seriesKey(recordKey, ''),
  subjectOf: ({ installation }) => installation,
  sinceOf: ({ validFrom }) => validFrom,
  begins: ({ installation }) => seriesKey(installation, ''),
  initial: initialInstallation,
  keep: (state) => Buffer.from(JSON.stringify(state)),
  resume: (bytes) => JSON.parse(bytes.toString()),
  resolve: resolveInstallation,
  always: ({ zone, site }) => JSON.stringify([zone, site]),
  ignores: ({ grid }) => grid !== POWER_GRID,
  step: (wire, before, block, _where, rules) => send(wire, before, stepInstallation(before, block, rules)),
  beat: (wire, before, at, _partition, rules) => send(wire, before, beatInstallation(before, at, rules)),
  due: dueInstallation,
  refold: async (wire, store, before, ask, _partition, rules) =>
    send(wire, before, await refoldInstallation(before, ask, rules, historyOf(store, before.installation))),
  // Its members may have said anything before it was entered; how far they go is seen when an ask is answered.
  newest: () => Number.MAX_SAFE_INTEGER,
  passOn: (wire, source, at) => slotsBeat(wire, Topics.power, source, at)
}

const seriesOf = (key: string) => {
  const [point, register] = key.split('\u0000')
  return { point, register }
}

const historyOf = (store: Store, installation: string): InstallationHistory => ({
  extent: async (members) => {
    let [from, to] = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
    for (const { point, register } of members.map(seriesOf)) {
      const latest = (await store.latest(point)).find((each) => each.register === register)
      if (latest === undefined) continue
      // A curve's first reading is the end of its first row.
      from = Math.min(from, latest.firstAt - SLOT_MS)
      to = Math.max(to, latest.at + SLOT_MS)
    }
    return from < to ? { from, to } : null
  },
  shares: (series, from, to) => store.slots(seriesOf(series), POWER_GRID, from, to),
  own: (register, grid, from, to) => store.slots({ point: pointOfInstallation(installation), register }, grid, from, to)
})

const send = (wire: Wire, before: InstallationState, { state, rows }: Stepped): Folded<InstallationState> => {
  if (rows.size === 0) return { state, outputs: [] }
  const { installation, source, knownAt } = state
  const point = pointOfInstallation(installation)
  const rev = before.rev + 1
  const outputs: Output[] = []
  for (const [place, list] of rows) {
    const [grid, register] = place.split(' ')
    const head = { point, register, unit: 'Wh', source, grid: grid as StoredGrid, scale: POWER_SCALE, rev, knownAt }
    for (const value of slotRecords(wire, head, list)) outputs.push({ topic: Topics.power, key: installation, value })
  }
  return { state: { ...state, rev }, outputs }
}
