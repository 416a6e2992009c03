import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../built.ts'
import { runNode } from '../children.ts'
import { median } from '../statistics.ts'

interface Program {
  /** Where its packages are found. */
  readonly from: string
  readonly text: string
}

const here = join(root, 'bench/library')
const peers = join(root, 'bench/peers')
const importOf = (name: string): string => `await import('${name}')`

const programs: Readonly<Record<string, Program>> = {
  keyplane: { from: here, text: importOf('@keyplane/secrets') },
  powertools: { from: peers, text: importOf('@aws-lambda-powertools/parameters/secrets') },
  middy: { from: peers, text: importOf('@middy/secrets-manager') },
  sdk: { from: peers, text: importOf('@aws-sdk/client-secrets-manager') },
  dotenv: { from: peers, text: importOf('dotenv') },
  /** The first module of a process pays for the loader itself. */
  nothing: { from: here, text: importOf('data:text/javascript,export default 1') },
  keyplaneEnv: {
    from: here,
    text: "const { getSecret } = await import('@keyplane/secrets'); if (!(await getSecret('KEY_50'))) throw new Error()",
  },
  dotenvEnv: {
    from: peers,
    text: "(await import('dotenv')).config({ path: process.env.SECRETS_ENV_FOLDER + '/.env', quiet: true }); if (!process.env.KEY_50) throw new Error()",
  },
}

const runs = 7

/** Milliseconds in a fresh process each, by program: the median of seven, taken in turn. */
export const timeImports = async (): Promise<Readonly<Record<string, number>>> => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-bench-'))
  writeFileSync(
    join(folder, '.env'),
    Array.from({ length: 100 }, (_, index) => `KEY_${index}=value-${index}\n`).join(''),
  )
  const times = new Map<string, number[]>(Object.keys(programs).map((name) => [name, []]))
  for (let run = 0; run < runs; run += 1)
    for (const [name, { from, text }] of Object.entries(programs)) {
      const timed = `const fromMs = performance.now(); ${text}; process.stdout.write(String(performance.now() - fromMs)); process.exit()`
      const args = ['--input-type=module', '--eval', timed]
      times.get(name)?.push(Number(await runNode({ args, cwd: from, env: { SECRETS_ENV_FOLDER: folder } })))
    }
  rmSync(folder, { recursive: true, force: true })
  return Object.fromEntries([...times].map(([name, values]) => [name, median(values)]))
}
