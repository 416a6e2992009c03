/**
 * `node tools/build-agent-executable.ts [--bun FILE] [--outfile FILE] [--target NAME --runtime FILE]`: the agent as one
 * executable that needs no Node.js, and beside it `….cdx.json`, its bill of materials. Bun compiles it from source, the one
 * of `tools/executable` where nothing else is named. For another kind of machine: its name in Bun's words, and its Bun.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bunFile } from './executable/bun-file.ts'
import { type BuildFacts, sbomOf } from './executable/sbom.ts'

const root = join(import.meta.dirname, '..')
const { values } = parseArgs({
  options: {
    bun: { type: 'string', default: bunFile },
    target: { type: 'string' },
    runtime: { type: 'string' },
    outfile: { type: 'string', default: join(root, 'bundle/keyplane-agent') },
  },
})

const bun = resolve(values.bun)
if (!existsSync(bun)) {
  console.error(`There is no ${bun}: npm run build:executable installs it, or name another with --bun FILE.`)
  process.exit(1)
}
const outfile = resolve(values.outfile)
const factsFile = `${outfile}.facts.json`
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
  `--metafile=${factsFile}`,
  ...(values.target === undefined ? [] : [`--target=${values.target}`]),
  ...(values.runtime === undefined ? [] : [`--compile-executable-path=${resolve(values.runtime)}`]),
]
execFileSync(bun, ['build', ...options, 'tools/executable/keyplane-agent.ts', '--outfile', outfile], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
})
const facts = JSON.parse(readFileSync(factsFile, 'utf8')) as BuildFacts
rmSync(factsFile)
const bunVersion = execFileSync(bun, ['--version'], { encoding: 'utf8' }).trim()
writeFileSync(`${outfile}.cdx.json`, `${JSON.stringify(sbomOf(facts, root, bunVersion), null, 2)}\n`)
console.log(`${outfile}: ${(statSync(outfile).size / 1_048_576).toFixed(1)} MB`)
