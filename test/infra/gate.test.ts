import { expect, test } from 'vitest'
import { Gate } from '../../infra/lmdb/gate.js'

test('as many as it lets in, then one for each that leaves, in the order they came; who goes away unasked is skipped', () => {
  const gate = new Gate(2)
  const opened: string[] = []
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => gate.take(() => opened.push(name)))
  expect([a, b, c, d, e].map(({ open }) => open)).toEqual([true, true, false, false, false])
  gate.giveBack(c)
  gate.giveBack(b)
  expect([opened, d.open, e.open]).toEqual([['d'], true, false])
  gate.giveBack(a)
  expect([opened, e.open]).toEqual([['d', 'e'], true])
  gate.giveBack(d)
  gate.giveBack(e)
  gate.giveBack(e)
  const tickets = [1, 2, 3].map(() => gate.take(() => {}))
  expect(tickets.map(({ open }) => open)).toEqual([true, true, false])
})
