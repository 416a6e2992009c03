import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The agent's executable, built of this checkout: its path. `test/real/setup.sh` has installed what builds it. */
export const builtExecutable = (): string => {
  const outfile = fileURLToPath(new URL('../../../.real/deploy/keyplane-agent', import.meta.url))
  execFileSync(process.execPath, ['tools/build-agent-executable.ts', '--outfile', outfile], { cwd: root })
  return outfile
}
