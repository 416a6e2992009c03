/** Everything that has to hold before a change lands, each step to its end, and a summary at the end. */
import { spawnSync } from 'node:child_process'

interface Step {
  readonly name: string
  readonly command: string
}

const steps: readonly Step[] = [
  {
    name: 'generated files are up to date',
    command: 'npm run -s gen && git diff --exit-code -- packages/providers/src/registry.gen.ts',
  },
  { name: 'types', command: 'npm run -s types' },
  { name: 'format and lint', command: 'npm run -s lint' },
  { name: 'layers', command: 'npm run -s deps' },
  { name: 'docs', command: 'npm run -s docs' },
  { name: 'sizes', command: 'npm run -s sizes' },
  { name: 'tests', command: 'npm run -s test' },
  { name: 'packages', command: 'npm run -s test:packages' },
]

const results = steps.map(({ name, command }) => {
  console.log(`\n▸ ${name}`)
  const started = performance.now()
  const { status } = spawnSync(command, { shell: true, stdio: 'inherit' })
  return { name, command, ok: status === 0, seconds: (performance.now() - started) / 1_000 }
})

console.log('')
for (const { name, command, ok, seconds } of results)
  console.log(`${ok ? '✓' : '✗'} ${name.padEnd(32)} ${seconds.toFixed(1).padStart(6)} s${ok ? '' : `   ${command}`}`)
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1
