import type { Installation } from './generated.js'
import { homeZone } from './home-zone.js'

/** Load curves of installations and groups are those of points of this name. */
const INSTALLATION = 'installation/'

export const pointOfInstallation = (id: string): string => `${INSTALLATION}${id}`

/** The installation whose load curves a point's are; null for a metering point. */
export const installationOf = (point: string): string | null => (point.startsWith(INSTALLATION) ? point.slice(INSTALLATION.length) : null)

/** The key of everything about a point: of an installation its id. */
export const keyOfPoint = (point: string): string => installationOf(point) ?? point

/** Signed: P_tot > 0 withdraws from the grid, P_prod <= 0 while producing, P_cons = P_tot - P_prod. */
export const POWER_REGISTERS = ['p_tot', 'p_prod', 'p_cons'] as const
/** Electric vehicles, apart from the others. */
export const VE_REGISTER = 'p_ve'
/** What of P_tot is above and below zero, slot of eight seconds by slot; both >= 0. Only on coarser grids. */
export const EXCHANGE_REGISTERS = ['withdrawal', 'injection'] as const

/**
 * Of days only, what alerts are judged by: the energy of one slot of eight seconds, the lowest of p_cons, the highest of p_prod, and the
 * largest either way of p_prod at night.
 */
export const EXTREME_REGISTERS = ['p_cons.low', 'p_prod.high', 'p_prod.night'] as const

/** Grid on which installations are computed. A dossier's slot is named by its end: it is ours that starts 8 s earlier. */
export const POWER_GRID = 'PT8S'
export const POWER_SLOT_MS = 8_000
/** Power and energy of such slots are kept in millionths of Wh: 1 mWh in 8 s is 0.45 W. */
export const POWER_SCALE = 6

/** Every series that an installation may have; p_ve only with a vehicle among its members. */
export const INSTALLATION_REGISTERS = [...POWER_REGISTERS, VE_REGISTER, ...EXCHANGE_REGISTERS, ...EXTREME_REGISTERS] as const

/** The zone of an installation's days, of its current versions by validFrom: its newest, or that of what its first member is. */
export const zoneOfInstallation = (versions: readonly Pick<Installation, 'zone' | 'members'>[]): string =>
  versions.at(-1)?.zone || homeZone(versions.flatMap(({ members }) => members)[0]?.point ?? '')
