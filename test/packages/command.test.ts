import { describe, expect, inject, it } from 'vitest'
import { run } from './run-node.ts'

const cwd = inject('installed')
const nodes = inject('nodes')
const keyplane = (node: string, ...args: string[]) => run('npx', ['--no-install', 'keyplane', ...args], node, { cwd })

describe('npx keyplane', () => {
  it('explains itself', async () => {
    const { code, stdout } = await keyplane(nodes.pinned, '--help')
    expect(code).toBe(0)
    expect(stdout).toContain('Usage: keyplane COMMAND')
  })

  it.each(['agent', 'store', 'service', 'get', 'doctor'])('loads what %s needs', async (command) => {
    const { code, stdout, stderr } = await keyplane(nodes.pinned, command, '--help')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('Examples:')
  })

  it('says in one sentence that Node.js 20 is too old, and ends as a configuration that is wrong', async () => {
    const { code, stdout, stderr } = await keyplane(nodes.oldest, '--help')
    expect(code).toBe(78)
    expect(stdout).toBe('')
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^keyplane needs Node\.js 22\.18 or newer; this is 20\./),
    ])
  })
})
