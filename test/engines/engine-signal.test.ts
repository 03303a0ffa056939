import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const CHILD = new URL('./children/engine.mjs', import.meta.url).pathname

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  test(`an engine ends with the process that started it, when ${signal} ends that`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wattledger-engine-'))
    const child = spawn(process.execPath, [CHILD, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    })
    const [line] = await once(child.stdout, 'data')
    const pid = Number(line)
    expect(runs(pid)).toBe(true)
    child.kill(signal)
    expect(await once(child, 'exit')).toEqual([null, signal])
    await expect.poll(() => runs(pid), { timeout: 5_000 }).toBe(false)
  })
