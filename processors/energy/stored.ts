import type { Store } from '../../infra/store.js'
import type { EnergyHistory } from './history.js'

/** The stored history of a series, as the energy fold asks for it. */
export const storedEnergy = async (store: Store, series: { point: string; register: string }): Promise<EnergyHistory> => {
  const latest = await store.latest(series.point)
  const own = latest.find((entry) => entry.register === series.register)
  return {
    first: own?.firstAt ?? Number.MAX_SAFE_INTEGER,
    readings: (from, to) => store.readings(series, from, to + 1),
    intervals: (from, to) => store.intervals(series, from, to),
    suspects: (from, to) => store.suspects(series, from, to + 1)
  }
}
