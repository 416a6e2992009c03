import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { publicPackages } from '../../tools/public-packages.ts'
import { runModule } from './run-node.ts'

const packages = publicPackages(join(import.meta.dirname, '../..'))
const cwd = inject('installed')
const nodes = inject('nodes')

const countExports = (name: string): string =>
  `process.stdout.write(String(Object.keys(await import(${JSON.stringify(name)})).length))`

describe('on the pinned Node.js', () => {
  it.each(packages.map(({ name }) => name))('imports %s without a word', async (name) => {
    const { code, stdout, stderr } = await runModule(nodes.pinned, countExports(name), { cwd })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(Number(stdout)).toBeGreaterThan(0)
  })
})

describe('on Node.js 20', () => {
  it.each(packages.filter(({ runsOnNode20 }) => runsOnNode20).map(({ name }) => name))(
    'imports %s without a word',
    async (name) => {
      const { code, stdout, stderr } = await runModule(nodes.oldest, countExports(name), { cwd })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(Number(stdout)).toBeGreaterThan(0)
    },
  )
})

const recordLoads = `
import { registerHooks } from 'node:module'
const loaded = []
registerHooks({
  load: (url, context, next) => {
    loaded.push(url)
    return next(url, context)
  },
})
await import('@keyplane/secrets')
process.stdout.write(JSON.stringify(loaded))
`

it('loads nothing but its own packages with the library: no SDK, no HTTP, no logger', async () => {
  const { stdout } = await runModule(nodes.pinned, recordLoads, { cwd })
  const loaded = JSON.parse(stdout) as string[]
  const packagesLoaded = loaded.map((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? url)
  const expected = ['core', 'secrets', 'providers', 'masking', 'protocol', 'aws'].map((name) => `@keyplane/${name}`)
  expect(packagesLoaded.filter((name) => !expected.includes(name) && !name.startsWith('node:'))).toEqual([])
  expect(loaded.filter((url) => /^node:(?:https?|tls|net)$/.test(url))).toEqual([])
})
