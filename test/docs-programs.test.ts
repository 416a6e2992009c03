/** Reads the programs of the docs as their reader would: the compiler takes all of them, and what can run is run. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@keyplane/core'
import { awsProvider } from '@keyplane/providers'
import { fileRootKey } from '@keyplane/sealing'
import * as library from '@keyplane/secrets'
import { parseIam, type RunningStore, startStore } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DocsBlock, docsBlocks, runnableBlocks } from './docs-programs.ts'
import { type KvStandIn, startKvStandIn } from './kv-stand-in.ts'
import { programTimeoutMs, runProgram } from './run-program.ts'
import { steady } from './steady-text.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'keyplane-docs-'))

/** Other people's packages, which only who compares with them installs: `npm ci --prefix bench/peers`. */
const peersInstalled = existsSync(join(root, 'bench/peers/node_modules'))

/** Programs of ours see our packages, programs that are to be replaced those that they use. */
const homeOf = ({ text, isWhole }: DocsBlock): 'ours' | 'peers' =>
  isWhole && !text.includes("'@keyplane/") && !text.includes("from 'pino'") ? 'peers' : 'ours'
const nameOf = ({ page, line }: DocsBlock): string => `${page.replaceAll(/[/.]/g, '-')}-${line}`
const fileOf = (block: DocsBlock): string => join(folder, homeOf(block), `${nameOf(block)}.ts`)

/** Names that the pages use in parts of programs. */
const prelude = `import { ${Object.keys(library).join(', ')} } from '@keyplane/secrets'
declare const secrets: SecretsManager
declare const signal: AbortSignal
declare const server: { reload(key: string): void }
declare const query: (password: string) => Promise<unknown[]>
`

const tsconfig = {
  extends: join(root, 'tsconfig.base.json'),
  compilerOptions: {
    noEmit: true,
    composite: false,
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
    sourceMap: false,
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: false,
    noUnusedLocals: false,
    typeRoots: [join(root, 'node_modules/@types')],
  },
  include: ['ours/*.ts', ...(peersInstalled ? ['peers/*.ts'] : [])],
}

const developer = { accessKeyId: 'AKIADEVELOPER0000001', secretAccessKey: 'developer-secret-access-key-01' }
/** What the pages say is in AWS, and in the environment. */
const inAws = {
  'prod/api-key': 'demo-api-key-0123456789',
  'prod/db': '{"host":"db.internal","password":"demo-password"}',
}
const inEnvironment = {
  API_KEY: 'demo-api-key-0123456789',
  DB_PASSWORD: 'demo-password',
  DATABASE: '{"host":"db.internal","port":5432}',
  PORT: '8080',
}

let store: RunningStore
let vault: KvStandIn
let env: Record<string, string>

beforeAll(async () => {
  for (const [home, modules] of [
    ['ours', join(root, 'node_modules')],
    ['peers', join(root, 'bench/peers/node_modules')],
  ] as const) {
    mkdirSync(join(folder, home))
    symlinkSync(modules, join(folder, home, 'node_modules'))
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
  for (const block of docsBlocks)
    writeFileSync(fileOf(block), block.isWhole ? block.text : `${prelude}{\n${block.text}}\n`)

  store = await startStore({
    databasePath: join(folder, 'store.sqlite'),
    rootKey: fileRootKey({ path: join(folder, 'root.key'), random: systemRandom }),
    iam: parseIam(
      JSON.stringify({
        account: '000000000000',
        users: [{ name: 'developer', accessKeys: [developer], policies: ['AdministratorAccess'] }],
      }),
    ),
    port: 0,
  })
  const aws = awsProvider({ region: 'eu-central-1', endpoint: store.url, credentials: developer })
  for (const [id, value] of Object.entries(inAws))
    await aws.write?.put({ id }, new library.TextValue(value), { idempotencyKey: crypto.randomUUID() })
  await aws.close?.()
  vault = await startKvStandIn({ 'prod/db': { host: 'db.internal', password: 'demo-password' } })
  env = {
    ...inEnvironment,
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: store.url,
    AWS_ACCESS_KEY_ID: developer.accessKeyId,
    AWS_SECRET_ACCESS_KEY: developer.secretAccessKey,
    KEYPLANE_OPENBAO_ADDR: vault.url,
    KEYPLANE_OPENBAO_ROLE_ID: 'a-role',
    KEYPLANE_OPENBAO_SECRET_ID: 'a-secret-id',
  }
}, programTimeoutMs)

afterAll(async () => {
  await Promise.all([store.close(), vault.close()])
  rmSync(folder, { recursive: true, force: true })
})

describe('the programs of the docs', () => {
  it.concurrent(
    'fit the types of the packages',
    async () => {
      const tsc = join(root, 'node_modules/.bin/tsc')
      const said = await new Promise<string>((resolve) => {
        execFile(process.execPath, [tsc, '-p', folder], { cwd: folder }, (_error, stdout, stderr) =>
          resolve(stdout + stderr),
        )
      })
      // What is wrong in the packages themselves is told by their own checks.
      const ofDocs = said.split('\n').filter((line) => line !== '' && !line.startsWith('../') && !line.startsWith(' '))
      expect(ofDocs).toEqual([])
    },
    programTimeoutMs,
  )

  it.concurrent.for(runnableBlocks.map((block) => [`${block.page}:${block.line}`, block] as const))(
    '%s prints what the page says',
    { timeout: programTimeoutMs },
    async ([, block], { skip }) => {
      if (homeOf(block) === 'peers' && !peersInstalled) skip('bench/peers is not installed')
      const { code, stdout, stderr } = await runProgram(fileOf(block), { cwd: folder, env })
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      if (block.prints !== undefined) expect(steady(stdout)).toBe(steady(block.prints))
    },
  )
})

describe('docs/chain.md', () => {
  const page = readFileSync(join(root, 'docs/chain.md'), 'utf8')

  it('shows what explain() says in the example that it names', () => {
    const example = readFileSync(join(root, 'examples/library/03-chain-and-explain.ts'), 'utf8').replaceAll(
      /^\/\/ ?/gm,
      '',
    )
    const [, shown = 'nothing'] = /^```text\n(\{[\s\S]*?)^```$/m.exec(page) ?? []
    expect(steady(example)).toContain(steady(shown))
  })

  it('names tests that there are', () => {
    const tests = ['packages/secrets/src/seed-tables.test.ts', 'test/packages/reads.test.ts']
      .map((file) => readFileSync(join(root, file), 'utf8'))
      .join('\n')
    const named = ['## The error table', '## The configuration matrix'].flatMap((heading) =>
      rowsUnder(page, heading).map((row) => row.at(-1)),
    )
    expect(named).toHaveLength(10)
    expect(named.filter((name) => !tests.includes(name ?? ''))).toEqual([])
  })
})

/** The cells of a table's rows, its head left out. */
const rowsUnder = (page: string, heading: string): string[][] =>
  (page.split(`${heading}\n`)[1] ?? '')
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
