import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

/** A file of TypeScript source, by its path from the repository's root. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** The TypeScript sources under a folder, dependencies and built files left out. */
export const sourceFiles = (folder: string): SourceFile[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/(^|\/)(node_modules|dist)\//.test(path) && !path.endsWith('.d.ts'))
    .sort()
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))

/** Everything that a file imports, statically or not. */
export const importsOf = ({ text }: SourceFile): string[] =>
  ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
