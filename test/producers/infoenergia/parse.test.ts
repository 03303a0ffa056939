import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatOf, revisionOf } from '../../../producers/infoenergia/formats.js'
import { MAX_DETAILED } from '../../../producers/infoenergia/rejects.js'
import { HELD_ROWS, infoenergia } from '../../../producers/infoenergia/source.js'
import { foldReadings, MAX_ROWS, unfoldReadings } from '../../../schemas/blocks.js'
import { parseCups } from '../../../schemas/cups.js'
import { Quality } from '../../../schemas/quality.js'
import { parsed, recorded, rowsOf } from './support.js'

const CUPS = 'ES0291000000000001DN0F'
const F5D = 'F5D_0291_0762_20240201.3'
const line = (hour: number, energy = '0;0;0;0;0;0', tail = '1;1;F1;', cups = CUPS) =>
  `${cups};2024/01/15 ${String(hour).padStart(2, '0')}:00;0;${energy};${tail}\n`

describe('the name selects the format and gives the revision', () => {
  for (const [name, curve, revision] of [
    ['F5D_0237_0762_20211008.0', 'F5D', 2021100800],
    ['f5d_0237_0762_20211008.1.bz2', 'F5D', 2021100801],
    ['in/RF5D_0237_0762_20211008.12.ZIP', 'RF5D', 2021100812],
    ['P5D_0237_0762_20211008', 'P5D', 2021100800],
    ['P5D_0237_0762_20211008.gz', 'P5D', 2021100800],
    ['F5D_0237_0762_20211008.7z', 'F5D', 2021100800],
    ['F5D_something.csv', 'F5D', 0],
    ['F5D_20219908.1', 'F5D', 0],
    ['F5D_0237_0762_20211008.123', 'F5D', 2021100899]
  ] as const) {
    test(name, () => {
      expect(formatOf(name)?.curve).toBe(curve)
      expect(revisionOf(name)).toBe(revision)
      expect(infoenergia.recognises(name, Buffer.alloc(0))).toBe(true)
    })
  }
  for (const name of ['A5D_0237_0762_20211008.0', 'F5DX_1', 'F5D', 'readings.csv', 'XF5D_20211008.0']) {
    test(`${name} is not of this source`, () => expect(infoenergia.recognises(name, Buffer.alloc(0))).toBe(false))
  }
})

test('six magnitudes are six registers; an empty one has no reading', async () => {
  const { readings } = await parsed(F5D, line(1, '1;2;3;4;5;6') + line(2, '7;;;;;8'))
  expect(readings.map(({ register, unit, value }) => [register, unit, value])).toEqual([
    ['1.8.0', 'Wh', [1, 7]],
    ['2.8.0', 'Wh', [2]],
    ['5.8.0', 'varh', [3]],
    ['6.8.0', 'varh', [4]],
    ['7.8.0', 'varh', [5]],
    ['8.8.0', 'varh', [6, 8]]
  ])
  expect(readings[5].line).toEqual([1, 2])
})

const qualities = [
  ['1;1', Quality.VALIDATED],
  ['1;0', Quality.RAW],
  ['1;', Quality.RAW],
  ['2;1', Quality.ESTIMATED],
  ['3;0', Quality.EDITED],
  ['4;1', Quality.ESTIMATED],
  ['5;1', Quality.ESTIMATED],
  ['6;1', Quality.ESTIMATED],
  ['0;1', Quality.QUESTIONABLE],
  ['7;1', Quality.QUESTIONABLE],
  [';1', Quality.QUESTIONABLE]
] as const
for (const [methodAndFirmness, quality] of qualities) {
  test(`method and firmness "${methodAndFirmness}" is quality ${quality}`, async () => {
    const { readings } = await parsed(F5D, line(1, '5;;;;;', `${methodAndFirmness};F1;`))
    expect(readings[0].quality).toEqual([quality])
  })
}

const numbers = [
  ['189.000', 189],
  ['+5', 5],
  [' 7 ', 7],
  ['-0', 0],
  ['9007199254740991', 9007199254740991],
  ['9007199254740992', 'too-large'],
  ['189.5', 'too-many-decimals'],
  ['1e3', 'not-a-number'],
  ['1,5', 'not-a-number'],
  ['NaN', 'not-a-number'],
  ['0x10', 'not-a-number'],
  [' ', 'not-a-number']
] as const
for (const [text, then] of numbers) {
  test(`an energy of "${text}" is ${then}`, async () => {
    const { readings, rejects } = await parsed(F5D, line(1, `${text};;;;;`))
    expect(rejects[0]?.reason ?? readings[0].value[0]).toBe(then)
  })
}

