import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { runModule } from './run-node.ts'

const installed = inject('installed')
const { pinned, oldest } = inject('nodes')
const nodes = { 'the pinned Node.js': pinned, 'Node.js 20': oldest }

const read = (key: string): string => `
import { getSecret } from '@keyplane/secrets'
process.stdout.write(JSON.stringify((await getSecret(${JSON.stringify(key)})) ?? null))
`

const folderOf = (name: string): string => {
  const folder = join(installed, name)
  mkdirSync(folder, { recursive: true })
  return folder
}

describe.each(Object.entries(nodes))('on %s', (_name, node) => {
  it('reads the environment', async () => {
    const cwd = folderOf('reads-environment')
    const { stdout, stderr } = await runModule(node, read('API_KEY'), { cwd, env: { API_KEY: 'from-the-environment' } })
    expect({ stdout, stderr }).toEqual({ stdout: '"from-the-environment"', stderr: '' })
  })

  it('reads .env, under the environment', async () => {
    const cwd = folderOf('reads-env-file')
    writeFileSync(join(cwd, '.env'), 'API_KEY="from the file"\n')
    expect((await runModule(node, read('API_KEY'), { cwd })).stdout).toBe('"from the file"')
    expect((await runModule(node, read('API_KEY'), { cwd, env: { API_KEY: 'above it' } })).stdout).toBe('"above it"')
  })

  it('SDK not installed → skip the AWS provider, fall back to env', async () => {
    const cwd = folderOf('reads-fallback')
    const env = { SECRETS_PROVIDER: 'aws', API_KEY: 'from-the-environment' }
    const { code, stdout, stderr } = await runModule(node, read('API_KEY'), { cwd, env })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '"from-the-environment"' })
    expect(stderr).toMatch(
      /^keyplane: aws is left out: .*not installed.*npm install @aws-sdk\/credential-provider-node/,
    )
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).not.toContain('from-the-environment')
  })
})

describe('from a store that the installed command started', () => {
  const data = join(installed, 'store-data')
  let store: ChildProcess
  let env: Record<string, string>

  beforeAll(async () => {
    store = await startStore(data)
    env = { ...awsVariables(join(data, 'aws.env')), SECRETS_PROVIDER: 'aws' }
    const put = `
import { awsProvider } from '@keyplane/secrets/providers'
import { TextValue } from '@keyplane/core'
const aws = awsProvider({ env: process.env })
await aws.write.put({ id: 'app/key' }, new TextValue('from-the-store'), { idempotencyKey: '0'.repeat(32), ifVersion: null })
await aws.close()
`
    const { stderr, code } = await runModule(pinned, put, { cwd: installed, env })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  afterAll(async () => {
    const ended = new Promise((resolve) => store.once('exit', resolve))
    store.kill('SIGTERM')
    expect(await ended).toBe(0)
  })

  it.each(Object.entries(nodes))('reads on %s', async (_name, node) => {
    const { stdout, stderr } = await runModule(node, read('app/key'), { cwd: folderOf('reads-store'), env })
    expect({ stdout, stderr }).toEqual({ stdout: '"from-the-store"', stderr: '' })
  })

  it.each(Object.entries(nodes))(
    'lets a program end that closes nothing and watches everything, on %s',
    async (_name, node) => {
      const program = `
import { defineSecrets, getSecretsManager, getSecretSync, onChange, preload, resolve, string, withSecret } from '@keyplane/secrets'
await preload(['app/key'])
await defineSecrets({ KEY: string({ key: 'app/key' }) })
onChange('app/key', () => {})
const changes = getSecretsManager().watch(['app/key'])[Symbol.asyncIterator]()
void changes.next()
await withSecret('app/key', async () => {})
const { key } = await resolve({ key: 'keyplane://aws/app/key' })
process.stdout.write(getSecretSync('app/key') === key ? 'same' : 'other')
process.on('exit', () => process.stdout.write(performance.now() < 10_000 ? ', ended' : ', late'))`
      const { code, stdout, stderr } = await runModule(node, program, { cwd: folderOf('reads-and-ends'), env })
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'same, ended', stderr: '' })
    },
  )
})

/** Resolves when the store has said that it listens, which is its first line. */
const startStore = (data: string): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const bin = join(installed, 'node_modules/keyplane/bin/keyplane.js')
    const child = spawn(pinned, [bin, 'store', '--port', '0', '--data', data, '--json'], {
      cwd: installed,
      env: {},
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let words = ''
    child.stderr.on('data', (chunk: Buffer) => {
      words += chunk.toString()
    })
    child.stdout.once('data', () => resolve(child))
    child.once('exit', (code) => reject(new Error(`The store ended with ${code}: ${words}`)))
  })

const awsVariables = (file: string): Record<string, string> =>
  Object.fromEntries(
    [...readFileSync(file, 'utf8').matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  )
