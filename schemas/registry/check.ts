import { parseRatio } from '../exact.js'
import type { Device, Point, RegisterRules } from '../generated.js'
import { isKnownZone, whenText } from './instant.js'
import { amountText, unitOfRegister } from './quantity.js'
import { currentVersions, rulesOf } from './versions.js'

/** What contradicts itself or the readings. An error must be mended before the registry takes it; a warning may be meant. */
export interface Finding {
  level: 'error' | 'warning'
  point: string
  /** `devices`, `1.8.0 dial` ... */
  key: string
  message: string
  mend: string
}

/** The largest figure a register is known to have shown, in thousandths of the ledger's unit. */
export interface Shown {
  point: string
  register: string
  milli: number
}

/** Looks at a whole registry (all current versions), and at what the registers show, where that is known. */
export const checkRegistry = (points: readonly Point[], shown: readonly Shown[] = []): Finding[] => {
  const current = currentVersions(points)
  const registers = new Map<string, Shown[]>()
  for (const figure of shown) registers.set(figure.point, [...(registers.get(figure.point) ?? []), figure])
  return [
    ...current.flatMap((row) => [...checkZone(row), ...checkDevices(row), ...checkRules(row, registers.get(row.point) ?? [])]),
    ...checkNatives(current)
  ]
}

const checkZone = (row: Point): Finding[] =>
  row.zone === '' || isKnownZone(row.zone)
    ? []
    : [
        {
          level: 'error',
          point: row.point,
          key: 'zone',
          message: `"${row.zone}" is not a time zone`,
          mend: 'Write an IANA name, such as Europe/Madrid.'
        }
      ]

const deviceName = (device: Device): string => `device ${device.id || 'unnamed'}`

const checkDevices = (row: Point): Finding[] => {
  const findings: Finding[] = []
  const found = (level: Finding['level'], message: string, mend: string) =>
    findings.push({ level, point: row.point, key: 'devices', message, mend })
  for (const [i, device] of row.devices.entries()) {
    const { dial } = rulesOf(row, device.register)
    const name = deviceName(device)
    const until = device.to ?? Number.POSITIVE_INFINITY
    if (until <= device.from) found('error', `${name} is taken out before it is built in`, 'Swap from and to, or correct one.')
    if (device.opening !== null && device.closing !== null && device.closing < device.opening) {
      // A dial may have passed its end in between; without one the meter would have run backwards.
      found(
        dial === null ? 'error' : 'warning',
        `${name} closes below its opening`,
        'Correct one of the two; if the register rolled over, register its dial.'
      )
    }
    for (const [word, figure] of [
      ['opening', device.opening],
      ['closing', device.closing]
    ] as const) {
      if (dial !== null && figure !== null && figure >= dial)
        found('error', `the ${word} of ${name} is not below its dial`, 'Correct the dial or the figure.')
    }
    for (const other of row.devices.slice(i + 1)) {
      const sameRegister = device.register === other.register || device.register === '' || other.register === ''
      if (!sameRegister || until <= other.from || (other.to ?? Number.POSITIVE_INFINITY) <= device.from) continue
      found(
        'error',
        `${name} and ${deviceName(other)} are built in at the same time`,
        `Give the earlier one a "to", at the latest ${whenText(Math.max(device.from, other.from), row.zone)}.`
      )
    }
  }
  return findings
}

const checkRules = (row: Point, shown: readonly Shown[]): Finding[] => row.registers.flatMap((rules) => checkRegister(row, rules, shown))

const checkRegister = (row: Point, rules: RegisterRules, shown: readonly Shown[]): Finding[] => {
  const findings: Finding[] = []
  const name = rules.register || '*'
  const found = (level: Finding['level'], setting: string, message: string, mend: string) =>
    findings.push({ level, point: row.point, key: `${name} ${setting}`, message, mend })
  const factor = parseRatio(rules.factor)
  if (factor === null)
    found('error', 'factor', `"${rules.factor}" is not a factor`, 'Write a number such as 40, -1 or 0.45, or a fraction such as 5/3.')
  if (factor?.num === 0)
    found('warning', 'factor', 'a factor of 0 makes all energy 0', 'Remove it, unless this register is meant to count nothing.')
  if (rules.dial !== null && rules.start >= rules.dial)
    found('error', 'start', 'the register starts past the end of its dial', 'Correct start or dial.')
  if (rules.dial !== null && rules.backwardTolerance * 2 >= rules.dial)
    found('error', 'backwardTolerance', 'half the dial or more is taken as jitter', 'Correct backwardTolerance or dial.')
  const meant = shown.filter(({ register }) => (rules.register === '' ? rulesOf(row, register) === rules : register === rules.register))
  for (const { register, milli } of meant) {
    if (rules.dial === null || milli < rules.dial) continue
    const unit = unitOfRegister(register)
    found(
      'error',
      'dial',
      `register ${register} already shows ${amountText(milli, unit)}, past a dial of ${amountText(rules.dial, unit)}`,
      'Count the digits before the decimal point: 5 of them are a dial of 100000.'
    )
  }
  if (rules.register !== '' && shown.length > 0 && meant.length === 0) {
    found(
      'warning',
      'settings',
      'no reading of this register has come yet',
      `Registers seen here: ${shown.map(({ register }) => register).join(', ')}.`
    )
  }
  return findings
}

/** A native id stands for one point at a time: each version claims its ids until the next one begins. */
const checkNatives = (current: readonly Point[]): Finding[] => {
  const claims = new Map<string, { point: string; from: number; to: number }[]>()
  for (const [i, row] of current.entries()) {
    const to = current[i + 1]?.point === row.point ? current[i + 1].validFrom : Number.POSITIVE_INFINITY
    for (const native of row.natives) claims.set(native, [...(claims.get(native) ?? []), { point: row.point, from: row.validFrom, to }])
  }
  const findings = new Map<string, Finding>()
  for (const [native, claimed] of claims) {
    for (const [i, claim] of claimed.entries()) {
      const rival = claimed.slice(i + 1).find((other) => other.point !== claim.point && other.from < claim.to && claim.from < other.to)
      if (!rival) continue
      const message = `${native} stands for ${claim.point} and for ${rival.point} at the same time`
      findings.set(message, {
        level: 'error',
        point: rival.point,
        key: 'natives',
        message,
        mend: 'Keep it in one; if it moved, end it with a new version of the old point.'
      })
    }
  }
  return [...findings.values()]
}
