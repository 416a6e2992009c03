/**
 * `node tools/build-agent-executable.ts [--bun FILE] [--outfile FILE]`: the agent as one executable that needs no Node.js.
 * Bun compiles it from source, the one of `tools/executable` where nothing else is named.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')
const machine = process.arch === 'arm64' ? 'aarch64' : process.arch
const { values } = parseArgs({
  options: {
    bun: {
      type: 'string',
      default: join(root, 'tools/executable/node_modules/@oven', `bun-linux-${machine}`, 'bin/bun'),
    },
    outfile: { type: 'string', default: join(root, 'bundle/keyplane-agent') },
  },
})

const bun = resolve(values.bun)
if (!existsSync(bun)) {
  console.error(`There is no ${bun}: npm run build:executable installs it, or name another with --bun FILE.`)
  process.exit(1)
}
const outfile = resolve(values.outfile)
mkdirSync(dirname(outfile), { recursive: true })
const options = [
  '--compile',
  '--minify',
  // Compiled ahead of time it starts in a third of the time.
  '--bytecode',
  '--format=esm',
  '--conditions=source',
  // What runs seldom is not worth the memory of its machine code; cached reads are as fast.
  '--compile-jit-policy=8',
  // A folder that the agent happens to start in configures nothing.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
]
execFileSync(bun, ['build', ...options, 'tools/executable/keyplane-agent.ts', '--outfile', outfile], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
})
console.log(`${outfile}: ${(statSync(outfile).size / 1_048_576).toFixed(1)} MB`)
