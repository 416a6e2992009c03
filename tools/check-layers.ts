/** Fails where a package imports one that stands above or beside it, reaches into another's files, or runs in a circle. */
import { dirname, join, normalize } from 'node:path'
import { browserSafe, mayImport } from './layers.ts'
import { importsOf, type SourceFile, sourceFiles } from './source-files.ts'

const packageOf = (path: string): string => path.split('/')[1] ?? ''
const isTest = ({ path }: SourceFile): boolean => /\.test\.ts$|\/test\//.test(path)
const nameOf = (specifier: string): string | undefined =>
  specifier === 'keyplane' ? 'cli' : /^@keyplane\/([^/]+)/.exec(specifier)?.[1]

const problemsOf = (file: SourceFile): string[] => {
  const own = packageOf(file.path)
  const allowed = new Set([...(mayImport[own] ?? []), ...(isTest(file) ? ['testkit'] : [])])
  return importsOf(file).flatMap((specifier) => {
    const wanted = nameOf(specifier)
    if (wanted !== undefined && wanted !== own && !allowed.has(wanted))
      return [`${file.path} imports ${specifier}, which ${own} may not see`]
    if (specifier.startsWith('.') && packageOf(normalize(join(dirname(file.path), specifier))) !== own)
      return [`${file.path} reaches into another package: ${specifier}`]
    if (specifier.startsWith('node:') && browserSafe.includes(own) && !isTest(file))
      return [`${file.path} imports ${specifier}; ${own} has to run in a browser`]
    return []
  })
}

/** A circle of imports within the packages, if there is one: the paths along it. */
const circle = (files: readonly SourceFile[]): string[] | undefined => {
  const known = new Map(files.map((file) => [file.path, file]))
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    const file = known.get(path)
    if (!file || done.has(path)) return undefined
    for (const specifier of importsOf(file).filter((wanted) => wanted.startsWith('.'))) {
      const found = visit(normalize(join(dirname(path), specifier)), [...trail, path])
      if (found) return found
    }
    done.add(path)
    return undefined
  }
  for (const { path } of files) {
    const found = visit(path, [])
    if (found) return found
  }
  return undefined
}

const files = sourceFiles('packages')
const round = circle(files.filter((file) => !isTest(file)))
const problems = [...files.flatMap(problemsOf), ...(round ? [`a circle: ${round.join(' → ')}`] : [])]
for (const problem of problems) console.error(problem)
console.log(`layers: ${files.length} files, ${problems.length} problems`)
process.exitCode = problems.length > 0 || files.length === 0 ? 1 : 0
