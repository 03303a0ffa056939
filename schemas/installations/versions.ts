import type { Installation } from '../generated.js'
import * as registry from '../registry/versions.js'

const nameOf = ({ installation }: Installation): string => installation

export const currentInstallations = (rows: readonly Installation[]): Installation[] => registry.currentRows(rows, nameOf)

export const byNameAndTime = registry.byNameAndTime(nameOf)

/** Current versions of each installation, by validFrom. */
export const versionsByName = (rows: readonly Installation[]): Map<string, Installation[]> => {
  const versions = new Map<string, Installation[]>()
  for (const row of currentInstallations(rows)) versions.set(row.installation, [...(versions.get(row.installation) ?? []), row])
  return versions
}

/** The version that holds at an instant, of the current versions of one installation; null before the first. */
export const installationAt = <Version extends { validFrom: number }>(versions: readonly Version[], at: number): Version | null =>
  versions.findLast(({ validFrom }) => validFrom <= at) ?? null
