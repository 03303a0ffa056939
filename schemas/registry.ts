/**
 * The registry: what people know about metering points and the readings do not say. It is written as YAML and imported; every
 * version ever imported is kept, and a file changes only the points that it names.
 *
 * One clamp:
 *
 *   points:
 *     - point: flukso/0a1b2c3d
 *       name: Kitchen
 *       zone: Europe/Brussels
 *       expectedInterval: 8 s
 *       ratedPower: 9.2 kW
 *
 * Many meters: what `defaults` say holds for every entry that does not say otherwise, and YAML anchors work.
 *
 *   defaults: { zone: Europe/Madrid, registers: { '*': { expectedInterval: 1 h } } }
 *   points:
 *     - { point: ES0021000000000001JN0F, name: 'Calle Mayor 1' }    # 22 or 20 characters: cut to 20
 *     - { point: ES0021000000000002JS, name: 'Calle Mayor 2', factor: 40 }
 *
 * Everything, of one point whose meter was replaced and whose current transformer changed later:
 *
 *   points:
 *     - point: siemens/17
 *       name: Feeder 3
 *       zone: Europe/Madrid
 *       natives: [ siemens/17, flukso/99 ]       # ids in the data that stand for this point
 *       devices:                                 # in time; a register set by hand is two entries of one id
 *         - { id: A1, to: 2024-03-01, closing: 12.35 kWh }
 *         - { id: B7, register: 1.8.0, from: 2024-03-01, opening: 8120.35 kWh }
 *       versions:                                # each holds from its validFrom until the next, and is a whole
 *         - validFrom: 2020-01-01                # together with what the entry says above
 *           registers:
 *             '*': { profile: strict, maxHold: 24 h }
 *             1.8.0: { factor: 40, dial: 10000 kWh, ratedPower: 250 kW, backwardTolerance: 1 kWh, start: 0 kWh }
 *             flow: { ratedFlow: 2.5 m3/h, hold: 300 s, dial: none }
 *         - validFrom: 2025-06-01T08:30
 *           registers: { 1.8.0: { factor: 60, dial: 10000 kWh } }
 *     - { point: flukso/old, removed: true }     # takes every version of a point back
 *
 * Settings of a register: factor (40, -1, 0.45, 5/3), dial, ratedPower | ratedFlow | rated, expectedInterval, backwardTolerance,
 * maxHold, hold, start, profile. Written beside the name they are those of `*`: every register. A register of its own starts from
 * `*` of the same version and says what differs; `none` takes a setting back. A file may also repeat an entry with another validFrom
 * in place of `versions`. Without validFrom a version holds since ever.
 * Quantities carry their unit (kWh, kvarh, m3, L, kg, count ...; kW, m3/h ...); `units` is whatever the register counts in.
 * They must be exact in thousandths of Wh, varh, VAh, L, g, s or count. A bare date is local midnight of the point's zone; times
 * without an offset are local.
 */
export { checkRegistry, type Finding, type Shown } from './registry/check.js'
export { applied, type Change, changeText, diffRegistry, type FieldChange } from './registry/diff.js'
export { exportRegistry, settingsText, type UnitOf } from './registry/export.js'
export { isKnownZone, parseWhen, type When, whenText } from './registry/instant.js'
export { canonicalPoint, type ParseOptions, PROFILES, parseRegistry } from './registry/parse.js'
export { unitOfRegister } from './registry/quantity.js'
export { currentVersions, DEFAULT_RULES, rulesOf, versionAt, zoneOf } from './registry/versions.js'
