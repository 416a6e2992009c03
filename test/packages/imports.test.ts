import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { publicPackages } from '../../tools/public-packages.ts'
import { run, runModule } from './run-node.ts'

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

describe('a CommonJS program', () => {
  it.each(Object.entries(nodes))('requires the library and its providers: %s Node.js', async (_which, node) => {
    const text = `
const { openSecrets, SecretsError } = require('@keyplane/secrets')
const { memoryProvider } = require('@keyplane/secrets/providers')
const secrets = openSecrets({ providers: [memoryProvider({ secrets: { KEY: 'here' } })], strict: true })
secrets.getSecret('KEY').then((value) => console.log(value, new SecretsError('closed', 'x') instanceof Error))`
    const { code, stdout, stderr } = await run(node, ['--input-type=commonjs', '--eval', text], node, { cwd })
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'here true\n', stderr: '' })
  })
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
  const expected = ['core', 'masking', 'providers', 'secrets'].map((name) => `@keyplane/${name}`)
  const files = packagesLoaded.filter((name) => !name.startsWith('node:'))
  expect([...new Set(files)].sort()).toEqual(expected)
  // Every file costs about as much as what is in it.
  expect(files.length).toBeLessThanOrEqual(6)
  expect(loaded.filter((url) => /^node:(?:https?|tls|net)$/.test(url))).toEqual([])
})
