/**
 * What the store's tests and AWS's own clients say of each operation, as docs/conformance.md shows it. Without an
 * argument it fails where that page is not what it would write; with `--write` it takes the results of a run of
 * `npm run test:real` into test/real/conformance.json, and writes the page.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'

interface ClientResult {
  readonly version: string
  /** How many steps of the scenario it took; the others ask what its version does not know. */
  readonly steps: string
  readonly operations: Readonly<Record<string, string>>
}

interface Results {
  readonly clients: Readonly<Record<string, ClientResult>>
  readonly moto: { readonly passed: number; readonly failed: number; readonly skipped: number }
}

const page = 'docs/conformance.md'
const resultsFile = 'test/real/conformance.json'
const testFolder = 'packages/store/test'
const clientNames = ['JavaScript', 'boto3', 'AWS CLI', 'Go', 'Java'] as const
const sections = ['parameters', 'errors', 'labels', 'other'] as const
type Section = (typeof sections)[number]

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
const pascal = (kebab: string): string =>
  kebab.replace(/(^|-)(\w)/g, (_all, _dash, letter: string) => letter.toUpperCase())

const operations = readdirSync('packages/store/src/secretsmanager/operations')
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => pascal(basename(file, '.ts')))
  .sort()

/** A test as its file has it: the names of the groups it stands in, and its text. */
interface WrittenTest {
  readonly groups: readonly string[]
  readonly text: string
}

/** Biome's indentation tells what stands in what. */
const testsOf = (path: string): WrittenTest[] => {
  const open: { readonly indent: number; readonly name: string }[] = []
  const found: { groups: string[]; text: string }[] = []
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const indent = line.length - line.trimStart().length
    const group = /^\s*describe(?:\.\w+\([^)]*\))?\(\s*['"`]([^'"`]*)/.exec(line)
    const starts = /^\s*it(?:\.each)?\(/.test(line)
    if (group || starts) while (open.length > 0 && (open.at(-1)?.indent ?? 0) >= indent) open.pop()
    if (group) open.push({ indent, name: group[1] ?? '' })
    if (starts) found.push({ groups: open.map(({ name }) => name), text: '' })
    const current = found.at(-1)
    if (current) current.text += `${line}\n`
  }
  return found
}

const files = readdirSync(testFolder)
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => ({ own: pascal(basename(file, '.test.ts')), tests: testsOf(`${testFolder}/${file}`) }))

const operationOf = (own: string, { groups }: WrittenTest): string | undefined =>
  operations.find((operation) => groups.some((group) => group.split(' ')[0] === operation)) ??
  operations.find((operation) => operation === own)

const sectionOf = ({ groups }: WrittenTest): Section => sections.find((section) => groups.includes(section)) ?? 'other'

const countIn = (operation: string, section: Section): number =>
  files.flatMap(({ own, tests }) =>
    tests.filter((test) => operationOf(own, test) === operation && sectionOf(test) === section),
  ).length

/** Tests of what is allowed name the operation in their text. */
const policyTests = (operation: string): number =>
  files
    .filter(({ own }) => ['Access', 'Authorization', 'Kms', 'CrossAccountReplica'].includes(own))
    .flatMap(({ tests }) => tests.filter(({ text }) => new RegExp(`['":]${operation}['"]`).test(text))).length

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

const cell = (verdict: string | undefined): string => {
  if (verdict === undefined) return 'not asked'
  return verdict === 'unknown' ? 'unknown to it' : 'yes'
}

const operationsTable = ({ clients }: Results): string => {
  const names = Object.keys(clients)
  return table(
    ['operation', ...sections, 'policy', ...names],
    operations.map((operation) =>
      [
        operation,
        sections.map((section) => countIn(operation, section)),
        policyTests(operation),
        names.map((name) => cell(clients[name]?.operations[operation])),
      ].flat(),
    ),
  )
}

const clientsTable = ({ clients }: Results): string =>
  table(
    ['client', 'version', 'steps'],
    Object.entries(clients).map(([name, { version, steps }]) => [name, version, steps]),
  )

const motoTable = (): string =>
  table(
    ['test', 'why it does not pass'],
    Object.entries(readJson('test/real/moto/moto-only.json') as Record<string, string>).map(([name, why]) => [
      `\`${name}\``,
      why,
    ]),
  )

/** What docs/conformance.md has to be. */
export const conformancePage = (): string => {
  const results = readJson(resultsFile) as Results
  const { passed, failed, skipped } = results.moto
  return `# What the store is held to

Written by \`node -C source tools/conformance.ts --write\` from the store's tests and a run of \`npm run test:real\`. Do not edit it.

## Operations

How many tests each operation has in \`packages/store/test/\`, by what they are about (\`policy\`: tests of who may, which name it), and which of AWS's own clients was answered rightly. "unknown to it": that version of the client has no such operation.

${operationsTable(results)}

## Clients

One scenario for all, in \`test/real/clients/scenario/\`: the life of a secret, lists and batches, policies, replicas, a rotation by a rotator of the store's own, errors in the client's own classes, sessions of STS, a KMS key, a parameter. A client is told an endpoint and keys, nothing else. AWS's caching client for Python reads, refreshes and follows a rotation by hand besides (\`test/real/clients/python/caching_client.py\`).

${clientsTable(results)}

A client whose toolchain is not on the machine is not asked, and \`test/real/setup.sh\` says so.

## moto's tests

moto's own tests of Secrets Manager, run over HTTP against the store: ${passed} pass, ${failed} do not, ${skipped} are skipped because they look into moto itself; so is its file \`test_server.py\`, which never leaves its own process. Those that do not pass:

${motoTable()}

## Simulated

- Regions: one store holds them all. A replica is \`InSync\` as soon as the call that asks for it is acknowledged.
- Replicas in other accounts: between accounts of the IAM file, without a role that copies.
- Rotation: by the store's own rotators, and by functions behind any Invoke API (\`test/real/rotation/store.test.ts\`: real servers, and functions written to AWS's four steps). Steps that fail are tried again for a day.
- Lambda itself, EventBridge, CloudTrail, quotas of requests: not there. The audit log stands in for CloudTrail.
`
}

const takeResults = (): void => {
  const folder = '.results/clients'
  const committed = readJson(resultsFile) as Results
  // A client that was not asked keeps what it had.
  const resultOf = (name: string): ClientResult | undefined =>
    existsSync(`${folder}/${name}.json`)
      ? (readJson(`${folder}/${name}.json`) as ClientResult)
      : committed.clients[name]
  const outcomes = existsSync('.results/moto.outcomes')
    ? Object.values(readJson('.results/moto.outcomes') as Record<string, { readonly outcome: string }>)
    : undefined
  const count = (wanted: string): number => (outcomes ?? []).filter(({ outcome }) => outcome === wanted).length
  const moto = outcomes
    ? { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
    : committed.moto
  const clients = Object.fromEntries(clientNames.map((name) => [name, resultOf(name)]))
  writeFileSync(resultsFile, `${JSON.stringify({ clients, moto }, undefined, 2)}\n`)
}

if (import.meta.main) {
  if (process.argv.includes('--write')) {
    takeResults()
    writeFileSync(page, conformancePage())
  } else if (readFileSync(page, 'utf8') !== conformancePage()) {
    console.error(`${page} is not what the tests say: node -C source tools/conformance.ts --write`)
    process.exitCode = 1
  }
}
