import type { RecordName } from './generated.js'

/** Topic names; what is on each is in FACTS. */
export const Topics = {
  rejected: 'readings.rejected',
  suspect: 'readings.suspect',
  intervals: 'energy.intervals',
  slots: 'energy.slots',
  members: 'installations.members',
  power: 'power.installations',
  alerts: 'alerts',
  alertCommands: 'alert.commands',
  alertOutbox: 'alert.outbox',
  registryPoints: 'registry.points',
  registryInstallations: 'registry.installations',
  registryPeople: 'registry.people',
  accessSessions: 'access.sessions',
  schemas: 'schemas.ids',
  commands: 'processors.commands',
  answers: 'processors.answers',
  producersState: 'producers.state'
} as const

/** What a topic is to whoever reads it; `/asyncapi.json` tells it. */
export interface TopicFacts {
  doc: string
  /** What its keys are: they decide the partition, so records of one key are in order. */
  key: string
  /** The Avro record on it; null: JSON. */
  record: RecordName | null
  /** Every record, or only the last of each key (compacted). */
  keeps: 'all' | 'last'
  /** A contract is kept, by the rules for changing a schema; what is not may be something else in the next version. */
  contract: boolean
}

const POINT = 'point; empty on a heartbeat, of which there is one in every partition'

export const READINGS: TopicFacts = {
  doc: 'What a source said as it came, in time order of each payload. Facts: corrected by later ones, never taken back.',
  key: POINT,
  record: 'Readings',
  keeps: 'all',
  contract: true
}
export const BACKFILL: TopicFacts = {
  ...READINGS,
  doc: 'What a source said about the past: files that were imported or read again. On a topic of its own, so that a year of history does not delay what is live.'
}

export const FACTS: Record<keyof typeof Topics, TopicFacts> = {
  intervals: {
    doc: 'Exact energy between two readings, with the readings it was made of. Of one (point, register, start) the higher rev counts.',
    key: POINT,
    record: 'Intervals',
    keeps: 'all',
    contract: true
  },
  slots: {
    doc: 'Load curves on the stored grids. Of one (point, register, grid, start) the higher rev counts.',
    key: POINT,
    record: 'Slots',
    keeps: 'all',
    contract: true
  },
  members: {
    doc: 'Load curves of eight seconds of the points that are members of an installation, once for each of its installations.',
    key: 'installation; empty on a heartbeat',
    record: 'Slots',
    keeps: 'all',
    contract: false
  },
  power: {
    doc: 'Load curves of installations and groups: points named `installation/<id>`, registers p_tot, p_prod, p_cons, p_ve, and withdrawal and injection from a quarter of an hour on. Power is amount / length where it is wholly covered; where it is not, a member is missing.',
    key: 'installation',
    record: 'Slots',
    keeps: 'all',
    contract: true
  },
  alerts: {
    doc: 'Every step of every alert. Of one (rule, subject, register, since) the higher rev is its present state.',
    key: 'subject: a point; of block-rejected the origin, of platform-late the source',
    record: 'Alert',
    keeps: 'all',
    contract: true
  },
  suspect: {
    doc: 'Readings that parse and are not believed, with the figures that decided.',
    key: 'point',
    record: 'Suspect',
    keeps: 'all',
    contract: true
  },
  rejected: {
    doc: 'What could not be read: lines, blocks, files, and records of topics that are none of ours.',
    key: 'origin: SHA-256 of the payload, or where the record lies',
    record: 'Reject',
    keeps: 'all',
    contract: true
  },
  registryPoints: {
    doc: 'What people say about points; every version is kept.',
    key: 'point',
    record: 'Point',
    keeps: 'all',
    contract: true
  },
  registryInstallations: {
    doc: 'Installations and groups, and their members; every version is kept.',
    key: 'installation',
    record: 'Installation',
    keeps: 'all',
    contract: true
  },
  schemas: {
    doc: 'Schemas by id, {name, schema}, where no schema registry hands the ids out. GET /schemas/ids/{id} answers the same wherever they come from.',
    key: 'schema id, decimal',
    record: null,
    keeps: 'last',
    contract: true
  },
  alertCommands: {
    doc: 'Acknowledgements on their way to the alert. They are given by POST /v1/alerts/ack, which knows who may; they come back on alerts.',
    key: 'subject',
    record: 'AlertCommand',
    keeps: 'all',
    contract: false
  },
  alertOutbox: {
    doc: 'Steps of alerts on their way to a receiver of mail or a webhook: what stands here will be told.',
    key: 'sink and receiver: mail/caretaker',
    record: 'Alert',
    keeps: 'all',
    contract: false
  },
  registryPeople: { doc: 'Who has access.', key: 'name', record: null, keeps: 'last', contract: false },
  accessSessions: { doc: 'Browsers that are signed in.', key: 'session', record: null, keeps: 'last', contract: false },
  commands: { doc: 'What all processors are told, in every partition.', key: 'what is said', record: null, keeps: 'last', contract: false },
  answers: { doc: 'What each task of a processor answers, in its partition.', key: 'group', record: null, keeps: 'last', contract: false },
  producersState: { doc: 'What producers remember.', key: 'what it is', record: null, keeps: 'last', contract: false }
}

/** Topics of which only the last record of each key counts. Every version of registry rows does, so theirs are not among them. */
export const COMPACTED: ReadonlySet<string> = new Set(
  (Object.keys(Topics) as (keyof typeof Topics)[]).filter((each) => FACTS[each].keeps === 'last').map((each) => Topics[each])
)

export const readingsTopic = (source: string): string => `readings.${source}`
export const backfillTopic = (source: string): string => `backfill.${source}`

/** Every topic of a deployment with these sources. */
export const allTopics = (sources: readonly string[]): string[] => [
  ...sources.map(readingsTopic),
  ...sources.map(backfillTopic),
  ...Object.values(Topics)
]
