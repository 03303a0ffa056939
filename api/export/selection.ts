import type { FastifyRequest } from 'fastify'
import type { Latest } from '../../infra/store.js'
import { rangesOf } from '../auth.js'
import type { Deps } from '../deps.js'
import { ApiError, notFound } from '../errors.js'
import { type KnownPoint, knownPoint } from '../question.js'

/** A series that is exported, with what is known of its point. */
export interface Chosen {
  known: KnownPoint
  latest: Latest
}

export interface Wanted {
  /** Empty: every point that is open to the asker. */
  points: readonly string[]
  /** Empty: every register that counts something; of readings, every register. */
  registers: readonly string[]
  /** Also registers that count nothing: momentary power, states. */
  everyKind: boolean
}

/** Named points must exist and be open; of the others those that are open are taken. In the order of the export: by point and register. */
export const chosenPoints = async (deps: Deps, request: FastifyRequest, { points, registers }: Wanted): Promise<string[]> => {
  const latest = await deps.store.latest()
  const known = new Set(latest.map(({ point }) => point))
  for (const point of points) if (!known.has(point) || rangesOf(request, point).length === 0) throw notFound(`point as ${point}`)
  for (const register of registers) {
    if (latest.some((entry) => entry.register === register && rangesOf(request, entry.point).length > 0)) continue
    throw new ApiError('not_found', `register: no point that is open to you has a register ${register}.`)
  }
  const wanted = points.length > 0 ? new Set(points) : known
  return [...wanted].filter((point) => rangesOf(request, point).length > 0).sort()
}

/** Looked up when its turn comes: of a great many points only one is held. */
export async function* chosenSeries(
  deps: Deps,
  request: FastifyRequest,
  points: readonly string[],
  wanted: Wanted
): AsyncGenerator<Chosen> {
  const counts = ({ kind }: Latest) => wanted.everyKind || kind === 'COUNTER' || kind === 'INTERVAL'
  const asked = ({ register }: Latest) => wanted.registers.length === 0 || wanted.registers.includes(register)
  for (const point of points) {
    const known = await knownPoint(deps, request, point)
    const series = known.latest.filter((latest) => counts(latest) && asked(latest))
    for (const latest of series.sort((a, b) => (a.register < b.register ? -1 : 1))) yield { known, latest }
  }
}
