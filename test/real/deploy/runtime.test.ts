import { readdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { fuzzAgent } from '../../../packages/agent/test/fuzz-agent.ts'
import { bareEnvironment, RunningProcess, runProgram } from '../../../packages/cli/test/keyplane-process.ts'
import { bunFile } from '../../../tools/executable/bun-file.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const agentTests = 'packages/agent/test'
// Bun takes the user's name from there.
const options = { cwd: root, env: { ...bareEnvironment(), USER: userInfo().username } }

describe('the agent on the runtime of its executable', () => {
  it('passes the tests that it passes on Node.js', { timeout: 300_000 }, async () => {
    // The fuzzer's oracle is Node.js's: see below.
    const files = readdirSync(`${root}${agentTests}`).filter((name) => /(?<!^fuzz)\.test\.ts$/.test(name))
    const paths = files.map((name) => `./${agentTests}/${name}`)
    const preload = './test/real/deploy/bun-test.ts'
    const args = ['test', '--conditions=source', '--timeout=60000', '--preload', preload, ...paths]
    const { code, stdout, stderr } = await runProgram(bunFile, args, options)
    const failures = `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('(fail)'))
    expect([code, failures]).toEqual([0, []])
    expect(Number(/^ *(\d+) pass$/m.exec(stderr)?.[1])).toBeGreaterThan(400)
  })

  it('reads hostile input as Node.js does', { timeout: 120_000 }, async () => {
    const agent = new RunningProcess(bunFile, ['--conditions=source', `${agentTests}/fuzzed-agent.ts`], options)
    try {
      const agentPort = Number(await agent.firstLine())
      const { faults, serverErrors, oddHeads } = await fuzzAgent({ seed: 1, requests: 3_000, agentPort })
      expect(faults).toEqual([])
      expect(serverErrors).toBe(0)
      expect(oddHeads).toBeGreaterThan(0)
    } finally {
      await agent.stop('SIGKILL')
    }
  })
})
