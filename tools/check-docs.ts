/** Fails where the docs name what is not there, or leave out what is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { agentDefaults } from '@keyplane/agent'
import type { ErrorCode } from '@keyplane/core'
import { httpStatus } from '@keyplane/protocol'
import { providerNames } from '@keyplane/providers'
import { exitCodeOf, exitCodes } from '../packages/cli/src/exit-codes.ts'
import { sourceFiles } from './source-files.ts'

const problems: string[] = []
const read = (path: string): string => readFileSync(path, 'utf8')

const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
]

/** Paths in code marks and links; those with a placeholder or a pattern are read as far as their folder. */
const namedPaths = (page: string): string[] => {
  const text = read(page).replace(/```[\s\S]*?```/g, '')
  const links = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => join(dirname(page), path))
  const marks = [...text.matchAll(/`((?:packages|tools|test|docs|changes|examples|bench)\/[^`\s]*)`/g)].map(
    ([, path = '']) => path.replace(/[^/]*[<*{][\s\S]*$/, ''),
  )
  return [...links, ...marks]
}

for (const page of pages)
  for (const path of namedPaths(page)) if (!existsSync(path)) problems.push(`${page} names ${path}, which is not there`)

/** Says where two sets of names differ, both ways. */
const compare = (what: string, documented: readonly string[], real: readonly string[]): void => {
  for (const name of real) if (!documented.includes(name)) problems.push(`${what}: ${name} is not in the docs`)
  for (const name of documented) if (!real.includes(name)) problems.push(`${what}: ${name} is in the docs only`)
}

const rowsOf = (page: string, heading: string): string[][] =>
  (read(page).split(heading)[1] ?? '')
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => line.startsWith('| `') || /^\| \d/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
const code = (cell = ''): string => /`([^`]+)`/.exec(cell)?.[1] ?? cell

const errors = rowsOf('docs/errors.md', '# Errors')
compare(
  'docs/errors.md',
  errors.map(([name]) => code(name)),
  Object.keys(httpStatus),
)
for (const [name, , , status, exit] of errors) {
  const key = code(name) as ErrorCode
  if (Number(status) !== httpStatus[key]) problems.push(`docs/errors.md: ${key} has status ${httpStatus[key]}`)
  if (Number(exit) !== exitCodeOf[key]) problems.push(`docs/errors.md: ${key} has exit code ${exitCodeOf[key]}`)
}

compare(
  'docs/providers',
  readdirSync('docs/providers').map((file) => file.replace(/\.md$/, '')),
  providerNames,
)
compare(
  'docs/config.md, the agent’s file',
  rowsOf('docs/config.md', "## The agent's file").map(([name]) => code(name)),
  Object.keys(agentDefaults),
)

const settingsRead = sourceFiles('packages').flatMap(({ path, text }) =>
  path.endsWith('.test.ts')
    ? []
    : [...text.matchAll(/setting\([^()]*, '([A-Z_]+)'\)/g)].map(([, name]) => `SECRETS_${name}`),
)
const settingsTold = rowsOf('docs/config.md', "## The library's variables").map(([name]) => code(name))
compare('docs/config.md, the library’s variables', settingsTold, [
  ...new Set(settingsRead.filter((name) => name !== 'SECRETS_')),
])

const codesTold = rowsOf('docs/config.md', '| exit code |').flatMap(([cell = '']) => cell.split(', '))
compare(
  'docs/config.md, exit codes',
  codesTold.filter((cell) => /^\d+$/.test(cell)),
  Object.values(exitCodes).map(String),
)

for (const file of readdirSync('changes'))
  if (!/^(added|changed|deprecated|removed|fixed|security)-[a-z0-9-]+\.md$/.test(file))
    problems.push(
      `changes/${file}: name it <kind>-<slug>.md, kind one of added changed deprecated removed fixed security`,
    )

for (const { path, text } of sourceFiles('packages'))
  if (path.endsWith('/src/index.ts') && !text.startsWith('/**\n'))
    problems.push(
      `${path}: begin with a paragraph that says what the package is, when to use it and what it never does`,
    )

for (const problem of problems) console.error(problem)
console.log(`docs: ${pages.length} pages, ${problems.length} problems`)
process.exitCode = problems.length > 0 ? 1 : 0
