import { describe, expect, it } from 'vitest'
import { runProgram } from '../../packages/cli/test/keyplane-process.ts'
import { requiredTool } from './required-tool.ts'

describe('a part that these tests need', () => {
  it.each(['aws', 'python', 'moto_server', 'bao', 'curl', 'openssl', 'strace', 'redis-server'])(
    'is here: %s',
    (name) => {
      expect(requiredTool(name)).toMatch(/^\//)
    },
  )

  it.each(['boto3', 'requests', 'moto'])('is here: %s for Python', async (name) => {
    const { code } = await runProgram(requiredTool('python'), ['-c', `import ${name}`], { cwd: '/' })
    expect(code, `${name} is missing: run test/real/setup.sh, which installs it.`).toBe(0)
  })

  it('is named, with what to do, where it is not', () => {
    expect(() => requiredTool('no-such-tool')).toThrow(
      'no-such-tool is missing: run test/real/setup.sh, which installs it.',
    )
  })
})
