import { createRequire } from 'node:module'

interface Builtins {
  readonly 'node:async_hooks': typeof import('node:async_hooks')
  readonly 'node:stream': typeof import('node:stream')
  readonly 'node:util': typeof import('node:util')
}

/**
 * A module of Node's, loaded when it is first needed: an import would load all that it can do, streams with it, at the
 * library's own. Before Node 20.16, `getBuiltinModule` is missing.
 */
export const builtin = <Name extends keyof Builtins>(name: Name): Builtins[Name] =>
  ((process.getBuiltinModule as ((id: string) => unknown) | undefined)?.(name) ??
    createRequire(import.meta.url)(name)) as Builtins[Name]