test('two lines that ran together are a reject, not half a loss', async () => {
  const { rejects, readings } = await parsed(F5D, `${line(1).trimEnd()}${line(2)}${line(3)}`)
  expect(rejects.map(({ line, reason }) => [line, reason])).toEqual([[1, 'too-many-columns']])
  expect(rowsOf(readings).map(({ line }) => line)).toEqual([2])
})

test('a CIL, a code with spaces and lower case, no newline at the end, LF and CRLF mixed, a byte order mark', async () => {
  const text = `\xEF\xBB\xBF${line(1)}${line(2, '5;;;;;', '1;1;F1', 'es 0291 0000 0000 0001 dn 0f').trimEnd()}\r\n${line(3, '1;;;;;', '1;1;F1;', `${CUPS}001`)}\r\n\n${line(4).trimEnd()}`
  const { readings, rejects } = await parsed(F5D, Buffer.from(text, 'latin1'))
  expect(rejects.map(({ line, reason }) => [line, reason])).toEqual([[3, 'cil-not-cups']])
  expect(rowsOf(readings).map(({ line }) => line)).toEqual([1, 2, 6])
  expect(new Set(readings.map(({ attrs }) => attrs.cups))).toEqual(new Set([CUPS]))
})

describe('blocks', () => {
  test('cut at MAX_ROWS, by (at, line), and as large as they can be over many pieces', async () => {
    const year = Array.from({ length: 366 * 24 }, (_, i) => {
      const label = new Date(Date.UTC(2024, 0, 1) + i * 3_600_000).toISOString().slice(0, 16).replace('T', ' ').replaceAll('-', '/')
      return `${CUPS};${label};;${i};;;;;;1;1;F1;\n`
    })
    const { readings, rejects, rows } = await parsed(F5D, year.reverse().join(''))
    expect(rejects.map(({ reason }) => reason).sort()).toEqual(['ambiguous-time', 'no-such-time'])
    expect(rows).toBe(8784)
    expect(readings.map((block) => block.rows)).toEqual([MAX_ROWS, MAX_ROWS, 8782 - 2 * MAX_ROWS])
    const all = rowsOf(readings)
    for (let i = 1; i < all.length; i++) expect(all[i].start).toBeGreaterThanOrEqual(all[i - 1].end)
    for (const block of readings) expect(unfoldReadings(foldReadings(block))).toEqual(block)
  })

  test('rows held are bounded: a large file goes out in parts, and nothing is lost', async () => {
    const count = HELD_ROWS + 30_000
    const text = Array.from({ length: count }, (_, i) => line((i % 24) + 1, `${i};;;;;`)).join('')
    const { readings } = await parsed(F5D, text)
    expect(rowsOf(readings).reduce((total, { value }) => total + value, 0)).toBe((count * (count - 1)) / 2)
    expect(readings.length).toBe(Math.ceil(HELD_ROWS / MAX_ROWS) + Math.ceil((count - HELD_ROWS) / MAX_ROWS))
  })

  test('another invoice or another suffix is another block of the same point', async () => {
    const { readings } = await parsed(
      F5D,
      line(1, '1;;;;;') + line(2, '1;;;;;', '1;1;F2;') + line(3, '1;;;;;', '1;1;F1;', CUPS.slice(0, 20))
    )
    expect(readings.map(({ point, attrs }) => [point, attrs.cups, attrs.invoice])).toEqual([
      [CUPS.slice(0, 20), CUPS, 'F1'],
      [CUPS.slice(0, 20), CUPS, 'F2'],
      [CUPS.slice(0, 20), CUPS.slice(0, 20), 'F1']
    ])
  })
})

