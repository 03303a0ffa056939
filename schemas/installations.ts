/** Load curves of installations and groups are those of points of this name. */
const INSTALLATION = 'installation/'

export const pointOfInstallation = (id: string): string => `${INSTALLATION}${id}`

/** The installation whose load curves a point's are; null for a metering point. */
export const installationOf = (point: string): string | null => (point.startsWith(INSTALLATION) ? point.slice(INSTALLATION.length) : null)

/** Signed: P_tot > 0 withdraws from the grid, P_prod <= 0 while producing, P_cons = P_tot - P_prod. */
export const POWER_REGISTERS = ['p_tot', 'p_prod', 'p_cons'] as const
/** Electric vehicles, apart from the others. */
export const VE_REGISTER = 'p_ve'
/** What of P_tot is above and below zero, slot of eight seconds by slot; both >= 0. Only on coarser grids. */
export const EXCHANGE_REGISTERS = ['withdrawal', 'injection'] as const

/** Grid on which installations are computed. A dossier's slot is named by its end: it is ours that starts 8 s earlier. */
export const POWER_GRID = 'PT8S'
/** Power and energy of such slots are kept in millionths of Wh: 1 mWh in 8 s is 0.45 W. */
export const POWER_SCALE = 6
