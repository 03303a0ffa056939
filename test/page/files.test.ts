import { describe, expect, test } from 'vitest'
import type { Reject } from '../../api/page/answers.js'
import { inOrder, isWanted } from '../../api/page/files/names.js'
import { whereTo } from '../../api/page/files/where.js'
import { counted, groupsOf, kindOf, reasonText, rejectedIn } from '../../api/page/files/words.js'

describe('files that are dropped', () => {
  test('what file managers leave behind, and what is not whole yet, is not sent', () => {
    const names = ['.DS_Store', 'a/.git/x', 'a/Thumbs.db', 'b.part', 'c.CRDOWNLOAD', 'desktop.ini']
    expect(names.filter(isWanted)).toEqual([])
    expect(['F5D_0291_0762_20231115.0', 'sensor/0/8/1404224512.gz', 'party.csv'].every(isWanted)).toBe(true)
  })

  test('go by name, with digits as numbers', () => {
    const names = ['b/10', 'b/9', 'F5D_20231002.0', 'F5D_20231001.0', 'F5D_20231001.12', 'F5D_20231001.2']
    expect(inOrder(names.map((name) => ({ name }))).map(({ name }) => name)).toEqual([
      'b/9',
      'b/10',
      'F5D_20231001.0',
      'F5D_20231001.2',
      'F5D_20231001.12',
      'F5D_20231002.0'
    ])
  })
})

describe('what a file was', () => {
  test('its kind in words, by its source and its own name', () => {
    expect(kindOf('infoenergia', 'month/f5d_0291_0762_20231115.0')).toBe('Hourly curve F5D')
    expect(kindOf('infoenergia', 'P5D_1')).toBe('Provisional hourly curve P5D')
    expect(kindOf('flukso', 's/0/8/1.gz')).toBe('Fluksometer block')
    expect(kindOf('pulses', 'x')).toBe('pulses')
    expect(kindOf('', 'README.md')).toBe(null)
  })

  test('reasons have words; a new one is at least readable', () => {
    expect(reasonText('too-few-columns')).toBe('Too few columns')
    expect(reasonText('some-new-reason')).toBe('Some new reason')
    expect(
      rejectedIn({
        rejects: [
          { reason: 'a', count: 2, examples: [] },
          { reason: 'b', count: 40, examples: [] }
        ]
      })
    ).toBe(42)
    expect([counted(1, 'file'), counted(44_640, 'reading')]).toEqual(['1 file', '44 640 readings'])
  })

  test('a meter is one line, however many registers went in, from the first to the last instant', () => {
    expect(
      whereTo([
        { point: 'B', register: '2.8.0', from: '2023-10-01T00:00:00.000Z', to: '2023-10-02T00:00:00.000Z' },
        { point: 'A', register: '1.8.0', from: '2023-10-01T00:00:00.000Z', to: '2023-10-02T00:00:00.000Z' },
        { point: 'B', register: '1.8.0', from: '2023-09-30T00:00:00.000Z', to: '2023-10-03T00:00:00.000Z' }
      ])
    ).toEqual([
      { point: 'B', register: '1.8.0', from: '2023-09-30T00:00:00.000Z', to: '2023-10-03T00:00:00.000Z' },
      { point: 'A', register: '1.8.0', from: '2023-10-01T00:00:00.000Z', to: '2023-10-02T00:00:00.000Z' }
    ])
  })
})

test('what was set aside is grouped by file and reason, newest group first, its lines in order', () => {
  const reject = (origin: string, reason: string, line: number): Reject => ({
    ...{ source: 'infoenergia', origin, name: `file ${origin}`, reason, line, field: '', expected: '', found: '', advice: '' },
    ingestedAt: '2026-01-01T00:00:00.000Z'
  })
  const groups = groupsOf([reject('b', 'x', 9), reject('a', 'x', 1), reject('b', 'x', 3), reject('b', 'y', 1)])
  expect(groups.map(({ origin, reason, rejects }) => [origin, reason, rejects.map(({ line }) => line)])).toEqual([
    ['b', 'x', [3, 9]],
    ['a', 'x', [1]],
    ['b', 'y', [1]]
  ])
})
