/**
 * The golden traces of RULES §1: what each must give, and what others make of it. The figures are kWh, steps of 5 minutes unless
 * said; `/` starts a new device. Tests fold them; `wattledger rules` prints them.
 */
import type { Device } from '../../schemas/generated.js'

export interface Trace {
  name: string
  /** Minutes and figures as the register printed them. */
  readings: [minute: number, kwh: string, device?: string][]
  /** Registered for the register, thousandths of Wh. */
  registered?: { dial?: number; devices?: Device[]; expectedMs?: number }
  /** Energy after the first reading, mWh. */
  milli: number
  /** Unknown energy comes on top. */
  tail: boolean
  /** Reasons of suspects, in any order. */
  reasons: string[]
  /** A rule that must stand in a row. */
  rule?: string
}

const KWH = 1_000_000
const every5 = (...figures: string[]): Trace['readings'] => {
  const readings: Trace['readings'] = []
  let device = ''
  for (const figure of figures) {
    if (figure === '/') device = 'second'
    else readings.push([readings.length * 5, figure, device === '' && figures.includes('/') ? 'first' : device])
  }
  return readings
}

const swap = (closing: number, opening: number, minute: number): Device[] => [
  { id: 'first', register: '', from: -1, to: minute * 60_000, opening: null, closing: Math.round(closing * KWH) },
  { id: 'second', register: '', from: minute * 60_000, to: null, opening: Math.round(opening * KWH), closing: null }
]

export const GOLDEN: Trace[] = [
  {
    name: 'zero blip',
    readings: every5('3.737', '0.000', '3.746', '3.756'),
    milli: 19_000,
    tail: false,
    reasons: ['glitch'],
    rule: 'glitch'
  },
  { name: 'last-digit dip', readings: every5('215.6', '215.5', '215.6', '215.7'), milli: 100_000, tail: false, reasons: [] },
  {
    name: 'sag',
    readings: every5('1000.0', '960.0', '1000.2', '1000.4'),
    milli: 400_000,
    tail: false,
    reasons: ['glitch'],
    rule: 'glitch'
  },
  {
    name: 'rollover at 10 000',
    readings: every5('9999.98', '0.03', '0.06'),
    registered: { dial: 10_000 * KWH },
    milli: 80_000,
    tail: false,
    reasons: [],
    rule: 'rollover'
  },
  { name: 'reset', readings: every5('1010.0', '0.2', '0.4'), milli: 400_000, tail: true, reasons: [], rule: 'reset' },
  {
    name: 'swap up, registered',
    readings: every5('12.30', '/', '8120.40', '8120.50'),
    registered: { devices: swap(12.35, 8120.35, 3) },
    milli: 200_000,
    tail: false,
    reasons: [],
    rule: 'replacement'
  },
  { name: 'swap up', readings: every5('12.30', '/', '8120.40', '8120.50'), milli: 100_000, tail: true, reasons: [], rule: 'replacement' },
  {
    name: 'swap down, registered',
    readings: every5('8120.4', '/', '12.0', '12.3'),
    registered: { devices: swap(8120.9, 12.0, 3) },
    milli: 800_000,
    tail: false,
    reasons: [],
    rule: 'replacement'
  },
  { name: 'swap down', readings: every5('8120.4', '/', '12.0', '12.3'), milli: 300_000, tail: true, reasons: [], rule: 'replacement' },
  {
    name: 'swap down, unsaid',
    readings: every5('8120.4', '12.0', '12.3'),
    milli: 300_000,
    tail: true,
    reasons: ['backwards'],
    rule: 'backwards'
  },
  {
    name: 'garbage',
    readings: every5('100.000', '4294967.295', '100.100', '100.200'),
    milli: 200_000,
    tail: false,
    reasons: ['glitch'],
    rule: 'glitch'
  },
  {
    name: 'outage',
    readings: [
      [0, '10.0'],
      [180, '14.0'],
      [185, '14.1']
    ],
    registered: { expectedMs: 300_000 },
    milli: 4_100_000,
    tail: false,
    reasons: [],
    rule: 'gap'
  },
  { name: '240 kW feeder', readings: every5('10', '30', '50', '70'), milli: 60 * KWH, tail: false, reasons: [] },
  {
    name: 'prints 0 each night',
    readings: every5('500.0', '0.0', '0.0', '500.2'),
    milli: 200_000,
    tail: false,
    reasons: ['glitch'],
    rule: 'glitch'
  },
  {
    name: 'prints 0 for 3 days',
    readings: [[0, '500.0'], ...Array.from({ length: 864 }, (_, i): [number, string] => [5 * (i + 1), '0.0']), [5 * 865, '500.2']],
    milli: 200_000,
    tail: false,
    reasons: ['glitch'],
    rule: 'glitch'
  },
  { name: 'frozen register', readings: every5(...Array.from({ length: 12 }, () => '80.0')), milli: 0, tail: false, reasons: [] },
  {
    name: 'not from 0',
    readings: every5('90.00', '180.00', '12.50', '13.75'),
    milli: 91_250_000,
    tail: true,
    reasons: ['backwards'],
    rule: 'backwards'
  },
  {
    name: '1-kWh steps at 22 kW',
    readings: [
      [0, '100'],
      [0.25, '101'],
      [0.5, '101']
    ],
    milli: KWH,
    tail: false,
    reasons: []
  }
]
