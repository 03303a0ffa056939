import { expect, test } from 'vitest'
import { explanationText } from '../../api/cli/explanation.js'

const head = {
  point: 'installation/HOME01',
  start: '2022-07-01T11:45:00.000Z',
  end: '2022-07-01T12:00:00.000Z',
  zone: 'Europe/Brussels',
  unit: 'Wh'
}

test('what was fed in keeps its sign, also below one kWh', () => {
  const revision = { knownAt: '2022-07-02T00:00:00.000Z', quality: 'RAW', op: 'put' }
  const text = explanationText({
    ...head,
    register: 'p_tot',
    sum: { milli: -193_137 },
    made: [
      {
        from: head.start,
        to: head.end,
        validFrom: '2022-07-01',
        knownAt: revision.knownAt,
        kwh: '-0.193137000',
        slots: 112,
        whole: 110,
        counted: 110,
        members: [
          { point: 'flukso/a', register: '2.8.0', label: 'Mains-', factor: -1, kwh: '-0.193137000', known: 112, leftKwh: '0.000004000' }
        ],
        others: { members: 2, kwh: '0.000000000' }
      }
    ],
    revisions: [
      { rev: 1, milli: -1, ...revision },
      { rev: 2, milli: -193_137, ...revision }
    ]
  })
  expect(text.split('\n').slice(1, 2)).toEqual([expect.stringMatching(/^-0\.193137 kWh, /)])
  expect(text).toContain('all are known in 110 of 112 slots of 8 s\n')
  expect(text).toContain('- flukso/a 2.8.0 (Mains-)  -0.193137000 kWh, known in 112 slots; 0.000004000 kWh while others were not known')
  expect(text).toContain('and 2 that are not open to you: 0.000000000 kWh')
  expect(text).toContain('rev 1 known 2022-07-02T00:00:00.000Z: -0.000001 kWh')
})
