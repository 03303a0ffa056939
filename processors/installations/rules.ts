import type { Installation, Member } from '../../schemas/generated.js'
import { currentInstallations, installationAt } from '../../schemas/installations/versions.js'
import { zoneOfInstallation } from '../../schemas/installations.js'
import { seriesKey } from '../contract.js'
import type { Site } from './sun.js'

/** A member's part: its factors are -1, 0 or 1. */
export interface Part {
  /** As `seriesKey` makes it. */
  series: string
  tot: number
  prod: number
  ve: number
}

/** What is decided of a slot at once: the powers of the grid, or the vehicles'. A charger that is silent leaves the others alone. */
export const GROUPS = ['main', 've'] as const
export type Group = (typeof GROUPS)[number]

/** What an installation is made of, from an instant on. A member may be in both groups. */
export interface Version extends Record<Group, Part[]> {
  validFrom: number
}

export interface InstallationRules {
  zone: string
  site: Site
  /** By validFrom. */
  versions: Version[]
}

/** Members without a factor say nothing of the installation. */
const versionOf = (validFrom: number, members: readonly Member[]): Version => {
  const parts = members.map(({ point, register, tot, prod, ve }) => ({ series: seriesKey(point, register), tot, prod, ve }))
  return { validFrom, main: parts.filter(({ tot, prod }) => tot !== 0 || prod !== 0), ve: parts.filter(({ ve }) => ve !== 0) }
}

export const resolveInstallation = (rows: readonly Installation[]): InstallationRules => {
  const versions = currentInstallations(rows)
  return {
    zone: zoneOfInstallation(versions),
    site: siteOf(versions),
    versions: versions.map(({ validFrom, members }) => versionOf(validFrom, members))
  }
}

/** Brussels, where nothing is said. */
const HOME: Site = { latitude: 50.8503, longitude: 4.3517 }

const siteOf = (versions: readonly Installation[]): Site => {
  const said = versions.findLast(({ latitude, longitude }) => latitude !== null && longitude !== null)
  return said === undefined ? HOME : { latitude: said.latitude!, longitude: said.longitude! }
}

/** Null before the first. */
export const versionAt = ({ versions }: InstallationRules, at: number): Version | null => installationAt(versions, at)

/** Every series that is a member at some time. */
export const membersOf = ({ versions }: InstallationRules): string[] => [
  ...new Set(versions.flatMap(({ main, ve }) => [...main, ...ve].map(({ series }) => series)))
]
