/** Qualities, best first; a row of many takes the worst. The number is what columns and InfluxDB fields hold. */
export const QUALITIES = [
  'VALIDATED',
  'VALID',
  'EDITED',
  'DERIVED',
  'RAW',
  'ESTIMATED',
  'QUESTIONABLE',
  'PARTIAL',
  'NO_DATA',
  'DATA_LOSS'
] as const
export type QualityName = (typeof QUALITIES)[number]

export const Quality = {
  VALIDATED: 0,
  VALID: 1,
  EDITED: 2,
  DERIVED: 3,
  RAW: 4,
  ESTIMATED: 5,
  QUESTIONABLE: 6,
  PARTIAL: 7,
  NO_DATA: 8,
  DATA_LOSS: 9
} as const satisfies Record<QualityName, number>

/** NO_DATA and DATA_LOSS mark a missing reading: such a row has no value. */
export const hasValue = (quality: number): boolean => quality < Quality.NO_DATA

export const Op = { PUT: 0, WITHDRAWN: 1, UNKNOWN: 2 } as const
export const OPS = ['put', 'withdrawn', 'unknown'] as const

/** Bits of a reading's `flags` column; 0-7 hold the source's quality byte. */
export const Flag = { FIRM: 1 << 8, FIRMNESS_KNOWN: 1 << 9, SEASON: 1 << 10, AMBIGUOUS: 1 << 11, SEASON_MISMATCH: 1 << 12 } as const