describe('nothing is lost silently, nor told a million times', () => {
  test('a flood of one defect: 1000 rejects, then one with the count; good lines stay', async () => {
    const bad = line(1, 'abc;;;;;')
    const { readings, rejects } = await parsed(F5D, line(2) + bad.repeat(5000) + line(3))
    expect(rejects).toHaveLength(MAX_DETAILED + 1)
    expect(rejects.at(-1)).toMatchObject({ line: 1002, reason: 'not-a-number', found: expect.stringContaining('4000 more lines') })
    expect(rowsOf(readings)).toHaveLength(2)
  })

  for (const [what, body, reason] of [
    ['a picture', Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 251)), 'not-text'],
    ['UTF-16', Buffer.from(line(1).repeat(500), 'utf16le'), 'not-text'],
    ['a web page', '<html>\n<p>Service unavailable</p>\n'.repeat(50_000), 'wrong-format'],
    ['another table', `${CUPS},2024-01-15T05:00Z,12\n`.repeat(100_000), 'wrong-format'],
    ['one endless line', 'x'.repeat(3_000_000), 'line-too-long'],
    ['nothing', '', 'empty-file'],
    ['blanks', ' \r\n\n', 'empty-file'],
    ['a zip without files', Buffer.from(`504b0506${'00'.repeat(18)}`, 'hex'), 'not-text']
  ] as const) {
    test(`${what} is one reject: ${reason}`, async () => {
      const { readings, rejects } = await parsed(F5D, body)
      expect([readings, rejects.map((reject) => reject.reason)]).toEqual([[], [reason]])
      expect(rejects[0].found.length).toBeLessThanOrEqual(200)
    })
  }

  test('an endless line between good ones costs itself; the lines after it keep their numbers', async () => {
    const { readings, rejects } = await parsed(F5D, `${line(1)}${'x'.repeat(200_000)}\n${line(3)}${line(4, 'abc;;;;;')}`, 10_000)
    expect(rejects.map(({ line, reason }) => [line, reason])).toEqual([
      [2, 'line-too-long'],
      [4, 'not-a-number']
    ])
    expect(rowsOf(readings).map(({ line }) => line)).toEqual([1, 3])
  })

  test('zeros where the disk failed cost their line only', async () => {
    const { readings, rejects } = await parsed(F5D, `${line(1).repeat(200)}${'\0'.repeat(100)}\n${line(3)}`)
    expect(rejects).toHaveLength(1)
    expect(rowsOf(readings)).toHaveLength(201)
  })
})

describe('for any file', () => {
  const suppliers = ['ES0291000000000001DN0F', 'ES0291000000000002DJ0F', 'ES0031600000000001XF0F'].filter((code) => parseCups(code).ok)
  const anyLine = fc
    .tuple(
      fc.constantFrom(...suppliers),
      fc.integer({ min: 1, max: 28 }),
      fc.integer({ min: 1, max: 24 }),
      fc.integer({ min: 0, max: 9999 }),
      fc.constantFrom('', '0', '5')
    )
    .map(
      ([cups, day, hour, ai, ao]) =>
        `${cups};2024/01/${String(day).padStart(2, '0')} ${String(hour).padStart(2, '0')}:00;0;${ai};${ao};;;;;1;1;F${day % 3};`
    )

  const rowsWithoutLine = async (lines: readonly string[]) => {
    const { readings } = await parsed(F5D, lines.join('\r\n'), 100)
    return ['1.8.0', '2.8.0'].flatMap((register) =>
      rowsOf(readings, register)
        .map(({ point, end, value }) => `${point} ${register} ${end} ${value}`)
        .sort()
    )
  }

  test('any order of lines gives the same rows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(anyLine, { maxLength: 60 })
          .chain((lines) => fc.tuple(fc.constant(lines), fc.shuffledSubarray(lines, { minLength: lines.length }))),
        async ([lines, shuffled]) => {
          expect(await rowsWithoutLine(shuffled)).toEqual(await rowsWithoutLine(lines))
        }
      )
    )
  })

  test('however it is cut into chunks, the same blocks', async () => {
    const bytes = recorded('F5D_0291_0762_20240201.0')
    const whole = await parsed(F5D, bytes)
    for (const chunk of [1, 2, 13, 100]) expect(await parsed(F5D, bytes, chunk)).toEqual(whole)
  })

  test('nonsense never throws, and every line is a reading, a reject or empty', async () => {
    const field = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom(CUPS, '2024/01/15 01:00', '0', '1', '', '24:00', '-1', '1e9'))
    const nonsense = fc.array(
      fc.oneof(
        anyLine,
        fc.array(field, { maxLength: 16 }).map((fields) => fields.join(';'))
      ),
      { maxLength: 30 }
    )
    await fc.assert(
      fc.asyncProperty(nonsense, async (lines) => {
        const text = lines.join('\n')
        const { readings, rejects } = await parsed(F5D, text)
        if (rejects.some(({ line }) => line === 0)) return
        const told = new Set([...rowsOf(readings), ...rejects].map((entry) => entry.line))
        const body = Buffer.from(text).toString('latin1').split('\n')
        for (const [i, line] of body.entries())
          if (line.trim() !== '' && !told.has(i + 1)) throw new Error(`line ${i + 1} is lost: ${JSON.stringify(line)}`)
      })
    )
  })
})
