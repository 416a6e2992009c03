/** Bundles the packages that programs import: few files start faster than many. Run after `tsc -b`, whose types they keep. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { publicPackages } from './public-packages.ts'

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly source: string; readonly default: string }>>
}

const root = join(import.meta.dirname, '..')

/** The entries of a package that are published as bundles: `./bundle/…`, by the name of their source. */
const bundledEntries = (folder: string): string[] => {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  return Object.values(exports)
    .filter((entry) => entry.default.startsWith('./bundle/'))
    .map(({ source }) => join(folder, source))
}

for (const { name, folder } of publicPackages(root)) {
  const path = join(root, folder)
  rmSync(join(path, 'bundle'), { recursive: true, force: true })
  const entryPoints = bundledEntries(path)
  if (entryPoints.length === 0) continue
  await build({
    entryPoints,
    outdir: join(path, 'bundle'),
    bundle: true,
    // What is imported lazily stays so, in files of their own.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Other packages stay imports: an error or a value is of one class, whoever asks.
    packages: 'external',
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
  })
  console.log(`bundle: ${name}, ${entryPoints.length} ${entryPoints.length === 1 ? 'entry' : 'entries'}`)
}
