import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { publicPackages } from '../../tools/public-packages.ts'
import { run } from './run-node.ts'

const root = join(import.meta.dirname, '../..')
const installed = inject('installed')
const { pinned } = inject('nodes')

/** One use of each package whose types would show that they came through as something else than `any`. */
const uses: Readonly<Record<string, string>> = {
  '@keyplane/agent': `import { parseAgentConfig } from '@keyplane/agent'
export const port: number = parseAgentConfig('').httpPort
// @ts-expect-error: a port is a number
export const wrong: string = parseAgentConfig('').httpPort`,
  '@keyplane/audit': `import { newChain } from '@keyplane/audit'
export const chainId: string = newChain('c').chainId
// @ts-expect-error: an id is a text
newChain(1)`,
  '@keyplane/aws': `import { parseSecretArn } from '@keyplane/aws'
export const parts: ReturnType<typeof parseSecretArn> = parseSecretArn('arn:aws:secretsmanager:us-east-1:000000000000:secret:x-a1b2c3')
// @ts-expect-error: an ARN is a text
parseSecretArn(1)`,
  keyplane: `import { main } from 'keyplane'
export const ended: Promise<void> = main(['--version'])
// @ts-expect-error: arguments are a list
void main('--version')`,
  '@keyplane/core': `import { SecretsError, type SecretProvider, TextValue } from '@keyplane/core'
export const provider: SecretProvider = { name: 'mine', get: async ({ id }) => ({ id, name: id, version: '1', value: new TextValue('x') }) }
export const code: 'unavailable' | string = new SecretsError('unavailable', 'gone').code
// @ts-expect-error: no such code
new SecretsError('nothing', 'gone')`,
  '@keyplane/database': `import { openSqlite } from '@keyplane/database'
export type Options = Parameters<typeof openSqlite>[0]
// @ts-expect-error: a path is needed
openSqlite({})`,
  '@keyplane/http': `import { httpClient } from '@keyplane/http'
export const origin: string = httpClient({ endpoint: 'https://example.com', source: 'x' }).endpoint.origin
// @ts-expect-error: an endpoint is needed
httpClient({ source: 'x' })`,
  '@keyplane/masking': `import { maskSecret } from '@keyplane/masking'
export const masked: string = maskSecret('a long enough value')
// @ts-expect-error: a value is a text
maskSecret(1)`,
  '@keyplane/openbao': `import { openBaoClient } from '@keyplane/openbao'
export type Options = Parameters<typeof openBaoClient>[0]
// @ts-expect-error: options are needed
openBaoClient()`,
  '@keyplane/policy': `import { decide, parsePolicy } from '@keyplane/policy'
export const parsed: { readonly ok: boolean } = parsePolicy({}, 'identity')
// @ts-expect-error: a request is needed
decide()`,
  '@keyplane/protocol': `import { httpStatus } from '@keyplane/protocol'
export const status: number = httpStatus.access_denied
// @ts-expect-error: no such code
httpStatus.nothing`,
  '@keyplane/providers': `import { envProvider } from '@keyplane/providers'
export const name: string = envProvider({ env: { A: 'b' } }).name
// @ts-expect-error: an environment is needed
envProvider()`,
  '@keyplane/rotation': `import { rotationSchedule } from '@keyplane/rotation'
export const runs: number = rotationSchedule({ expression: 'rate(1 day)', secretId: 's', anchorMs: 0 }).nextRuns(0, 1).length
// @ts-expect-error: an expression is needed
rotationSchedule({ secretId: 's', anchorMs: 0 })`,
  '@keyplane/sealing': `import { fileRootKey, type FileRootKeyOptions } from '@keyplane/sealing'
export const open = (options: FileRootKeyOptions): { readonly name: string } => fileRootKey(options)
// @ts-expect-error: a path is needed
fileRootKey({})`,
  '@keyplane/secrets': `import { defineSecrets, getSecret, number, openSecrets } from '@keyplane/secrets'
import { awsProvider } from '@keyplane/secrets/providers'
export const source: string = awsProvider({ region: 'eu-central-1' }).name
export const port: Promise<number> = defineSecrets({ PORT: number() }).then(({ PORT }) => PORT)
export const certain: Promise<string> = getSecret('KEY', 'default')
export const perhaps: Promise<string | undefined> = openSecrets({ cacheTtl: '5m' }).getSecret('KEY')
// @ts-expect-error: it may be absent
export const wrong: Promise<string> = getSecret('KEY')`,
  '@keyplane/service': `import { parseServiceConfig } from '@keyplane/service'
export const port: number = parseServiceConfig({ path: 'service.yaml', text: '' }).listen.port
// @ts-expect-error: a text is needed
parseServiceConfig({ path: 'service.yaml' })`,
  '@keyplane/store': `import { type StoreOptions, startStore } from '@keyplane/store'
export const start = (options: StoreOptions): Promise<{ readonly url: string }> => startStore(options)
// @ts-expect-error: options are needed
void startStore()`,
  '@keyplane/testkit': `import { fakeClock } from '@keyplane/testkit'
export const now: number = fakeClock().nowMs()
// @ts-expect-error: a clock tells numbers
export const wrong: string = fakeClock().nowMs()`,
}

const resolutions = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
} as const

const compilers = { typescript: 'typescript/bin/tsc6', '@typescript/native': '@typescript/native/bin/tsc' } as const

/** What a package's own page shows has to compile for who copies it. */
const exampleOf = (name: string): string =>
  /```ts\n(.*?)```/s.exec(readFileSync(join(installed, 'node_modules', name, 'README.md'), 'utf8'))?.[1] ??
  'export {}\n'

it('tries every package', () => {
  expect(Object.keys(uses).sort()).toEqual(
    publicPackages(root)
      .map(({ name }) => name)
      .sort(),
  )
})

describe.each(Object.entries(compilers))('%s', (compiler, tsc) => {
  it.each(Object.entries(resolutions))(
    'checks every package as %s resolves it, declarations too',
    async (name, how) => {
      const folder = join(installed, `types-${name}-${compiler.replaceAll(/\W/g, '-')}`)
      mkdirSync(folder)
      for (const [wanted, text] of Object.entries(uses)) {
        const file = wanted.replaceAll(/\W/g, '-')
        writeFileSync(join(folder, `use${file}.ts`), `${text}\n`)
        // A CommonJS module requires the same packages, as Node.js lets it since 20.19.
        if (name === 'nodenext') writeFileSync(join(folder, `use${file}.cts`), `${text}\n`)
        writeFileSync(join(folder, `readme${file}.ts`), exampleOf(wanted))
      }
      const compilerOptions = {
        ...how,
        target: 'es2023',
        types: ['node'],
        strict: true,
        noEmit: true,
        skipLibCheck: false,
      }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts', '*.cts'] }))
      const { code, stdout } = await run(pinned, [join(root, 'node_modules', tsc), '-p', folder], pinned, {
        cwd: folder,
      })
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    },
  )
})
