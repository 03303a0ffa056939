import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { run } from './child.js'

/** `wattledger run` where it cannot: said before anything is reached for. What it does otherwise is in test/engines. */
const folder = mkdtempSync(join(tmpdir(), 'wattledger-run-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'wattledger.yaml')
writeFileSync(file, `data: ${folder}/data\nkafka: { brokers: ['127.0.0.1:1'] }\ncassandra: { nodes: ['127.0.0.1:1'] }\n`)

test('too few threads, an unknown processor and a wrong slot are told with what to do', async () => {
  const say = async (args: string, shell: string) => {
    const { code, stderr } = await run(['run', ...args.split(' '), '--config', file], { shell })
    expect(code).toBe(1)
    return stderr
  }
  expect(await say('api', 'unset UV_THREADPOOL_SIZE; "$0" "$@"')).toMatch(/^Set UV_THREADPOOL_SIZE=16 in the environment/)
  expect(await say('processors --only energie', 'UV_THREADPOOL_SIZE=16 "$0" "$@"')).toContain('energy, loadcurve')
  expect(await say('api', 'WATTLEDGER_SLOT=first "$0" "$@"')).toContain('expected a whole number from 0')
})
