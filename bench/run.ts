/** `npm run bench -- agent|durability|library|rotation|service|store [--peer 'COMMAND'] [--seconds N] [--runs N]`: measures, prints a table, keeps it as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { form, root } from './built.ts'
import { type Row, tableOf } from './row.ts'

export interface BenchOptions {
  /** The command that starts somebody else's agent; `{config}` stands for its configuration file. */
  readonly peer?: string
  /** How long each round of load lasts. */
  readonly seconds: number
  /** How many processes are killed at each place of a rotation. */
  readonly runs: number
}

type Bench = (options: BenchOptions) => Promise<readonly Row[]>

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  agent: async () => (await import('./agent/bench-agent.ts')).benchAgent,
  durability: async () => (await import('./durability/bench-durability.ts')).benchDurability,
  rotation: async () => (await import('./rotation/bench-rotation.ts')).benchRotation,
  service: async () => (await import('./service/bench-service.ts')).benchService,
  store: async () => (await import('./store/bench-store.ts')).benchStore,
  library: async () => (await import('./library/bench-library.ts')).benchLibrary,
}

const usage = `Usage: npm run bench -- ${Object.keys(benches).join('|')} [--peer 'COMMAND --config {config}'] [--seconds N] [--runs N]`

const readCommand = (): { readonly name: string; readonly options: BenchOptions } => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      peer: { type: 'string' },
      seconds: { type: 'string', default: '5' },
      runs: { type: 'string', default: '200' },
    },
  })
  const [name = ''] = positionals
  const [seconds, runs] = [Number(values.seconds), Number(values.runs)]
  if (!Object.hasOwn(benches, name) || positionals.length !== 1 || !(seconds >= 1 && seconds <= 60 && runs >= 1))
    throw new Error(`${usage}\nSeconds are from 1 to 60, runs at least 1.`)
  return { name, options: { seconds, runs, ...(values.peer !== undefined && { peer: values.peer }) } }
}

const { name, options } = readCommand()
const bench = await benches[name]?.()
if (!bench) throw new Error(usage)
const machine = {
  node: process.versions.node,
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? 'unknown',
  /** More than a few tenths means that something else ran, and that times are too high. */
  loadBefore: loadavg()[0],
  form,
}
console.log(
  `${name}: Node.js ${machine.node}, ${machine.cores} × ${machine.cpu}, load ${machine.loadBefore}, ${form}\n`,
)
const rows = await bench(options)
console.log(tableOf(rows))
const folder = join(root, 'bench/results')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ machine, rows }, null, 2)}\n`)
