/** Topic names, and what is kept in each. Keys: the point, except where said. */
export const Topics = {
  rejected: 'readings.rejected', // key: origin
  suspect: 'readings.suspect',
  intervals: 'energy.intervals',
  slots: 'energy.slots',
  registryPoints: 'registry.points',
  registryInstallations: 'registry.installations', // key: installation
  registryPeople: 'registry.people', // key: name
  accessSessions: 'access.sessions', // key: session; browsers that are signed in
  schemas: 'schemas.ids', // key: schema id; where no schema registry hands them out
  producersState: 'producers.state' // key: what the producer remembers; the last value counts
} as const

export const readingsTopic = (source: string): string => `readings.${source}`
export const backfillTopic = (source: string): string => `backfill.${source}`

/** Every topic of a deployment with these sources. */
export const allTopics = (sources: readonly string[]): string[] => [
  ...sources.map(readingsTopic),
  ...sources.map(backfillTopic),
  ...Object.values(Topics)
]
