/**
 * CUPS, the Spanish code of a supply point: `ES`, 4 digits distributor, 12 digits point, 2 control letters; 22 characters with the border
 * suffix (a digit and a letter, such as `0F`). The suffix is not identity: curves arrive with another one than the contract, or none,
 * so a metering point is named by the first 20 characters, `base`.
 *
 * Control letters: the 16 digits mod 529, written as two digits of base 23 in LETTERS.
 */
export interface Cups {
  ok: true
  /** Without spaces, upper case, 20 or 22 characters. */
  code: string
  base: string
}

/** A code that is none. `reason` is a word to count by. */
export interface NotCups {
  ok: false
  reason: 'cups-length' | 'cups-country' | 'cups-digits' | 'control-letters' | 'cups-suffix' | 'cil-not-cups'
  expected: string
}

const LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE'
const BASE = 20
const WITH_SUFFIX = 22
const CIL = 25

/** The two control letters of 16 digits. They pass 2^53, so they are reduced in two halves. */
export const controlLetters = (digits: string): string => {
  const high = Number(digits.slice(0, 8)) % 529
  const rest = (high * (100_000_000 % 529) + Number(digits.slice(8))) % 529
  return LETTERS[Math.floor(rest / 23)] + LETTERS[rest % 23]
}

const not = (reason: NotCups['reason'], expected: string): NotCups => ({ ok: false, reason, expected })

/** Reads a code as people and files write it: spaces and lower case are put right, nothing else is. */
export const parseCups = (text: string): Cups | NotCups => {
  const code = text.replace(/\s+/g, '').toUpperCase()
  if (code.length === CIL && /^ES\d{16}[A-Z]{2}\d[A-Z]\d{3}$/.test(code)) {
    return not(
      'cil-not-cups',
      `a CUPS of 20 or 22 characters; 25 is a CIL, the code of a production unit behind ${code.slice(0, WITH_SUFFIX)}`
    )
  }
  if (code.length !== BASE && code.length !== WITH_SUFFIX) return not('cups-length', `20 or 22 characters, not ${code.length}`)
  if (!code.startsWith('ES')) return not('cups-country', 'a code that begins with ES')
  const digits = code.slice(2, 18)
  if (!/^\d{16}$/.test(digits)) return not('cups-digits', '16 digits after ES')
  const letters = controlLetters(digits)
  if (code.slice(18, BASE) !== letters) return not('control-letters', `control letters ${letters}`)
  if (code.length === WITH_SUFFIX && !/^\d[A-Z]$/.test(code.slice(BASE)))
    return not('cups-suffix', 'a border suffix of a digit and a letter, such as 0F')
  return { ok: true, code, base: code.slice(0, BASE) }
}

/** Distributor and first digits of the supply points of the Canary Islands. */
const CANARY = ['ES00316', 'ES04016']

/** The zone whose wall clock the supply point's files are written in. */
export const zoneOfCups = (cups: string): string => (CANARY.includes(cups.slice(0, 7)) ? 'Atlantic/Canary' : 'Europe/Madrid')
