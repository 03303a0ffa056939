import { z } from 'zod'
import { parseRatio } from '../exact.js'
import type { Device, Point, RegisterRules } from '../generated.js'
import { checkYaml, openYaml, type Path, type Problem, suggestion, type YamlFile } from '../problems.js'
import { isKnownZone, parseWhen } from './instant.js'
import { parseAmount, parseDuration, parseRate, type Quantity, unitOfRegister, type Wrong } from './quantity.js'
import { byPointAndTime, DEFAULT_RULES } from './versions.js'

export const PROFILES = ['strict', 'home-assistant', 'emoncms', 'oed', 'period-day', 'period-week', 'period-month']

const Text = z.string().min(1).meta({ expected: 'a text' })
const REGISTER_SETTINGS = {
  factor: Text.optional(),
  dial: Text.optional(),
  rated: Text.optional(),
  ratedPower: Text.optional(),
  ratedFlow: Text.optional(),
  expectedInterval: Text.optional(),
  backwardTolerance: Text.optional(),
  maxHold: Text.optional(),
  hold: Text.optional(),
  start: Text.optional(),
  profile: Text.optional()
}
type Setting = keyof typeof REGISTER_SETTINGS

const DeviceEntry = z.strictObject({
  id: z.string().default(''),
  register: Text.optional(),
  from: Text.optional(),
  to: Text.optional(),
  opening: Text.optional(),
  closing: Text.optional()
})

const VERSION = {
  validFrom: Text.optional(),
  name: z.string().max(200).optional().meta({ expected: 'a name of at most 200 characters' }),
  zone: z.string().optional(),
  natives: z.array(Text).optional().meta({ expected: 'a list of native ids', mend: 'Write natives: [ flukso/0a1b2c ].' }),
  devices: z
    .array(DeviceEntry)
    .optional()
    .meta({ expected: 'a list of devices', mend: 'Write devices: [ { id: 12345, from: 2024-01-01 } ].' }),
  registers: z
    .record(z.string(), z.strictObject(REGISTER_SETTINGS))
    .optional()
    .meta({ expected: 'settings by register', mend: "Write registers: { 1.8.0: { factor: 40 } }, or '*' for every register." }),
  ...REGISTER_SETTINGS
}
const Version = z.strictObject(VERSION)
type Version = z.output<typeof Version>

const Entry = z.strictObject({
  point: Text.meta({ expected: 'the name of a metering point', mend: 'Write point: <CUPS>, or point: <source>/<native id>.' }),
  ...VERSION,
  versions: z.array(Version).min(1).optional(),
  removed: z.literal('true').optional().meta({ expected: 'true', mend: 'To take every version of a point back, write removed: true.' })
})
type Entry = z.output<typeof Entry>

const { natives: _, devices: __, name: ___, ...DEFAULTS } = VERSION
const RegistryFile = z.strictObject({
  defaults: z.strictObject(DEFAULTS).optional(),
  points: z.array(Entry).optional().meta({ expected: 'a list of points', mend: 'Write one entry per point: "- point: flukso/0a1b2c".' })
})

export interface ParseOptions {
  /** Zone of a point whose entry names none, for bare dates; empty: nobody knows. */
  sourceZone?: (point: string) => string
}

/** One Point row per (point, validFrom), knownAt 0: the caller's to fill. An entry `removed: true` is one deleted row of its point. */
export const parseRegistry = (text: string, file: string, options: ParseOptions = {}): { points: Point[] } | { problems: Problem[] } => {
  const yaml = openYaml(text, file, 'text')
  const checked = checkYaml(yaml, RegistryFile)
  if ('problems' in checked) return checked
  const reader = new Reader(yaml, options.sourceZone ?? (() => ''))
  const defaults: Layer = { said: (checked.value.defaults ?? {}) as Version, path: ['defaults'] }
  const points = (checked.value.points ?? []).flatMap((entry, i) => reader.expand(entry, defaults, ['points', i]))
  return reader.problems.length > 0 ? { problems: reader.problems } : { points: points.sort(byPointAndTime) }
}

/** Spanish supply-point codes are 20 characters and a two-character border point, which the ledger leaves out. */
const CUPS = /^ES\d{16}[A-Z]{2}(\d[A-Z])?$/i
const NATIVE = /^[a-z][a-z0-9-]*\/[^\s|\p{Cc}]{1,120}$/u
const REGISTER = /^[A-Za-z0-9][\w./-]{0,63}$/

/** The name of a metering point as the ledger keeps it; null when it can be none. */
export const canonicalPoint = (name: string): string | null => {
  if (CUPS.test(name)) return name.toUpperCase().slice(0, 20)
  return NATIVE.test(name) ? name : null
}

/** What an entry, one of its versions, or the defaults say, and where. */
interface Layer {
  said: Version
  path: Path
}

class Reader {
  readonly problems: Problem[] = []
  readonly #seen = new Map<string, Path>()

  constructor(
    private readonly yaml: YamlFile,
    private readonly sourceZone: (point: string) => string
  ) {}

