import type { Installation } from '../generated.js'

/** Of equal (installation, validFrom) the highest knownAt counts; versions taken back vanish. By installation, then validFrom. */
export const currentInstallations = (rows: readonly Installation[]): Installation[] => {
  const newest = new Map<string, Installation>()
  for (const row of rows) {
    const key = `${row.installation}\n${row.validFrom}`
    const other = newest.get(key)
    if (!other || other.knownAt <= row.knownAt) newest.set(key, row)
  }
  return [...newest.values()].filter(({ deleted }) => !deleted).sort(byNameAndTime)
}

export const byNameAndTime = (a: Installation, b: Installation): number =>
  a.installation < b.installation ? -1 : a.installation > b.installation ? 1 : a.validFrom - b.validFrom

/** Current versions of each installation, by validFrom. */
export const versionsByName = (rows: readonly Installation[]): Map<string, Installation[]> => {
  const versions = new Map<string, Installation[]>()
  for (const row of currentInstallations(rows)) versions.set(row.installation, [...(versions.get(row.installation) ?? []), row])
  return versions
}

/** The version that holds at an instant, of the current versions of one installation; null before the first. */
export const installationAt = (versions: readonly Installation[], at: number): Installation | null =>
  versions.findLast(({ validFrom }) => validFrom <= at) ?? null
