import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import vm from 'node:vm'
import * as core from '@keyplane/core'
import type { decide } from '@keyplane/policy'
import ts from 'typescript'
import type { Mutant } from './mutants.ts'

const folder = new URL('../../src/', import.meta.url)

/** The sources of the package, by path below `src/`. */
export const sources: ReadonlyMap<string, string> = new Map(
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .sort()
    .map((path) => [path, readFileSync(new URL(path, folder), 'utf8')]),
)

type Module = Record<string, unknown>
type Body = (exports: Module, require: (specifier: string) => unknown) => void

const bodyOf = (file: string, text: string): Body => {
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 }
  const { outputText } = ts.transpileModule(text, { compilerOptions, fileName: file })
  return vm.compileFunction(outputText, ['exports', 'require'], { filename: file }) as Body
}

const bodies = new Map<string, Body>()

const unchanged = (file: string): Body => {
  const known = bodies.get(file)
  if (known !== undefined) return known
  const text = sources.get(file)
  if (text === undefined) throw new Error(`no source ${file}`)
  const made = bodyOf(file, text)
  bodies.set(file, made)
  return made
}

/** `decide` of a package in which one file is another. Nothing but core is shared between two of them. */
export const mutatedDecide = ({ file: changed, text }: Pick<Mutant, 'file' | 'text'>): typeof decide => {
  const modules = new Map<string, Module>()
  const load = (file: string): Module => {
    const known = modules.get(file)
    if (known !== undefined) return known
    const exports: Module = {}
    modules.set(file, exports)
    const body = file === changed ? bodyOf(file, text) : unchanged(file)
    body(exports, (specifier) =>
      specifier === '@keyplane/core' ? core : load(posix.join(posix.dirname(file), specifier)),
    )
    return exports
  }
  return load('decide.ts')['decide'] as typeof decide
}
