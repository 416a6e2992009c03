/**
 * `node tools/build-agent-executable.ts [--bun FILE] [--outfile FILE]`: the agent as one executable that needs no Node.js.
 * Bun compiles it from source: npm package `bun`, or the `bun` in PATH.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')

const inPath = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))

const fail = (message: string): never => {
  console.error(message)
  process.exit(1)
}

const { values } = parseArgs({
  options: { bun: { type: 'string' }, outfile: { type: 'string', default: join(root, 'bundle/keyplane-agent') } },
})
const named = values.bun === undefined ? inPath('bun') : resolve(values.bun)
const bun =
  named !== undefined && existsSync(named)
    ? named
    : fail(
        `There is no ${values.bun ?? 'bun in PATH'}: install the npm package bun, or name its program with --bun FILE.`,
      )

const outfile = resolve(values.outfile)
const folder = mkdtempSync(join(tmpdir(), 'keyplane-executable-'))
try {
  const entry = join(folder, 'keyplane-agent.ts')
  const agent = join(root, 'packages/agent/src/index.ts')
  writeFileSync(
    entry,
    `import { runAgent } from ${JSON.stringify(agent)}\nvoid runAgent(process.argv.slice(2)).then((code) => {\n  process.exitCode = code\n})\n`,
  )
  mkdirSync(dirname(outfile), { recursive: true })
  // Compiled ahead of time it starts in a quarter of the time. A folder that the agent happens to start in configures nothing.
  const options = [
    '--compile',
    '--minify',
    '--bytecode',
    '--format=esm',
    '--conditions=source',
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
  ]
  execFileSync(bun, ['build', ...options, entry, '--outfile', outfile], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${outfile}: ${(statSync(outfile).size / 1_048_576).toFixed(1)} MB`)
