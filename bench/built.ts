import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The root of the checkout. */
export const root: string = join(import.meta.dirname, '..')

// The last thing that a build makes: checking types makes parts of the rest.
const isBuilt = existsSync(join(root, 'packages/core/bundle/index.js'))

/** What is measured: the built packages, as they are published, or their sources where nothing is built. */
export const form: 'dist' | 'source' = isBuilt ? 'dist' : 'source'

/** Arguments that make a child process take that form. */
export const formArguments: readonly string[] = isBuilt ? [] : ['-C', 'source']
