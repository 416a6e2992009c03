import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { zipOf } from './zip.ts'

export interface LayerOptions {
  /** Where the layer is written: `layer/`, as it will stand below `/opt`, and `keyplane-layer.zip`. */
  readonly outdir: string
  /** The extension as an executable of its own, for runtimes without Node.js. Default: a bundle that Node.js runs. */
  readonly executable?: string
}

const here = import.meta.dirname

/** Writes the layer; gives the archive's path. */
export const buildLayer = async ({ outdir, executable }: LayerOptions): Promise<string> => {
  const root = join(outdir, 'layer')
  rmSync(root, { recursive: true, force: true })
  for (const folder of ['extensions', 'keyplane']) mkdirSync(join(root, folder), { recursive: true })
  copyFileSync(join(here, '../LICENSE'), join(root, 'keyplane/LICENSE'))
  copyFileSync(join(here, 'extensions/keyplane'), join(root, 'extensions/keyplane'))
  const program = executable === undefined ? 'keyplane/extension.mjs' : 'keyplane/keyplane-extension'
  if (executable === undefined) await bundle(join(root, program))
  else copyFileSync(executable, join(root, program))
  const modes: Readonly<Record<string, number>> = {
    'extensions/keyplane': 0o755,
    'keyplane/LICENSE': 0o644,
    [program]: executable === undefined ? 0o644 : 0o755,
  }
  const entries = Object.entries(modes).map(([name, mode]) => {
    chmodSync(join(root, name), mode)
    return { name, mode, content: readFileSync(join(root, name)) }
  })
  const archive = join(outdir, 'keyplane-layer.zip')
  writeFileSync(archive, zipOf(entries))
  return archive
}

/** One file that needs no packages beside it. */
const bundle = async (outfile: string): Promise<void> => {
  await build({
    entryPoints: [join(here, '../src/main.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['source'],
    minify: true,
    legalComments: 'none',
    // CommonJS among what is bundled asks for Node's own modules in its own way.
    banner: { js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  })
}

/** For who says how large it became. */
export const megabytes = (path: string): string => (statSync(path).size / 1_048_576).toFixed(1)
