import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requiredTool } from '../required-tool.ts'
import { RealPlane } from '../start-plane.ts'

const program = fileURLToPath(new URL('python/caching_client.py', import.meta.url))
const tests = [...readFileSync(program, 'utf8').matchAll(/def (test_\w+)/g)].map(([, name]) => name ?? '')

const plane = new RealPlane()
beforeAll(() => plane.start('store'))
afterAll(() => plane.remove())

describe('AWS’s caching client for Python', () => {
  it('is asked everything that stands in its file', () => expect(tests).toHaveLength(5))

  it.each(tests)('%s', async (name) => {
    const { code, stderr } = await plane.inShell([requiredTool('python'), program, `CachingClient.${name}`])
    expect(code, stderr).toBe(0)
  })
})