  #fail(path: Path, message: string, mend = ''): void {
    this.problems.push(this.yaml.problem(path, message, mend))
  }

  expand(entry: Entry, defaults: Layer, path: Path): Point[] {
    const point = canonicalPoint(entry.point)
    if (point === null) {
      this.#fail(
        [...path, 'point'],
        `"${entry.point}" is not a metering point`,
        'Write a CUPS of 20 or 22 characters, or <source>/<native id>.'
      )
      return []
    }
    const { versions, removed, point: _point, ...said } = entry
    const common: Layer = { said, path }
    if (removed) {
      if (versions || Object.keys(said).length > 0) this.#fail(path, 'a removed point has no settings', 'Write only point and removed.')
      return [{ ...this.#version(point, [], path), deleted: true }]
    }
    if (!versions) return [this.#version(point, [defaults, common], path)]
    if (said.validFrom) this.#fail([...path, 'validFrom'], 'the versions say from when on they hold', 'Move validFrom into the versions.')
    return versions.map((version, i) => {
      const own = [...path, 'versions', i]
      return this.#version(point, [defaults, common, { said: version, path: own }], own)
    })
  }

  #version(point: string, layers: readonly Layer[], path: Path): Point {
    const zoneLayer = layers.findLast(({ said }) => said.zone !== undefined)
    let zone = zoneLayer?.said.zone ?? ''
    if (zone !== '' && !isKnownZone(zone)) {
      this.#fail([...zoneLayer!.path, 'zone'], `"${zone}" is not a time zone`, 'Write an IANA name, such as Europe/Madrid.')
      zone = ''
    }
    const local = zone || this.sourceZone(point)
    const since = layers.findLast(({ said }) => said.validFrom !== undefined)
    const validFrom = since ? this.#when(since.said.validFrom!, local, [...since.path, 'validFrom']) : 0
    const key = `${point}\n${validFrom}`
    const other = this.#seen.get(key)
    if (other)
      this.#fail(
        path,
        `${point} has another version of the same validFrom in line ${this.yaml.lineOf(other)}`,
        'Keep one, or give this one its own validFrom.'
      )
    else this.#seen.set(key, path)
    const last = <Key extends 'name' | 'natives' | 'devices'>(field: Key) => layers.findLast(({ said }) => said[field] !== undefined)
    const natives = last('natives')
    const devices = last('devices')
    return {
      point,
      validFrom,
      knownAt: 0,
      deleted: false,
      name: (last('name')?.said.name ?? '').trim(),
      zone,
      natives: (natives?.said.natives ?? []).map((native, i) => this.#native(native, [...natives!.path, 'natives', i])),
      devices: (devices?.said.devices ?? []).map((device, i) => this.#device(device, local, [...devices!.path, 'devices', i])),
      registers: this.#registers(layers),
      installations: []
    }
  }

  #native(native: string, path: Path): string {
    const name = canonicalPoint(native)
    if (name === null) this.#fail(path, `"${native}" is not a native id`, 'Write <source>/<id>, such as flukso/0a1b2c, or a CUPS.')
    return name ?? ''
  }

  #when(text: string, zone: string, path: Path): number {
    const when = parseWhen(text, zone)
    if (!when && parseWhen(text, 'UTC'))
      this.#fail(
        path,
        `"${text}" is local time, and the point has no zone`,
        'Add zone: Europe/Madrid to the point, or write the instant as 2024-03-01T00:00:00Z.'
      )
    else if (!when)
      this.#fail(
        path,
        `expected a date or an instant, found "${text}"`,
        'Write 2024-03-01 (local midnight), 2024-03-01T08:30 (local) or 2024-03-01T07:30:00Z.'
      )
    else if (when.doubt)
      this.#fail(
        path,
        `the clock of ${zone} shows ${text} ${when.doubt === 'twice' ? 'twice' : 'never'}`,
        'Write the offset too, such as 2024-10-27T02:30:00+02:00.'
      )
    return when?.at ?? 0
  }

  #device(said: z.output<typeof DeviceEntry>, zone: string, path: Path): Device {
    const register = said.register === undefined || said.register === '*' ? '' : this.#register(said.register, [...path, 'register'])
    const amount = (key: 'opening' | 'closing') => (said[key] === undefined ? null : this.#amount(said[key], register, [...path, key]))
    return {
      id: said.id,
      register,
      from: said.from === undefined ? 0 : this.#when(said.from, zone, [...path, 'from']),
      to: said.to === undefined ? null : this.#when(said.to, zone, [...path, 'to']),
      opening: amount('opening'),
      closing: amount('closing')
    }
  }

  #register(name: string, path: Path): string {
    if (!REGISTER.test(name))
      this.#fail(path, `"${name}" is not a register`, "Write an OBIS code such as 1.8.0, a plain word, or '*' for every register.")
    return name
  }

  /** What stands nearer the point wins; in one place, a register's own settings win over those for every register. */
  #registers(layers: readonly Layer[]): RegisterRules[] {
    const names = new Set<string>()
    for (const { said, path } of layers) {
      if (SETTINGS.some((setting) => said[setting] !== undefined)) names.add('')
      for (const name of Object.keys(said.registers ?? {}))
        names.add(name === '*' ? '' : this.#register(name, [...path, 'registers', name]))
    }
    return [...names].sort().map((name) => {
      const settings = new Map<Setting, Said>()
      for (const { said, path } of layers) {
        collect(settings, said, path)
        collect(settings, said.registers?.['*'], [...path, 'registers', '*'])
        if (name !== '') collect(settings, said.registers?.[name], [...path, 'registers', name])
      }
      return this.#rules(name, settings)
    })
  }

  #rules(register: string, said: Map<Setting, Said>): RegisterRules {
    const rules: RegisterRules = { register, ...DEFAULT_RULES }
    const amount = (setting: Setting): number | null | undefined =>
      this.#some(said.get(setting), (text, path) => this.#amount(text, register, path))
    const duration = (setting: Setting): number | null | undefined =>
      this.#some(said.get(setting), (text, path) => this.#measured(parseDuration(text), path))
    const factor = said.get('factor')
    if (factor && parseRatio(factor.text) === null)
      this.#fail(factor.path, `"${factor.text}" is not a factor`, 'Write a number such as 40, -1 or 0.45, or a fraction such as 5/3.')
    const profile = said.get('profile')
    if (profile && !PROFILES.includes(profile.text))
      this.#fail(profile.path, `there is no profile "${profile.text}"`, suggestion(profile.text, PROFILES))
    rules.factor = factor?.text ?? rules.factor
    rules.profile = profile?.text ?? rules.profile
    rules.dial = amount('dial') ?? rules.dial
    rules.ratedPerHour = this.#rated(register, said) ?? rules.ratedPerHour
    rules.expectedMs = duration('expectedInterval') ?? rules.expectedMs
    rules.backwardTolerance = amount('backwardTolerance') ?? rules.backwardTolerance
    rules.maxHoldMs = duration('maxHold') ?? rules.maxHoldMs
    rules.holdMs = duration('hold') ?? rules.holdMs
    rules.start = amount('start') ?? rules.start
    for (const [setting, figure] of [
      ['dial', rules.dial],
      ['expectedInterval', rules.expectedMs]
    ] as const) {
      if (figure === 0) this.#fail(said.get(setting)!.path, 'expected more than 0', 'Write none when there is none.')
    }
    return rules
  }

  /** `none` takes back what `*` or the defaults say. */
  #some(said: Said | undefined, read: (text: string, path: Path) => number | null): number | null | undefined {
    if (!said) return undefined
    return said.text === 'none' ? null : read(said.text, said.path)
  }

  #rated(register: string, said: Map<Setting, Said>): number | null | undefined {
    const given = (['rated', 'ratedPower', 'ratedFlow'] as const).flatMap((setting) => said.get(setting) ?? [])
    const meant = given.filter(({ text }) => text !== 'none')
    if (meant.length > 1)
      this.#fail(
        meant[1].path,
        `a register has one rating, and line ${this.yaml.lineOf(meant[0].path)} says another`,
        'Keep one; write none where * says something that does not hold here.'
      )
    if (meant.length === 0) return given.length > 0 ? null : undefined
    const rate = this.#quantity(parseRate(meant[0].text), register, meant[0].path)
    if (rate === 0) this.#fail(meant[0].path, 'expected more than 0', 'Write none when there is none.')
    return rate
  }

  #amount(text: string, register: string, path: Path): number | null {
    return this.#quantity(parseAmount(text), register, path)
  }

  #quantity(read: Quantity | Wrong, register: string, path: Path): number | null {
    const quantity = this.#measured(read, path)
    if (quantity === null) return null
    const unit = unitOfRegister(register)
    if (unit !== '' && quantity.unit !== '' && quantity.unit !== unit)
      this.#fail(path, `register ${register} counts ${unit}, not ${quantity.unit}`, `Write a quantity in ${unit} or k${unit}.`)
    return quantity.milli
  }

  #measured<Read extends Quantity | number>(read: Read | Wrong, path: Path): Read | null {
    if (typeof read !== 'object' || !('wrong' in read)) return read as Read
    this.#fail(path, read.wrong, read.mend)
    return null
  }
}

interface Said {
  text: string
  path: Path
}

const SETTINGS = Object.keys(REGISTER_SETTINGS) as Setting[]

const collect = (settings: Map<Setting, Said>, said: { [Key in Setting]?: string } | undefined, path: Path): void => {
  if (!said) return
  for (const setting of SETTINGS) {
    const text = said[setting]
    if (text === undefined) continue
    // A rating of another name, in a nearer place, stands in the stead of the farther one.
    if (setting.startsWith('rated'))
      for (const other of ['rated', 'ratedPower', 'ratedFlow'] as const)
        if (settings.get(other)?.path.slice(0, -1).join() !== path.join()) settings.delete(other)
    settings.set(setting, { text, path: [...path, setting] })
  }
}
