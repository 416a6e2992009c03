import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkStorm } from './check-storm.ts'

/** Lets a storm of so many threads rage until it has printed so many lines, kills it, and gives the lines. */
const stormUntil = (folder: string, threads: number, lines: number): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    const program = fileURLToPath(new URL('./write-storm.ts', import.meta.url))
    const child = spawn(process.execPath, ['-C', 'source', program, folder, String(threads)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    let complaints = ''
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      if (printed.split('\n').length > lines) child.kill('SIGKILL')
    })
    child.stderr.on('data', (chunk: Buffer) => {
      complaints += chunk.toString()
    })
    child.on('close', (_, signal) =>
      signal === 'SIGKILL' ? resolve(printed.split('\n').slice(0, -1)) : reject(new Error(complaints)),
    )
  })

describe('a store that is killed while it writes', () => {
  it('has every acknowledged write, no half version and a whole audit log, by one thread and by several', {
    timeout: 60_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'storm-'))
    const acknowledged: string[] = []
    for (const [threads, lines] of [
      [0, 40],
      [2, 120],
    ] as const) {
      acknowledged.push(...(await stormUntil(folder, threads, lines)))
      expect(await checkStorm(folder, acknowledged)).toEqual({
        lost: [],
        broken: [],
        integrity: 'ok',
        auditHolds: true,
      })
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(160)
    rmSync(folder, { recursive: true })
  })
})
