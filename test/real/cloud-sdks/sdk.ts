import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A package that `test/real/setup.sh` installs here. @throws where it was not run. */
export const sdk = async <T>(name: string): Promise<T> => {
  const folder = fileURLToPath(new URL(`node_modules/${name}`, import.meta.url))
  if (!existsSync(folder)) throw new Error(`${name} is missing: run test/real/setup.sh, which installs it.`)
  return (await import(name)) as T
}
