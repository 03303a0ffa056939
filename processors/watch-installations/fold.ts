import { Topics } from '../../schemas/topics.js'
import type { Wire } from '../../schemas/wire.js'
import { type Fold, type Folded, seriesKey } from '../contract.js'
import { type InstallationRules, resolveInstallation } from '../installations/rules.js'
import { silentDay } from './day.js'
import { initialWatch, type WatchedInstallation } from './state.js'
import { dueOf, type Watched, watchCommand, watchDays, watchTime } from './watch.js'

/** Alerts of installations by the day: missing, sign-consumption, sign-production, production-at-night, conservation (RULES §3). */
export const watchInstallations: Fold<'Slots', WatchedInstallation, InstallationRules, 'Installation'> = {
  name: 'watch-installations',
  input: 'Slots',
  inputs: () => [Topics.alertCommands, Topics.power],
  outputs: [Topics.alerts],
  about: 'Installation',
  keyOf: (_block, recordKey) => seriesKey(recordKey, ''),
  subjectOf: ({ installation }) => installation,
  sinceOf: ({ validFrom }) => validFrom,
  begins: ({ installation }) => seriesKey(installation, ''),
  initial: initialWatch,
  keep: (state) => Buffer.from(JSON.stringify(state)),
  // A day that an older version kept says nothing of what that did not look at.
  resume: (bytes) => {
    const state: WatchedInstallation = JSON.parse(bytes.toString())
    return { ...state, days: state.days.map((day) => ({ ...silentDay(day), ...day })) }
  },
  resolve: resolveInstallation,
  always: ({ zone }) => zone,
  ignores: ({ grid }) => grid !== 'P1D',
  step: (wire, before, block, _where, rules) => send(wire, watchDays(before, block, rules)),
  beat: (wire, before, at, _partition, rules) => send(wire, watchTime(before, at, rules)),
  command: (wire, before, command, rules) => send(wire, watchCommand(before, command, rules)),
  due: dueOf,
  refold: async (_wire, _store, before) => ({ state: { ...before, asks: [] }, outputs: [] }),
  // What changes with the members comes as days that are revised.
  newest: () => null,
  passOn: () => null
}

const send = (wire: Wire, { state, alerts }: Watched): Folded<WatchedInstallation> => ({
  state,
  outputs: alerts.map((alert) => ({ topic: Topics.alerts, key: alert.subject, value: wire.encode('Alert', alert) }))
})
